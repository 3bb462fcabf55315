// The status page: the code opens the case; its status, the letters, the box to write on with.

import { text, textOf } from "#shared/texts"
import { readCode } from "../reporter/receipt"
import { button, byId, focusHeading, h, once } from "#shared/dom"
import { armExit, exit } from "./parts/exit"
import { showClock } from "./parts/clock"
import { carryFragment, loadOffice, showOffice, watchFragment } from "./parts/office"
import { bringWords, clearProblem, reasonOf, showProblem } from "./parts/problem"
import { loadPart } from "./parts/scripts"
import { start } from "./parts/start"
import { beginVisit, guardLeaving, leave } from "./parts/visit"
import { codeField, showCode } from "./status/code-field"
import { meantCodes, wordsOfError } from "./status/wrong-code"
import { replyBox, type ReplyBox } from "./status/reply"
import { concurrentNote, outcomeCard, statusCard, thread } from "./status/thread"
import type { Mailbox } from "../reporter/mailbox"

const view = byId("view")
/** With the office of the fragment, once it was carried there. */
const homeUrl = () => document.querySelector<HTMLAnchorElement>("a.brand")?.href ?? location.origin
let box: ReplyBox | undefined

start()
bringWords((reason) => textOf("problem-typed", reason))
armExit()
if (beginVisit(homeUrl)) begin()
else exit()

function begin(): void {
  guardLeaving(() => (box === undefined || box.isEmpty() ? null : text("leave.typed")))
  document.addEventListener("mohr:vanish", letGo)
  for (const type of ["dragover", "drop"]) addEventListener(type, (event) => event.preventDefault())
  carryFragment()
  watchFragment(() => box === undefined || box.isEmpty())
  view.replaceChildren(codeForm())
  showOffice(readingLoader, ({ clock }) => showClock(clock))
}

/** What was answered before stays readable when the office's profile has expired; nothing is sealed under it. */
async function readingLoader() {
  const { loadProfile } = await loadPart("core")
  return (options: Parameters<typeof loadProfile>[0]) => loadProfile({ ...options, isForReading: true })
}

/** Nothing that was opened outlives its view. */
function letGo(): void {
  box = undefined
  view.replaceChildren()
}

function codeForm(): HTMLElement {
  const { label, field } = codeField(() => check(field))
  const open = h("button", { type: "submit", class: "button", id: "open" }, text("status.open"))
  const form = h(
    "form",
    { class: "stack", novalidate: true, autocomplete: "off" },
    h("h1", {}, text("status.heading")),
    h("div", { class: "field" }, label, h("p", { class: "hint", id: "code-hint" }, text("status.lead")), field),
    h("div", { class: "actions" }, open),
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const digits = check(field)
    if (digits === null) return field.focus()
    // Enter in the field is a press, too.
    once(open, () => openCase(digits, form))
  })
  return form
}

/** The check digits tell a slip before anything is sent. */
function check(field: HTMLTextAreaElement): string | null {
  clearProblem()
  field.removeAttribute("aria-invalid")
  const reading = readCode(field.value)
  if ("digits" in reading) {
    showCode(field, reading.digits)
    return reading.digits
  }
  field.setAttribute("aria-invalid", "true")
  field.setAttribute("aria-describedby", "problem code-hint")
  const meant = meantCodes(reading.offered, (digits) => {
    showCode(field, digits)
    field.form?.requestSubmit()
  })
  showProblem("wrong-code", { words: wordsOfError(reading), ...(meant !== null && { action: meant }) })
  return null
}

/** A case as it stands; of one that the operator dropped, that it is gone. */
function caseParts(mailbox: Mailbox): (HTMLElement | null)[] {
  if (mailbox.isDropped)
    return [h("h1", {}, text("status.now")), h("p", { class: "note note-warn", id: "dropped" }, text("status.dropped"))]
  const answered = mailbox.messages.some(({ kind }) => kind === "reply")
  return [
    statusCard(mailbox),
    concurrentNote(mailbox),
    outcomeCard(mailbox),
    mailbox.isReportKnown ? null : h("p", { class: "note note-bad", id: "report-unknown" }, text("status.report-unknown")),
    thread(mailbox),
    answered ? null : h("p", { class: "note" }, text("status.nothing-yet")),
  ]
}

async function openCase(digits: string, form: HTMLElement | null, sent = false): Promise<boolean> {
  const progress = h("progress", { max: 1, "aria-label": text("status.opening-progress") })
  const opening = h("div", { class: "stack", role: "status" }, h("p", {}, text("status.opening")), progress)
  form?.append(opening)
  try {
    const [profile, core] = await Promise.all([loadOffice(), loadPart("core")])
    const mailbox = await core.openMailbox(profile, digits, ({ done, total }) => {
      if (total > 0) progress.value = done / total
    })
    letGo()
    box = mailbox.isDropped ? undefined : replyBox(core, mailbox, () => openCase(digits, null, true))
    view.replaceChildren(
      h(
        "div",
        { class: "stack-wide" },
        ...caseParts(mailbox),
        sent ? h("p", { class: "note note-good", id: "reply-sent", role: "status", tabindex: "-1" }, text("reply.sent")) : null,
        box?.element,
        h(
          "div",
          { class: "actions" },
          button(text("status.close"), { class: "button button-quiet", id: "close" }, () => {
            if (box !== undefined && !box.isEmpty() && !window.confirm(text("leave.typed"))) return
            letGo()
            leave(homeUrl())
          }),
        ),
      ),
    )
    const said = document.getElementById("reply-sent")
    if (said === null) focusHeading(view)
    else said.focus()
    return true
  } catch (error) {
    showProblem(reasonOf(error))
    return false
  } finally {
    opening.remove()
  }
}

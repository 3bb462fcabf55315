// The receipt: the code, ways to keep it, when to come back, and a check that it was kept.

import { text, textOf } from "#shared/texts"
import { button, h, icon, PRIVATE_FIELD } from "#shared/dom"
import { foldDigits } from "#shared/digits"
import { addDays, addMonths, addWorkingDays, day, language, number, today } from "#shared/format"
import type { Office, Profile } from "../parts/office"
import { picture } from "./picture"
import type { Door } from "./questions"

const GROUP = 4
const LINE_GROUPS = 4

export function receiptView({ core, profile }: Office, code: string, door: Door, onDone: () => void): HTMLElement {
  const sent = core.dayToReckonFrom(profile, today())
  const back = returnDay(profile, door, sent)
  const groups = code.match(/\d{4}/g) ?? []
  const said = h("p", { role: "status", class: "small" })
  const keep = h(
    "div",
    { class: "keep no-print" },
    button(text("receipt.copy"), { class: "button button-quiet", id: "copy" }, () => void copy(groups, said), "copy"),
    button(text("receipt.print"), { class: "button button-quiet", id: "print" }, printOut, "print"),
    button(text("receipt.save-text"), { class: "button button-quiet", id: "save-text" }, () => saveText(groups, back, said), "save"),
    button(text("receipt.save-picture"), { class: "button button-quiet", id: "save-picture" }, () => savePicture(groups, said), "image"),
  )
  const view = h(
    "div",
    { class: "stack-wide" },
    h(
      "div",
      { class: "stack" },
      h("h1", { class: "no-print" }, text("receipt.title")),
      h("p", { class: "lead no-print" }, text("receipt.lead")),
      h(
        "section",
        { class: "slip", "aria-label": text("receipt.code") },
        h("p", { class: "slip-head no-print" }, icon("seal"), text("receipt.code")),
        codeLines(groups),
      ),
      said,
      keep,
      h(
        "details",
        { class: "no-print" },
        h("summary", {}, text("receipt.aloud")),
        h("ol", { class: "aloud" }, ...groups.map((group) => h("li", {}, spelled(group)))),
      ),
    ),
    h(
      "section",
      { class: "card stack" },
      h(
        "div",
        { class: "date-card" },
        icon("day"),
        h(
          "p",
          {},
          h("span", { class: "no-print" }, text("receipt.return")),
          h("strong", {}, h("time", { datetime: back, id: "return-day" }, day(back))),
        ),
      ),
      h("p", { class: "no-print" }, text("receipt.return-why")),
      promises(profile, door, sent),
    ),
    h(
      "section",
      { class: "do-dont no-print" },
      h(
        "div",
        { class: "stack" },
        h("h2", {}, text("receipt.do")),
        h(
          "ul",
          { class: "ticks" },
          h("li", {}, text("receipt.do-paper")),
          h("li", {}, text("receipt.do-place")),
          h("li", {}, text("receipt.do-alone")),
        ),
      ),
      h(
        "div",
        { class: "stack" },
        h("h2", {}, text("receipt.dont")),
        h(
          "ul",
          { class: "crosses" },
          h("li", {}, text("receipt.dont-screenshot")),
          h("li", {}, text("receipt.dont-message")),
          h("li", {}, text("receipt.dont-tell")),
        ),
      ),
    ),
    lastGroup(groups, () => {
      groups.length = 0
      view.replaceChildren()
      onDone()
    }),
  )
  return view
}

/** A group as it is read to somebody who writes it down. */
function spelled(group: string): string {
  const [a = "", b = "", c = "", d = ""] = [...group].map((digit) => textOf("digit", digit as Digit))
  return text("receipt.aloud-group", { a, b, c, d })
}

type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9"

/** Spaces and a line break stand between the groups, so that a copy by hand can be read; the digits stay ASCII. */
function codeLines(groups: readonly string[]): HTMLElement {
  const line = (start: number) =>
    h(
      "span",
      { class: "code-line" },
      ...groups.slice(start, start + LINE_GROUPS).flatMap((group) => [h("span", { class: "code-group" }, group), " "]),
    )
  return h("div", { id: "receipt", class: "code", dir: "ltr", translate: "no" }, line(0), "\n", line(LINE_GROUPS))
}

function asLines(groups: readonly string[]): string {
  return `${groups.slice(0, LINE_GROUPS).join(" ")}\n${groups.slice(LINE_GROUPS).join(" ")}`
}

/** The day by which the office has promised a first word. */
function returnDay({ deadlines }: Profile, door: Door, sent: string): string {
  if (door === "information-request") return addWorkingDays(sent, deadlines.informationWorkingDays)
  return addDays(sent, deadlines.acknowledgementDays)
}

/** What the office has bound itself to, as days of the calendar. */
function promises({ deadlines }: Profile, door: Door, sent: string): HTMLElement | null {
  if (door === "information-request") return null
  const acknowledged = addDays(sent, deadlines.acknowledgementDays)
  const line = (words: string, iso: string) => h("div", {}, h("dt", {}, words), h("dd", {}, h("time", { datetime: iso }, day(iso))))
  return h(
    "dl",
    { class: "promises no-print" },
    line(text("receipt.acknowledgement"), acknowledged),
    line(text("receipt.progress"), addDays(sent, deadlines.progressDays)),
    line(text("receipt.feedback"), addMonths(acknowledged, deadlines.feedbackMonths)),
  )
}

/** Browsers print the title of the page above the sheet: it must not say what the digits are for. */
function printOut(): void {
  const { title } = document
  document.title = "\u00a0"
  window.addEventListener("afterprint", () => (document.title = title), { once: true })
  window.print()
}

async function copy(groups: readonly string[], said: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(asLines(groups))
    said.textContent = text("receipt.copied")
  } catch {
    said.textContent = text("receipt.copy-failed")
  }
}

/** Neither the name of the file nor its words say what the digits are for. */
function saveText(groups: readonly string[], back: string, said: HTMLElement): void {
  download(new Blob([`${asLines(groups)}\n${day(back)}\n`], { type: "text/plain" }), "note.txt")
  said.textContent = text("receipt.saved-text")
}

function savePicture(groups: readonly string[], said: HTMLElement): void {
  download(picture(groups, language === "fa"), "note.png")
  said.textContent = text("receipt.saved-picture")
}

/** Whether the browser keeps it, no page can know: the words ask the person to look. */
function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  h("a", { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** The page lets go when the last group is typed: whoever cannot type it has not kept the code. */
function lastGroup(groups: readonly string[], onRight: () => void): HTMLElement {
  const last = groups.at(-1) ?? ""
  const wrong = h("p", { class: "error", id: "receipt-check-error", role: "alert" })
  wrong.hidden = true
  const input = h("input", {
    ...PRIVATE_FIELD,
    id: "receipt-check",
    class: "input code-field code-field-short",
    inputmode: "numeric",
    dir: "ltr",
    maxlength: 24,
    "aria-describedby": "receipt-check-hint",
  })
  const form = h(
    "form",
    { class: "card stack no-print", novalidate: true, autocomplete: "off" },
    h("h2", {}, text("receipt.check-title")),
    h("label", { for: "receipt-check" }, text("receipt.check")),
    h("p", { class: "hint", id: "receipt-check-hint" }, text("receipt.check-hint", { count: number(GROUP) })),
    wrong,
    input,
    h("button", { type: "submit", class: "button", id: "receipt-done" }, text("receipt.done")),
  )
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    if (foldDigits(input.value) === last && last !== "") return onRight()
    wrong.textContent = text("receipt.check-wrong")
    wrong.hidden = false
    input.setAttribute("aria-invalid", "true")
    input.setAttribute("aria-describedby", "receipt-check-error receipt-check-hint")
    input.focus()
  })
  return form
}

// The box to write on with: words and files, sealed to the same inspectors as the report.

import { text } from "../../texts"
import { button, h, PRIVATE_FIELD } from "../parts/dom"
import { attachments, type ChosenFile } from "../parts/chosen-file"
import { fileField } from "../parts/file-list"
import { language, localized } from "../parts/format"
import type { Profile } from "../parts/office"
import { clearProblem, reasonOf, showProblem } from "../parts/problem"
import { progressBar } from "../parts/progress"
import { marked, prepareWarnings, warningNote } from "../parts/warning"
import { choiceOf } from "../report/fields"
import type { Mailbox } from "../../mailbox"

type MailboxModule = typeof import("../../mailbox")

export interface ReplyBox {
  readonly element: HTMLElement
  /** Whether anything would be lost. */
  isEmpty(): boolean
}

/** `onSent` shows the thread with what was sent, and says whether it could. */
export function replyBox(profile: Profile, { prepareFollowUp, followUpBytesLeft }: MailboxModule, mailbox: Mailbox, onSent: () => Promise<boolean>): ReplyBox {
  const files: ChosenFile[] = []
  const leftOut = new Set<string>(mailbox.leftOut ?? [])
  const area = h("textarea", { ...PRIVATE_FIELD, id: "reply-text", class: "input", dir: "auto", "aria-describedby": "reply-hint" })
  const warning = h("div", { class: "stack", role: "status" })
  // Marks come when the person has finished writing, not at every letter.
  area.addEventListener("change", () => {
    void prepareWarnings().then(() => {
      const note = warningNote([area.value])
      warning.replaceChildren(...(note === null ? [] : [note, h("div", { class: "marked" }, marked(area.value))]))
    })
  })
  const empty = h("p", { class: "error", id: "reply-error", role: "alert" })
  empty.hidden = true
  const submit = h("button", { type: "submit", class: "button", id: "reply-send" }, text("reply.send"))
  const progress = h("div", { class: "stack", "data-state": "sending" })
  progress.hidden = true
  const form = h(
    "form",
    { class: "card stack", novalidate: true, autocomplete: "off" },
    h("h2", {}, text("reply.title")),
    h("div", { class: "field" }, h("label", { for: "reply-text" }, text("reply.text")), h("p", { class: "hint", id: "reply-hint" }, text("reply.hint")), empty, area, warning),
    fileField(files, { inputId: "reply-files", limitBytes: profile.limits.filesBytes }),
    leftOutField(profile.inspectors, leftOut, mailbox.leftOut),
    h("div", { class: "actions" }, submit),
    progress,
  )

  const send = async () => {
    clearProblem()
    const bar = progressBar()
    progress.replaceChildren(...bar.elements)
    progress.hidden = false
    submit.disabled = true
    bar.begin()
    const stop = new AbortController()
    document.addEventListener("mohr:vanish", () => stop.abort(), { once: true })
    let sending: ReturnType<typeof prepareFollowUp> | undefined
    const attempt = async (): Promise<void> => {
      try {
        sending ??= prepareFollowUp(mailbox, { text: area.value, files: await attachments(files), leftOut: [...leftOut], language })
        await sending.send({ onProgress: bar.show, signal: stop.signal })
        area.value = ""
        files.length = 0
        // A line that breaks when the thread is fetched anew must not look like a loss.
        if (!(await onSent())) progress.replaceChildren(h("p", { class: "note note-good", id: "reply-sent" }, text("reply.sent")))
      } catch (error) {
        if (stop.signal.aborted) return
        bar.stop()
        submit.disabled = false
        const action = button(text("problem-action.again"), { class: "button" }, () => {
          clearProblem()
          bar.begin()
          submit.disabled = true
          void attempt()
        })
        showProblem(reasonOf(error), { action })
      }
    }
    await attempt()
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    empty.hidden = true
    const isEmpty = area.value.trim() === "" && files.length === 0
    const isTooLong = files.length === 0 && followUpBytesLeft(mailbox, { text: area.value, leftOut: [...leftOut], language }) < 0
    if (!isEmpty && !isTooLong) return void send()
    empty.textContent = isEmpty ? text("reply.empty") : text("steps.too-long")
    empty.hidden = false
    area.setAttribute("aria-invalid", "true")
    area.setAttribute("aria-describedby", "reply-error reply-hint")
    area.focus()
  })
  return { element: form, isEmpty: () => area.value.trim() === "" && files.length === 0 }
}

/**
 * Who must not read it. An answer of the office repeats whom the report left out, and they stay left out; before the
 * first answer only the reporter knows.
 */
function leftOutField(inspectors: Profile["inspectors"], leftOut: Set<string>, known: readonly string[] | undefined): HTMLElement {
  return h(
    "details",
    { open: known !== undefined && known.length > 0 },
    h("summary", {}, known === undefined ? text("reply.left-out") : text("field.left-out")),
    h(
      "fieldset",
      {},
      h("legend", {}, text("field.left-out")),
      h(
        "div",
        { class: "choices" },
        ...inspectors.map(({ id, role }) => {
          const input = h("input", { type: "checkbox", id: `left-out-${id}`, autocomplete: "off" })
          input.checked = leftOut.has(id)
          input.disabled = known?.includes(id) ?? false
          input.addEventListener("change", () => {
            if (input.checked) leftOut.add(id)
            else leftOut.delete(id)
          })
          return choiceOf(input, localized(role))
        }),
      ),
    ),
  )
}

// The box to write on with: words and files, sealed to those for whom the last message was. Where nothing may be sealed it says
// why, and is no box.

import { text } from "#shared/texts"
import { h, once, PRIVATE_FIELD } from "#shared/dom"
import { attachments, type ChosenFile } from "../parts/chosen-file"
import { fileField } from "../parts/file-list"
import { language } from "#shared/format"
import { loadOffice, type Core } from "../parts/office"
import { clearProblem, reasonOf, showProblem, tryAgain, wordsOf } from "../parts/problem"
import { progressBar } from "../parts/progress"
import { marked, prepareWarnings, warningNote } from "../parts/warning"
import { readersField } from "./readers"
import type { FollowUpDraft, Mailbox } from "../../reporter/mailbox"

export interface ReplyBox {
  readonly element: HTMLElement
  /** Whether anything would be lost. */
  isEmpty(): boolean
}

/** `onSent` shows the thread with what was sent, and says whether it could. */
export function replyBox(
  { prepareFollowUp, followUpBytesLeft, stopSealing }: Core,
  mailbox: Mailbox,
  onSent: () => Promise<boolean>,
): ReplyBox {
  if (mailbox.hindrance !== undefined) return { element: hindranceNote(mailbox.hindrance), isEmpty: () => true }
  const files: ChosenFile[] = []
  const who = readersField(mailbox)
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
    h(
      "div",
      { class: "field" },
      h("label", { for: "reply-text" }, text("reply.text")),
      h("p", { class: "hint", id: "reply-hint" }, text("reply.hint")),
      empty,
      area,
      warning,
    ),
    fileField(files, { inputId: "reply-files", limitBytes: mailbox.profile.limits.filesBytes }),
    ...who.elements,
    h("div", { class: "actions" }, submit),
    progress,
  )

  /** One text is one sending, however often it is tried. */
  let current: { draft: FollowUpDraft; sending: ReturnType<typeof prepareFollowUp> } | undefined
  const sendingOf = async (draft: FollowUpDraft) => {
    if (current !== undefined && isSameDraft(current.draft, draft)) return current.sending
    // Another text: the earlier one is taken back, or, if it arrived, the new one comes after it. It states the thread that she
    // has before her: of persons whom an answer named since, she was not asked yet.
    await current?.sending.withdraw()
    current = { draft, sending: prepareFollowUp(mailbox, draft) }
    return current.sending
  }

  const attempt = async () => {
    clearProblem()
    const bar = progressBar()
    progress.replaceChildren(...bar.elements)
    progress.hidden = false
    bar.begin()
    const stop = new AbortController()
    const end = () => {
      stop.abort()
      stopSealing()
    }
    document.addEventListener("mohr:vanish", end, { once: true })
    try {
      // Another office in the fragment ends it here.
      await loadOffice()
      const sending = await sendingOf({ text: area.value, files: await attachments(files), language, ...who.choice() })
      await sending.send({ onProgress: bar.show, signal: stop.signal })
      area.value = ""
      files.length = 0
      // A line that breaks when the thread is fetched anew must not look like a loss.
      if (!(await onSent())) progress.replaceChildren(h("p", { class: "note note-good", id: "reply-sent" }, text("reply.sent")))
    } catch (error) {
      if (stop.signal.aborted) return
      bar.stop()
      const again = () => {
        if (!who.refuses()) send()
      }
      showProblem(reasonOf(error), { action: tryAgain(again) })
    }
  }
  /** One attempt at a time, whichever button asks for it. */
  const send = () => void once(submit, attempt)

  form.addEventListener("submit", (event) => {
    event.preventDefault()
    empty.hidden = true
    const isEmpty = area.value.trim() === "" && files.length === 0
    const isTooLong = files.length === 0 && followUpBytesLeft(mailbox, { text: area.value, language, ...who.choice() }) < 0
    area.removeAttribute("aria-invalid")
    if (!isEmpty && !isTooLong) return who.refuses() ? undefined : send()
    empty.textContent = isEmpty ? text("reply.empty") : text("steps.too-long")
    empty.hidden = false
    area.setAttribute("aria-invalid", "true")
    area.setAttribute("aria-describedby", "reply-error reply-hint")
    area.focus()
  })
  return { element: form, isEmpty: () => area.value.trim() === "" && files.length === 0 }
}

/** Whether trying this draft is trying that one again. A file that was cleaned once stays the same Blob. */
function isSameDraft(one: FollowUpDraft, other: FollowUpDraft): boolean {
  const isSameFile = ({ name, type, blob }: FollowUpDraft["files"][number], index: number) => {
    const file = other.files[index]
    return file?.name === name && file.type === type && file.blob === blob
  }
  return (
    one.text === other.text &&
    one.leftOut.join() === other.leftOut.join() &&
    one.joining.join() === other.joining.join() &&
    one.files.length === other.files.length &&
    one.files.every(isSameFile)
  )
}

function hindranceNote(reason: NonNullable<Mailbox["hindrance"]>): HTMLElement {
  return h(
    "section",
    { class: "card stack", "data-hindrance": reason },
    h("h2", {}, text("reply.title")),
    h("p", { class: "note note-warn" }, wordsOf(reason)),
  )
}

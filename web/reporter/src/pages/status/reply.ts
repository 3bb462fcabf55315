// The box to write on with: words and files, sealed to the same inspectors as the report.

import { text } from "#shared/texts"
import { button, h, PRIVATE_FIELD } from "#shared/dom"
import { attachments, type ChosenFile } from "../parts/chosen-file"
import { fileField } from "../parts/file-list"
import { language, localized } from "#shared/format"
import { loadOffice, type Profile } from "../parts/office"
import { clearProblem, reasonOf, showProblem } from "../parts/problem"
import { progressBar } from "../parts/progress"
import { marked, prepareWarnings, warningNote } from "../parts/warning"
import { choiceOf } from "../report/fields"
import type { Mailbox } from "../../reporter/mailbox"
import type { FollowUpDraft } from "../../reporter"

type MailboxModule = typeof import("../../reporter/mailbox")

export interface ReplyBox {
  readonly element: HTMLElement
  /** Whether anything would be lost. */
  isEmpty(): boolean
}

/** `onSent` shows the thread with what was sent, and says whether it could. */
export function replyBox(
  profile: Profile,
  { prepareFollowUp, refreshMailbox, followUpBytesLeft }: MailboxModule,
  opened: Mailbox,
  onSent: () => Promise<boolean>,
): ReplyBox {
  let mailbox = opened
  const files: ChosenFile[] = []
  const who = leftOutField(profile.inspectors, mailbox.leftOut)
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
    fileField(files, { inputId: "reply-files", limitBytes: profile.limits.filesBytes }),
    who.element,
    h("div", { class: "actions" }, submit),
    progress,
  )

  /** One text is one sending, however often it is tried. */
  let current: { draft: FollowUpDraft; sending: ReturnType<typeof prepareFollowUp> } | undefined
  const sendingOf = async (draft: FollowUpDraft) => {
    if (current !== undefined && isSameDraft(current.draft, draft)) return current.sending
    if (current !== undefined) {
      // Another text: the earlier one is taken back, or, if it arrived, the new one comes after it.
      await current.sending.withdraw()
      mailbox = await refreshMailbox(mailbox)
    }
    current = { draft, sending: prepareFollowUp(mailbox, draft) }
    return current.sending
  }

  const send = async () => {
    clearProblem()
    const bar = progressBar()
    progress.replaceChildren(...bar.elements)
    progress.hidden = false
    submit.disabled = true
    bar.begin()
    const stop = new AbortController()
    document.addEventListener("mohr:vanish", () => stop.abort(), { once: true })
    const attempt = async (): Promise<void> => {
      try {
        // Another office in the fragment ends it here.
        await loadOffice()
        const sending = await sendingOf({ text: area.value, files: await attachments(files), leftOut: who.ids(), language })
        await sending.send({ onProgress: bar.show, signal: stop.signal })
        area.value = ""
        files.length = 0
        // A line that breaks when the thread is fetched anew must not look like a loss.
        if (!(await onSent())) {
          progress.replaceChildren(h("p", { class: "note note-good", id: "reply-sent" }, text("reply.sent")))
          submit.disabled = false
        }
      } catch (error) {
        if (stop.signal.aborted) return
        bar.stop()
        submit.disabled = false
        const action = button(text("problem-action.again"), { class: "button" }, () => {
          clearProblem()
          if (who.refuses()) return
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
    const isTooLong = files.length === 0 && followUpBytesLeft(mailbox, { text: area.value, leftOut: who.ids(), language }) < 0
    area.removeAttribute("aria-invalid")
    if (!isEmpty && !isTooLong) return who.refuses() ? undefined : void send()
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
    one.files.length === other.files.length &&
    one.files.every(isSameFile)
  )
}

interface LeftOutField {
  readonly element: HTMLElement
  /** In the order of the profile. */
  ids(): string[]
  /** Says so, and takes the focus, when the question is not answered. */
  refuses(): boolean
}

/**
 * Who must not read it. An answer of the office repeats whom the report left out, and they stay left out. Before the
 * first answer only the reporter knows, and nothing is sealed until the question is answered: whom the report left out,
 * a follow-up that leaves out nobody would reach.
 */
function leftOutField(inspectors: Profile["inspectors"], known: readonly string[] | undefined): LeftOutField {
  const boxes = inspectors.map(({ id, role }) => {
    const input = h("input", { type: "checkbox", id: `left-out-${id}`, autocomplete: "off" })
    input.checked = known?.includes(id) ?? false
    input.disabled = known === undefined || input.checked
    return { id, input, choice: choiceOf(input, localized(role)) }
  })
  const list = h("div", { class: "choices" }, ...boxes.map(({ choice }) => choice))
  const ticked = () => boxes.filter(({ input }) => input.checked).map(({ id }) => id)
  if (known !== undefined) {
    const fields = h("fieldset", {}, h("legend", {}, text("field.left-out")), list)
    return {
      element: h("details", { open: known.length > 0 }, h("summary", {}, text("field.left-out")), fields),
      ids: ticked,
      refuses: () => false,
    }
  }

  const error = h("p", { class: "error", id: "left-out-error", role: "alert" })
  const radio = (id: string) => h("input", { type: "radio", name: "left-out", id, autocomplete: "off" })
  const nobody = radio("left-out-nobody")
  const some = radio("left-out-some")
  const accept = () => {
    error.hidden = true
    for (const input of [nobody, some]) {
      input.removeAttribute("aria-invalid")
      input.setAttribute("aria-describedby", "left-out-hint")
    }
  }
  for (const input of [nobody, some]) {
    input.addEventListener("change", () => {
      accept()
      for (const box of boxes) box.input.disabled = !some.checked
    })
  }
  accept()
  const element = h(
    "fieldset",
    { class: "field" },
    h("legend", {}, text("reply.left-out")),
    h("p", { class: "hint", id: "left-out-hint" }, text("reply.left-out-hint")),
    error,
    h("div", { class: "choices" }, choiceOf(nobody, text("reply.left-out-nobody")), choiceOf(some, text("reply.left-out-some"))),
    list,
  )
  return {
    element,
    ids: () => (some.checked ? ticked() : []),
    refuses() {
      accept()
      if (nobody.checked || (some.checked && ticked().length > 0)) return false
      error.textContent = some.checked ? text("reply.left-out-whom") : text("reply.left-out-missing")
      error.hidden = false
      for (const input of [nobody, some]) {
        input.setAttribute("aria-invalid", "true")
        input.setAttribute("aria-describedby", "left-out-error left-out-hint")
      }
      const first = some.checked ? some : nobody
      first.focus()
      return true
    },
  }
}

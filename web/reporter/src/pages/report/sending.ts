// Sealing and sending, with what it is doing and how far it is. A sending that failed keeps what it sealed and
// what the server already holds, so that trying again goes on from there.

import { text } from "#shared/texts"
import { button, h } from "#shared/dom"
import { attachments } from "../parts/chosen-file"
import { clearProblem, reasonOf, showProblem, type Reason } from "../parts/problem"
import { progressBar } from "../parts/progress"
import type { Office } from "../parts/office"
import type { Answers } from "./answers"

const NEEDS_CHANGE: ReadonlySet<Reason> = new Set(["text-too-long", "too-large", "too-many-files", "file-unreadable", "nobody-left"])

export interface SendingOptions {
  /** `unwanted`: it was there already when the person took it back. */
  readonly onSent: (code: string, unwanted: boolean) => void
  readonly onCancel: () => void
}

export function sendingView({ core, profile }: Office, answers: Answers, withKinds: boolean, options: SendingOptions): HTMLElement {
  const bar = progressBar()
  const stop = new AbortController()
  let vanished = false
  document.addEventListener(
    "mohr:vanish",
    () => {
      vanished = true
      stop.abort()
      core.stopSealing()
    },
    { once: true },
  )

  let sending: ReturnType<typeof core.prepareReport> | undefined
  /** A report that has arrived cannot be taken back, and its code must not be lost. */
  const giveUp = async () => {
    stop.abort()
    clearProblem()
    cancel.disabled = true
    lead.textContent = text("sending.cancelling")
    try {
      const sent = await sending?.withdraw()
      if (vanished) return
      if (sent === undefined) options.onCancel()
      else options.onSent(sent.code, true)
    } catch (error) {
      if (vanished) return
      bar.stop()
      cancel.disabled = false
      const back = button(text("sending.change"), { class: "button button-quiet", id: "change" }, () => {
        clearProblem()
        options.onCancel()
      })
      const again = button(text("problem-action.again"), { class: "button", id: "ask-again" }, giveUp)
      showProblem(reasonOf(error), { words: text("sending.cancel-unsure"), action: h("div", { class: "actions" }, again, back) })
    }
  }
  const cancel = button(text("sending.cancel"), { class: "button button-quiet", id: "cancel" }, giveUp)
  const heading = h("h1", {})
  const lead = h("p", { class: "lead", role: "status" })
  const view = h("div", { class: "stack", "data-state": "sending" }, heading, lead, ...bar.elements, h("div", { class: "actions" }, cancel))

  let isRunning = false
  const send = async () => {
    if (isRunning) return
    isRunning = true
    clearProblem()
    heading.textContent = text("sending.title")
    lead.textContent = text("sending.stay")
    bar.begin()
    try {
      sending ??= core.prepareReport(profile, { ...answers.draft(withKinds), files: await attachments(answers.files) })
      const { code } = await sending.send({ onProgress: bar.show, signal: stop.signal })
      if (!stop.signal.aborted) options.onSent(code, false)
    } catch (error) {
      isRunning = false
      if (stop.signal.aborted) return
      bar.stop()
      heading.textContent = text("sending.stopped-title")
      lead.textContent = text("sending.stopped-stay")
      const reason = reasonOf(error)
      // Another report stands under this code: the next try makes a new one.
      if (reason === "case-exists") sending = undefined
      const again = button(text("problem-action.again"), { class: "button", id: "send" }, send)
      // What only another report can mend is not tried again.
      const change = button(text("sending.change"), { class: "button", id: "change" }, giveUp)
      showProblem(reason, { action: NEEDS_CHANGE.has(reason) ? change : again })
    }
  }
  void send()
  return view
}

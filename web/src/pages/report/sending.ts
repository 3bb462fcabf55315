// Sealing and sending, with what it is doing and how far it is. A sending that failed keeps what it sealed and
// what the server already holds, so that trying again goes on from there.

import { text } from "../../texts"
import { button, h } from "../parts/dom"
import { attachments } from "../parts/chosen-file"
import { clearProblem, reasonOf, showProblem, type Reason } from "../parts/problem"
import { progressBar } from "../parts/progress"
import type { Office } from "../parts/office"
import type { Answers } from "./answers"

const NEEDS_CHANGE: ReadonlySet<Reason> = new Set(["text-too-long", "too-large", "too-many-files", "file-unreadable", "nobody-left"])

export interface SendingOptions {
  readonly onSent: (code: string) => void
  readonly onCancel: () => void
}

export function sendingView({ core, profile }: Office, answers: Answers, withKinds: boolean, options: SendingOptions): HTMLElement {
  const bar = progressBar()
  const stop = new AbortController()
  document.addEventListener("mohr:vanish", () => stop.abort(), { once: true })

  const giveUp = () => {
    stop.abort()
    clearProblem()
    options.onCancel()
  }
  const cancel = button(text("sending.cancel"), { class: "button button-quiet", id: "cancel" }, giveUp)
  const view = h(
    "div",
    { class: "stack", "data-state": "sending" },
    h("h1", {}, text("sending.title")),
    h("p", { class: "lead" }, text("sending.stay")),
    ...bar.elements,
    h("div", { class: "actions" }, cancel),
  )

  let sending: ReturnType<typeof core.prepareReport> | undefined
  const send = async () => {
    clearProblem()
    bar.begin()
    try {
      sending ??= core.prepareReport(profile, { ...answers.draft(withKinds), files: await attachments(answers.files) })
      const { code } = await sending.send({ onProgress: bar.show, signal: stop.signal })
      if (!stop.signal.aborted) options.onSent(code)
    } catch (error) {
      if (stop.signal.aborted) return
      bar.stop()
      const reason = reasonOf(error)
      const again = button(text("problem-action.again"), { class: "button", id: "send" }, () => void send())
      // What only another report can mend is not tried again.
      const change = button(text("sending.change"), { class: "button", id: "change" }, giveUp)
      showProblem(reason, { action: NEEDS_CHANGE.has(reason) ? change : again })
    }
  }
  void send()
  return view
}

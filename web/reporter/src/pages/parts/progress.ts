// One bar for both halves of a sending: sealing on this phone, then uploading.

import { text } from "#shared/texts"
import { h } from "#shared/dom"
import { size } from "#shared/format"

export interface Progress {
  readonly phase: "sealing" | "uploading"
  readonly done: number
  readonly total: number
}

/** The bar, and the words above it that a screen reader hears once for each half. */
export function progressBar() {
  const doing = h("p", { role: "status" })
  const bar = h("progress", { id: "progress", max: 1, "aria-label": text("sending.progress") })
  const amount = h("p", { class: "soft small" })
  let phase: Progress["phase"] | undefined

  const say = (progress: Progress) => {
    if (progress.phase === phase) return
    phase = progress.phase
    doing.textContent = phase === "sealing" ? text("sending.sealing") : text("sending.uploading")
  }
  return {
    elements: [doing, bar, amount],
    begin() {
      phase = undefined
      doing.textContent = text("sending.beginning")
      amount.textContent = ""
      bar.removeAttribute("value")
      bar.hidden = amount.hidden = false
    },
    show: (progress: Progress) => {
      say(progress)
      bar.value = progress.total === 0 ? 0 : progress.done / progress.total
      amount.textContent = text("sending.amount", { done: size(progress.done), total: size(progress.total) })
    },
    /** A full bar beside a refusal would say that all is well. */
    stop() {
      doing.textContent = text("sending.stopped")
      bar.hidden = amount.hidden = true
    },
  }
}

// What went wrong, in words, in the one place of a page that says so.

import { text, textOf } from "#shared/texts"
import { button, byId, h } from "#shared/dom"
import { day, today } from "#shared/format"

type ReasonAnywhere = Parameters<typeof textOf<"problem">>[1]
type ReasonTyped = Parameters<typeof textOf<"problem-typed">>[1]
export type Reason = ReasonAnywhere | ReasonTyped

/** All that can go wrong where nothing is typed: home carries the words of these alone, because it must be light. */
const ANYWHERE: Readonly<Record<ReasonAnywhere, true>> = {
  "profile-invalid": true,
  "profile-foreign": true,
  "profile-expired": true,
  "profile-clock": true,
  "profile-older": true,
  "profile-differs": true,
  "profile-newer": true,
  "server-away": true,
  "server-wrong": true,
  busy: true,
  unexpected: true,
}

let typedWords: ((reason: ReasonTyped) => string) | undefined

/** Brings the words of the rest, from a page where something is typed. */
export function bringWords(words: (reason: ReasonTyped) => string): void {
  typedWords = words
}

/**
 * Shows what went wrong and what can be done about it: an action, if the page has one. `words` stand in the place
 * of the reason's own where they can say it more exactly.
 */
export function showProblem(reason: Reason, options: { action?: HTMLElement; words?: string } = {}): void {
  const place = byId("problem")
  place.dataset["reason"] = reason
  place.replaceChildren(h("div", { class: "note note-bad" }, h("p", {}, options.words ?? wordsOf(reason)), options.action ?? null))
  place.scrollIntoView({ block: "nearest" })
}

/** Some faults are the clock's: it says which day it takes for today. */
export function wordsOf(reason: Reason): string {
  if (isAnywhere(reason)) return textOf("problem", reason, { today: day(today()) })
  return typedWords === undefined ? textOf("problem", "unexpected") : typedWords(reason)
}

/** The way to do once more what did not work. The words of the failure go at once. */
export function tryAgain(work: () => void): HTMLElement {
  return button(text("problem-action.again"), { class: "button button-quiet" }, () => {
    clearProblem()
    work()
  })
}

/** Whether nothing may be written here at all: the office is not who it should be, or nobody could check. */
export function isDistrusted(reason: Reason): boolean {
  return reason.startsWith("profile-")
}

export function clearProblem(): void {
  const place = byId("problem")
  delete place.dataset["reason"]
  place.replaceChildren()
}

/** The reason that an error of the core names; whatever else was thrown is a fault of ours and said so. */
export function reasonOf(error: unknown): Reason {
  const reason: unknown = (error as { reason?: unknown } | null)?.reason
  return typeof reason === "string" ? (reason as Reason) : "unexpected"
}

function isAnywhere(reason: Reason): reason is ReasonAnywhere {
  return Object.hasOwn(ANYWHERE, reason)
}

// For whom a further message is. The page knows for whom the last one was and never shows it: whoever extorts the code must not
// learn whom the reporter left out. She is asked about persons whom an answer names anew, and may leave out more.

import { text } from "#shared/texts"
import { h, isolated } from "#shared/dom"
import { localized } from "#shared/format"
import { choiceOf } from "../report/fields"
import type { FollowUpDraft, Mailbox } from "../../reporter/mailbox"

export type ReadersChoice = Pick<FollowUpDraft, "leftOut" | "joining">

export interface ReadersField {
  readonly elements: readonly HTMLElement[]
  choice(): ReadersChoice
  /** Says so, and takes the focus, when a question is not answered. */
  refuses(): boolean
}

export function readersField(mailbox: Mailbox): ReadersField {
  const { asksWhomToLeaveOut } = mailbox
  if (asksWhomToLeaveOut !== undefined) return askedAgain(mailbox, asksWhomToLeaveOut)
  const offers = mailbox.offered.map(offer)
  const boxes = inspectorBoxes(mailbox)
  return {
    elements: [...offers.map(({ element }) => element), leaveOutMore(boxes)],
    choice: () => ({ leftOut: ticked(boxes), joining: offers.flatMap(({ id, isYes }) => (isYes() ? [id] : [])) }),
    // All of them, so that each says what it misses; the focus stays with the last.
    refuses: () => offers.map(({ refuses }) => refuses()).includes(true),
  }
}

/** Somebody whom an answer names anew. Neither answer is there before she gives one: a no is for ever. */
function offer({ id, role }: Mailbox["offered"][number]) {
  const question = twoWays(`offer-${id}`, "yes", "no")
  const element = h(
    "fieldset",
    { class: "field", "data-offer": id },
    h("legend", {}, text("reply.offer"), " ", isolated(localized(role))),
    h("p", { class: "hint", id: question.hintId }, text("reply.offer-hint")),
    question.error,
    h("div", { class: "choices" }, choiceOf(question.one, text("reply.offer-yes")), choiceOf(question.other, text("reply.offer-no"))),
  )
  const refuses = () => question.refuses(question.one.checked || question.other.checked ? undefined : text("reply.offer-missing"))
  return { id, element, isYes: () => question.one.checked, refuses }
}

/** Every inspector of the office, whoever reads the case: the list does not tell whom she left out before. */
function leaveOutMore(boxes: readonly Box[]): HTMLElement {
  return h(
    "details",
    { id: "leave-out-more" },
    h("summary", {}, text("reply.leave-out-more")),
    h(
      "fieldset",
      { class: "field" },
      h("legend", { class: "visually-hidden" }, text("reply.leave-out-more")),
      h("p", { class: "hint" }, text("reply.leave-out-more-hint")),
      h("div", { class: "choices" }, ...boxes.map(({ choice }) => choice)),
    ),
  )
}

/**
 * Nothing is sealed until the question is answered: whom she left out before, a message that leaves out nobody would reach. Only
 * where the page cannot know for whom she wrote last.
 */
function askedAgain(mailbox: Mailbox, why: "server" | "erased"): ReadersField {
  const boxes = inspectorBoxes(mailbox)
  const question = twoWays("left-out", "nobody", "some")
  const [nobody, some] = [question.one, question.other]
  for (const { input } of boxes) input.disabled = true
  for (const input of [nobody, some])
    input.addEventListener("change", () => {
      for (const box of boxes) box.input.disabled = !some.checked
    })
  const element = h(
    "fieldset",
    { class: "field" },
    h("legend", {}, text("reply.left-out")),
    h("p", { class: "hint", id: question.hintId }, why === "server" ? text("reply.left-out-hint") : text("reply.left-out-erased")),
    question.error,
    h("div", { class: "choices" }, choiceOf(nobody, text("reply.left-out-nobody")), choiceOf(some, text("reply.left-out-some"))),
    h("div", { class: "choices" }, ...boxes.map(({ choice }) => choice)),
  )
  const missing = () => {
    if (nobody.checked || (some.checked && ticked(boxes).length > 0)) return undefined
    return some.checked ? text("reply.left-out-whom") : text("reply.left-out-missing")
  }
  return {
    elements: [element],
    choice: () => ({ leftOut: some.checked ? ticked(boxes) : [], joining: [] }),
    refuses: () => question.refuses(missing()),
  }
}

interface Box {
  readonly id: string
  readonly input: HTMLInputElement
  readonly choice: HTMLElement
}

function inspectorBoxes({ profile }: Mailbox): Box[] {
  return profile.inspectors.map(({ id, role }) => {
    const input = h("input", { type: "checkbox", id: `left-out-${id}`, autocomplete: "off" })
    return { id, input, choice: choiceOf(input, isolated(localized(role))) }
  })
}

function ticked(boxes: readonly Box[]): string[] {
  return boxes.filter(({ input }) => input.checked).map(({ id }) => id)
}

/** Two ways to answer, neither chosen, and the place that says when none is. */
function twoWays(name: string, oneId: string, otherId: string) {
  const [hintId, errorId] = [`${name}-hint`, `${name}-error`]
  const error = h("p", { class: "error", id: errorId, role: "alert" })
  const radio = (id: string) => h("input", { type: "radio", name, id: `${name}-${id}`, autocomplete: "off", "aria-describedby": hintId })
  const [one, other] = [radio(oneId), radio(otherId)]
  const say = (words: string | undefined) => {
    error.hidden = words === undefined
    error.textContent = words ?? ""
    for (const input of [one, other]) {
      input.toggleAttribute("aria-invalid", false)
      if (words !== undefined) input.setAttribute("aria-invalid", "true")
      input.setAttribute("aria-describedby", words === undefined ? hintId : `${errorId} ${hintId}`)
    }
  }
  say(undefined)
  for (const input of [one, other]) input.addEventListener("change", () => say(undefined))
  return {
    one,
    other,
    error,
    hintId,
    refuses(words: string | undefined): boolean {
      say(words)
      if (words !== undefined) (other.checked ? other : one).focus()
      return words !== undefined
    },
  }
}

// «Check your answers»: everything that will be sealed, each with a way to change it, then sending.

import { plural, text, textOf } from "#shared/texts"
import { button, h, icon, isolated, type Child } from "#shared/dom"
import { totalBytes } from "../parts/chosen-file"
import { shownName } from "../parts/file-name"
import { localized, number, size } from "#shared/format"
import { profileNow } from "../parts/office"
import { isFreeWords, type Answers } from "./answers"
import { marked, warningNote } from "../parts/warning"
import { CHOICES, fieldsOf, stepsOf, wordsOf, type ChoiceField, type FieldId, type QuestionId, type StepId } from "./questions"

export interface CheckOptions {
  readonly onChange: (step: StepId) => void
  /** Until it ends, the page says that it waits. */
  readonly onSend: () => Promise<void>
}

export function checkView(answers: Answers, withKinds: boolean, options: CheckOptions): HTMLElement {
  const profile = profileNow()
  const rows = [row("doors", text("check.door"), [textOf("door", answers.door)], options)]
  for (const step of stepsOf(answers.door, withKinds)) {
    const title = textOf("question", `${wordsOf(answers.door, step)}.title`)
    rows.push(row(step, title, shownAnswer(step, answers), options))
  }
  const waiting = h("p", { class: "waiting", role: "status" })
  const press = async () => {
    waiting.textContent = text("check.waiting")
    await options.onSend()
    waiting.textContent = ""
  }
  const send = button(text("check.send"), { class: "button", id: "send" }, press, "lock")
  const nothing = h("p", { class: "note note-warn" }, text("check.nothing"))
  nothing.hidden = answers.saysSomething()
  return h(
    "div",
    { class: "stack" },
    h("h1", {}, text("check.title")),
    h("p", { class: "hint" }, text("check.hint")),
    warningNote(answers.freeWords()),
    h("dl", { class: "answers" }, ...rows),
    nothing,
    profile === undefined
      ? null
      : h("p", { class: "to" }, icon("lock"), h("span", {}, text("check.to"), " ", isolated(localized(profile.name)))),
    profile === undefined ? null : h("p", { class: "soft small" }, isolated(localized(profile.legalNote))),
    h("div", { class: "actions" }, send),
    waiting,
  )
}

function row(step: StepId, title: string, content: Child[], options: CheckOptions): HTMLElement {
  const change = button(text("check.change"), { class: "button button-plain change", "data-change": step }, () => options.onChange(step))
  change.append(h("span", { class: "visually-hidden" }, ` ${title}`))
  return h("div", { class: "answer" }, h("dt", {}, title), h("dd", {}, ...content), h("dd", { class: "change" }, change))
}

function shownAnswer(step: QuestionId, answers: Answers): Child[] {
  if (answers.unknown.has(step)) return [text("steps.unknown")]
  const lines: Child[] = []
  for (const field of fieldsOf(answers.door, step)) {
    const value = answers.value(field)
    if (value.trim() === "") continue
    lines.push(h("div", {}, isFreeWords(field) ? marked(value) : isolated(shownValue(field, value))))
  }
  if (step === "conflict") lines.push(...leftOut(answers))
  if (step === "evidence") lines.push(...files(answers))
  return lines.length === 0 ? [h("span", { class: "soft" }, text("check.passed-over"))] : lines
}

function shownValue(field: FieldId, value: string): string {
  const profile = profileNow()
  const named = (items: readonly { id: string; name: Readonly<Record<string, string>> }[] | undefined) =>
    localized(items?.find(({ id }) => id === value)?.name ?? { id: value })
  if (field === "kind") return named(profile?.kinds)
  if (field === "district") return named(profile?.districts)
  if (field === "unit") return named(profile?.units)
  if (!(field in CHOICES)) return value
  return textOf("choice", `${field as ChoiceField}.${value}` as Parameters<typeof textOf<"choice">>[1])
}

function leftOut(answers: Answers): Child[] {
  const ids = answers.leftOutIds()
  const roles = profileNow()?.inspectors.filter(({ id }) => ids.includes(id)) ?? []
  return roles.map(({ role }) => h("div", {}, text("check.left-out"), " ", isolated(localized(role))))
}

function files(answers: Answers): Child[] {
  if (answers.files.length === 0) return []
  return [
    h(
      "div",
      { class: "soft" },
      plural("files.sum", answers.files.length, { count: number(answers.files.length), size: size(totalBytes(answers.files)) }),
    ),
    ...answers.files.map((file, index) =>
      h(
        "div",
        {},
        isolated(shownName(file.nameAt(index))),
        file.isEmpty ? h("p", { class: "note note-warn" }, text("not-cleaned.empty")) : null,
      ),
    ),
  ]
}

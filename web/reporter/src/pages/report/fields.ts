// The fields of the questions. Each writes what it holds into the answers at every change, so that no step has to
// be finished to be kept.

import { text, textOf } from "#shared/texts"
import { h, PRIVATE_FIELD, type Child } from "#shared/dom"
import type { Answers } from "./answers"
import { CHOICES, type ChoiceField, type FieldId } from "./questions"

export interface Option {
  readonly id: string
  readonly label: string
  readonly more?: string
}

/** A box for words. `labelledBy` is the heading of the step, or the field gets a label of its own. */
export function words(answers: Answers, field: FieldId, options: { tall?: boolean; label?: string; hint?: string }): HTMLElement {
  const area = h("textarea", {
    ...PRIVATE_FIELD,
    id: field,
    dir: "auto",
    class: options.tall ? "input input-tall" : "input",
    "aria-labelledby": options.label === undefined ? "step-title" : undefined,
    "aria-describedby": options.label === undefined ? "step-hint" : options.hint === undefined ? undefined : `${field}-hint`,
  })
  area.value = answers.value(field)
  area.addEventListener("input", () => answers.values.set(field, area.value))
  return h(
    "div",
    { class: "field" },
    options.label === undefined ? null : h("label", { for: field }, options.label),
    options.hint === undefined ? null : h("p", { class: "hint", id: `${field}-hint` }, options.hint),
    area,
  )
}

/** Large radio buttons, one for each option. */
export function choices(
  answers: Answers,
  field: FieldId,
  options: readonly Option[],
  settings: { legend?: string; onChange?: (id: string) => void } = {},
): HTMLElement {
  return h(
    "fieldset",
    {
      class: "field",
      "aria-labelledby": settings.legend === undefined ? "step-title" : undefined,
      "aria-describedby": settings.legend === undefined ? "step-hint" : undefined,
    },
    settings.legend === undefined ? null : h("legend", {}, settings.legend),
    h(
      "div",
      { class: "choices" },
      ...options.map(({ id, label, more }) => {
        const input = h("input", { type: "radio", name: field, id: `${field}-${id}`, value: id, autocomplete: "off" })
        input.checked = answers.value(field) === id
        input.addEventListener("change", () => {
          answers.values.set(field, id)
          settings.onChange?.(id)
        })
        return choiceOf(input, label, more)
      }),
    ),
  )
}

/** A box to tick or a point to choose, with its words, as one target. */
export function choiceOf(input: HTMLInputElement, label: Child, more?: string): HTMLElement {
  return h("div", { class: "choice" }, input, h("label", { for: input.id }, label, more === undefined ? null : h("small", {}, more)))
}

/** A list of the office's own names. */
export function list(answers: Answers, field: FieldId, title: string, options: readonly Option[]): HTMLElement {
  const select = h(
    "select",
    { id: field, class: "input", autocomplete: "off" },
    h("option", { value: "" }, text("field.choose")),
    ...options.map(({ id, label }) => h("option", { value: id }, label)),
  )
  select.value = answers.value(field)
  select.addEventListener("change", () => answers.values.set(field, select.value))
  return h("div", { class: "field" }, h("label", { for: field }, title), select)
}

export function fixedOptions(field: ChoiceField): Option[] {
  return CHOICES[field].map((id) => ({ id, label: textOf("choice", `${field}.${id}` as Parameters<typeof textOf<"choice">>[1]) }))
}

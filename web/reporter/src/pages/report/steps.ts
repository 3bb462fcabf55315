// The fields of each step.

import { text, textOf } from "#shared/texts"
import { h, icon, type Child } from "#shared/dom"
import { fileField } from "../parts/file-list"
import { localized, number, sorted } from "#shared/format"
import { dangerWords, officeNow, profileNow, type Profile } from "../parts/office"
import type { Answers } from "./answers"
import { choiceOf, choices, fixedOptions, list, words } from "./fields"
import { DOORS, type Door, type QuestionId, type StepId } from "./questions"

/** The choice that says: this is about somebody's private life. It is refused, here and in the outcomes. */
const PRIVATE_LIFE = "private-life"

export function stepView(step: QuestionId, answers: Answers): Child[] {
  switch (step) {
    case "kind":
      return [whenKnown((profile) => kinds(profile, answers))]
    case "text":
      return [words(answers, "text", { tall: true }), room(answers)]
    case "place":
      return [
        whenKnown((profile) => h("div", { class: "field" }, ...places(profile, answers))),
        words(answers, "place", { label: text("field.place"), hint: text("field.place-hint") }),
      ]
    case "who":
      return [words(answers, "who", {})]
    case "conflict":
      return conflict(answers)
    case "when":
      return answers.door === "information-request"
        ? [words(answers, "period", {})]
        : [
            choices(answers, "when", fixedOptions("when")),
            choices(answers, "ongoing", fixedOptions("ongoing"), { legend: text("field.ongoing") }),
          ]
    case "demand":
      return [words(answers, "demand", {})]
    case "verify":
      return [words(answers, "verify", {}), h("div", { class: "note" }, h("p", {}, text("field.verify-examples")))]
    case "evidence":
      return [
        fileField(answers.files, { inputId: "files", limitBytes: profileNow()?.limits.filesBytes }),
        words(answers, "evidence", { label: text("field.evidence") }),
      ]
    case "known":
      return withNote(answers, "known", "only-me", text("field.known-only-me"), "note-warn")
    case "danger":
      return withNote(answers, "danger", "person", dangerWords(), "note-bad")
    case "told":
      return [choices(answers, "told", fixedOptions("told"))]
    case "expect":
      return [words(answers, "expect", {})]
  }
}

/** Why this step cannot be left as it is answered, or null. */
export function refusalOf(step: StepId, answers: Answers): string | null {
  if (answers.isMissing(step)) return text("steps.missing")
  if (answers.unknown.has(step)) return null
  if (step === "kind" && answers.value("kind") === PRIVATE_LIFE) return text("field.private-life-answer")
  if (step === "conflict" && everybodyLeftOut(answers)) return text("field.everybody-left-out")
  if (step === "text" && roomLeft(answers) < 0) return text("steps.too-long")
  return null
}

function everybodyLeftOut(answers: Answers): boolean {
  const inspectors = profileNow()?.inspectors.length ?? 0
  return inspectors > 0 && answers.leftOutIds().length >= inspectors
}

/** Bytes that the text may still grow by; a message with files has room enough. */
function roomLeft(answers: Answers): number {
  const known = officeNow()
  if (known === undefined || answers.files.length > 0) return 0
  return known.core.textBytesLeft(known.profile, answers.draft(known.profile.kinds.length > 0))
}

export function doorsView(onChoose: (door: Door) => void): HTMLElement {
  return h(
    "ul",
    { class: "doors" },
    ...DOORS.map((door) => {
      const choose = h(
        "button",
        { type: "button", class: "door", "data-door": door },
        icon(door),
        h("strong", {}, textOf("door", door)),
        h("span", {}, textOf("door", `${door}-about`)),
      )
      choose.addEventListener("click", () => onChoose(door))
      return h("li", {}, choose)
    }),
  )
}

/** What needs the profile stands in its place when it has come; until then it says that it is coming. */
function whenKnown(view: (profile: Profile) => Element): HTMLElement {
  const known = profileNow()
  if (known !== undefined) return h("div", {}, view(known))
  const place = h("div", {}, h("p", { class: "soft" }, text("steps.loading")))
  const show = () => {
    const profile = profileNow()
    if (profile !== undefined) place.replaceChildren(view(profile))
  }
  document.addEventListener("mohr:office", show, { once: true })
  return place
}

function kinds(profile: Profile, answers: Answers): HTMLElement {
  const options = profile.kinds.map(({ id, name }) => ({ id, label: localized(name) }))
  options.push({ id: PRIVATE_LIFE, label: text("field.private-life") })
  return choices(answers, "kind", options)
}

function places(profile: Profile, answers: Answers): HTMLElement[] {
  const named = (items: readonly { id: string; name: Readonly<Record<string, string>> }[]) =>
    sorted(
      items.map(({ id, name }) => ({ id, label: localized(name) })),
      ({ label }) => label,
    )
  return [
    profile.districts.length === 0 ? null : list(answers, "district", text("field.district"), named(profile.districts)),
    profile.units.length === 0 ? null : list(answers, "unit", text("field.unit"), named(profile.units)),
  ].filter((field) => field !== null)
}

/** Who must not read it: the office's inspectors, to be ticked, when the answer is yes. */
function conflict(answers: Answers): Child[] {
  const inspectors = whenKnown((profile) => {
    return h(
      "fieldset",
      { class: "field" },
      h("legend", {}, text("field.left-out")),
      h("p", { class: "hint" }, text("field.left-out-hint")),
      h(
        "div",
        { class: "choices" },
        ...profile.inspectors.map(({ id, role }) => {
          const input = h("input", { type: "checkbox", id: `left-out-${id}`, autocomplete: "off" })
          input.checked = answers.leftOut.has(id)
          input.addEventListener("change", () => {
            if (input.checked) answers.leftOut.add(id)
            else answers.leftOut.delete(id)
          })
          return choiceOf(input, localized(role))
        }),
      ),
    )
  })
  const more = h("div", {}, inspectors)
  more.hidden = answers.value("conflict") !== "yes"
  return [
    choices(answers, "conflict", fixedOptions("conflict"), {
      onChange: (id) => {
        more.hidden = id !== "yes"
      },
    }),
    more,
  ]
}

function withNote(answers: Answers, field: "known" | "danger", when: string, note: string, look: string): Child[] {
  const box = h("div", { class: `note ${look}` }, h("p", {}, note))
  box.hidden = answers.value(field) !== when
  return [
    choices(answers, field, fixedOptions(field), {
      onChange: (id) => {
        box.hidden = id !== when
      },
    }),
    h("div", { role: "status" }, box),
  ]
}

/** How much room is left for words, once it begins to matter. A text report has one size, whatever it says. */
function room(answers: Answers): HTMLElement {
  const line = h("p", { class: "room", role: "status" })
  const count = () => {
    if (officeNow() === undefined || answers.files.length > 0) return
    const left = roomLeft(answers)
    const typed = answers.value("text")
    // Letters, not bytes, are what a person can count; how many bytes a letter takes is taken from what was typed.
    const bytesPerLetter = typed === "" ? 2 : new TextEncoder().encode(typed).length / typed.length
    const letters = Math.floor(Math.abs(left) / bytesPerLetter / 10) * 10
    line.textContent =
      left < 0
        ? text("room.over", { count: number(Math.max(letters, 10)) })
        : left < 6000
          ? text("room.left", { count: number(Math.max(letters, 10)) })
          : ""
    line.classList.toggle("error", left < 0)
  }
  document.addEventListener("mohr:core", count, { once: true })
  queueMicrotask(() => {
    document.getElementById("text")?.addEventListener("input", count)
    count()
  })
  return line
}

// The questions of the four doors, as data. Words stand in the catalogue under the same ids.
//
// In a sealed report an answer is free text as it was typed, or, where the page gave choices, the id of the
// choice (of a district, unit or kind: its id in the office profile). An empty answer says "I don't know"; a
// question that was passed over is not there at all. The answer of `text` is the report's own text.

export type Door = "report" | "complaint" | "suggestion" | "information-request"

export const DOORS: readonly Door[] = ["report", "complaint", "suggestion", "information-request"]

export type StepId =
  | "doors"
  | "kind"
  | "text"
  | "place"
  | "who"
  | "conflict"
  | "when"
  | "demand"
  | "verify"
  | "evidence"
  | "known"
  | "danger"
  | "told"
  | "expect"
  | "check"

export type QuestionId = Exclude<StepId, "doors" | "check">

const STEPS: Readonly<Record<Door, readonly QuestionId[]>> = {
  report: ["kind", "text", "place", "who", "conflict", "when", "demand", "verify", "evidence", "known", "danger", "told", "expect"],
  complaint: ["text", "place", "who", "conflict", "when", "evidence", "told", "expect"],
  suggestion: ["text", "place", "expect", "evidence"],
  "information-request": ["text", "place", "when"],
}

const REQUIRED: ReadonlySet<StepId> = new Set(["kind", "text", "place", "who"])

/** Where a door asks in other words: the id of the words. */
const OTHER_WORDS = {
  "complaint text": "text-complaint",
  "suggestion text": "text-suggestion",
  "suggestion expect": "expect-suggestion",
  "information-request text": "text-information-request",
  "information-request place": "place-information-request",
  "information-request when": "when-information-request",
} as const

export type WordsId = QuestionId | (typeof OTHER_WORDS)[keyof typeof OTHER_WORDS]

export type FieldId =
  | "kind"
  | "text"
  | "district"
  | "unit"
  | "place"
  | "who"
  | "conflict"
  | "when"
  | "ongoing"
  | "period"
  | "demand"
  | "verify"
  | "evidence"
  | "known"
  | "danger"
  | "told"
  | "expect"

export const CHOICES = {
  conflict: ["no", "yes"],
  when: ["last-month", "last-year", "earlier"],
  ongoing: ["yes", "no"],
  known: ["only-me", "few", "many"],
  danger: ["no", "person", "evidence"],
  told: ["no", "inside", "elsewhere"],
} as const

export type ChoiceField = keyof typeof CHOICES

/** The steps of a door from the first question to the last; `withKinds` is false where the office lists no kinds. */
export function stepsOf(door: Door, withKinds: boolean): QuestionId[] {
  return STEPS[door].filter((step) => step !== "kind" || withKinds)
}

export function isRequired(step: StepId): boolean {
  return REQUIRED.has(step)
}

export function wordsOf(door: Door, step: QuestionId): WordsId {
  return (OTHER_WORDS as Readonly<Partial<Record<string, WordsId>>>)[`${door} ${step}`] ?? step
}

/** The fields of a step, the one that «I don't know» speaks for first. */
export function fieldsOf(door: Door, step: QuestionId): FieldId[] {
  switch (step) {
    case "place":
      return ["place", "district", "unit"]
    case "when":
      return door === "information-request" ? ["period"] : ["when", "ongoing"]
    default:
      return [step]
  }
}

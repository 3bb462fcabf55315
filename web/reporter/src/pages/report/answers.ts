// What has been answered so far. It lives in this object and in the fields on the screen, nowhere else, and
// is gone with the tab.

import { language } from "#shared/format"
import type { ChosenFile } from "../parts/chosen-file"
import { DOORS, fieldsOf, isRequired, stepsOf, type Door, type FieldId, type StepId } from "./questions"

export interface Answer {
  readonly question: string
  readonly answer: string
}

export class Answers {
  door: Door = "report"
  readonly values = new Map<FieldId, string>()
  /** Steps answered with «I don't know». What was typed before is kept, in case the person changes their mind. */
  readonly unknown = new Set<StepId>()
  readonly leftOut = new Set<string>()
  readonly files: ChosenFile[] = []

  steps(withKinds: boolean): StepId[] {
    return ["doors", ...stepsOf(this.door, withKinds), "check"]
  }

  value(field: FieldId): string {
    return this.values.get(field) ?? ""
  }

  isAnswered(step: StepId): boolean {
    if (this.unknown.has(step) || step === "doors" || step === "check") return true
    if (step === "evidence" && this.files.length > 0) return true
    return fieldsOf(this.door, step).some((field) => this.value(field).trim() !== "")
  }

  isMissing(step: StepId): boolean {
    return isRequired(step) && !this.isAnswered(step)
  }

  /** Whether anything would be lost. The door is no loss. */
  isEmpty(): boolean {
    return this.files.length === 0 && [...this.values.values()].every((value) => value.trim() === "")
  }

  /** Whether there is anything to send: words of one's own, or a file with something in it. */
  saysSomething(): boolean {
    return this.files.some((file) => !file.isEmpty) || this.freeWords().length > 0
  }

  /** What was written in one's own words and will be sent. */
  freeWords(): string[] {
    const sent = [this.text(), ...this.list(true).flatMap(({ question, answer }) => (isFreeWords(question) ? [answer] : []))]
    return sent.filter((words) => words.trim() !== "")
  }

  text(): string {
    return this.unknown.has("text") ? "" : this.value("text")
  }

  list(withKinds: boolean): Answer[] {
    const list: Answer[] = []
    for (const step of stepsOf(this.door, withKinds)) {
      if (step === "text") continue
      const fields = fieldsOf(this.door, step)
      if (this.unknown.has(step)) {
        if (fields[0] !== undefined) list.push({ question: fields[0], answer: "" })
        continue
      }
      for (const field of fields) {
        const answer = this.value(field)
        if (answer.trim() !== "") list.push({ question: field, answer })
      }
    }
    return list
  }

  /** Nobody is left out unless the question was answered with yes. */
  leftOutIds(): string[] {
    return stepsOf(this.door, false).includes("conflict") && !this.unknown.has("conflict") && this.value("conflict") === "yes"
      ? [...this.leftOut]
      : []
  }

  forget(): void {
    this.values.clear()
    this.unknown.clear()
    this.leftOut.clear()
    this.files.length = 0
  }

  /** All that a report is made of, but the files. */
  draft(withKinds: boolean) {
    return {
      door: this.door,
      text: this.text(),
      answers: this.list(withKinds),
      leftOut: this.leftOutIds(),
      language,
    }
  }
}

const FREE_WORDS: ReadonlySet<string> = new Set(["text", "place", "who", "period", "demand", "verify", "evidence", "expect"])

export function isFreeWords(field: string): boolean {
  return FREE_WORDS.has(field)
}

export function isDoor(word: string | null): word is Door {
  return DOORS.includes(word as Door)
}

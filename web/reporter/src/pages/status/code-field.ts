// The field of a code: it folds every script's digits and shows them in groups while they are typed or pasted.

import { text } from "#shared/texts"
import { h, PRIVATE_FIELD } from "#shared/dom"
import { foldDigits, grouped } from "#shared/digits"
import { readCode } from "../../reporter/receipt"

const DIGITS = 32
/** Room for a note, or for a whole page of ours, that is pasted with a code in it. */
const LENGTH_MAX = 16_384

/** `onFull` is called when the last digit has come, so that a slip is told at once. */
export function codeField(onFull: () => void): { label: HTMLElement; field: HTMLTextAreaElement } {
  const field = h("textarea", {
    ...PRIVATE_FIELD,
    id: "code",
    class: "input code-field",
    dir: "ltr",
    rows: 2,
    inputmode: "numeric",
    maxlength: LENGTH_MAX,
    "aria-describedby": "code-hint",
  })
  let before = ""
  field.addEventListener("input", () => {
    const reading = readCode(field.value)
    const folded = "digits" in reading ? reading.digits : foldDigits(field.value)
    // Where there is no code, what is no digit is left where it stands, for the person to see.
    if (/^\d*$/.test(folded)) regroup(field, folded)
    if (folded.length === DIGITS && folded !== before) onFull()
    before = folded
  })
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return
    event.preventDefault()
    field.form?.requestSubmit()
  })
  return { label: h("label", { for: "code" }, text("status.code")), field }
}

/** Shows the code that is taken, in place of whatever it was found in. */
export function showCode(field: HTMLTextAreaElement, digits: string): void {
  const shown = grouped(digits)
  if (field.value !== shown) field.value = shown
}

/** Writes the digits in groups and leaves the caret after the digit it was after. */
function regroup(field: HTMLTextAreaElement, digits: string): void {
  const shown = grouped(digits)
  if (shown === field.value) return
  const digitsBefore = foldDigits(field.value.slice(0, field.selectionStart)).length
  let caret = 0
  for (let seen = 0; caret < shown.length && seen < digitsBefore; caret += 1) if (/\d/.test(shown[caret] ?? "")) seen += 1
  field.value = shown
  field.setSelectionRange(caret, caret)
}

// A receipt code among other words, and near misses of one. PROTOCOL 1 says what a code is; here stands what a person may bring in its
// place: the page's own note whole, a line of a diary around the digits, the groups copied from right to left. What is found
// whole is taken. What is only near is offered and never used by itself: the check digits let one guess in 97 pass.

import { decodeCode, digitValue, DIGITS, isCode, isSkipped, type CodeError } from "./receipt"

const GROUP = 4
const GROUPS = DIGITS / GROUP
const LINE_GROUPS = 4
/** A whole page of the site, copied, is shorter. Every look below is linear in this. */
const INPUT_LENGTH_MAX = 16_384
const OFFERED_MAX = 3

export type CodeReading =
  /** The one code that stands there whole, in its order. */
  | { readonly digits: string }
  /** What it is not, and codes that it may be meant for, the likeliest first. */
  | { readonly error: CodeError; readonly count: number; readonly offered: readonly string[] }

export function readCode(input: string): CodeReading {
  const decoded = decodeCode(input)
  if ("digits" in decoded) return decoded
  const text = input.slice(0, INPUT_LENGTH_MAX)
  const runs = runsOf(text)
  const [first, ...others] = wholeCodes(runs)
  // Where there is nothing but digits, those too many may be a part of what was meant.
  if (first !== undefined && others.length === 0 && !isOnlyDigits(text)) return { digits: first }
  const digits = longestRun(runs)
  const guesses = first === undefined ? [...nearMisses(digits), ...wholeCodes(runsOf(withDigitsForLetters(text)))] : [first, ...others]
  return { error: errorOf(decoded.error, digits.length), count: digits.length, offered: [...new Set(guesses)].slice(0, OFFERED_MAX) }
}

function isOnlyDigits(text: string): boolean {
  return [...text].every((character) => isSkipped(character) || digitValue(character.codePointAt(0) ?? 0) !== undefined)
}

/** Words beside it are no fault of a code of which the greater part is there. */
function errorOf(error: CodeError, count: number): CodeError {
  if (error === "character" && count < DIGITS / 2) return "character"
  return count === DIGITS ? "check" : "length"
}

/** What a reader of pictures, or a hurried one of handwriting, takes for letters. */
function withDigitsForLetters(text: string): string {
  return text.replace(/[oO]/g, "0").replace(/[lI|]/g, "1")
}

/** The digits of a line. */
type Row = string

/** Lines of digits that stand together: letters end a run, whatever else there is does not. */
function runsOf(text: string): Row[][] {
  const runs: Row[][] = []
  let run: Row[] = []
  let row = ""
  const endRow = () => {
    if (row !== "") run.push(row)
    row = ""
  }
  const endRun = () => {
    endRow()
    if (run.length > 0) runs.push(run)
    run = []
  }
  for (const character of text) {
    const digit = digitValue(character.codePointAt(0) ?? 0)
    if (digit !== undefined) row += digit
    else if (character === "\n" || character === "\r") endRow()
    else if (!isSkipped(character) && /[\p{L}\p{N}]/u.test(character)) endRun()
  }
  endRun()
  return runs
}

/** Every code that a run, or neighbouring lines of a run, spell in whole. */
function wholeCodes(runs: readonly Row[][]): string[] {
  const found = new Set<string>()
  for (const rows of runs) {
    for (let from = 0; from < rows.length; from++) {
      let digits = ""
      for (let to = from; to < rows.length && digits.length < DIGITS; to++) digits += rows[to]
      if (isCode(digits)) found.add(digits)
    }
  }
  return [...found]
}

function longestRun(runs: readonly Row[][]): string {
  return runs.map((rows) => rows.join("")).reduce((longest, digits) => (digits.length > longest.length ? digits : longest), "")
}

/** Codes that one slip of a hand makes into these digits. */
function nearMisses(digits: string): string[] {
  const found = new Set<string>()
  for (const guess of digits.length === DIGITS ? reordered(groupsOf(digits)) : shortened(digits)) if (isCode(guess)) found.add(guess)
  return [...found]
}

/**
 * Groups from right to left, of each line and of the whole; the lines in the other order; two groups in each other's place,
 * neighbours first.
 */
function reordered(groups: readonly string[]): string[] {
  const upper = groups.slice(0, LINE_GROUPS)
  const lower = groups.slice(LINE_GROUPS)
  const orders = [[...[...upper].reverse(), ...[...lower].reverse()], [...groups].reverse(), [...lower, ...upper]]
  for (let distance = 1; distance < GROUPS; distance++) {
    for (let one = 0; one + distance < GROUPS; one++) {
      const order = [...groups]
      ;[order[one], order[one + distance]] = [groups[one + distance] ?? "", groups[one] ?? ""]
      orders.push(order)
    }
  }
  return orders.map((order) => order.join(""))
}

/** A group that was written twice, and a longer run with the code somewhere in its groups. */
function shortened(digits: string): string[] {
  const guesses: string[] = []
  if (digits.length < DIGITS) return guesses
  for (let at = 0; at + DIGITS <= digits.length; at += GROUP) guesses.push(digits.slice(at, at + DIGITS))
  if (digits.length !== DIGITS + GROUP) return guesses
  const groups = groupsOf(digits)
  for (let at = 1; at < groups.length; at++)
    if (groups[at] === groups[at - 1]) guesses.push([...groups.slice(0, at), ...groups.slice(at + 1)].join(""))
  return guesses
}

function groupsOf(digits: string): string[] {
  return digits.match(/.{4}/g) ?? []
}

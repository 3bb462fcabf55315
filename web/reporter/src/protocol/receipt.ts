// The receipt code: 30 random digits and two that catch a slip (PROTOCOL 1).

export const DIGITS = 32
const RANDOM_DIGITS = 30
const INPUT_BYTES_MAX = 1024

export type CodeError =
  /** Something that is neither a digit nor skipped. */
  | "character"
  /** Not 32 digits. */
  | "length"
  /** A digit is wrong or two are swapped. */
  | "check"

export type FillRandom = (bytes: Uint8Array<ArrayBuffer>) => unknown

/** A fresh code, as 32 ASCII digits. */
export function createCode(fill: FillRandom = (bytes) => crypto.getRandomValues(bytes)): string {
  let digits = ""
  const random = new Uint8Array(64)
  while (digits.length < RANDOM_DIGITS) {
    fill(random)
    // 250 is the largest multiple of ten in a byte: what is above would favour the digits 0 to 5.
    for (const byte of random) if (byte < 250 && digits.length < RANDOM_DIGITS) digits += byte % 10
  }
  const check = 98 - ((remainder(digits) * 100) % 97)
  return digits + String(check).padStart(2, "0")
}

/** What a person typed or pasted, in ASCII, Persian or Arabic digits, mixed and grouped at will. */
export function decodeCode(input: string): { digits: string } | { error: CodeError } {
  // Every character is at least one byte: what is longer than this is not even encoded.
  if (input.length > INPUT_BYTES_MAX || new TextEncoder().encode(input).length > INPUT_BYTES_MAX) return { error: "length" }
  let digits = ""
  for (const character of input) {
    if (isSkipped(character)) continue
    const digit = digitValue(character.codePointAt(0) ?? 0)
    if (digit === undefined) return { error: "character" }
    digits += digit
  }
  if (digits.length !== DIGITS) return { error: "length" }
  return isCode(digits) ? { digits } : { error: "check" }
}

/** Whether these ASCII digits are as many as a code has, and the last two check the others. */
export function isCode(digits: string): boolean {
  return digits.length === DIGITS && remainder(digits) === 1
}

/** Eight groups of four, in two lines of four groups. */
export function groupCode(digits: string): string[][] {
  const groups = digits.match(/.{4}/g) ?? []
  return [groups.slice(0, 4), groups.slice(4)]
}

/** The number that these ASCII digits spell, mod 97 (ISO 7064 MOD 97-10). */
function remainder(digits: string): number {
  let sum = 0
  for (const digit of digits) sum = (sum * 10 + Number(digit)) % 97
  return sum
}

/** Zeros of ASCII, of Persian and of Arabic: each begins ten digits in order. */
export function digitValue(codePoint: number): number | undefined {
  for (const zero of [0x30, 0x6f0, 0x660]) if (codePoint >= zero && codePoint <= zero + 9) return codePoint - zero
  return undefined
}

/** Whether a character may stand between digits and says nothing. */
export function isSkipped(character: string): boolean {
  return SKIPPED.test(character)
}

/** White space, hyphens and dashes, joiners, bidi marks: exactly those of PROTOCOL 1. */
const SKIPPED =
  /[\t\n\r \u00a0\u2000-\u200a\u202f\u3000\x2d\u2010-\u2015\u2212\u200c\u200d\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/

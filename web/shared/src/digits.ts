// Digits as people type them: ASCII, Persian or Arabic, with spaces, hyphens and invisible marks between.

const ZEROS = [0x30, 0x6f0, 0x660]
const BETWEEN = /[\s\u00a0\u2000-\u200f\u2010-\u2015\u202a-\u202f\u2066-\u2069\u2212\u3000\u061c\ufeff\x2d]/g

/** Every digit as an ASCII digit and nothing between them; other characters stay as they are. */
export function foldDigits(input: string): string {
  let folded = ""
  for (const character of input.replace(BETWEEN, "")) {
    const code = character.codePointAt(0) ?? 0
    const zero = ZEROS.find((zero) => code >= zero && code <= zero + 9)
    folded += zero === undefined ? character : String(code - zero)
  }
  return folded
}

/** Digits in groups of four, four groups a line, as the receipt shows them. */
export function grouped(digits: string): string {
  return digits.replace(/(.{16})(?=.)/g, "$1\n").replace(/(\d{4})(?=\d)/g, "$1 ")
}

// One spelling for searching. Persian is typed with Arabic or Persian letters, three kinds of digits, and spaces that may be
// zero-width, ordinary or missing. The folded text is only searched, never shown; every character knows where it came from.

export interface Folded {
  text: string
  /** For each folded character, and for the end, its offset in the original, in UTF-16 units. */
  origin: Uint32Array
}

const LETTERS: Record<string, string> = {
  ي: "ی",
  ى: "ی",
  ئ: "ی",
  ك: "ک",
  ة: "ه",
  ۀ: "ه",
  أ: "ا",
  إ: "ا",
  آ: "ا",
  ٱ: "ا",
  ؤ: "و",
  "–": "-",
  "—": "-",
  "‐": "-",
  "‑": "-",
  "−": "-",
  ـ: "",
  "＠": "@",
  "：": ":",
  "／": "/",
  "⁄": "/",
  "’": "'",
}

/** Vowel signs, marks of writing direction and soft hyphens: nobody sees them in a word. */
const INVISIBLE =
  /[\u00ad\u0610-\u061a\u061c\u064b-\u065f\u0670\u06d6-\u06ed\u200b\u200d-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]/
/** The zero-width non-joiner stands where others put a space. */
const SPACE = /[ \t\u00a0\u2000-\u200a\u200c\u202f\u205f\u3000]/
const NEW_LINE = /[\n\r\u0085\u2028\u2029]/

/** Folds letters, digits, case and spaces; a run of spaces becomes one, every line end stays. */
export function fold(original: string): Folded {
  const origin = new Uint32Array(original.length + 1)
  const pieces: string[] = []
  let piece = ""
  let length = 0
  let wasSpace = false
  for (let at = 0; at < original.length; at++) {
    const folded = foldOne(original[at] ?? "")
    if (folded === "" || (folded === " " && wasSpace)) continue
    wasSpace = folded === " "
    origin[length++] = at
    piece += folded
    if (piece.length >= 4096) {
      pieces.push(piece)
      piece = ""
    }
  }
  pieces.push(piece)
  origin[length] = original.length
  return { text: pieces.join(""), origin: origin.subarray(0, length + 1) }
}

/** One character or none. */
function foldOne(sign: string): string {
  const code = sign.charCodeAt(0)
  if (code < 0x80) {
    if (code >= 0x41 && code <= 0x5a) return String.fromCharCode(code + 32)
    return sign === "\t" ? " " : sign === "\r" ? "\n" : sign
  }
  if (code >= 0x6f0 && code <= 0x6f9) return String.fromCharCode(code - 0x6f0 + 48)
  if (code >= 0x660 && code <= 0x669) return String.fromCharCode(code - 0x660 + 48)
  const letter = LETTERS[sign]
  if (letter !== undefined) return letter
  if (INVISIBLE.test(sign)) return ""
  if (SPACE.test(sign)) return " "
  if (NEW_LINE.test(sign)) return "\n"
  return sign
}

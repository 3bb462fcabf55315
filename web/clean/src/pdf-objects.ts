// The eight kinds of PDF objects (ISO 32000-2, 7.3): reading them from text and writing them back. Numbers and strings keep
// their spelling; names are compared by meaning.

import { Damaged, NotPossible } from "./cleaned"

const MAX_NESTING = 200

/** Numbers, true, false and null, as written. */
export class Plain {
  constructor(readonly raw: string) {}
}

export class Name {
  constructor(readonly text: string) {}
}

/** A string, as written: (…) or <…>. */
export class Text {
  constructor(readonly raw: string) {}

  /** Its characters, for looking at. */
  decode(): string {
    const bytes = this.raw.startsWith("<") ? fromHex(this.raw) : fromLiteral(this.raw)
    const isLittle = bytes.startsWith("\xff\xfe")
    if (isLittle || bytes.startsWith("\xfe\xff")) {
      let text = ""
      for (let at = 2; at + 1 < bytes.length; at += 2) {
        const [high, low] = isLittle ? [at + 1, at] : [at, at + 1]
        text += String.fromCharCode((bytes.charCodeAt(high) << 8) | bytes.charCodeAt(low))
      }
      return text
    }
    if (bytes.startsWith("\xef\xbb\xbf")) return new TextDecoder().decode(Uint8Array.from(bytes.slice(3), (sign) => sign.charCodeAt(0)))
    return bytes
  }

  static of(text: string): Text {
    let hex = "feff"
    for (let at = 0; at < text.length; at++) hex += text.charCodeAt(at).toString(16).padStart(4, "0")
    return new Text(`<${hex}>`)
  }
}

export class Ref {
  constructor(readonly number: number) {}
}

export type Dict = Map<string, Value>
export type Value = Plain | Name | Text | Ref | Value[] | Dict

/** More text is needed to go on. */
export class Incomplete extends Error {}

const SPACE = /(?:[\0\t\n\f\r ]+|%[^\r\n]*)*/y
const NUMBER = /[+-]?(?:\d+\.?\d*|\.\d+)-?\d*/y
const REFERENCE = /(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>[\]{}/%])/y
const NAME = /\/([^\0\t\n\f\r ()<>[\]{}/%]*)/y
const WORD = /[^\0\t\n\f\r ()<>[\]{}/%]+/y
const HEX = /<[0-9A-Fa-f\0\t\n\f\r ]*>/y

/** Reads objects from a text of one character for each byte, of which more may follow. */
export class Lexer {
  at = 0
  /** There was a comment on the way. */
  sawComment = false

  constructor(
    readonly text: string,
    private readonly isWhole: boolean,
  ) {}

  value(depth = 0): Value {
    if (depth > MAX_NESTING) throw new NotPossible("too-complex")
    this.space()
    const first = this.text[this.at]
    if (first === undefined) throw this.#end()
    if (first === "/") return new Name(unescapeName(this.#take(NAME)!.slice(1)))
    if (first === "(") return this.#literal()
    if (first === "[") {
      this.at++
      const list: Value[] = []
      while (!this.skip("]")) list.push(this.value(depth + 1))
      return list
    }
    if (first === "<") {
      if (this.text[this.at + 1] === undefined) throw this.#end()
      if (this.text[this.at + 1] !== "<") {
        const hex = this.#take(HEX)
        if (hex === null) throw this.text.indexOf(">", this.at) < 0 ? this.#end() : new Damaged("string")
        return new Text(hex)
      }
      this.at += 2
      const dict: Dict = new Map()
      while (!this.skip(">>")) {
        const key = this.value(depth + 1)
        if (!(key instanceof Name)) throw new Damaged("key")
        dict.set(key.text, this.value(depth + 1))
      }
      return dict
    }
    // A number at the end of what we have may go on, or be the beginning of a reference.
    if (!this.isWhole && this.at + 40 > this.text.length) throw new Incomplete()
    const reference = this.#match(REFERENCE)
    if (reference) {
      this.at += reference[0].length
      return new Ref(Number(reference[1]))
    }
    const number = this.#take(NUMBER)
    if (number !== null) return new Plain(number)
    const word = this.#take(WORD)
    if (word === "true" || word === "false" || word === "null") return new Plain(word)
    throw new Damaged("object")
  }

  /** Goes past white space and comments. */
  space(): void {
    if (this.#take(SPACE)!.includes("%")) this.sawComment = true
    if (this.at === this.text.length && !this.isWhole) throw new Incomplete()
  }

  /** Goes past white space and, if it is next, the word. */
  skip(word: string): boolean {
    this.space()
    if (!this.isWhole && this.at + word.length > this.text.length) throw new Incomplete()
    if (!this.text.startsWith(word, this.at)) {
      if (this.at >= this.text.length) throw this.#end()
      return false
    }
    this.at += word.length
    return true
  }

  integer(): number {
    this.space()
    const value = this.value()
    const number = value instanceof Plain ? Number(value.raw) : NaN
    if (!Number.isSafeInteger(number) || number < 0) throw new Damaged("number")
    return number
  }

  #literal(): Text {
    let depth = 0
    for (let at = this.at; at < this.text.length; at++) {
      const sign = this.text[at]
      if (sign === "\\") at++
      else if (sign === "(") depth++
      else if (sign === ")" && --depth === 0) {
        const raw = this.text.slice(this.at, at + 1)
        this.at = at + 1
        return new Text(raw)
      }
    }
    throw this.#end()
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.at
    return pattern.exec(this.text)
  }

  #take(pattern: RegExp): string | null {
    const match = this.#match(pattern)
    if (!match) return null
    this.at += match[0].length
    return match[0]
  }

  #end(): Error {
    return this.isWhole ? new Damaged("ends too early") : new Incomplete()
  }
}

/** Writes an object; `number` gives the new number of what a reference leads to, or null for nothing. */
export function write(value: Value, number: (ref: Ref) => number | null): string {
  if (value instanceof Plain || value instanceof Text) return value.raw
  if (value instanceof Name) return escapeName(value.text)
  if (value instanceof Ref) {
    const target = number(value)
    return target === null ? "null" : `${target} 0 R`
  }
  if (Array.isArray(value)) return `[${value.map((item) => write(item, number)).join(" ")}]`
  return `<<${[...value].map(([key, item]) => `${escapeName(key)} ${write(item, number)}`).join(" ")}>>`
}

export function isName(value: Value | undefined, ...texts: string[]): boolean {
  return value instanceof Name && texts.includes(value.text)
}

function unescapeName(raw: string): string {
  return raw.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}

function escapeName(text: string): string {
  return "/" + text.replace(/[^!"$&'*-.0-9:;=?-Z\\^-z|~]/g, (sign) => "#" + sign.charCodeAt(0).toString(16).padStart(2, "0"))
}

function fromHex(raw: string): string {
  const digits = raw.replace(/[^0-9A-Fa-f]/g, "")
  let text = ""
  for (let at = 0; at < digits.length; at += 2) text += String.fromCharCode(parseInt(digits.slice(at, at + 2).padEnd(2, "0"), 16))
  return text
}

function fromLiteral(raw: string): string {
  return raw.slice(1, -1).replace(/\\([0-7]{1,3}|\r\n|[^])/g, (_, escape: string) => {
    if (/^[0-7]/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 255)
    if (/^[\r\n]/.test(escape)) return ""
    return ({ n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" } as Record<string, string>)[escape] ?? escape
  })
}

export interface Stream {
  dict: Dict
  /** Where its data lie in the file. */
  from: number
  to: number
}

export interface PdfObject {
  value: Value
  stream: Stream | null
}

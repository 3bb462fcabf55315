// What draws a page (ISO 32000-2, 7.8): a row of operators, each behind its operands. Comments, operators that there are not, operands
// too many and private properties go; every other sign stays as it is. On the way it is noted which text no viewer shows.

import type { Findings } from "./cleaned"
import { type Dict, Lexer, write } from "./pdf-objects"
import { scrubDict } from "./pdf-scrub"

/** Operators, and how many operands each takes; -1 for any number. */
const OPERATORS = new Map<string, number>(
  Object.entries({
    0: "q Q h S s f F f* B B* b b* n W W* BT ET T* BX EX EMC",
    1: "w J j M ri i gs CS cs G g Tc Tw Tz TL Tr Ts Tj TJ ' Do sh BMC",
    2: "d m l Td TD Tf d0 BDC",
    3: '" RG rg',
    4: "v y re K k",
    6: "cm c Tm d1",
    [-1]: "SC SCN sc scn",
  }).flatMap(([count, names]) => names.split(" ").map((name): [string, number] => [name, Number(count)])),
)
const SHOWS_TEXT = /^(?:Tj|TJ|'|")$/
const SPACE = /(?:[\0\t\n\f\r ]+|%[^\r\n]*)*/y
const WORD = /[^\0\t\n\f\r ()<>[\]{}/%]+/y
const NAME = /\/[^\0\t\n\f\r ()<>[\]{}/%]*/y
const HEX = /<[0-9A-Fa-f\0\t\n\f\r ]*>/y
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)-?\d*$/

export interface Contents {
  /** Null where nothing had to change. */
  text: string | null
  /** JPEG data of pictures among the operators, in the text as it was. */
  pictures: [from: number, to: number][]
}

/** Is told what is drawn. */
export interface Watch {
  operator(name: string, operands: string[]): void
}

/** `isPart`: what stands at its ends may belong to the streams before and behind it. */
export function cleanContents(text: string, isPart: boolean, found: Findings, watch: Watch | null): Contents {
  return new Cleaning(text, isPart, found, watch).run()
}

class Cleaning {
  readonly #out: string[] = []
  readonly #pictures: [number, number][] = []
  #copied = 0
  #at = 0
  #depth = 0
  /** Where each operand since the last operator begins and ends. */
  #operands: [from: number, to: number][] = []

  constructor(
    private readonly text: string,
    private readonly isPart: boolean,
    private readonly found: Findings,
    private readonly watch: Watch | null,
  ) {}

  run(): Contents {
    for (this.#space(); this.#at < this.text.length; this.#space()) this.#token()
    if (!this.isPart && this.#operands.length > 0) this.#drop(this.#operands[0]![0], this.text.length)
    if (this.#out.length === 0) return { text: null, pictures: this.#pictures }
    this.#out.push(this.text.slice(this.#copied))
    return { text: this.#out.join(""), pictures: this.#pictures }
  }

  #token(): void {
    const { text } = this
    const from = this.#at
    const sign = text[from]!
    if (sign === "(") this.#at = literalEnd(text, from)
    else if (sign === "/") this.#take(NAME)
    else if (sign === "<" && text[from + 1] !== "<") {
      if (!this.#take(HEX)) this.#at = text.length
    } else if (sign === "<" || sign === ">") this.#at += 2
    else if (sign === "[" || sign === "]") this.#at++
    else if (!this.#take(WORD)) {
      // A bracket that opens nothing here.
      this.#at++
      this.#drop(from, this.#at)
      return
    }
    const token = text.slice(from, this.#at)
    const isClosing = token === "]" || token === ">>"
    if (isClosing && this.#depth > 0) this.#depth--
    if (this.#depth > 0 || isClosing) {
      // Inside a list, or at its end: one operand with its beginning.
      const operand = this.#operands.at(-1)
      if (operand) operand[1] = this.#at
      else this.#operands.push([from, this.#at])
    } else if (/^[(/<[]/.test(sign) || NUMBER.test(token) || /^(?:true|false|null)$/.test(token)) this.#operands.push([from, this.#at])
    else this.#operator(token, from)
    if (token === "[" || token === "<<") this.#depth++
  }

  #operator(name: string, from: number): void {
    const count = OPERATORS.get(name)
    if (name === "BI") this.#inlinePicture(from)
    else if (count === undefined) this.#drop(this.#operands[0]?.[0] ?? from, this.#at)
    else {
      if (count >= 0 && this.#operands.length > count) {
        const first = this.#operands.length - count
        this.#drop(this.#operands[0]![0], this.#operands[first]?.[0] ?? from)
        this.#operands = this.#operands.slice(first)
      }
      if (count < 0) for (const [start, end] of this.#operands) if (/^[(<[]/.test(this.text[start]!)) this.#drop(start, end)
      if (name === "BDC") this.#properties()
      this.watch?.operator(
        name,
        this.#operands.map(([start, end]) => this.text.slice(start, end)),
      )
    }
    this.#operands = []
  }

  /** What a piece of a page says of itself, where it stands among the operators. */
  #properties(): void {
    const [from, to] = this.#operands.at(-1) ?? [0, 0]
    if (!this.text.startsWith("<<", from)) return
    let dict: Dict
    try {
      dict = new Lexer(this.text.slice(from, to), true).value() as Dict
    } catch {
      this.#replace(from, to, "<<>>")
      this.found.removed.add("unknown-data")
      return
    }
    const before = write(dict, () => null)
    scrubDict(dict, this.found)
    const after = write(dict, () => null)
    if (after !== before) this.#replace(from, to, after)
  }

  /** BI, keys and values, ID, one space, data, EI. */
  #inlinePicture(from: number): void {
    const head = /[\0\t\n\f\r ]ID[\0\t\n\f\r ]/g
    head.lastIndex = this.#at
    const id = head.exec(this.text)
    if (!id) {
      this.#drop(from, this.text.length)
      this.#at = this.text.length
      return
    }
    const data = id.index + id[0].length
    const isPhotograph = /\/(?:DCTDecode|DCT)\b/.test(this.text.slice(this.#at, id.index))
    const end = /[\0\t\n\f\r ]?EI(?=[\0\t\n\f\r ]|$)/g
    // In a photograph the letters may stand by chance: its own end mark comes first.
    end.lastIndex = isPhotograph ? Math.max(data, this.text.indexOf("\xff\xd9", data)) : data
    const close = end.exec(this.text)
    const stop = close ? close.index : this.text.length
    if (isPhotograph) this.#pictures.push([data, stop])
    this.#at = close ? close.index + close[0].length : this.text.length
    this.watch?.operator("EI", [])
  }

  #space(): void {
    const from = this.#at
    this.#take(SPACE)
    if (!this.text.slice(from, this.#at).includes("%")) return
    this.#replace(from, this.#at, "\n")
    this.found.removed.add("unknown-data")
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.text)
    if (!match) return false
    this.#at += match[0].length
    return match[0].length > 0
  }

  #drop(from: number, to: number): void {
    this.#replace(from, to, " ")
    this.found.removed.add("unknown-data")
  }

  #replace(from: number, to: number, text: string): void {
    // Inside what was dropped already, as a comment among surplus operands.
    if (from < this.#copied) from = Math.min(this.#copied, to)
    if (to <= this.#copied) return
    this.#out.push(this.text.slice(this.#copied, from), text)
    this.#copied = to
  }
}

function literalEnd(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const sign = text[at]
    if (sign === "\\") at++
    else if (sign === "(") depth++
    else if (sign === ")" && --depth === 0) return at + 1
  }
  return text.length
}

type Matrix = [a: number, b: number, c: number, d: number, e: number, f: number]

const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0]

function multiply(m: Matrix, n: Matrix): Matrix {
  return [
    m[0] * n[0] + m[1] * n[2],
    m[0] * n[1] + m[1] * n[3],
    m[2] * n[0] + m[3] * n[2],
    m[2] * n[1] + m[3] * n[3],
    m[4] * n[0] + m[5] * n[2] + n[4],
    m[4] * n[1] + m[5] * n[3] + n[5],
  ]
}

export type Box = [left: number, bottom: number, right: number, top: number]

const MAX_STATES = 10_000

/** Notes text that is drawn with no ink, and text and pictures that are drawn beside the page. */
export class PageWatch implements Watch {
  isHiding = false
  #state = { ctm: IDENTITY, mode: 0, size: 1, leading: 0 }
  readonly #states: { ctm: Matrix; mode: number; size: number; leading: number }[] = []
  #line: Matrix = IDENTITY

  /** Without a box nothing lies beside it. */
  constructor(private readonly box: Box | null) {}

  operator(name: string, operands: string[]): void {
    const numbers = operands.map(Number)
    const [a = 0, b = 0] = numbers
    const isMatrix = numbers.length === 6 && numbers.every(Number.isFinite)
    if (name === "q" && this.#states.length < MAX_STATES) this.#states.push({ ...this.#state })
    else if (name === "Q") this.#state = this.#states.pop() ?? this.#state
    else if (name === "cm" && isMatrix) this.#state.ctm = multiply(numbers as Matrix, this.#state.ctm)
    else if (name === "BT") this.#line = IDENTITY
    else if (name === "Tm" && isMatrix) this.#line = numbers as Matrix
    else if (name === "Td" || name === "TD") {
      this.#line = multiply([1, 0, 0, 1, a, b], this.#line)
      if (name === "TD") this.#state.leading = -b
    } else if (name === "TL") this.#state.leading = a
    else if (name === "Tf") this.#state.size = Math.abs(b)
    else if (name === "Tr") this.#state.mode = a
    else if (name === "T*" || name === "'" || name === '"') this.#line = multiply([1, 0, 0, 1, 0, -this.#state.leading], this.#line)
    if (SHOWS_TEXT.test(name)) this.#text(operands.at(-1) ?? "")
    if (name === "Do") this.#picture()
  }

  #text(shown: string): void {
    const letters = shown.replace(/[<>()[\]\s]/g, "").length
    if (letters === 0) return
    if (this.#state.mode === 3 || this.#state.size === 0) this.isHiding = true
    if (!this.box) return
    const [scale, b, c, height, x, y] = multiply(this.#line, this.#state.ctm)
    // Text that runs in another direction is left alone.
    if (Math.abs(b) + Math.abs(c) > 1e-6 || scale <= 0 || height <= 0) return
    const [left, bottom, right, top] = this.box
    const size = this.#state.size
    if (x >= right || y >= top || y + size * height <= bottom || x + letters * size * scale <= left) this.isHiding = true
  }

  /** Of a form nothing is known but its place; a picture fills a square of one. Only what lies far beside the page is certain. */
  #picture(): void {
    if (!this.box) return
    const m = this.#state.ctm
    const xs = [m[4], m[4] + m[0], m[4] + m[2], m[4] + m[0] + m[2]]
    const ys = [m[5], m[5] + m[1], m[5] + m[3], m[5] + m[1] + m[3]]
    const [left, bottom, right, top] = this.box
    const isLarge = Math.abs(m[0]) + Math.abs(m[1]) > 2
    if (isLarge && (Math.min(...xs) >= right || Math.max(...xs) <= left || Math.min(...ys) >= top || Math.max(...ys) <= bottom))
      this.isHiding = true
  }
}

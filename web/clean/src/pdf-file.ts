// Finding a PDF's objects (ISO 32000-2, 7.5): the chain of cross-reference tables and streams, newest first, and objects
// inside object streams. Only what the newest revision can reach is ever read.

import { Damaged, NotPossible } from "./cleaned"
import { indexOf, latin1 } from "./bytes"
import { inflate, type Budget } from "./inflate"
import { type Dict, Incomplete, isName, Lexer, Name, Plain, Ref, type Value } from "./pdf-objects"
import type { Source } from "./source"

const FIRST_WINDOW_BYTES = 1024
/** Objects are read in no particular order: up to here the file is held in memory. */
const MAX_HELD_BYTES = 32 * 1024 * 1024
const MAX_OBJECT_BYTES = 16 * 1024 * 1024
const MAX_OBJECTS = 400_000
const MAX_SECTIONS = 2_000
const MAX_STREAM_BYTES = 32 * 1024 * 1024

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

type Place = { at: number } | { inside: number; index: number } | null

export class PdfFile {
  /** Newest first. */
  trailer: Dict = new Map()
  /** An object was replaced or deleted by a later revision that was added to the file. */
  hasHistory = false
  /** Objects read only to learn the length of a stream. */
  readonly lengths = new Set<number>()
  readonly #places = new Map<number, Place>()
  /** Object streams by number; null while one is being read. */
  readonly #unpacked = new Map<number, Map<number, Value> | null>()
  /** Where %PDF stands: some files have a few bytes before it, which offsets do not count. */
  #shift = 0

  private constructor(
    private readonly source: Source,
    private readonly budget: Budget,
  ) {}

  static async open(source: Source, budget: Budget): Promise<PdfFile> {
    const file = new PdfFile(source, budget)
    if (source.size <= MAX_HELD_BYTES) await source.hold()
    await file.#readSections()
    return file
  }

  /** Numbers of all objects in use. */
  numbers(): number[] {
    return [...this.#places].filter(([, place]) => place !== null).map(([number]) => number)
  }

  has(number: number): boolean {
    return this.#places.get(number) != null
  }

  /** Null for objects that do not exist: the standard takes them for null as well. */
  async object(number: number): Promise<PdfObject | null> {
    const place = this.#places.get(number) ?? null
    if (place === null) return null
    if ("at" in place) return this.#objectAt(place.at, number)
    const value = (await this.#unpackStream(place.inside)).get(number)
    if (value === undefined) throw new Damaged("object stream")
    return { value, stream: null }
  }

  async resolve(value: Value | undefined): Promise<Value | undefined> {
    for (let hops = 0; value instanceof Ref; hops++) {
      if (hops > 20) throw new Damaged("circle of references")
      value = (await this.object(value.number))?.value
    }
    return value
  }

  async dict(value: Value | undefined): Promise<Dict | null> {
    const found = await this.resolve(value)
    return found instanceof Map ? found : null
  }

  // ---- sections

  async #readSections(): Promise<void> {
    const head = await this.source.peek(0, 1024)
    const start = indexOf(head, "%PDF-")
    const tailLength = Math.min(this.source.size, 32 * 1024)
    const tail = latin1(await this.source.peek(this.source.size - tailLength, tailLength))
    const match = /^startxref[\0\t\n\f\r ]+(\d{1,10})/.exec(tail.slice(Math.max(0, tail.lastIndexOf("startxref"))))
    if (!match) throw new Damaged("no cross-reference")
    const at = Number(match[1])
    if (start > 0 && !(await this.#isSection(at)) && (await this.#isSection(at + start))) this.#shift = start

    const seen = new Set<number>()
    const pending = [at]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (seen.has(next)) continue
      seen.add(next)
      if (seen.size > MAX_SECTIONS) throw new NotPossible("too-complex")
      const trailer = await this.#readSection(next + this.#shift)
      for (const [key, value] of trailer) if (!this.trailer.has(key)) this.trailer.set(key, value)
      const previous = trailer.get("Prev")
      if (previous instanceof Plain) pending.push(integer(previous))
    }
  }

  async #isSection(at: number): Promise<boolean> {
    return /^\s*(?:xref|\d+\s+\d+\s+obj)/.test(latin1(await this.source.peek(at, 40)))
  }

  async #readSection(at: number): Promise<Dict> {
    if (/^\s*xref/.test(latin1(await this.source.peek(at, 16)))) return this.#readTable(at)
    const found = await this.#objectAt(at, null)
    if (!found.stream || !isName(found.stream.dict.get("Type"), "XRef")) throw new Damaged("no cross-reference")
    await this.#readXrefStream(found.stream)
    return found.stream.dict
  }

  async #readTable(at: number): Promise<Dict> {
    const { places, trailer } = await this.#parse(at, (lexer) => {
      const places = new Map<number, Place>()
      lexer.skip("xref")
      while (!lexer.skip("trailer")) {
        const first = lexer.integer()
        const count = lexer.integer()
        for (let i = 0; i < count; i++) {
          const offset = lexer.integer()
          lexer.integer()
          const isUsed = lexer.skip("n")
          if (!isUsed && !lexer.skip("f")) throw new Damaged("cross-reference")
          places.set(first + i, isUsed && offset > 0 ? { at: offset } : null)
          if (places.size > MAX_OBJECTS) throw new NotPossible("too-complex")
        }
      }
      const trailer = lexer.value()
      if (!(trailer instanceof Map)) throw new Damaged("trailer")
      return { places, trailer }
    })
    // Hybrid files: objects that are free in the table may stand in a stream meant for newer readers.
    const hybrid = trailer.get("XRefStm")
    if (hybrid instanceof Plain) {
      const found = await this.#objectAt(integer(hybrid) + this.#shift, null)
      if (!found.stream) throw new Damaged("cross-reference")
      for (const [number, place] of await this.#streamPlaces(found.stream)) if (places.get(number) == null) places.set(number, place)
    }
    this.#add(places)
    return trailer
  }

  async #readXrefStream(stream: Stream): Promise<void> {
    this.#add(await this.#streamPlaces(stream))
  }

  async #streamPlaces(stream: Stream): Promise<Map<number, Place>> {
    const numbers = (value: Value | undefined): number[] => (Array.isArray(value) ? value.map((item) => integer(item)) : [])
    const widths = numbers(stream.dict.get("W"))
    if (widths.length !== 3 || widths.some((width) => width > 7)) throw new Damaged("cross-reference")
    const [w0, w1, w2] = widths as [number, number, number]
    const row = w0 + w1 + w2
    const index = stream.dict.has("Index") ? numbers(stream.dict.get("Index")) : [0, integer(stream.dict.get("Size"))]
    const data = await this.decode(stream)
    const places = new Map<number, Place>()
    let at = 0
    const field = (width: number): number => {
      let number = 0
      for (let i = 0; i < width; i++) number = number * 256 + data[at++]!
      return number
    }
    for (let section = 0; section + 1 < index.length; section += 2) {
      for (let i = 0; i < index[section + 1]!; i++) {
        if (row === 0 || at + row > data.length) throw new Damaged("cross-reference")
        const type = w0 === 0 ? 1 : field(w0)
        const a = field(w1)
        const b = field(w2)
        places.set(index[section]! + i, type === 1 ? { at: a } : type === 2 ? { inside: a, index: b } : null)
        if (places.size > MAX_OBJECTS) throw new NotPossible("too-complex")
      }
    }
    return places
  }

  /** Places of newer sections stay. */
  #add(places: Map<number, Place>): void {
    for (const [number, place] of places) {
      if (!this.#places.has(number)) {
        this.#places.set(number, place)
      } else if (place !== null && JSON.stringify(place) !== JSON.stringify(this.#places.get(number))) {
        this.hasHistory = true
      }
    }
    if (this.#places.size > MAX_OBJECTS) throw new NotPossible("too-complex")
  }

  // ---- objects

  async #objectAt(offset: number, number: number | null): Promise<PdfObject> {
    const at = number === null ? offset : offset + this.#shift
    const { value, end } = await this.#parse(at, (lexer) => {
      const found = lexer.integer()
      lexer.integer()
      if ((number !== null && found !== number) || !lexer.skip("obj")) throw new Damaged("object")
      const value = lexer.value()
      if (value instanceof Map && lexer.skip("stream")) {
        // One line end, CR LF or LF; a lone CR is met as well.
        const after = lexer.text.slice(lexer.at, lexer.at + 2)
        if (after.length < 2) throw new Incomplete()
        return { value, end: lexer.at + (after === "\r\n" ? 2 : /[\r\n]/.test(after[0]!) ? 1 : 0) }
      }
      return { value, end: -1 }
    })
    if (!(value instanceof Map) || end < 0) return { value, stream: null }
    const from = at + end
    return { value, stream: { dict: value, from, to: await this.#streamEnd(value, from) } }
  }

  /** By its length where that is right, and by the word behind it where not. */
  async #streamEnd(dict: Dict, from: number): Promise<number> {
    const length = dict.get("Length")
    if (length instanceof Ref) this.lengths.add(length.number)
    // A length that stands in a stream would need another length first; the standard forbids that.
    const resolved = length instanceof Ref ? await this.#plainAt(length.number) : length
    if (resolved instanceof Plain && /^\d{1,10}$/.test(resolved.raw)) {
      const to = from + Number(resolved.raw)
      if (to <= this.source.size && /^[\0\t\n\f\r ]{0,4}endstream/.test(latin1(await this.source.peek(to, 16)))) return to
    }
    let before = ""
    for await (const { at, bytes } of this.source.chunks(from, this.source.size)) {
      this.budget.spend(bytes.length)
      const found = indexOf(bytes, "endstream")
      const across = (before + latin1(bytes.subarray(0, 8))).indexOf("endstream")
      const position = across >= 0 ? at - before.length + across : found >= 0 ? at + found : -1
      if (position >= from) {
        const tail = latin1(await this.source.peek(Math.max(from, position - 2), Math.min(2, position - from)))
        return position - (tail.endsWith("\r\n") ? 2 : /[\r\n]$/.test(tail) ? 1 : 0)
      }
      before = latin1(bytes.subarray(-8))
    }
    throw new Damaged("stream without an end")
  }

  async #plainAt(number: number): Promise<Value | undefined> {
    const place = this.#places.get(number) ?? null
    if (place === null) return undefined
    if (!("at" in place)) return (await this.#unpackStream(place.inside)).get(number)
    return this.#parse(place.at + this.#shift, (lexer) => {
      lexer.integer()
      lexer.integer()
      if (!lexer.skip("obj")) throw new Damaged("object")
      return lexer.value()
    })
  }

  /** The objects of an object stream, by number. */
  async #unpackStream(number: number): Promise<Map<number, Value>> {
    const known = this.#unpacked.get(number)
    if (known === null) throw new Damaged("object stream in itself")
    if (known) return known
    this.#unpacked.set(number, null)
    const place = this.#places.get(number) ?? null
    if (place === null || !("at" in place)) throw new Damaged("object stream")
    const { stream } = await this.#objectAt(place.at, number)
    if (!stream || !isName(stream.dict.get("Type"), "ObjStm")) throw new Damaged("object stream")
    const count = integer(await this.resolve(stream.dict.get("N")))
    const first = integer(await this.resolve(stream.dict.get("First")))
    if (count > MAX_OBJECTS) throw new NotPossible("too-complex")
    const text = latin1(await this.decode(stream))
    const heads = new Lexer(text.slice(0, first), true)
    const objects = new Map<number, Value>()
    for (let i = 0; i < count; i++) {
      const id = heads.integer()
      const lexer = new Lexer(text, true)
      lexer.at = first + heads.integer()
      if (!objects.has(id)) objects.set(id, lexer.value())
    }
    this.#unpacked.set(number, objects)
    return objects
  }

  // ---- streams

  /** The data of a stream with no filter or with the one that the structure of a file is packed with. */
  async decode(stream: Stream): Promise<Uint8Array> {
    const filter = single(await this.resolve(stream.dict.get("Filter")))
    if (filter !== undefined && !isName(filter, "FlateDecode", "Fl")) throw new NotPossible("unsupported-variant")
    if (filter === undefined) {
      this.budget.spend(stream.to - stream.from)
      return this.source.copy(stream.from, stream.to - stream.from, MAX_STREAM_BYTES)
    }
    const data = await inflate(this.source.blob.slice(stream.from, stream.to), "deflate", MAX_STREAM_BYTES, this.budget, true)
    const parameters = single(await this.resolve(stream.dict.get("DecodeParms")))
    if (!(parameters instanceof Map)) return data
    const parameter = async (key: string, usual: number): Promise<number> => {
      const value = await this.resolve(parameters.get(key))
      return value === undefined ? usual : integer(value)
    }
    const predictor = await parameter("Predictor", 1)
    if (predictor === 1) return data
    if (predictor < 10) throw new NotPossible("unsupported-variant")
    const bits = (await parameter("Colors", 1)) * (await parameter("BitsPerComponent", 8))
    return unpredict(data, Math.ceil(((await parameter("Columns", 1)) * bits) / 8), Math.ceil(bits / 8))
  }

  /** Reads with a small window first, and with a larger one if that was not enough. */
  async #parse<T>(at: number, read: (lexer: Lexer) => T): Promise<T> {
    if (at < 0 || at >= this.source.size) throw new Damaged("offset")
    for (let window = FIRST_WINDOW_BYTES; ; window *= 4) {
      const length = Math.min(window, this.source.size - at)
      const isWhole = length === this.source.size - at
      const lexer = new Lexer(latin1(await this.source.bytes(at, length, MAX_OBJECT_BYTES)), isWhole)
      try {
        return read(lexer)
      } catch (error) {
        if (!(error instanceof Incomplete)) throw error
        if (isWhole) throw new Damaged("ends too early")
      } finally {
        this.budget.spend(lexer.at)
      }
    }
  }
}

export function integer(value: Value | undefined): number {
  const number = value instanceof Plain ? Number(value.raw) : NaN
  if (!Number.isSafeInteger(number) || number < 0) throw new Damaged("number")
  return number
}

/** Filters and their parameters come alone or as a list; of a list with several we do nothing. */
function single(value: Value | undefined): Value | undefined {
  if (!Array.isArray(value)) return value instanceof Plain ? undefined : value
  if (value.length > 1) return new Name("several")
  return value[0] instanceof Plain ? undefined : value[0]
}

/** Undoes the predictors of PNG. */
function unpredict(data: Uint8Array, row: number, pixel: number): Uint8Array {
  const rows = Math.floor(data.length / (row + 1))
  if (row === 0 || row > MAX_STREAM_BYTES) throw new Damaged("predictor")
  const out = new Uint8Array(rows * row)
  for (let y = 0; y < rows; y++) {
    const type = data[y * (row + 1)]!
    for (let x = 0; x < row; x++) {
      const left = x >= pixel ? out[y * row + x - pixel]! : 0
      const up = y > 0 ? out[(y - 1) * row + x]! : 0
      const corner = y > 0 && x >= pixel ? out[(y - 1) * row + x - pixel]! : 0
      let add = 0
      if (type === 1) add = left
      else if (type === 2) add = up
      else if (type === 3) add = (left + up) >> 1
      else if (type === 4) add = paeth(left, up, corner)
      else if (type !== 0) throw new Damaged("predictor")
      out[y * row + x] = data[y * (row + 1) + 1 + x]! + add
    }
  }
  return out
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

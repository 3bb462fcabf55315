// Finding a PDF's objects (ISO 32000-2, 7.5): the chain of cross-reference tables and streams, newest first, and objects
// inside object streams. Only what the newest revision can reach is ever read. Where the tables are wrong, the file is read through.

import { Damaged, NotPossible } from "./cleaned"
import { indexOf, latin1 } from "./bytes"
import { inflate, type Budget } from "./inflate"
import { single, undoPredictor } from "./pdf-filters"
import { type Dict, Incomplete, isName, Lexer, type PdfObject, Plain, Ref, type Stream, type Value } from "./pdf-objects"
import { scan } from "./pdf-repair"
import type { Source } from "./source"

const FIRST_WINDOW_BYTES = 1024
/** Objects are read in no particular order: up to here the file is held in memory. */
const MAX_HELD_BYTES = 32 * 1024 * 1024
const MAX_OBJECT_BYTES = 16 * 1024 * 1024
const MAX_OBJECTS = 400_000
const MAX_SECTIONS = 2_000
const MAX_WINDOW_BYTES = 64 * 1024
const MAX_STREAM_BYTES = 32 * 1024 * 1024

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
  #isRepaired = false
  /** What was read: objects, tables and trailers, as far as they lie open in the file. */
  readonly ranges: [from: number, to: number][] = []
  /** A comment stood in what was read. */
  hasComments = false

  private constructor(
    private readonly source: Source,
    private readonly budget: Budget,
  ) {}

  static async open(source: Source, budget: Budget): Promise<PdfFile> {
    const file = new PdfFile(source, budget)
    if (source.size <= MAX_HELD_BYTES) await source.hold()
    try {
      await file.#readSections()
      if (!file.trailer.has("Encrypt") && !(await file.#hasCatalogue())) throw new Damaged("no catalogue")
    } catch (error) {
      if (!(error instanceof Damaged) || file.#isRepaired) throw error
      await file.#repair()
    }
    return file
  }

  async #hasCatalogue(): Promise<boolean> {
    const root = await this.dict(this.trailer.get("Root"))
    return root !== null && (await this.dict(root.get("Pages"))) !== null
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
    try {
      const place = this.#places.get(number) ?? null
      if (place === null) return null
      if ("at" in place) return await this.#objectAt(place.at, number)
      const value = (await this.#unpackStream(place.inside)).get(number)
      if (value === undefined) throw new Damaged("object stream")
      return { value, stream: null }
    } catch (error) {
      if (!(error instanceof Damaged)) throw error
      // Viewers take what they cannot find even so for null.
      if (this.#isRepaired) return null
      await this.#repair()
      return this.object(number)
    }
  }

  /** Finds the objects without the tables. */
  async #repair(): Promise<void> {
    this.#isRepaired = true
    const encrypt = this.trailer.get("Encrypt")
    this.#places.clear()
    this.#unpacked.clear()
    this.ranges.length = 0
    this.#shift = 0
    const { places, trailers, containers, hasTwice } = await scan(this.source, async (at, isTrailer) => {
      if (!isTrailer) return this.#objectAt(at, null)
      return this.#parse(at, (lexer) => ({ value: lexer.value(), stream: null, end: at + lexer.at }))
    })
    for (const [number, at] of places) this.#places.set(number, { at })
    for (const trailer of trailers) if (trailer.has("Root")) for (const [key, value] of trailer) this.trailer.set(key, value)
    if (encrypt) this.trailer.set("Encrypt", encrypt)
    if (this.trailer.has("Encrypt")) return
    for (const container of containers) {
      const inside = await this.#unpackStream(container).catch((error: unknown) => {
        if (error instanceof Damaged) return new Map<number, Value>()
        throw error
      })
      let index = 0
      // A later object of its own replaces one in an earlier container.
      for (const number of inside.keys()) {
        const own = places.get(number)
        if (own === undefined || own < places.get(container)!) this.#places.set(number, { inside: container, index: index++ })
      }
    }
    if (hasTwice) this.hasHistory = true
    if (await this.#hasCatalogue()) return
    for (const number of [...this.#places.keys()].reverse()) {
      const dict = await this.dict(new Ref(number))
      if (!dict || !isName(dict.get("Type"), "Catalog")) continue
      this.trailer.set("Root", new Ref(number))
      return
    }
    throw new Damaged("no catalogue")
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
      this.ranges.push([at, at + lexer.at])
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

  async #objectAt(offset: number, number: number | null): Promise<PdfObject & { end: number }> {
    const at = number === null ? offset : offset + this.#shift
    const { value, data, end } = await this.#parse(at, (lexer) => {
      const found = lexer.integer()
      lexer.integer()
      if ((number !== null && found !== number) || !lexer.skip("obj")) throw new Damaged("object")
      const value = lexer.value()
      if (value instanceof Map && lexer.skip("stream")) {
        // One line end, CR LF or LF; a lone CR is met as well.
        const after = lexer.text.slice(lexer.at, lexer.at + 2)
        if (after.length < 2) throw new Incomplete()
        return { value, data: lexer.at + (after === "\r\n" ? 2 : /[\r\n]/.test(after[0]!) ? 1 : 0), end: 0 }
      }
      const end = lexer.at
      return { value, data: -1, end: lexer.skip("endobj") ? lexer.at : end }
    })
    if (!(value instanceof Map) || data < 0) {
      this.ranges.push([at, at + end])
      return { value, stream: null, end: at + end }
    }
    const from = at + data
    const to = await this.#streamEnd(value, from)
    const close = /^[\0\t\n\f\r ]*(?:endstream)?[\0\t\n\f\r ]*(?:endobj)?/.exec(latin1(await this.source.peek(to, 64)))![0].length
    this.ranges.push([at, to + close])
    return { value, stream: { dict: value, from, to }, end: to + close }
  }

  /** By its length where that is right, and by the word behind it where not. */
  async #streamEnd(dict: Dict, from: number): Promise<number> {
    const length = dict.get("Length")
    if (length instanceof Ref) this.lengths.add(length.number)
    // A length that stands in a stream would need another length first; the standard forbids that.
    const resolved = length instanceof Ref ? await this.#plainAt(length.number).catch(() => undefined) : length
    if (resolved instanceof Plain && /^\d{1,10}$/.test(resolved.raw)) {
      const to = from + Number(resolved.raw)
      if (to <= this.source.size && /^[\0\t\n\f\r ]{0,4}endstream/.test(latin1(await this.source.peek(to, 16)))) return to
    }
    const found = await this.#find(/endstream|endobj/, from)
    const tail = latin1(await this.source.peek(Math.max(from, found - 2), Math.min(2, found - from)))
    return found - (tail.endsWith("\r\n") ? 2 : /[\r\n]$/.test(tail) ? 1 : 0)
  }

  /** Where a short word stands, at or behind a place. */
  async #find(word: RegExp, from: number): Promise<number> {
    for (let at = from, window = 4 * 1024; at < this.source.size; window = Math.min(window * 4, MAX_WINDOW_BYTES)) {
      const text = latin1(await this.source.peek(at, window))
      this.budget.spend(text.length)
      const found = text.search(word)
      if (found >= 0) return at + found
      if (at + text.length >= this.source.size) break
      at += text.length - 16
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
    const spans: [from: number, to: number][] = [[0, first]]
    for (let i = 0; i < count; i++) {
      const id = heads.integer()
      const lexer = new Lexer(text, true)
      const from = (lexer.at = first + heads.integer())
      const value = lexer.value()
      if (!objects.has(id)) objects.set(id, value)
      spans.push([from, lexer.at])
      if (lexer.sawComment) this.hasComments = true
    }
    spans.sort((a, b) => a[0] - b[0])
    spans.push([text.length, text.length])
    // Between the objects nothing stands but white space.
    if (spans.some(([from], i) => i > 0 && /[^\0\s]/.test(text.slice(spans[i - 1]![1], from)))) this.hasComments = true
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
    return undoPredictor(data, parameters, (value) => this.resolve(value))
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
        if (lexer.sawComment) this.hasComments = true
      }
    }
  }
}

export function integer(value: Value | undefined): number {
  const number = value instanceof Plain ? Number(value.raw) : NaN
  if (!Number.isSafeInteger(number) || number < 0) throw new Damaged("number")
  return number
}

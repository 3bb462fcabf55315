// TIFF 6.0: directories of fields, and strips or tiles of pixels anywhere in the file. The copy is written anew: of each page the fields
// by which it is drawn, and its pixels. What no such field names is not in it.

import { Damaged, type Findings, NotPossible } from "./cleaned"
import { concat, view } from "./bytes"
import { readExif } from "./exif"
import { MAX_PROFILE_BYTES, neutraliseProfile } from "./icc"
import type { Budget } from "./inflate"
import { cleanJpeg, readTables } from "./jpeg"
import { Output, Source } from "./source"
import { zlibEnd } from "./zlib-end"

const HEAD_BYTES = 8
const ENTRY_BYTES = 12
const MAX_PAGES = 2_000
const MAX_FIELDS = 500
const MAX_PIECES = 200_000
const MAX_EXIF_BYTES = 64 * 1024

const TYPE_BYTES = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8]
const SHORT = 3,
  LONG = 4,
  UNDEFINED = 7

const SUBFILE = 254,
  WIDTH = 256,
  HEIGHT = 257,
  DEPTH = 258,
  COMPRESSION = 259,
  STRIP_OFFSETS = 273,
  SAMPLES = 277,
  ROWS = 278,
  STRIP_SIZES = 279,
  PLANES = 284,
  TILE_WIDTH = 322,
  TILE_HEIGHT = 323,
  TILE_OFFSETS = 324,
  TILE_SIZES = 325,
  SUB_DIRECTORIES = 330,
  TABLES = 347,
  PROFILE = 34675
const NO_COMPRESSION = 1,
  OLD_JPEG = 6,
  JPEG = 7
const DEFLATE = new Set([8, 32946])

/** The fields by which a page is drawn, and how many values each may have; a palette has more. */
const DRAWN_BY: ReadonlyMap<number, number> = new Map([
  ...[WIDTH, HEIGHT, COMPRESSION, SAMPLES, ROWS, PLANES, TILE_WIDTH, TILE_HEIGHT].map((tag) => [tag, 1] as const),
  ...[SUBFILE, 262, 266, 274, 282, 283, 292, 293, 296, 317, 332, 334, 531].map((tag) => [tag, 1] as const),
  ...[DEPTH, 338, 339].map((tag) => [tag, 16] as const),
  [297, 2], // the number of the page
  [318, 2],
  [319, 6],
  [320, 3 * 65_536],
  [336, 32],
  [529, 3],
  [530, 2],
  [532, 6],
])
/** What cameras call their raw pictures by. */
const RAW = [50706, 33421, 46275, 50740]

interface Field {
  tag: number
  type: number
  count: number
  bytes: Uint8Array
}

interface Page {
  fields: Field[]
  pieces: Blob[]
  isTiled: boolean
}

export async function cleanTiff(source: Source, found: Findings, budget: Budget): Promise<Output> {
  return new Tiff(source, found, budget).clean()
}

class Tiff {
  #little = true
  readonly #covered: [number, number][] = [[0, HEAD_BYTES]]

  constructor(
    readonly source: Source,
    readonly found: Findings,
    readonly budget: Budget,
  ) {}

  async clean(): Promise<Output> {
    const head = view(await this.source.copy(0, HEAD_BYTES, HEAD_BYTES))
    this.#little = head.getUint8(0) === 0x49
    // With 64-bit offsets (43), and what some cameras write instead.
    if (head.getUint16(2, this.#little) !== 42) throw new NotPossible("unsupported-variant")
    const pages: Page[] = []
    const seen = new Set<number>()
    for (let at = head.getUint32(4, this.#little); at !== 0;) {
      // Readers stop where the pages go round in a circle, or end in nothing.
      if (seen.has(at) || at + 2 > this.source.size) break
      if (seen.size >= MAX_PAGES) throw new NotPossible("too-complex")
      seen.add(at)
      const { fields, next } = await this.#directory(at)
      const page = await this.#page(fields)
      if (page) pages.push(page)
      at = next
    }
    // Cameras keep the raw picture in a directory of its own, and the first page is a small one.
    if (pages.length === 0 && this.found.removed.has("extra-images")) throw new NotPossible("unsupported-variant")
    if (pages.length === 0) throw new Damaged("no page")
    if (this.#hasGaps()) this.found.removed.add("unknown-data")
    return this.#write(pages)
  }

  async #directory(at: number): Promise<{ fields: Field[]; next: number }> {
    const count = view(await this.source.bytes(at, 2)).getUint16(0, this.#little)
    if (count > MAX_FIELDS) throw new NotPossible("too-complex")
    const entries = view(await this.source.copy(at + 2, count * ENTRY_BYTES, MAX_FIELDS * ENTRY_BYTES))
    const fields: Field[] = []
    for (let i = 0; i < count; i++) {
      const entry = i * ENTRY_BYTES
      const [tag, type] = [entries.getUint16(entry, this.#little), entries.getUint16(entry + 2, this.#little)]
      const values = entries.getUint32(entry + 4, this.#little)
      const length = values * (TYPE_BYTES[type] ?? 0)
      const from = length <= 4 ? at + 2 + entry + 8 : entries.getUint32(entry + 8, this.#little)
      if (!this.#isKept(tag, values)) {
        if (RAW.includes(tag)) throw new NotPossible("unsupported-variant")
        await this.#noteField(tag, entries, entry)
        continue
      }
      if (length === 0 || from + length > this.source.size || fields.some((field) => field.tag === tag)) throw new Damaged("field")
      fields.push({ tag, type, count: values, bytes: await this.source.copy(from, length, MAX_PROFILE_BYTES) })
      this.#cover(from, from + length)
    }
    const nextAt = at + 2 + count * ENTRY_BYTES
    this.#cover(at, nextAt + 4)
    const next = await this.source.peek(nextAt, 4)
    return { fields, next: next.length < 4 ? 0 : view(next).getUint32(0, this.#little) }
  }

  #isKept(tag: number, count: number): boolean {
    if (tag === PROFILE || tag === TABLES) return true
    if ([STRIP_OFFSETS, STRIP_SIZES, TILE_OFFSETS, TILE_SIZES].includes(tag)) return count <= MAX_PIECES
    return count <= (DRAWN_BY.get(tag) ?? -1)
  }

  /** What a field says that goes, by the words that EXIF has for it. */
  async #noteField(tag: number, entries: DataView, entry: number): Promise<void> {
    const { removed } = this.found
    if (tag === SUB_DIRECTORIES) removed.add("extra-images")
    else if (tag === 700) removed.add("xmp")
    else if (tag === 33723 || tag === 34377) removed.add("iptc")
    else if (tag === 34665 || tag === 34853) {
      // A directory with nothing but the way to this one, so that its fields are named as well.
      const tiff = (await this.source.peek(0, MAX_EXIF_BYTES)).slice()
      removed.add(tag === 34853 ? "gps" : "exif")
      const at = entries.getUint32(entry + 8, this.#little)
      if (at + 2 > tiff.length) return
      view(tiff).setUint32(4, at, this.#little)
      for (const meaning of readExif(tiff).meanings) if (meaning !== "thumbnail") removed.add(meaning)
    } else {
      const one = concat(
        new Uint8Array([...(this.#little ? [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0] : [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1])]),
        new Uint8Array(16),
      )
      view(one).setUint16(10, tag, this.#little)
      const meanings = [...readExif(one).meanings].filter((meaning) => meaning !== "exif")
      for (const meaning of meanings) removed.add(meaning)
      if (meanings.length === 0)
        removed.add(tag === 270 ? "comment" : tag === 269 || tag === 285 ? "embedded-name" : tag === 316 ? "device" : "unknown-data")
    }
  }

  #cover(from: number, to: number): void {
    this.#covered.push([from, to])
  }

  #hasGaps(): boolean {
    let at = 0
    for (const [from, to] of this.#covered.sort((a, b) => a[0] - b[0])) {
      // One byte may stand before what begins at an even place.
      if (from > at + 1) return true
      at = Math.max(at, to)
    }
    return at < this.source.size
  }

  #numbers(fields: Field[], tag: number): number[] {
    const field = fields.find((field) => field.tag === tag)
    if (!field) return []
    if (field.type !== SHORT && field.type !== LONG && field.type !== 1) throw new Damaged("type of a field")
    const data = view(field.bytes)
    const width = TYPE_BYTES[field.type]!
    return Array.from({ length: field.count }, (_, i) =>
      width === 1 ? data.getUint8(i) : width === 2 ? data.getUint16(i * 2, this.#little) : data.getUint32(i * 4, this.#little),
    )
  }

  async #page(fields: Field[]): Promise<Page | null> {
    const isTiled = fields.some(({ tag }) => tag === TILE_OFFSETS)
    const offsets = this.#numbers(fields, isTiled ? TILE_OFFSETS : STRIP_OFFSETS)
    const sizes = this.#numbers(fields, isTiled ? TILE_SIZES : STRIP_SIZES)
    if (offsets.length === 0 || offsets.length !== sizes.length) throw new Damaged("pixels")
    for (const [i, from] of offsets.entries()) this.#cover(from, from + sizes[i]!)
    // A smaller picture of another page.
    if (((this.#numbers(fields, SUBFILE)[0] ?? 0) & 1) === 1) {
      this.found.removed.add("thumbnail")
      return null
    }
    const [compression = NO_COMPRESSION] = this.#numbers(fields, COMPRESSION)
    if (compression === OLD_JPEG) throw new NotPossible("unsupported-variant")
    const profile = fields.find(({ tag }) => tag === PROFILE)
    if (profile) profile.bytes = neutraliseProfile(profile.bytes, this.found) ?? profile.bytes
    const tablesField = fields.find(({ tag }) => tag === TABLES)
    const tables = compression === JPEG && tablesField ? await readTables(memory(tablesField.bytes), this.found) : null
    const pieces: Blob[] = []
    for (const [i, from] of offsets.entries()) {
      const to = Math.min(from + sizes[i]!, this.source.size)
      if (from >= to) throw new Damaged("pixels")
      if (to < from + sizes[i]!) this.found.remains.add("unread-part")
      const blob = this.source.blob.slice(from, to)
      if (compression === JPEG)
        pieces.push(
          (await cleanJpeg(new Source(blob), this.found, tables ? { tables: tables.tables, isBare: true } : { isBare: true })).blob(),
        )
      else pieces.push(blob.slice(0, await this.#pixelBytes(from, to, i, fields, compression, isTiled)))
    }
    if (tablesField && tables) {
      tablesField.bytes = new Uint8Array(await tables.write().blob().arrayBuffer())
      tablesField.count = tablesField.bytes.length
      tablesField.type = UNDEFINED
    }
    const isPointer = ({ tag }: Field): boolean => [STRIP_OFFSETS, STRIP_SIZES, TILE_OFFSETS, TILE_SIZES].includes(tag)
    return { fields: fields.filter((field) => !isPointer(field) && (field.tag !== TABLES || tables !== null)), pieces, isTiled }
  }

  /** How many bytes of a piece are pixels, where that can be told. */
  async #pixelBytes(from: number, to: number, index: number, fields: Field[], compression: number, isTiled: boolean): Promise<number> {
    let length = to - from
    if (DEFLATE.has(compression)) {
      const end = await zlibEnd(this.source, [[from, to]], (bytes) => this.budget.spend(bytes / 8))
      if (!end.isWhole) this.found.remains.add("unread-part")
      else length = end.packed_bytes
    } else if (compression === NO_COMPRESSION) {
      const one = (tag: number, otherwise: number): number => this.#numbers(fields, tag)[0] ?? otherwise
      const samples = one(SAMPLES, 1)
      const isPlanar = one(PLANES, 1) === 2
      const depths = this.#numbers(fields, DEPTH)
      const bits = isPlanar
        ? Math.max(...depths, 1)
        : depths.length === samples
          ? depths.reduce((sum, depth) => sum + depth, 0)
          : (depths[0] ?? 1) * samples
      const height = one(HEIGHT, 0)
      const rows = Math.min(one(ROWS, height), height)
      const strips = rows === 0 ? 1 : Math.ceil(height / rows)
      const row = index % strips
      const lines = isTiled ? one(TILE_HEIGHT, 0) : Math.min(rows, height - row * rows)
      length = Math.min(length, lines * Math.ceil(((isTiled ? one(TILE_WIDTH, 0) : one(WIDTH, 0)) * bits) / 8))
    }
    if (length === 0) throw new Damaged("no pixels")
    if (length < to - from) this.found.removed.add("unknown-data")
    return length
  }

  #write(pages: Page[]): Output {
    const parts: (Uint8Array | Blob)[] = []
    let at = HEAD_BYTES
    /** Everything begins at an even place; gives which. */
    const place = (part: Uint8Array | Blob): number => {
      const start = at
      const size = part instanceof Blob ? part.size : part.length
      parts.push(part, new Uint8Array(size % 2))
      at += size + (size % 2)
      if (at > 0xffffffff) throw new NotPossible("too-large")
      return start
    }
    let pointer: Uint8Array = new Uint8Array(HEAD_BYTES)
    const head = pointer
    head.set(this.#little ? [0x49, 0x49, 42, 0] : [0x4d, 0x4d, 0, 42])
    let pointerAt = 4
    for (const { fields, pieces, isTiled } of pages) {
      const offsets = pieces.map((piece) => place(piece))
      const all = [
        ...fields,
        this.#longs(isTiled ? TILE_OFFSETS : STRIP_OFFSETS, offsets),
        this.#longs(
          isTiled ? TILE_SIZES : STRIP_SIZES,
          pieces.map(({ size }) => size),
        ),
      ].sort((a, b) => a.tag - b.tag)
      const directory = new Uint8Array(2 + ENTRY_BYTES * all.length + 4)
      const data = view(directory)
      data.setUint16(0, all.length, this.#little)
      for (const [i, field] of all.entries()) {
        const entry = 2 + i * ENTRY_BYTES
        data.setUint16(entry, field.tag, this.#little)
        data.setUint16(entry + 2, field.type, this.#little)
        data.setUint32(entry + 4, field.count, this.#little)
        if (field.bytes.length <= 4) directory.set(field.bytes, entry + 8)
        else data.setUint32(entry + 8, place(field.bytes), this.#little)
      }
      view(pointer).setUint32(pointerAt, place(directory), this.#little)
      pointer = directory
      pointerAt = directory.length - 4
    }
    const output = new Output(this.source)
    output.put(head, ...parts)
    return output
  }

  #longs(tag: number, values: number[]): Field {
    const bytes = new Uint8Array(4 * values.length)
    for (const [i, value] of values.entries()) view(bytes).setUint32(4 * i, value, this.#little)
    return { tag, type: LONG, count: values.length, bytes }
  }
}

function memory(bytes: Uint8Array): Source {
  return new Source(new Blob([bytes as BlobPart]))
}

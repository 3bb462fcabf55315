// ZIP (APPNOTE.TXT 6.3, ISO/IEC 21320-1) as office documents use it: one part, stored or deflated, no encryption. ZIP64 is read,
// because some programs write it for small files too. The central directory is the truth; whatever else stands before, between and
// behind the entries, or behind the end of packed data, is not copied.

import { Damaged, NotPossible } from "./cleaned"
import { equal, view } from "./bytes"
import { crc32 } from "./crc32"
import { Budget, deflate, inflate } from "./inflate"
import { Output, Source } from "./source"
import { zlibEnd } from "./zlib-end"

const MAX_ENTRIES = 20_000
const MAX_DIRECTORY_BYTES = 8 * 1024 * 1024
const LOCAL_BYTES = 30,
  CENTRAL_BYTES = 46,
  END_BYTES = 22
const LOCATOR_BYTES = 20,
  LARGE_END_BYTES = 56
/** A number that stands elsewhere. */
const FULL = 0xffffffff
/** All that may be walked through in search of ends; it costs time, and no memory. */
const MAX_WALKED_BYTES = 1024 * 1024 * 1024
const STORED = 0,
  DEFLATED = 8
const UTF8_NAME = 0x0800,
  ENCRYPTED = 0x0001,
  STRONGLY_ENCRYPTED = 0x0040
/** 1 January 1980, 0:00: the earliest that the format can say, and what Microsoft's programs write. */
const NEUTRAL_DATE = 0x0021

export interface Entry {
  name: string
  rawName: Uint8Array
  flags: number
  method: number
  crc: number
  compressed: number
  uncompressed: number
  /** Of its data. */
  from: number
  to: number
  /** Time, owner, program: anything in its heads that says when and where it was packed. */
  hasTraces: boolean
}

export interface Zip {
  entries: Entry[]
  /** A comment, or bytes that belong to no entry. */
  hasExtra: boolean
}

export async function readZip(source: Source): Promise<Zip> {
  const { entryCount, start, size, endsAt, hasComment } = await readEnd(source)
  if (entryCount > MAX_ENTRIES) throw new NotPossible("too-complex")
  if (start + size > endsAt) throw new Damaged("directory")
  const directory = await source.copy(start, size, MAX_DIRECTORY_BYTES)
  const zip: Zip = { entries: [], hasExtra: hasComment }
  const names = new Set<string>()
  const heads: [from: number, to: number][] = []
  let at = 0
  while (zip.entries.length < entryCount) {
    const { entry, local, length, isOdd } = await readEntry(source, directory, at)
    if ((entry.flags & (ENCRYPTED | STRONGLY_ENCRYPTED)) !== 0) throw new NotPossible("encrypted")
    if (entry.method !== STORED && entry.method !== DEFLATED) throw new NotPossible("unsupported-variant")
    if (entry.method === STORED && entry.compressed !== entry.uncompressed) throw new Damaged("entry size")
    if (entry.to > start || names.has(entry.name) || /[\0\\]/.test(entry.name)) throw new Damaged("entry")
    names.add(entry.name)
    zip.entries.push(entry)
    heads.push([local, entry.to])
    zip.hasExtra ||= isOdd
    at += length
  }
  // Entries that share bytes are how a small file unpacks to a huge one.
  heads.sort((a, b) => a[0] - b[0])
  if (heads.some((head, i) => i > 0 && head[0] < heads[i - 1]![1])) throw new Damaged("entries overlap")
  if (at !== size || start + size !== endsAt || (await hasGaps(source, heads, start))) zip.hasExtra = true
  return zip
}

/** An entry of the directory, with what its head beside the data says. `isOdd`: the two name it differently. */
async function readEntry(
  source: Source,
  directory: Uint8Array,
  at: number,
): Promise<{ entry: Entry; local: number; length: number; isOdd: boolean }> {
  if (at + CENTRAL_BYTES > directory.length || view(directory).getUint32(at, true) !== 0x02014b50) throw new Damaged("directory")
  const head = view(directory.subarray(at))
  const [nameLength, extraLength, commentLength] = [head.getUint16(28, true), head.getUint16(30, true), head.getUint16(32, true)]
  const rawName = directory.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength)
  const extra = directory.subarray(at + CENTRAL_BYTES + nameLength, at + CENTRAL_BYTES + nameLength + extraLength)
  const [uncompressed, compressed, local] = largeNumbers(extra, [
    head.getUint32(24, true),
    head.getUint32(20, true),
    head.getUint32(42, true),
  ])
  const fixed = view((await source.bytes(local, LOCAL_BYTES)).slice())
  if (fixed.getUint32(0, true) !== 0x04034b50) throw new Damaged("entry")
  const localName = (await source.bytes(local + LOCAL_BYTES, fixed.getUint16(26, true))).slice()
  const from = local + LOCAL_BYTES + fixed.getUint16(26, true) + fixed.getUint16(28, true)
  const entry: Entry = {
    name: decodeName(rawName),
    rawName,
    flags: head.getUint16(8, true),
    method: head.getUint16(10, true),
    crc: head.getUint32(16, true),
    compressed,
    uncompressed,
    from,
    to: from + compressed,
    hasTraces:
      head.getUint16(12, true) !== 0 ||
      head.getUint16(14, true) !== NEUTRAL_DATE ||
      extraLength + commentLength > 0 ||
      fixed.getUint16(28, true) > 0 ||
      fixed.getUint16(10, true) !== 0 ||
      fixed.getUint16(12, true) !== NEUTRAL_DATE ||
      head.getUint16(36, true) !== 0 ||
      head.getUint32(38, true) !== 0,
  }
  return { entry, local, length: CENTRAL_BYTES + nameLength + extraLength + commentLength, isOdd: !equal(localName, rawName) }
}

/** ZIP64: numbers that do not fit stand in an extra field, in this order. */
function largeNumbers(extra: Uint8Array, numbers: [number, number, number]): [number, number, number] {
  if (!numbers.includes(FULL)) return numbers
  const data = view(extra)
  for (let at = 0; at + 4 <= extra.length; at += 4 + data.getUint16(at + 2, true)) {
    if (data.getUint16(at, true) !== 1) continue
    let from = at + 4
    const large = numbers.map((number) => {
      if (number !== FULL) return number
      from += 8
      return Number(data.getBigUint64(from - 8, true))
    })
    if (large.some((number) => !Number.isSafeInteger(number))) throw new Damaged("entry size")
    return large as [number, number, number]
  }
  return numbers
}

/** Bytes before the first entry, between two, or behind the last, other than the sizes that may follow an entry. */
async function hasGaps(source: Source, heads: [from: number, to: number][], start: number): Promise<boolean> {
  let at = 0
  for (const [from, to] of [...heads, [start, start] as const]) {
    if (from !== at && (at === 0 || !(await isDescriptor(source, at, from)))) return true
    at = to
  }
  return false
}

async function isDescriptor(source: Source, from: number, to: number): Promise<boolean> {
  const length = to - from
  if (length === 12 || length === 20) return true
  return (length === 16 || length === 24) && view((await source.bytes(from, 4)).slice()).getUint32(0, true) === 0x08074b50
}

/** Leaves out what stands behind the end of packed data; says whether there was any. */
export async function trimTails(source: Source, zip: Zip): Promise<boolean> {
  const walked = new Budget(MAX_WALKED_BYTES)
  let hasTail = false
  for (const entry of zip.entries) {
    if (entry.method !== DEFLATED) continue
    // The walk wants the head and the sum that ZIP leaves out.
    const framed = new Source(new Blob([new Uint8Array([0x78, 0x9c]), source.blob.slice(entry.from, entry.to), new Uint8Array(4)]))
    const { packed_bytes, isWhole } = await zlibEnd(framed, [[0, framed.size]], (bytes) => walked.spend(bytes))
    const used = packed_bytes - 6
    if (!isWhole || used >= entry.compressed) continue
    entry.compressed = used
    entry.to = entry.from + used
    hasTail = true
  }
  return hasTail
}

/** The bytes of an entry as a Blob; one that is not compressed is not read at all. */
export async function unpackBlob(source: Source, entry: Entry, limit: number, budget: Budget): Promise<Blob> {
  if (entry.method === STORED) return source.blob.slice(entry.from, entry.to)
  return new Blob([(await unpack(source, entry, limit, budget)) as BlobPart])
}

export async function unpack(source: Source, entry: Entry, limit: number, budget: Budget): Promise<Uint8Array> {
  if (entry.uncompressed > limit) throw new NotPossible("too-complex")
  const packed = source.blob.slice(entry.from, entry.to)
  let bytes: Uint8Array
  if (entry.method === STORED) {
    budget.spend(entry.uncompressed)
    bytes = await source.copy(entry.from, entry.to - entry.from, limit)
  } else {
    bytes = await inflate(packed, "deflate-raw", limit, budget)
  }
  const crc = crc32(bytes)
  if (bytes.length === entry.uncompressed && crc === entry.crc) return bytes
  if (entry.method === STORED) throw new Damaged("checksum")
  // The packed data tell where they end; a wrong size or sum beside them is what Office mends when it opens the file.
  entry.uncompressed = bytes.length
  entry.crc = crc
  return bytes
}

/** Writes entries with neutral heads: copied ones keep their packed bytes, others are packed anew. */
export class ZipWriter {
  readonly #output: Output
  readonly #central: Uint8Array[] = []
  #count = 0

  constructor(source: Source) {
    this.#output = new Output(source)
  }

  copy(entry: Entry): void {
    this.#head(entry.rawName, entry.flags & UTF8_NAME, entry.method, entry.crc, entry.compressed, entry.uncompressed)
    this.#output.keep(entry.from, entry.to)
  }

  async replace(entry: Entry, bytes: Uint8Array | Blob): Promise<void> {
    const blob = bytes instanceof Blob ? bytes : new Blob([bytes as BlobPart])
    let crc = 0
    for await (const chunk of new Source(blob).chunks(0, blob.size)) crc = crc32(chunk.bytes, crc)
    const packed = entry.method === STORED ? blob : await deflate(blob, "deflate-raw")
    this.#head(entry.rawName, entry.flags & UTF8_NAME, entry.method, crc, packed.size, blob.size)
    this.#output.put(packed)
  }

  finish(): Output {
    const start = this.#output.size
    this.#output.put(...this.#central)
    const end = new Uint8Array(END_BYTES)
    const data = view(end)
    data.setUint32(0, 0x06054b50, true)
    data.setUint16(8, this.#count, true)
    data.setUint16(10, this.#count, true)
    data.setUint32(12, this.#output.size - start, true)
    data.setUint32(16, start, true)
    this.#output.put(end)
    return this.#output
  }

  #head(name: Uint8Array, flags: number, method: number, crc: number, compressed: number, uncompressed: number): void {
    const common = new Uint8Array(26)
    const data = view(common)
    data.setUint16(0, 20, true)
    data.setUint16(2, flags, true)
    data.setUint16(4, method, true)
    data.setUint16(8, NEUTRAL_DATE, true)
    data.setUint32(10, crc, true)
    data.setUint32(14, compressed, true)
    data.setUint32(18, uncompressed, true)
    data.setUint16(22, name.length, true)

    const central = new Uint8Array(CENTRAL_BYTES + name.length)
    view(central).setUint32(0, 0x02014b50, true)
    view(central).setUint16(4, 20, true)
    central.set(common, 6)
    view(central).setUint32(42, this.#output.size, true)
    central.set(name, CENTRAL_BYTES)
    this.#central.push(central)
    this.#count++

    const local = new Uint8Array(LOCAL_BYTES + name.length)
    view(local).setUint32(0, 0x04034b50, true)
    local.set(common, 4)
    local.set(name, LOCAL_BYTES)
    this.#output.put(local)
  }
}

interface End {
  entryCount: number
  /** Of the directory. */
  start: number
  size: number
  /** Where what closes the file begins. */
  endsAt: number
  /** Something stands behind it, or in its comment. */
  hasComment: boolean
}

async function readEnd(source: Source): Promise<End> {
  const { at, bytes } = await findEnd(source)
  const data = view(bytes)
  const hasComment = data.getUint16(20, true) > 0 || at + END_BYTES < source.size
  let [entryCount, size, start] = [data.getUint16(10, true), data.getUint32(12, true), data.getUint32(16, true)]
  if (data.getUint16(4, true) !== 0 && data.getUint16(4, true) !== 0xffff) throw new Damaged("several parts")
  const locator = at >= LOCATOR_BYTES ? view((await source.bytes(at - LOCATOR_BYTES, LOCATOR_BYTES)).slice()) : null
  if (locator?.getUint32(0, true) !== 0x07064b50) {
    if (data.getUint16(6, true) !== 0 || data.getUint16(8, true) !== entryCount) throw new Damaged("several parts")
    return { entryCount, start, size, endsAt: at, hasComment }
  }
  const endsAt = Number(locator.getBigUint64(8, true))
  const large = view((await source.bytes(endsAt, LARGE_END_BYTES)).slice())
  if (large.getUint32(0, true) !== 0x06064b50) throw new Damaged("directory")
  ;[entryCount, size, start] = [32, 40, 48].map((place) => Number(large.getBigUint64(place, true))) as [number, number, number]
  if (![entryCount, size, start].every(Number.isSafeInteger)) throw new Damaged("directory")
  // What its maker may have added to it.
  const hasMore = endsAt + LARGE_END_BYTES !== at - LOCATOR_BYTES
  return { entryCount, start, size, endsAt, hasComment: hasComment || hasMore }
}

async function findEnd(source: Source): Promise<{ at: number; bytes: Uint8Array }> {
  const length = Math.min(source.size, END_BYTES + 0xffff)
  const tail = await source.copy(source.size - length, length, END_BYTES + 0xffff)
  for (let at = length - END_BYTES; at >= 0; at--) {
    if (tail[at] !== 0x50 || view(tail).getUint32(at, true) !== 0x06054b50) continue
    if (at + END_BYTES + view(tail).getUint16(at + 20, true) <= length) return { at: source.size - length + at, bytes: tail.subarray(at) }
  }
  throw new Damaged("no directory")
}

function decodeName(raw: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(raw)
  } catch {
    throw new NotPossible("unsupported-variant")
  }
}

// ZIP (APPNOTE.TXT 6.3, ISO/IEC 21320-1) as office documents use it: one part, stored or deflated, no encryption, no ZIP64.
// The central directory is the truth; whatever else stands between the entries is not copied.

import { Damaged, NotPossible } from "./cleaned"
import { view } from "./bytes"
import { crc32 } from "./crc32"
import { deflate, inflate, type Budget } from "./inflate"
import { Output, Source } from "./source"

const MAX_ENTRIES = 20_000
const MAX_DIRECTORY_BYTES = 8 * 1024 * 1024
const LOCAL_BYTES = 30,
  CENTRAL_BYTES = 46,
  END_BYTES = 22
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
  const end = await findEnd(source)
  const data = view(end.bytes)
  const entryCount = data.getUint16(10, true)
  const size = data.getUint32(12, true)
  const start = data.getUint32(16, true)
  if (data.getUint16(4, true) !== 0 || data.getUint16(6, true) !== 0 || data.getUint16(8, true) !== entryCount)
    throw new Damaged("several parts")
  if (entryCount === 0xffff || size === 0xffffffff || start === 0xffffffff) throw new NotPossible("unsupported-variant")
  if (entryCount > MAX_ENTRIES) throw new NotPossible("too-complex")
  if (start + size > end.at) throw new Damaged("directory")
  const directory = await source.copy(start, size, MAX_DIRECTORY_BYTES)

  const entries: Entry[] = []
  const names = new Set<string>()
  const heads: [from: number, to: number][] = []
  for (let at = 0; entries.length < entryCount;) {
    if (at + CENTRAL_BYTES > directory.length || view(directory).getUint32(at, true) !== 0x02014b50) throw new Damaged("directory")
    const head = view(directory.subarray(at))
    const [nameLength, extraLength, commentLength] = [head.getUint16(28, true), head.getUint16(30, true), head.getUint16(32, true)]
    const rawName = directory.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameLength)
    const local = head.getUint32(42, true)
    const fixed = (await source.bytes(local, LOCAL_BYTES)).slice()
    const localView = view(fixed)
    if (localView.getUint32(0, true) !== 0x04034b50) throw new Damaged("entry")
    const from = local + LOCAL_BYTES + localView.getUint16(26, true) + localView.getUint16(28, true)
    const entry: Entry = {
      name: decodeName(rawName),
      rawName,
      flags: head.getUint16(8, true),
      method: head.getUint16(10, true),
      crc: head.getUint32(16, true),
      compressed: head.getUint32(20, true),
      uncompressed: head.getUint32(24, true),
      from,
      to: from + head.getUint32(20, true),
      hasTraces:
        head.getUint16(12, true) !== 0 ||
        head.getUint16(14, true) !== NEUTRAL_DATE ||
        extraLength + commentLength > 0 ||
        localView.getUint16(28, true) > 0 ||
        localView.getUint16(10, true) !== 0 ||
        localView.getUint16(12, true) !== NEUTRAL_DATE ||
        head.getUint16(36, true) !== 0 ||
        head.getUint32(38, true) !== 0,
    }
    if ((entry.flags & (ENCRYPTED | STRONGLY_ENCRYPTED)) !== 0) throw new NotPossible("encrypted")
    if (entry.method !== STORED && entry.method !== DEFLATED) throw new NotPossible("unsupported-variant")
    if (entry.method === STORED && entry.compressed !== entry.uncompressed) throw new Damaged("entry size")
    if (entry.to > start || names.has(entry.name) || /[\0\\]/.test(entry.name)) throw new Damaged("entry")
    names.add(entry.name)
    entries.push(entry)
    heads.push([local, entry.to])
    at += CENTRAL_BYTES + nameLength + extraLength + commentLength
  }
  // Entries that share bytes are how a small file unpacks to a huge one.
  heads.sort((a, b) => a[0] - b[0])
  if (heads.some((head, i) => i > 0 && head[0] < heads[i - 1]![1])) throw new Damaged("entries overlap")
  return { entries, hasExtra: data.getUint16(20, true) > 0 || end.at + END_BYTES < source.size }
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
  if (bytes.length !== entry.uncompressed || crc32(bytes) !== entry.crc) throw new Damaged("checksum")
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

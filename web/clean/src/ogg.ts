// Ogg (RFC 3533) with Opus, Vorbis, Speex or FLAC, as phones and messengers record. Each stream's second packet holds its
// comments; it is replaced by an empty one of the same length, and the checksums of its pages are put right. Pages that are
// whole stay; what stands between them, and streams that are neither sound nor picture, are left out.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { concat, equal, fromLatin1, indexOf, startsWith, view } from "./bytes"
import { oggCrc32 } from "./crc32"
import { SEEKTABLE } from "./flac"
import { gaps, joined, type Range } from "./ranges"
import { Output, type Source } from "./source"
import { afterTags, noteGap } from "./tags"

const PAGE_HEAD_BYTES = 27
const MAX_PAGES = 5_000_000
/** Cover pictures are part of the comments. */
const MAX_PACKET_BYTES = 16 * 1024 * 1024
const MAX_STREAMS = 1_000
const MAX_PAGE_BYTES = 64 * 1024
/** Each try reads a page. */
const MAX_TRIES = 10_000
const MAX_EXTRA_HEADERS = 16
const CHECKSUM_AT = 22
const CONTINUED = 1,
  FIRST = 2,
  LAST = 4
const KNOWN_FLAGS = CONTINUED | FIRST | LAST

type Codec = "opus" | "vorbis" | "speex" | "flac" | "theora"

/** How a codec's comment packet begins. */
const MAGIC = { opus: "OpusTags", vorbis: "\x03vorbis", theora: "\x81theora", speex: "" }

/** How a codec's first packet begins, and how long it is. */
const FIRST_PACKET: Record<Codec, string> = {
  opus: "OpusHead",
  vorbis: "\x01vorbis",
  theora: "\x80theora",
  speex: "Speex   ",
  flac: "\x7fFLAC",
}
const HEAD_BYTES: Record<Codec, number> = { opus: 19, vorbis: 30, theora: 42, speex: 80, flac: 51 }

interface Page {
  start: number
  end: number
  flags: number
  serial: number
  /** Lengths of the pieces of packets; 255 means that the packet goes on. */
  lacing: Uint8Array
  body: number
}

/** A stream that stays, and how far its headers have been read. */
interface Stream {
  codec: Codec
  isOpen: boolean
  packets: number
  /** Speex may have packets of headers behind the comments. */
  extraHeaders: number
  length: number
  /** Pages touched by the header packets, as they will be. */
  pages: { page: Page; bytes: Uint8Array }[]
  /** Where the current packet's pieces lie in those pages. */
  spans: { bytes: Uint8Array; from: number; to: number }[]
  lastPage: Page
  lastHeaderPage: Page
}

export async function cleanOgg(source: Source, found: Findings): Promise<Output> {
  const from = await afterTags(source, found)
  const copy = new Copy(source)
  copy.leaveOut(0, from)
  /** Null for streams that go. */
  const streams = new Map<number, Stream | null>()
  let count = 0
  let at = from
  let isCut = false
  while (at < source.size) {
    const page = await readPage(source, at)
    if (page === null) {
      const next = await nextPage(source, at)
      isCut = next === source.size
      if (isCut && count > 0) found.removed.add("trailing-data")
      else await noteGap(source, at, next, found)
      copy.leaveOut(at, next)
      at = next
      continue
    }
    if (++count > MAX_PAGES) throw new NotPossible("too-complex")
    at = page.end
    if ((page.flags & FIRST) !== 0) {
      // Streams may follow one another with the same number.
      if (streams.get(page.serial)?.isOpen) throw new Damaged("stream begins twice")
      streams.set(page.serial, await beginStream(source, page))
      if (streams.size > MAX_STREAMS) throw new NotPossible("too-complex")
    }
    const stream = streams.get(page.serial)
    if (!stream) {
      found.removed.add("unknown-data")
      copy.leaveOut(page.start, page.end)
      continue
    }
    stream.lastPage = page
    if (stream.isOpen) await readHeaderPage(source, page, stream, copy, found)
    else if ((page.flags & ~KNOWN_FLAGS) !== 0) {
      found.removed.add("unknown-data")
      writePage(page, await source.copy(page.start, page.end - page.start, MAX_PAGE_BYTES), copy)
    }
  }
  const kept = [...streams.values()].filter((stream) => stream !== null)
  if (kept.length === 0 && streams.size > 0) throw new NotPossible("unsupported-variant")
  if (kept.length === 0 || kept.some((stream) => stream.isOpen)) throw new Damaged("no comments")
  if (isCut && kept.every(({ lastPage, lastHeaderPage }) => lastPage === lastHeaderPage)) throw new Damaged("no sound")
  if (isCut) for (const { lastPage } of kept) await markEnd(source, lastPage, copy)
  return copy.output()
}

/** What becomes of the file: parts that are left out, and pages that are written anew. */
class Copy {
  readonly #leftOut: Range[] = []
  readonly #pages = new Map<number, Uint8Array>()

  constructor(readonly source: Source) {}

  leaveOut(from: number, to: number): void {
    this.#leftOut.push([from, to])
  }

  replace(page: Page, bytes: Uint8Array): void {
    this.#pages.set(page.start, bytes)
  }

  replacement(page: Page): Uint8Array | undefined {
    return this.#pages.get(page.start)
  }

  output(): Output {
    const output = new Output(this.source)
    const pages = [...this.#pages].sort((a, b) => a[0] - b[0])
    let next = 0
    for (const [from, to] of gaps(0, this.source.size, joined(this.#leftOut))) {
      let at = from
      for (; next < pages.length && pages[next]![0] < to; next++) {
        const [start, bytes] = pages[next]!
        output.keep(at, start)
        output.put(bytes)
        at = start + bytes.length
      }
      output.keep(at, to)
    }
    return output
  }
}

/** The page that begins here; null if none does, or one whose checksum is wrong: players pass over it. */
async function readPage(source: Source, start: number): Promise<Page | null> {
  const head = await source.peek(start, PAGE_HEAD_BYTES + 255)
  if (head.length < PAGE_HEAD_BYTES || !startsWith(head, "OggS\0")) return null
  const segments = head[26]!
  if (head.length < PAGE_HEAD_BYTES + segments) return null
  const lacing = head.slice(PAGE_HEAD_BYTES, PAGE_HEAD_BYTES + segments)
  const body = start + PAGE_HEAD_BYTES + segments
  const end = body + lacing.reduce((sum, length) => sum + length, 0)
  if (end > source.size) return null
  const [flags, serial] = [head[5]!, view(head).getUint32(14, true)]
  const bytes = await source.bytes(start, end - start)
  if (oggCrc32(bytes, CHECKSUM_AT) !== view(bytes).getUint32(CHECKSUM_AT, true)) return null
  return { start, end, flags, serial, lacing, body }
}

/** Where the next page begins, or the end of the file. */
async function nextPage(source: Source, from: number): Promise<number> {
  let tries = 0
  for await (const { at, bytes } of source.pieces(from + 1, source.size, 4)) {
    for (let i = indexOf(bytes, "OggS\0"); i >= 0; i = indexOf(bytes, "OggS\0", i + 1)) {
      if (++tries > MAX_TRIES) throw new Damaged("no pages")
      if ((await readPage(source, at + i)) !== null) return at + i
    }
  }
  return source.size
}

/** The last page that came of a recording that was cut off says that it is the last. */
async function markEnd(source: Source, page: Page, copy: Copy): Promise<void> {
  if ((page.flags & LAST) !== 0) return
  const bytes = copy.replacement(page) ?? (await source.copy(page.start, page.end - page.start, MAX_PAGE_BYTES))
  bytes[5]! |= LAST
  writePage(page, bytes, copy)
}

/** The stream that a page begins; null if it is one of another kind, which goes. */
async function beginStream(source: Source, page: Page): Promise<Stream | null> {
  const head = await source.peek(page.body, Math.min(9, page.end - page.body))
  const [codec] = (Object.entries(FIRST_PACKET) as [Codec, string][]).find(([, magic]) => startsWith(head, magic)) ?? []
  if (!codec) return null
  return { codec, isOpen: true, packets: 0, extraHeaders: 0, length: 0, pages: [], spans: [], lastPage: page, lastHeaderPage: page }
}

/** Adds a page to a stream's header packets, and empties each comment packet as it becomes whole. */
async function readHeaderPage(source: Source, page: Page, stream: Stream, copy: Copy, found: Findings): Promise<void> {
  const bytes = await source.copy(page.start, page.end - page.start, MAX_PAGE_BYTES)
  stream.pages.push({ page, bytes })
  stream.lastHeaderPage = page
  if (((page.flags & CONTINUED) !== 0) !== stream.length > 0) throw new Damaged("packet")
  let from = page.body - page.start
  for (const length of page.lacing) {
    stream.spans.push({ bytes, from, to: from + length })
    stream.length += length
    if (stream.length > MAX_PACKET_BYTES) throw new NotPossible("too-complex")
    from += length
    if (length === 255) continue
    if (!isComplete(stream)) emptyPacket(stream, found)
    stream.packets++
    stream.spans = []
    stream.length = 0
  }
  if (!isComplete(stream)) return
  for (const { page, bytes } of stream.pages) writePage(page, bytes, copy)
  stream.pages = []
  stream.isOpen = false
}

function emptyPacket(stream: Stream, found: Findings): void {
  const packet = concat(...stream.spans.map(({ bytes, from, to }) => bytes.subarray(from, to)))
  const neutral = neutralPacket(stream, packet)
  if (neutral === null || equal(neutral, packet)) return
  for (const meaning of stream.packets === 0 ? headMeanings(stream) : meanings(packet)) found.removed.add(meaning)
  let at = 0
  for (const { bytes, from, to } of stream.spans) {
    bytes.set(neutral.subarray(at, at + to - from), from)
    at += to - from
  }
}

/** FLAC has any number of metadata packets before the sound, the others one. */
function isComplete(stream: Stream): boolean {
  return stream.codec === "flac" ? stream.packets < 0 : stream.packets >= 2 + stream.extraHeaders
}

/** An empty packet of the same length, or null if this one has nothing to empty. */
function neutralPacket(stream: Stream, packet: Uint8Array): Uint8Array | null {
  if (stream.packets === 0) return exactHead(stream, packet)
  // Further headers of Speex, of which no player knows any.
  if (stream.packets > 1 && stream.codec === "speex") return new Uint8Array(packet.length)
  if (stream.codec === "flac") {
    const type = packet[0]! & 0x7f
    const isLast = (packet[0]! & 0x80) !== 0
    // Negative: the last one has been seen.
    if (isLast) stream.packets = -2
    if (type === SEEKTABLE || packet.length < 4) return null
    if (type === 4) return concat(packet.subarray(0, 4), emptyComments(packet.length - 4, false))
    // Anything else becomes padding.
    const neutral = new Uint8Array(packet.length)
    neutral.set([(packet[0]! & 0x80) | 1, packet[1]!, packet[2]!, packet[3]!])
    return neutral
  }
  const magic = MAGIC[stream.codec]
  if (!startsWith(packet, magic)) throw new Damaged("comments")
  // Vorbis alone ends its comments with a bit that is set.
  return concat(fromLatin1(magic), emptyComments(packet.length - magic.length, stream.codec === "vorbis"))
}

/** The first packet without what follows its fields. */
function exactHead(stream: Stream, packet: Uint8Array): Uint8Array | null {
  const neutral = packet.slice()
  if (stream.codec === "speex") {
    if (packet.length < HEAD_BYTES.speex) throw new Damaged("head")
    // The name of the library's version; the number beside it is what a player looks at.
    neutral.fill(0, 8, 28)
    stream.extraHeaders = view(packet).getUint32(68, true)
    if (stream.extraHeaders > MAX_EXTRA_HEADERS) throw new NotPossible("too-complex")
  }
  const length = stream.codec === "opus" && packet[18] !== 0 ? 21 + packet[9]! : HEAD_BYTES[stream.codec]
  if (packet.length > length) neutral.fill(0, length)
  return neutral
}

function headMeanings(stream: Stream): Removed[] {
  return [stream.codec === "speex" ? "software" : "unknown-data"]
}

/** The three headers of Vorbis or Theora as Matroska holds them: in a row, with the lengths of the first two before them. */
export function emptyXiphComments(data: Uint8Array, codec: "vorbis" | "theora", found: Findings): void {
  let at = 1
  const lengths: number[] = []
  while (lengths.length < 2) {
    let length = 0
    while (data[at] === 255) length += data[at++]!
    length += data[at++]!
    lengths.push(length)
  }
  const from = at + lengths[0]!
  const packet = data.subarray(from, from + lengths[1]!)
  if (data[0] !== 2 || packet.length !== lengths[1] || !startsWith(packet, MAGIC[codec])) throw new Damaged("comments")
  const neutral = concat(fromLatin1(MAGIC[codec]), emptyComments(packet.length - MAGIC[codec].length, codec === "vorbis"))
  if (equal(neutral, packet)) return
  for (const meaning of meanings(packet)) found.removed.add(meaning)
  packet.set(neutral)
}

/** No comments, and a vendor's name of blanks which fills the rest. */
function emptyComments(length: number, framing: boolean): Uint8Array {
  const blanks = length - 8 - (framing ? 1 : 0)
  if (blanks < 0) throw new Damaged("comments")
  const bytes = new Uint8Array(length)
  view(bytes).setUint32(0, blanks, true)
  bytes.fill(0x20, 4, 4 + blanks)
  if (framing) bytes[length - 1] = 1
  return bytes
}

function writePage(page: Page, bytes: Uint8Array, copy: Copy): void {
  bytes[5]! &= KNOWN_FLAGS
  const crc = view(bytes).getUint32(CHECKSUM_AT, true)
  const fresh = oggCrc32(bytes, CHECKSUM_AT)
  view(bytes).setUint32(CHECKSUM_AT, fresh, true)
  if (fresh !== crc) copy.replace(page, bytes)
}

function meanings(packet: Uint8Array): Removed[] {
  const list: Removed[] = ["tags", "software"]
  const upper = packet.slice(0, 64 * 1024).map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte))
  if (indexOf(upper, "ARTIST=") >= 0 || indexOf(upper, "PERFORMER=") >= 0) list.push("author")
  if (indexOf(upper, "DATE=") >= 0 || indexOf(upper, "CREATION_TIME=") >= 0) list.push("timestamps")
  if (indexOf(upper, "LOCATION=") >= 0 || indexOf(upper, "GEO") >= 0) list.push("gps")
  return list
}

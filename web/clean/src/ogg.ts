// Ogg (RFC 3533) with Opus, Vorbis, Speex or FLAC, as phones and messengers record. Each stream's second packet holds its
// comments; it is replaced by an empty one of the same length, and the checksums of its pages are put right.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { concat, equal, fromLatin1, indexOf, startsWith, view } from "./bytes"
import { oggCrc32 } from "./crc32"
import { Patches, type Output, type Source } from "./source"

const PAGE_HEAD_BYTES = 27
const MAX_PAGES = 5_000_000
/** Cover pictures are part of the comments. */
const MAX_PACKET_BYTES = 16 * 1024 * 1024
const MAX_STREAMS = 1_000
const CONTINUED = 1,
  FIRST = 2

type Codec = "opus" | "vorbis" | "speex" | "flac" | "theora"

/** How a codec's comment packet begins. */
const MAGIC = { opus: "OpusTags", vorbis: "\x03vorbis", theora: "\x81theora", speex: "" }

interface Page {
  start: number
  end: number
  flags: number
  serial: number
  /** Lengths of the pieces of packets; 255 means that the packet goes on. */
  lacing: Uint8Array
  body: number
}

/** A stream whose comments have not all been read yet. */
interface Stream {
  codec: Codec
  packets: number
  pieces: Uint8Array[]
  length: number
  /** Pages touched by the comment packets, as they will be. */
  pages: { page: Page; bytes: Uint8Array }[]
  /** Where the current packet's pieces lie in those pages. */
  spans: { bytes: Uint8Array; from: number; to: number }[]
}

export async function cleanOgg(source: Source, found: Findings): Promise<Output> {
  const patches = new Patches(source)
  const streams = new Map<number, Stream>()
  const open = new Set<Stream>()
  let count = 0
  let at = 0
  while (at < source.size) {
    const page = await readPage(source, at)
    if (page === null) {
      if (count === 0 || open.size > 0) throw new Damaged("page")
      found.removed.add("trailing-data")
      patches.cut(at)
      break
    }
    if (++count > MAX_PAGES) throw new NotPossible("too-complex")
    let stream = streams.get(page.serial)
    if ((page.flags & FIRST) !== 0) {
      // Streams may follow one another with the same number.
      if (stream && open.has(stream)) throw new Damaged("stream begins twice")
      stream = { codec: await codecOf(source, page), packets: 0, pieces: [], length: 0, pages: [], spans: [] }
      streams.set(page.serial, stream)
      open.add(stream)
      if (streams.size > MAX_STREAMS) throw new NotPossible("too-complex")
    }
    if (!stream) throw new Damaged("page without a stream")
    if (open.has(stream)) {
      await readHeaderPage(source, page, stream, found)
      if (isComplete(stream)) {
        for (const { page, bytes } of stream.pages) writePage(page, bytes, patches)
        stream.pages = []
        open.delete(stream)
      }
    }
    at = page.end
  }
  if (streams.size === 0 || open.size > 0) throw new Damaged("no comments")
  return patches.output()
}

async function readPage(source: Source, start: number): Promise<Page | null> {
  const head = await source.peek(start, PAGE_HEAD_BYTES + 255)
  if (head.length < PAGE_HEAD_BYTES || !startsWith(head, "OggS\0")) return null
  const segments = head[26]!
  if (head.length < PAGE_HEAD_BYTES + segments) return null
  const lacing = head.slice(PAGE_HEAD_BYTES, PAGE_HEAD_BYTES + segments)
  const body = start + PAGE_HEAD_BYTES + segments
  const end = body + lacing.reduce((sum, length) => sum + length, 0)
  if (end > source.size) return null
  return { start, end, flags: head[5]!, serial: view(head).getUint32(14, true), lacing, body }
}

async function codecOf(source: Source, page: Page): Promise<Codec> {
  const head = await source.peek(page.body, Math.min(9, page.end - page.body))
  if (startsWith(head, "OpusHead")) return "opus"
  if (startsWith(head, "\x01vorbis")) return "vorbis"
  if (startsWith(head, "\x80theora")) return "theora"
  if (startsWith(head, "Speex   ")) return "speex"
  if (startsWith(head, "\x7fFLAC")) return "flac"
  throw new NotPossible("unsupported-variant")
}

/** Adds a page to a stream's header packets, and empties each comment packet as it becomes whole. */
async function readHeaderPage(source: Source, page: Page, stream: Stream, found: Findings): Promise<void> {
  const bytes = await source.copy(page.start, page.end - page.start, 128 * 1024)
  stream.pages.push({ page, bytes })
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
}

function emptyPacket(stream: Stream, found: Findings): void {
  if (stream.packets === 0) return
  const packet = concat(...stream.spans.map(({ bytes, from, to }) => bytes.subarray(from, to)))
  const neutral = neutralPacket(stream, packet)
  if (neutral === null || equal(neutral, packet)) return
  for (const meaning of meanings(packet)) found.removed.add(meaning)
  let at = 0
  for (const { bytes, from, to } of stream.spans) {
    bytes.set(neutral.subarray(at, at + to - from), from)
    at += to - from
  }
}

/** FLAC has any number of metadata packets before the sound, the others one. */
function isComplete(stream: Stream): boolean {
  return stream.codec === "flac" ? stream.packets < 0 : stream.packets >= 2
}

/** An empty packet of the same length, or null if this one has nothing to empty. */
function neutralPacket(stream: Stream, packet: Uint8Array): Uint8Array | null {
  if (stream.codec === "flac") {
    const type = packet[0]! & 0x7f
    const isLast = (packet[0]! & 0x80) !== 0
    // Negative: the last one has been seen.
    if (isLast) stream.packets = -2
    if (type === 0 || type === 3 || packet.length < 4) return null
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

function writePage(page: Page, bytes: Uint8Array, patches: Patches): void {
  const crc = view(bytes).getUint32(22, true)
  view(bytes).setUint32(22, 0, true)
  const fresh = oggCrc32(bytes)
  view(bytes).setUint32(22, fresh, true)
  if (fresh !== crc) patches.write(page.start, bytes)
}

function meanings(packet: Uint8Array): Removed[] {
  const list: Removed[] = ["tags", "software"]
  const upper = packet.slice(0, 64 * 1024).map((byte) => (byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte))
  if (indexOf(upper, "ARTIST=") >= 0 || indexOf(upper, "PERFORMER=") >= 0) list.push("author")
  if (indexOf(upper, "DATE=") >= 0 || indexOf(upper, "CREATION_TIME=") >= 0) list.push("timestamps")
  if (indexOf(upper, "LOCATION=") >= 0 || indexOf(upper, "GEO") >= 0) list.push("gps")
  return list
}

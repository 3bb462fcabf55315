// RIFF containers: WebP pictures (RFC 9649). Chunks that the picture needs are copied, all others are left out, and the
// total size in the head is put right. WAV recordings, which are read more leniently, have wav.ts.

import { Damaged, type Findings } from "./cleaned"
import { concat, equal, fromLatin1, latin1, startsWith, view } from "./bytes"
import { orientationOnly, readExif } from "./exif"
import { MAX_PROFILE_BYTES, neutraliseProfile } from "./icc"
import { Output, type Source } from "./source"

const HEAD_BYTES = 12
const MAX_CHUNKS = 50_000
const MAX_METADATA_BYTES = 1024 * 1024

interface Chunk {
  name: string
  start: number
  payload: number
  /** Without the byte that pads it to an even length. */
  payloadEnd: number
  end: number
}

// ---- WebP

const VP8X_PROFILE = 0x20,
  VP8X_EXIF = 0x08,
  VP8X_XMP = 0x04
const WEBP_NEEDED = new Set(["VP8 ", "VP8L", "ALPH", "ANIM"])
const WEBP_FRAME_NEEDED = new Set(["VP8 ", "VP8L", "ALPH"])

export async function cleanWebp(source: Source, found: Findings): Promise<Output> {
  const { chunks, end } = await readChunks(source, false)
  const body = new Output(source)
  let orientation = 1
  let sawImage = false
  let extended: Uint8Array | null = null
  let profileStays = false
  const tail: Uint8Array[] = []
  for (const chunk of chunks) {
    const length = chunk.payloadEnd - chunk.payload
    if (chunk.name === "VP8X") {
      if (extended !== null || length < 10) throw new Damaged("VP8X")
      extended = await source.copy(chunk.payload, 10, 10)
      if (length > 10) found.removed.add("unknown-data")
    } else if (WEBP_NEEDED.has(chunk.name)) {
      sawImage ||= chunk.name.startsWith("VP8")
      body.keep(chunk.start, chunk.end)
    } else if (chunk.name === "ANMF") {
      sawImage = true
      await keepFrame(source, chunk, found, body)
    } else if (chunk.name === "ICCP") {
      const blanked = neutraliseProfile(await source.bytes(chunk.payload, length, MAX_PROFILE_BYTES), found)
      if (blanked) body.put(chunkOf("ICCP", blanked))
      else body.keep(chunk.start, chunk.end)
      profileStays = true
    } else if (chunk.name === "EXIF") {
      const payload = await source.copy(chunk.payload, length, MAX_METADATA_BYTES)
      const exif = readExif(payload.subarray(startsWith(payload, "Exif\0\0") ? 6 : 0))
      const minimal = orientationOnly(exif.orientation)
      const stays = exif.orientation !== 1 && orientation === 1
      if (stays) {
        orientation = exif.orientation
        tail.push(chunkOf("EXIF", minimal))
      }
      if (!stays || !equal(payload, minimal)) for (const meaning of exif.meanings) found.removed.add(meaning)
    } else {
      found.removed.add(chunk.name === "XMP " ? "xmp" : "unknown-data")
    }
  }
  if (!sawImage) throw new Damaged("no picture")
  if (end < source.size) found.removed.add("trailing-data")

  const head: Uint8Array[] = []
  if (extended) {
    const flags =
      (extended[0]! & ~(VP8X_PROFILE | VP8X_EXIF | VP8X_XMP)) | (profileStays ? VP8X_PROFILE : 0) | (tail.length > 0 ? VP8X_EXIF : 0)
    if ((extended[0]! & VP8X_XMP) !== 0) found.removed.add("xmp")
    extended[0] = flags
    head.push(chunkOf("VP8X", extended))
  }
  return riff("WEBP", source, [...head, body.blob(), ...tail])
}

/** A frame of an animation holds chunks of its own. */
async function keepFrame(source: Source, chunk: Chunk, found: Findings, body: Output): Promise<void> {
  const fixed = chunk.payload + 16
  if (fixed > chunk.payloadEnd) throw new Damaged("frame")
  const inner = await readInner(source, fixed, chunk.payloadEnd)
  if (inner.every((part) => WEBP_FRAME_NEEDED.has(part.name))) {
    body.keep(chunk.start, chunk.end)
    return
  }
  found.removed.add("unknown-data")
  const frame = new Output(source)
  frame.keep(chunk.payload, fixed)
  for (const part of inner) if (WEBP_FRAME_NEEDED.has(part.name)) frame.keep(part.start, part.end)
  const head = new Uint8Array(8)
  head.set(fromLatin1("ANMF"))
  view(head).setUint32(4, frame.size, true)
  body.put(head, frame.blob())
}

// ---- both

function riff(kind: string, source: Source, parts: (Uint8Array | Blob)[]): Output {
  const output = new Output(source)
  const head = new Uint8Array(HEAD_BYTES)
  const length = parts.reduce((sum, part) => sum + (part instanceof Blob ? part.size : part.length), 4)
  head.set(fromLatin1("RIFF"))
  view(head).setUint32(4, length, true)
  head.set(fromLatin1(kind), 8)
  output.put(head, ...parts)
  return output
}

function chunkOf(name: string, payload: Uint8Array): Uint8Array {
  const head = new Uint8Array(8)
  head.set(fromLatin1(name))
  view(head).setUint32(4, payload.length, true)
  return concat(head, payload, new Uint8Array(payload.length % 2))
}

async function readChunks(source: Source, missingPadding: boolean): Promise<{ chunks: Chunk[]; end: number }> {
  const end = 8 + view(await source.bytes(0, HEAD_BYTES)).getUint32(4, true)
  // Some writers forget the last padding byte, in the file or in the total.
  if (end > source.size + (missingPadding ? 1 : 0)) throw new Damaged("ends too early")
  const chunks = await readInner(source, HEAD_BYTES, Math.min(end, source.size))
  return { chunks, end: Math.max(end, chunks.at(-1)?.end ?? HEAD_BYTES) }
}

async function readInner(source: Source, from: number, to: number): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  for (let start = from; start < to;) {
    if (to - start < 8) {
      // Too short for a chunk: left out with the rest.
      if (await source.allZero(start, to)) break
      throw new Damaged("chunk")
    }
    const head = await source.bytes(start, 8)
    const payload = start + 8
    const payloadEnd = payload + view(head).getUint32(4, true)
    if (payloadEnd > to) throw new Damaged("chunk too long")
    const end = Math.min(payloadEnd + ((payloadEnd - payload) % 2), source.size)
    chunks.push({ name: latin1(head.subarray(0, 4)), start, payload, payloadEnd, end })
    if (chunks.length > MAX_CHUNKS) throw new Damaged("too many chunks")
    start = end
  }
  return chunks
}

// WAV recordings (RIFF, and RF64 of EBU Tech 3306). The format, the samples and, where packed sound needs it, their number
// are written anew; everything else is left out. Sizes that were never filled in, as after a crash or from a pipe, are
// found out as players do it: the samples go to the end of the file.

import { Damaged, type Findings, type Removed } from "./cleaned"
import { equal, fromLatin1, isZero, latin1, startsWith, view } from "./bytes"
import { cleanFrames, MP3_FRAME } from "./frames"
import { Output, Source } from "./source"
import { afterTags, beforeTags } from "./tags"

const HEAD_BYTES = 12
const MAX_CHUNKS = 50_000
const MAX_FORMAT_BYTES = 64 * 1024
/** How far before the end a chunk behind samples of unknown length is looked for. */
const TAIL_BYTES = 1024 * 1024
const UNKNOWN_BYTES = 0xffffffff

const PCM = 1,
  FLOAT = 3,
  MPEG = 0x50,
  MP3 = 0x55,
  EXTENSIBLE = 0xfffe
/** What follows the number of the format in the long form, for all formats alike. */
const GUID_TAIL = fromLatin1("\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71")
/** Sound fields in B format. */
const AMBISONIC_TAIL = fromLatin1("\0\0\x21\x07\xd3\x11\x86\x44\xc8\xc1\xca\0\0\0")
const TELLING = /^(?:LIST|bext|iXML|aXML|axml|id3 |ID3 |cart|_PMX|cue |smpl|inst|chna|umid|DISP|afsp|levl|r64m|JUNK|junk|PAD |FLLR)$/

interface Chunk {
  name: string
  payload: number
  payloadEnd: number
}

export async function cleanWav(source: Source, found: Findings): Promise<Output> {
  const start = await afterTags(source, found)
  const to = await beforeTags(source, start + HEAD_BYTES, found)
  const { chunks, end } = await readChunks(source, start, to)
  const format = chunks.find((chunk) => chunk.name === "fmt ")
  const data = chunks.find((chunk) => chunk.name === "data")
  if (!format || !data || data.payload === data.payloadEnd) throw new Damaged("no sound")
  const kept = new Set([format, data])
  const fmt = await exactFormat(source, format, found)
  const isPlain = plainFormat(fmt) === PCM || plainFormat(fmt) === FLOAT

  const parts: (Uint8Array | Blob)[] = [chunkOf("fmt ", fmt)]
  const fact = chunks.find((chunk) => chunk.name === "fact" && chunk.payloadEnd - chunk.payload >= 4)
  if (fact && !isPlain) {
    kept.add(fact)
    parts.push(chunkOf("fact", (await source.bytes(fact.payload, 4)).slice()))
    if (fact.payloadEnd - fact.payload > 4) found.removed.add("unknown-data")
  } else if (fact) {
    kept.add(fact)
  }
  for (const chunk of chunks) {
    if (kept.has(chunk) || chunk.name === "ds64" || (await isFiller(source, chunk))) continue
    for (const meaning of await meanings(source, chunk)) found.removed.add(meaning)
  }
  if (end < to && !(end + 1 === to && (await source.allZero(end, to)))) found.removed.add("trailing-data")

  const sound = await cleanSound(source, data, fmt, isPlain, found)
  const head = new Uint8Array(8)
  head.set(fromLatin1("data"))
  view(head).setUint32(4, sound.size, true)
  parts.push(head, sound, new Uint8Array(sound.size % 2))
  return riff(source, parts)
}

async function readChunks(source: Source, from: number, to: number): Promise<{ chunks: Chunk[]; end: number }> {
  const chunks: Chunk[] = []
  const head = await source.bytes(from, HEAD_BYTES)
  const total = view(head).getUint32(4, true)
  // A size that says too little or too much is one that nobody filled in.
  const limit = total > 4 && from + 8 + total <= to ? from + 8 + total : to
  let longDataBytes = 0
  let at = from + HEAD_BYTES
  while (at + 8 <= to) {
    const head = await source.bytes(at, 8)
    const name = latin1(head.subarray(0, 4))
    const isKnown = /^[\x20-\x7e]{4}$/.test(name)
    // Behind the end that the head names nothing is expected any more, but for samples that had not come yet.
    if (!isKnown || (at >= limit && hasSound(chunks))) break
    let length = view(head).getUint32(4, true)
    const payload = at + 8
    if (name === "ds64" && length >= 16 && payload + 16 <= to) longDataBytes = longSize(await source.bytes(payload + 8, 8))
    if (name === "data" && length === UNKNOWN_BYTES && longDataBytes > 0) length = longDataBytes
    let payloadEnd = payload + length
    const isOpen = name === "data" && (payloadEnd > to || (length === 0 && !(await chunksFill(source, payload, to))))
    if (isOpen) payloadEnd = await endOfOpenData(source, payload, to)
    if (payloadEnd > to) {
      if (hasSound(chunks)) break
      throw new Damaged("chunk too long")
    }
    chunks.push({ name, payload, payloadEnd })
    if (chunks.length > MAX_CHUNKS) throw new Damaged("too many chunks")
    at = await afterPadding(source, payload, payloadEnd, to)
  }
  return { chunks, end: Math.min(at, to) }
}

function hasSound(chunks: Chunk[]): boolean {
  return chunks.some((chunk) => chunk.name === "fmt ") && chunks.some((chunk) => chunk.name === "data")
}

/** Chunks have an even length; some writers forget the byte that makes it so. */
async function afterPadding(source: Source, payload: number, payloadEnd: number, to: number): Promise<number> {
  if ((payloadEnd - payload) % 2 === 0 || payloadEnd >= to) return payloadEnd
  const name = latin1(await source.peek(payloadEnd, 4))
  return TELLING.test(name) || name === "data" || name === "fact" ? payloadEnd : payloadEnd + 1
}

/** Do chunks of metadata fill the file from here? Then data of no length are what they say. */
async function chunksFill(source: Source, from: number, to: number): Promise<boolean> {
  let at = from
  for (let count = 0; at + 8 <= to && count < MAX_CHUNKS; count++) {
    const head = await source.bytes(at, 8)
    if (!TELLING.test(latin1(head.subarray(0, 4)))) return false
    const length = view(head).getUint32(4, true)
    at += 8 + length + (length % 2)
  }
  return at === to || at === to + 1
}

/** Samples of unknown length end with the file, or where a chunk of metadata begins that ends with it. */
async function endOfOpenData(source: Source, from: number, to: number): Promise<number> {
  const start = Math.max(from, to - TAIL_BYTES)
  const tail = await source.bytes(start, to - start, TAIL_BYTES)
  for (let at = 0; at + 8 <= tail.length; at++) {
    if (tail[at]! < 0x20 || tail[at]! > 0x7a || tail[at + 3]! > 0x7a) continue
    if (!TELLING.test(String.fromCharCode(tail[at]!, tail[at + 1]!, tail[at + 2]!, tail[at + 3]!))) continue
    if (await chunksFill(source, start + at, to)) return start + at
  }
  return to
}

/** The description of the samples without what no player reads. */
async function exactFormat(source: Source, chunk: Chunk, found: Findings): Promise<Uint8Array> {
  const bytes = await source.copy(chunk.payload, chunk.payloadEnd - chunk.payload, MAX_FORMAT_BYTES)
  if (bytes.length < 14) throw new Damaged("format")
  const tag = view(bytes).getUint16(0, true)
  const extension = bytes.length >= 18 ? view(bytes).getUint16(16, true) : 0
  const length = tag === PCM || tag === FLOAT ? 16 : tag === EXTENSIBLE ? 40 : bytes.length < 18 ? 16 : 18 + extension
  const exact = bytes.slice(0, Math.min(length, bytes.length))
  if (tag === EXTENSIBLE && exact.length === 40) {
    view(exact).setUint16(16, 22, true)
    if (!equal(exact.subarray(26), AMBISONIC_TAIL)) exact.set(GUID_TAIL, 26)
  }
  const rest = bytes.subarray(exact.length)
  if (!isZero(rest) || !equal(exact.subarray(18), bytes.subarray(18, exact.length))) found.removed.add("unknown-data")
  return exact
}

function plainFormat(fmt: Uint8Array): number {
  const tag = view(fmt).getUint16(0, true)
  return tag === EXTENSIBLE && fmt.length === 40 ? view(fmt).getUint16(24, true) : tag
}

/** Whole samples only, without tags and chunks that a program wrote among them; packed MP3 is cleaned as such. */
async function cleanSound(source: Source, data: Chunk, fmt: Uint8Array, isPlain: boolean, found: Findings): Promise<Blob> {
  let sound = source.blob.slice(data.payload, data.payloadEnd)
  if (plainFormat(fmt) === MP3 || plainFormat(fmt) === MPEG) {
    try {
      return (await cleanFrames(new Source(sound), found, MP3_FRAME)).blob()
    } catch (error) {
      if (!(error instanceof Damaged)) throw error
      found.remains.add("metadata")
      return sound
    }
  }
  const inner = new Source(sound)
  const from = await afterTags(inner, found)
  const to = await endOfOpenData(inner, from, await beforeTags(inner, from, found))
  if (to < sound.size) found.removed.add("tags")
  sound = sound.slice(from, to)
  const block_bytes = view(fmt).getUint16(12, true)
  if (!isPlain || block_bytes === 0) return sound
  const whole = sound.size - (sound.size % block_bytes)
  if (!(await new Source(sound).allZero(whole, sound.size))) found.removed.add("unknown-data")
  return sound.slice(0, whole)
}

async function isFiller(source: Source, chunk: Chunk): Promise<boolean> {
  return /^(?:JUNK|FLLR|PAD |junk)$/.test(chunk.name) && source.allZero(chunk.payload, chunk.payloadEnd)
}

async function meanings(source: Source, chunk: Chunk): Promise<Removed[]> {
  if (chunk.name === "bext") return ["author", "timestamps", "software"]
  if (chunk.name === "_PMX") return ["xmp"]
  if (/^(?:id3 |ID3 |iXML|aXML|axml|cart)$/.test(chunk.name)) return ["tags"]
  const list = await source.peek(chunk.payload, Math.min(4096, chunk.payloadEnd - chunk.payload))
  if (chunk.name !== "LIST" || !startsWith(list, "INFO")) return ["unknown-data"]
  const text = latin1(list)
  const words: Removed[] = ["tags"]
  if (/IART|IENG|ITCH|ICMS/.test(text)) words.push("author")
  if (text.includes("ICRD")) words.push("timestamps")
  if (text.includes("ISFT")) words.push("software")
  return words
}

function riff(source: Source, parts: (Uint8Array | Blob)[]): Output {
  const output = new Output(source)
  const head = new Uint8Array(HEAD_BYTES)
  const length = parts.reduce((sum, part) => sum + (part instanceof Blob ? part.size : part.length), 4)
  head.set(fromLatin1("RIFF"))
  view(head).setUint32(4, length, true)
  head.set(fromLatin1("WAVE"), 8)
  output.put(head, ...parts)
  return output
}

function chunkOf(name: string, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(8 + payload.length + (payload.length % 2))
  bytes.set(fromLatin1(name))
  view(bytes).setUint32(4, payload.length, true)
  bytes.set(payload, 8)
  return bytes
}

function longSize(bytes: Uint8Array): number {
  return view(bytes).getUint32(4, true) * 2 ** 32 + view(bytes).getUint32(0, true)
}

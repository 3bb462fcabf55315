// Recordings that are nothing but a row of frames: MP3 (ISO/IEC 11172-3), AAC in ADTS (ISO/IEC 13818-7) and AMR (RFC 4867).
// Frames are copied; tags before, behind and between them are left out.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { indexOf, latin1, startsWith, view } from "./bytes"
import { Output, type Source } from "./source"

const MAX_FRAMES = 5_000_000
/** This many in a row must fit before bytes are taken for frames. */
const CONVINCING_FRAMES = 3
/** More than this between frames is no recording with a scratch. */
const MAX_GAP_BYTES = 8 * 1024 * 1024
/** Each try reads a window of the file. */
const MAX_TRIES = 5_000

/** Length of the frame that begins with these four bytes, or 0. */
type FrameLength = (head: Uint8Array) => number

export const MP3_FRAME: FrameLength = (head) => {
  const [a, b, c] = [head[0]!, head[1]!, head[2]!]
  if (a !== 0xff || (b & 0xe0) !== 0xe0) return 0
  const version = (b >> 3) & 3 // 3 is MPEG-1, 2 is MPEG-2, 0 is MPEG-2.5
  const layer = 4 - ((b >> 1) & 3)
  const bitrate = c >> 4
  const rate = (c >> 2) & 3
  if (version === 1 || layer === 4 || bitrate === 0 || bitrate === 15 || rate === 3) return 0
  const kbits = KBITS[version === 3 ? layer - 1 : layer === 1 ? 3 : 4]![bitrate]!
  const hz = RATES[rate]! >> (version === 3 ? 0 : version === 2 ? 1 : 2)
  const padding = (c >> 1) & 1
  if (layer === 1) return (Math.floor((12_000 * kbits) / hz) + padding) * 4
  return Math.floor(((layer === 3 && version !== 3 ? 72_000 : 144_000) * kbits) / hz) + padding
}

const RATES = [44_100, 48_000, 32_000]
const KBITS = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
]

export const ADTS_FRAME: FrameLength = (head) => {
  if (head.length < 6 || head[0] !== 0xff || (head[1]! & 0xf6) !== 0xf0) return 0
  const length = ((head[3]! & 3) << 11) | (head[4]! << 3) | (head[5]! >> 5)
  return length >= 7 ? length : 0
}

const AMR_BYTES = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1]
const AMR_WB_BYTES = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1]

export async function cleanFrames(source: Source, found: Findings, frame: FrameLength): Promise<Output> {
  const from = await afterTags(source, found)
  const to = await beforeTags(source, from, found)
  const output = new Output(source)
  let frames = 0
  let at = from
  while (at < to) {
    const length = frame(await source.peek(at, 6))
    if (length > 0 && at + length <= to) {
      output.keep(at, at + length)
      at += length
      if (++frames > MAX_FRAMES) throw new NotPossible("too-complex")
      continue
    }
    // The last frame of a recording that was cut off is sound as well.
    if (length > 0 && frames > 0) {
      output.keep(at, to)
      break
    }
    const next = await nextFrame(source, at, to, frame)
    await noteGap(source, at, next, found)
    at = next
  }
  if (frames === 0) throw new Damaged("no sound")
  return output
}

export async function cleanAmr(source: Source, found: Findings): Promise<Output> {
  const wide = startsWith(await source.peek(0, 9), "#!AMR-WB\n")
  const table = wide ? AMR_WB_BYTES : AMR_BYTES
  const output = new Output(source)
  let at = wide ? 9 : 6
  let frames = 0
  while (at < source.size) {
    const head = (await source.bytes(at, 1))[0]!
    const length = (head & 0x83) === 0 ? table[(head >> 3) & 15]! : 0
    if (length === 0) break
    at = Math.min(at + length, source.size)
    if (++frames > MAX_FRAMES) throw new NotPossible("too-complex")
  }
  if (frames === 0) throw new Damaged("no sound")
  output.keep(0, at)
  if (at < source.size) found.removed.add("trailing-data")
  return output
}

/** Is this the beginning of a recording, whatever stands before its first frame? */
export async function beginsWithFrames(source: Source, from: number, frame: FrameLength): Promise<boolean> {
  return convincing(source, from, source.size, frame)
}

/** Length of an ID3v2 tag at this place, or 0. */
export async function id3Bytes(source: Source, at: number): Promise<number> {
  const head = await source.peek(at, 10)
  if (head.length < 10 || !startsWith(head, "ID3") || head[3] === 0xff || head.subarray(6, 10).some((byte) => byte > 127)) return 0
  const footer = head[3] === 4 && (head[5]! & 0x10) !== 0 ? 10 : 0
  return 10 + sevenBits(head, 6) + footer
}

async function afterTags(source: Source, found: Findings): Promise<number> {
  let at = 0
  for (;;) {
    const length = await id3Bytes(source, at)
    if (length === 0) return at
    if (at + length > source.size) throw new Damaged("tag")
    await noteId3(source, at, length, found)
    at += length
  }
}

/** Tags at the end stand in any order: ID3v1 with its extension, APEv2, Lyrics3, ID3v2 with a footer. */
async function beforeTags(source: Source, from: number, found: Findings): Promise<number> {
  let to = source.size
  for (let count = 0; count < 16; count++) {
    const length = await tagBytesBefore(source, to)
    if (length === 0 || to - length < from) break
    to -= length
    found.removed.add("tags").add("author")
  }
  return to
}

async function tagBytesBefore(source: Source, to: number): Promise<number> {
  const at = async (back: number, length: number): Promise<Uint8Array> => (to >= back ? source.bytes(to - back, length) : new Uint8Array(0))
  if (startsWith(await at(128, 3), "TAG")) return 128
  if (startsWith(await at(227, 4), "TAG+")) return 227
  const ape = await at(32, 32)
  if (startsWith(ape, "APETAGEX")) {
    const hasHeader = (view(ape).getUint32(20, true) & 0x80000000) !== 0
    return view(ape).getUint32(12, true) + (hasHeader ? 32 : 0)
  }
  const lyrics = latin1(await at(15, 15))
  if (/^\d{6}LYRICS200$/.test(lyrics)) return Number(lyrics.slice(0, 6)) + 15
  if (lyrics.endsWith("LYRICSEND")) {
    const start = latin1(await at(Math.min(to, 5100), Math.min(to, 5100))).lastIndexOf("LYRICSBEGIN")
    if (start >= 0) return Math.min(to, 5100) - start
  }
  const footer = await at(10, 10)
  if (startsWith(footer, "3DI") && footer.subarray(6).every((byte) => byte < 128)) return 20 + sevenBits(footer, 6)
  return 0
}

async function noteId3(source: Source, at: number, length: number, found: Findings): Promise<void> {
  const text = await source.peek(at, Math.min(length, 64 * 1024))
  const says = (...names: string[]): boolean => names.some((name) => indexOf(text, name) >= 0)
  found.removed.add("tags")
  const notes: [Removed, string[]][] = [
    ["author", ["TPE1", "TPE2", "TCOM", "TEXT", "TOWN", "TP1\0"]],
    ["timestamps", ["TDRC", "TDEN", "TDTG", "TYER", "TDAT", "TIME"]],
    ["software", ["TSSE", "TENC"]],
    ["thumbnail", ["APIC", "PIC\0"]],
  ]
  for (const [meaning, names] of notes) if (says(...names)) found.removed.add(meaning)
}

async function noteGap(source: Source, from: number, to: number, found: Findings): Promise<void> {
  const text = await source.peek(from, Math.min(to - from, 4096))
  found.removed.add(indexOf(text, "ID3") >= 0 || indexOf(text, "APETAGEX") >= 0 || startsWith(text, "TAG") ? "tags" : "unknown-data")
}

/** The next place from which frames follow each other, or the end. */
async function nextFrame(source: Source, from: number, to: number, frame: FrameLength): Promise<number> {
  const tag = await id3Bytes(source, from)
  if (tag > 0 && from + tag <= to) return from + tag
  let tries = 0
  for await (const { at, bytes } of source.chunks(from + 1, Math.min(to, from + MAX_GAP_BYTES))) {
    for (let i = bytes.indexOf(0xff); i >= 0; i = bytes.indexOf(0xff, i + 1)) {
      if (frame(bytes.subarray(i, i + 6)) === 0 && i + 6 <= bytes.length) continue
      if (++tries > MAX_TRIES) throw new Damaged("no frames")
      if (await convincing(source, at + i, to, frame)) return at + i
    }
  }
  if (to - from > MAX_GAP_BYTES) throw new Damaged("no frames")
  return to
}

async function convincing(source: Source, at: number, to: number, frame: FrameLength): Promise<boolean> {
  for (let i = 0; i < CONVINCING_FRAMES; i++) {
    const length = frame(await source.peek(at, 6))
    if (length === 0) return false
    at += length
    if (at >= to) return i > 0 || at === to
  }
  return true
}

function sevenBits(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 21) | (bytes[at + 1]! << 14) | (bytes[at + 2]! << 7) | bytes[at + 3]!
}

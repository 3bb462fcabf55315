// Recordings that are nothing but a row of frames: MP3 (ISO/IEC 11172-3), AAC in ADTS (ISO/IEC 13818-7) and AMR (RFC 4867).
// Frames are copied; tags before, behind and between them are left out.

import { Damaged, type Findings, NotPossible } from "./cleaned"
import { equal, fromLatin1, latin1, startsWith, view } from "./bytes"
import { Output, type Source } from "./source"
import { afterTags, beforeTags, noteGap, tagBytesAt } from "./tags"

const MAX_FRAMES = 5_000_000
const FRAME_HEAD_BYTES = 6
/** This many in a row must fit before bytes are taken for frames. */
const CONVINCING_FRAMES = 3
/** Right behind a tag, where frames have to begin, so many. */
const EXPECTED_FRAMES = 2
/** More than this between frames is no recording with a scratch. */
const MAX_GAP_BYTES = 8 * 1024 * 1024
/** Each try reads a window of the file. */
const MAX_TRIES = 5_000

/** What one format's frames look like. */
export interface FrameFormat {
  /** Length of the frame that begins with these bytes, or 0. */
  length: (head: Uint8Array) => number
  /** The bits of the first bytes which all frames of one recording share. */
  shared: readonly number[]
}

export const MP3_FRAME: FrameFormat = {
  length: (head) => {
    const [a, b, c] = [head[0]!, head[1]!, head[2]!]
    if (head.length < 4 || a !== 0xff || (b & 0xe0) !== 0xe0) return 0
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
  },
  // Version, layer and sampling rate; the mode may change between stereo and joint stereo.
  shared: [0xff, 0xfe, 0x0c],
}

const RATES = [44_100, 48_000, 32_000]
const KBITS = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
]

export const ADTS_FRAME: FrameFormat = {
  length: (head) => {
    if (head.length < 6 || head[0] !== 0xff || (head[1]! & 0xf6) !== 0xf0) return 0
    const length = ((head[3]! & 3) << 11) | (head[4]! << 3) | (head[5]! >> 5)
    return length >= 7 ? length : 0
  },
  // Version, protection, profile, sampling rate and channels.
  shared: [0xff, 0xff, 0xfd, 0xc0],
}

const AMR_BYTES = [13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1]
const AMR_WB_BYTES = [18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1]

export async function cleanFrames(source: Source, found: Findings, format: FrameFormat): Promise<Output> {
  const from = await afterTags(source, found)
  const to = await beforeTags(source, from, found)
  const output = new Output(source)
  let first: Uint8Array | null = null
  let frames = 0
  let at = from
  while (at < to) {
    const head = await source.peek(at, 6)
    const length = format.length(head)
    // A frame unlike those before it opens another recording behind the first, or is none.
    const fits =
      length > 0 &&
      ((first !== null && isAlike(first, head, format)) ||
        (await convincing(source, at, to, format, at === from ? EXPECTED_FRAMES : undefined)))
    // The last frame of a recording that was cut off is sound as well.
    if (fits && (at + length <= to || frames > 0)) {
      const end = Math.min(at + length, to)
      const info = first === null && format === MP3_FRAME ? await withoutEncoder(source, at, end) : null
      if (info) {
        output.put(info)
        found.removed.add("software")
      } else {
        output.keep(at, end)
      }
      first = head.slice()
      at = end
      if (++frames > MAX_FRAMES) throw new NotPossible("too-complex")
      continue
    }
    const next = await nextFrame(source, at, to, format)
    await noteGap(source, at, next, found)
    at = next
  }
  if (frames === 0) throw new Damaged("no sound")
  return output
}

function isAlike(first: Uint8Array, head: Uint8Array, format: FrameFormat): boolean {
  return format.shared.every((mask, i) => ((first[i]! ^ head[i]!) & mask) === 0)
}

/**
 * The first frame of an MP3 may be no sound but a table of the recording, with the encoder's name and settings and some
 * bytes behind them. Players use the lengths and the delays, nothing more. Null if there is nothing to take out.
 */
async function withoutEncoder(source: Source, from: number, to: number): Promise<Uint8Array | null> {
  const frame = await source.copy(from, to - from, 64 * 1024)
  const isMpeg1 = (frame[1]! & 0x18) === 0x18
  const isMono = frame[3]! >> 6 === 3
  const before = frame.slice()
  let at = 4 + (isMpeg1 ? (isMono ? 17 : 32) : isMono ? 9 : 17)
  if (startsWith(frame, "VBRI", 36)) {
    frame.fill(0, 4, 36)
    frame.fill(0, 62 + view(frame).getUint16(54) * view(frame).getUint16(58))
    return equal(frame, before) ? null : frame
  }
  if (!startsWith(frame, "Xing", at) && !startsWith(frame, "Info", at)) return null
  const flags = view(frame).getUint32(at + 4)
  view(frame).setUint32(at + 4, flags & 15)
  frame.fill(0, 4, at)
  at += 8 + (flags & 1 ? 4 : 0) + (flags & 2 ? 4 : 0) + (flags & 4 ? 100 : 0) + (flags & 8 ? 4 : 0)
  // Players take the delays for true only behind one of these names, so that one of them is written for all.
  if (/^(?:LAME|Lavc|Lavf)$/.test(latin1(frame.subarray(at, at + 4))) && at + 36 <= frame.length) {
    frame.set(fromLatin1("Lavc"), at)
    frame.fill(0, at + 4, at + 21)
    frame.fill(0, at + 24, frame.length)
    new DataView(frame.buffer).setUint16(at + 34, crc16(frame.subarray(0, at + 34)))
  } else {
    frame.fill(0, at, frame.length)
  }
  return equal(frame, before) ? null : frame
}

/** As LAME has it: polynomial 0x8005, reflected, from zero. */
function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1
  }
  return crc
}

export async function cleanAmr(source: Source, found: Findings): Promise<Output> {
  const start = await afterTags(source, found)
  const head = latin1(await source.peek(start, 9))
  const wide = head === "#!AMR-WB\n"
  if (!wide && !head.startsWith("#!AMR\n")) throw new NotPossible("unsupported-variant")
  const table = wide ? AMR_WB_BYTES : AMR_BYTES
  const output = new Output(source)
  const from = start + (wide ? 9 : 6)
  const to = await beforeTags(source, from, found)
  let at = from
  let frames = 0
  while (at < to) {
    const head = (await source.bytes(at, 1))[0]!
    const length = (head & 0x83) === 0 ? table[(head >> 3) & 15]! : 0
    if (length === 0) break
    at = Math.min(at + length, to)
    if (++frames > MAX_FRAMES) throw new NotPossible("too-complex")
  }
  if (frames === 0) throw new Damaged("no sound")
  output.keep(start, at)
  if (at < to) found.removed.add("trailing-data")
  return output
}

/** Is this the beginning of a recording, whatever stands before its first frame? */
export async function beginsWithFrames(source: Source, from: number, format: FrameFormat): Promise<boolean> {
  return convincing(source, from, await beforeTags(source, from), format, from > 0 ? EXPECTED_FRAMES : undefined)
}

/** The next place from which frames follow each other, or the end. */
async function nextFrame(source: Source, from: number, to: number, format: FrameFormat): Promise<number> {
  const tag = await tagBytesAt(source, from)
  if (tag > 0 && from + tag <= to) return from + tag
  let tries = 0
  for await (const { at, bytes } of source.pieces(from + 1, Math.min(to, from + MAX_GAP_BYTES), FRAME_HEAD_BYTES)) {
    for (let i = bytes.indexOf(0xff); i >= 0; i = bytes.indexOf(0xff, i + 1)) {
      if (i + 6 <= bytes.length && format.length(bytes.subarray(i, i + 6)) === 0) continue
      if (++tries > MAX_TRIES) throw new Damaged("no frames")
      if (await convincing(source, at + i, to, format)) return at + i
    }
  }
  if (to - from > MAX_GAP_BYTES) throw new Damaged("no frames")
  return to
}

/** Frames of one kind follow each other from here, or fill what is left. */
async function convincing(source: Source, at: number, to: number, format: FrameFormat, enough = CONVINCING_FRAMES): Promise<boolean> {
  const first = (await source.peek(at, 6)).slice()
  for (let i = 0; i < enough; i++) {
    const head = await source.peek(at, 6)
    const length = format.length(head)
    if (length === 0 || !isAlike(first, head, format)) return i > 0 && (await tagBytesAt(source, at)) > 0
    at += length
    if (at >= to) return i > 0 || at === to
  }
  return true
}

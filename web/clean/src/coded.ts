// Metadata inside the coded pictures themselves, whatever the container: cleaned where they stand, so that nothing moves.

import { Damaged, type Findings, NotPossible } from "./cleaned"
import { latin1, startsWith, view } from "./bytes"
import { isSuspect, MAX_NAL_BYTES, neutralNal, type NalCodec } from "./nal"
import { neutralObus } from "./obu"
import type { Patches, Source } from "./source"

export type Coding =
  | { kind: "nal"; codec: NalCodec; lengthBytes: number; isDolby: boolean }
  /** As broadcast and old containers have it: start codes instead of lengths. */
  | { kind: "start-codes"; codec: NalCodec }
  | { kind: "av1" }
  /** MPEG-1, 2 and 4 Visual. */
  | { kind: "mpeg" }
  | { kind: "jpeg" }

/** Whole pictures are held in memory where their units do not say how long they are. */
const MAX_PICTURE_BYTES = 32 * 1024 * 1024
const MAX_UNITS = 100_000

/** Cleans one coded picture. What cannot be understood stays and is said to. */
export async function cleanPicture(
  source: Source,
  from: number,
  to: number,
  coding: Coding,
  patches: Patches,
  found: Findings,
): Promise<void> {
  try {
    if (coding.kind === "nal") return await cleanUnits(source, from, to, coding, patches, found)
    if (coding.kind === "av1") {
      for await (const { at, bytes } of neutralObus(source, from, to)) {
        patches.write(at, bytes)
        found.removed.add("metadata-track")
      }
      return
    }
    if (to - from > MAX_PICTURE_BYTES) throw new NotPossible("too-complex")
    const bytes = await source.copy(from, to - from, MAX_PICTURE_BYTES)
    for (const [start, end] of cleanHeld(bytes, coding, found)) patches.write(from + start, bytes.slice(start, end))
  } catch (error) {
    if (!(error instanceof Damaged)) throw error
    found.remains.add("metadata")
  }
}

type Changed = [from: number, to: number]

/** Cleans a picture, or the head of a stream, in memory; says what it changed. */
export function cleanHeld(bytes: Uint8Array, coding: Coding, found: Findings): Changed[] {
  if (coding.kind === "mpeg") return cleanUserData(bytes, found)
  if (coding.kind === "jpeg") return cleanJpegFrame(bytes, found)
  if (coding.kind === "start-codes") return cleanStartCodes(bytes, coding.codec, found)
  throw new Damaged("coding")
}

async function cleanUnits(
  source: Source,
  from: number,
  to: number,
  coding: Coding & { kind: "nal" },
  patches: Patches,
  found: Findings,
): Promise<void> {
  const { codec, lengthBytes } = coding
  let at = from
  for (let count = 0; at + lengthBytes < to; count++) {
    if (count > MAX_UNITS) throw new Damaged("too many units")
    const head = await source.bytes(at, lengthBytes + 1)
    let length = 0
    for (let i = 0; i < lengthBytes; i++) length = length * 256 + head[i]!
    at += lengthBytes
    if (at + length > to) {
      if (to < source.size) throw new Damaged("unit too long")
      // A recording that was cut off ends in the middle of a unit.
      if (isSuspect(codec, head[lengthBytes]!, length, coding.isDolby)) patches.zero(at + 1, to)
      return
    }
    if (length > 0 && isSuspect(codec, head[lengthBytes]!, length, coding.isDolby)) {
      if (length > MAX_NAL_BYTES) throw new Damaged("unit too long")
      const neutral = neutralNal(await source.copy(at, length, MAX_NAL_BYTES), codec, found)
      if (neutral) patches.write(at, neutral)
    }
    at += length
  }
  // Fewer bytes than a length has.
  if (at < to && !(await source.allZero(at, to))) {
    patches.zero(at, to)
    found.removed.add("unknown-data")
  }
}

function cleanStartCodes(bytes: Uint8Array, codec: NalCodec, found: Findings): Changed[] {
  // Framed in another way than the container says.
  if (bytes.length > 0 && startCode(bytes, 0) > 4) throw new Damaged("no start code")
  const changed: Changed[] = []
  for (let from = startCode(bytes, 0); from < bytes.length;) {
    const next = startCode(bytes, from)
    let end = next > bytes.length ? bytes.length : next - 3
    while (end > from && bytes[end - 1] === 0) end--
    if (end > from && isSuspect(codec, bytes[from]!, end - from, false)) {
      const neutral = neutralNal(bytes.slice(from, end), codec, found)
      if (neutral) {
        bytes.set(neutral, from)
        changed.push([from, end])
      }
    }
    from = next
  }
  return changed
}

/** Behind the next start code; more than the length if there is none. */
function startCode(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(1, from + 2); at >= 0; at = bytes.indexOf(1, at + 1)) {
    if (bytes[at - 1] === 0 && bytes[at - 2] === 0) return at + 1
  }
  return bytes.length + 1
}

const USER_DATA = 0xb2
/** Decoders work around the faults of these encoders, so that their names are part of the picture. */
const ENCODER = /^(?:XviD\d{4}|DivX\d{3,4}(?:b\d{3,4}p?|Build\d+p?)|Lavc\d*(?:[.b]?\d+)*|FFmpeg[\w.]*|ffmpeg)[\0C ]*$/

/** What an encoder or a camera wrote for itself between the pictures. */
function cleanUserData(bytes: Uint8Array, found: Findings): Changed[] {
  const changed: Changed[] = []
  for (let from = startCode(bytes, 0); from < bytes.length;) {
    const next = startCode(bytes, from)
    if (bytes[from] === USER_DATA) {
      const end = next > bytes.length ? bytes.length : next - 3
      const data = bytes.subarray(from + 1, end)
      const text = latin1(data.subarray(0, 64))
      if (startsWith(data, "GA94\x03") || startsWith(data, "CC\x01\xf8")) found.remains.add("text-track")
      else if (
        !(startsWith(data, "DTG1") && data.length <= 8) &&
        !(data.length < 64 && ENCODER.test(text)) &&
        data.some((byte) => byte !== 0x20)
      ) {
        data.fill(0x20)
        changed.push([from + 1, end])
        found.removed.add("metadata-track")
      }
    }
    from = next
  }
  return changed
}

const SOI = 0xd8,
  EOI = 0xd9,
  SOS = 0xda,
  APP0 = 0xe0,
  APP1 = 0xe1,
  APP14 = 0xee,
  COM = 0xfe
/** Words of old encoders by which decoders choose colours. */
const COLOUR_WORDS = /^(?:AVID|CS=ITU601|Intel\(R\) JPEG Library|Metasoft MJPEG Codec)\0?$/

/** One picture of a film of JPEGs: the same segments as in a photograph, emptied in place. */
function cleanJpegFrame(bytes: Uint8Array, found: Findings): Changed[] {
  const changed: Changed[] = []
  const empty = (from: number, to: number, isPicture = true): void => {
    if (bytes.subarray(from, to).every((byte) => byte === 0)) return
    bytes.fill(0, from, to)
    changed.push([from, to])
    found.removed.add(isPicture ? "exif" : "unknown-data")
  }
  // Two fields make one picture where a program says so; anything else behind a picture is none.
  let isInterlaced = false
  let fields = 0
  let at = 0
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) {
      throw new Damaged("no marker")
    }
    const marker = bytes[at + 1]!
    if (marker === 0xff) at++
    else if (marker === SOI) at += 2
    else if (marker === EOI) {
      at += 2
      const second = isInterlaced && ++fields === 1 ? nextSoi(bytes, at) : -1
      empty(at, second < 0 ? bytes.length : second, false)
      if (second < 0) return changed
      at = second
    } else if (marker >= 0xd0 && marker <= 0xd7) at += 2
    else {
      if (at + 4 > bytes.length) throw new Damaged("segment")
      const end = at + 2 + view(bytes).getUint16(at + 2)
      if (end > bytes.length) throw new Damaged("segment")
      if (isOfTwoFields(bytes, marker, at + 4)) isInterlaced = true
      cleanSegment(bytes, marker, at + 4, end, empty)
      at = marker === SOS ? afterScan(bytes, end) : end
    }
  }
  return changed
}

function isOfTwoFields(bytes: Uint8Array, marker: number, from: number): boolean {
  return (
    (marker === APP0 && startsWith(bytes, "AVI1", from) && bytes[from + 4] !== 0) ||
    (marker === APP1 && startsWith(bytes, "mjpg", from + 4))
  )
}

function cleanSegment(bytes: Uint8Array, marker: number, from: number, to: number, empty: (from: number, to: number) => void): void {
  const text = latin1(bytes.subarray(from, Math.min(to, from + 40)))
  if (marker === APP0 && text.startsWith("JFIF\0")) empty(Math.min(to, from + 12), to)
  else if (marker === APP0 && text.startsWith("AVI1")) empty(Math.min(to, from + 14), to)
  else if (marker === APP1 && text.startsWith("mjpg", 4)) empty(Math.min(to, from + 40), to)
  else if (marker === APP14 && text.startsWith("Adobe")) empty(Math.min(to, from + 12), to)
  else if (marker === COM && COLOUR_WORDS.test(text)) return
  else if ((marker >= APP0 && marker <= 0xef) || marker === COM) empty(from, to)
}

/** A second field begins as the first one did, with its own mark. */
function nextSoi(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0 && at + 2 < bytes.length; at = bytes.indexOf(0xff, at + 1)) {
    if (bytes[at + 1] === SOI && bytes[at + 2] === 0xff) return at
  }
  return -1
}

function afterScan(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at + 1)) {
    const next = bytes[at + 1]
    if (next === undefined) break
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at
  }
  return bytes.length
}

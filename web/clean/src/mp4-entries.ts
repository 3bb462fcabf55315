// The sample descriptions of an MP4 (`stsd`): how a track's pictures or sound are coded. What a decoder reads of them stays;
// makers, encoders' names and whatever else hangs on them is zeroed.

import { Damaged, type Findings, NotPossible } from "./cleaned"
import { boxes, free, isFiller, tidy, wipe, type Box } from "./boxes"
import { latin1, view } from "./bytes"
import { cleanHeld, type Coding } from "./coded"
import { PADDING, STREAMINFO, STREAMINFO_BYTES } from "./flac"
import { neutraliseProfile } from "./icc"
import { isSuspect, neutralNal, type NalCodec } from "./nal"
import { neutralObus } from "./obu"
import type { Packing } from "./mp4-samples"
import { Source } from "./source"

export interface Description {
  coding: Coding | null
  packing: Packing | null
}

const ENTRY_BYTES = 8
const PICTURE_BYTES = 78
const SOUND_BYTES = 28

/** Codings all of whose boxes are known below. */
// prettier-ignore
const KNOWN = new Set([
  "avc1", "avc2", "avc3", "avc4", "hvc1", "hev1", "hvc2", "dvh1", "dvhe", "dva1", "dvav", "av01", "dav1", "vp08", "vp09", "mp4v", "s263", "h263",
  "H263", "jpeg", "mjpa", "mjpb", "AVDJ", "png ", "apcn", "apch", "apcs", "apco", "ap4h", "ap4x", "raw ", "rle ", "v210", "2vuy", "yuv2", "cvid",
  "mp4a", "samr", "sawb", "alac", "fLaC", "Opus", "ac-3", "ec-3", ".mp3", "sowt", "twos", "lpcm", "in24", "in32", "fl32", "fl64", "ulaw", "alaw",
  "ima4", "NONE", "ipcm", "fpcm", "ms\0U", "ms\0\x11",
])
/** Boxes of fixed length that a decoder or a screen reads, by their bytes. */
// prettier-ignore
const FIXED: Record<string, number> = {
  pasp: 8, clap: 32, fiel: 2, gama: 4, mdcv: 24, clli: 4, amve: 8, SmDm: 28, CoLL: 8, st3d: 5, dvcC: 24, dvvC: 24, dvwC: 24, vpcC: 12, ccst: 8,
  enda: 2, frma: 4, dac3: 3, pcmC: 6, srat: 8, mp4a: 4, bitr: 8,
}
const PCM_BITS: Record<string, number> = {
  sowt: 0,
  twos: 0,
  lpcm: 0,
  "raw ": 0,
  NONE: 0,
  in24: 24,
  in32: 32,
  fl32: 32,
  fl64: 64,
  ulaw: 8,
  alaw: 8,
}

/** Cleans the descriptions of one track, and says how their samples are to be read. */
export async function cleanDescriptions(bytes: Uint8Array, stsd: Box, handler: string, found: Findings): Promise<Description[]> {
  const count = view(bytes).getUint32(stsd.body + 4)
  const list: Description[] = []
  tidy(bytes, stsd.body + 8, stsd.end, found)
  const head = view(bytes).getUint32(stsd.body)
  const entries = boxes(bytes, stsd.body + 8, stsd.end).length
  if (head > 0x01000000 || (head & 0xffffff) !== 0 || count > entries) {
    view(bytes).setUint32(stsd.body, head >>> 24 === 1 ? 0x01000000 : 0)
    view(bytes).setUint32(stsd.body + 4, Math.min(count, entries))
    found.removed.add("unknown-data")
  }
  for (const entry of boxes(bytes, stsd.body + 8, stsd.end)) {
    if (list.length >= count) {
      found.removed.add("unknown-data")
      free(bytes, entry)
      continue
    }
    if (/^(?:enc|drm)/.test(entry.type)) throw new NotPossible("encrypted")
    if (entry.body + ENTRY_BYTES > entry.end) throw new Damaged("description")
    if (wipe(bytes, entry.body, entry.body + 6)) found.removed.add("unknown-data")
    if (/^(?:vide|pict|auxv)$/.test(handler)) list.push(await cleanPictures(bytes, entry, found))
    else if (handler === "soun") list.push(await cleanSound(bytes, entry, view(bytes).getUint32(stsd.body) >>> 24, found))
    else list.push({ coding: null, packing: null })
  }
  return list
}

async function cleanPictures(bytes: Uint8Array, entry: Box, found: Findings): Promise<Description> {
  const data = view(bytes)
  const at = entry.body
  if (at + PICTURE_BYTES > entry.end) throw new Damaged("description")
  // QuickTime's version, vendor and qualities; the size of a picture's data, which is none.
  const parts = [wipe(bytes, at + 8, at + 24), wipe(bytes, at + 36, at + 40), wipe(bytes, at + 42, at + 74)]
  if (parts.includes(true)) found.removed.add("software")
  for (const resolution of [at + 28, at + 32]) {
    const value = data.getUint32(resolution)
    if (value === 0x00480000 || value === 0) continue
    data.setUint32(resolution, 0x00480000)
    found.removed.add("unknown-data")
  }
  // Tape cameras write the day and the hour into every picture; pictures of other formats may hold what these hold in a file.
  const coding = codingOf(entry.type)
  if ((!KNOWN.has(entry.type) && coding === null) || entry.type === "png " || entry.type === "mjpb") found.remains.add("metadata")
  let inner = at + PICTURE_BYTES
  const depth = data.getUint16(at + 74)
  // Few colours, listed right here.
  if (data.getUint16(at + 76) === 0 && [1, 2, 4, 8, 33, 34, 36, 40].includes(depth) && inner + 8 <= entry.end) {
    inner += 8 + 8 * (data.getUint16(inner + 6) + 1)
    if (inner > entry.end) throw new Damaged("description")
  }
  return { coding: await cleanParts(bytes, entry, inner, coding, found), packing: null }
}

async function cleanSound(bytes: Uint8Array, entry: Box, stsdVersion: number, found: Findings): Promise<Description> {
  const data = view(bytes)
  const at = entry.body
  if (at + SOUND_BYTES > entry.end) throw new Damaged("description")
  const version = stsdVersion === 0 ? data.getUint16(at + 8) : 0
  const inner = at + SOUND_BYTES + (version === 1 ? 16 : version === 2 ? 36 : 0)
  if (version > 2 || inner > entry.end) throw new Damaged("description")
  if (wipe(bytes, at + 10, at + 16)) found.removed.add("software")
  if (!KNOWN.has(entry.type)) found.remains.add("metadata")
  const compression = data.getInt16(at + 20)
  const isTold = version < 2 && wipe(bytes, at + (compression === -2 || compression === -1 ? 22 : 20), at + 24)
  if (isTold) found.removed.add("unknown-data")
  const channels = data.getUint16(at + 16)
  const [perPacket, packetBytes] = version === 1 ? [data.getUint32(at + 28), data.getUint32(at + 36)] : [0, 0]
  const bits = entry.type in PCM_BITS && version < 2 ? PCM_BITS[entry.type]! || data.getUint16(at + 18) : 0
  const coding = await cleanParts(bytes, entry, inner, null, found)
  const packing: Packing = (count, uniform) => {
    if (uniform === 1 && perPacket > 1 && packetBytes > 0) return Math.ceil(count / perPacket) * packetBytes
    return count * (uniform === 1 && bits > 0 ? (bits >> 3) * channels : uniform)
  }
  return { coding, packing }
}

/** The boxes inside a description. What they say of how units are framed is filled into the coding. */
async function cleanParts(bytes: Uint8Array, entry: Box, from: number, coding: Coding | null, found: Findings): Promise<Coding | null> {
  tidy(bytes, from, entry.end, found)
  const parts = boxes(bytes, from, entry.end)
  if (coding?.kind === "nal") coding.isDolby = parts.some((part) => /^dv[cvw]C$/.test(part.type))
  let isConfigured = coding?.kind !== "nal"
  const seen = new Set<string>()
  for (const part of parts) {
    const isFirst = part.type === "colr" || !seen.has(part.type)
    seen.add(part.type)
    if (!isFirst) drop(bytes, part, found)
    else if (/^(?:avcC|hvcC)$/.test(part.type) && coding?.kind === "nal") {
      coding.lengthBytes = (bytes[part.body + (part.type === "avcC" ? 4 : 21)]! & 3) + 1
      isConfigured = true
      cleanParameters(bytes, part, coding.codec, found)
    } else if (part.type === "esds") {
      coding = cleanStream(bytes, part, coding, found)
    } else if (!(await cleanPart(bytes, part, found))) {
      if (KNOWN.has(entry.type) || isForeign(part.type)) drop(bytes, part, found)
      else found.remains.add("metadata")
    }
  }
  if (!isConfigured && coding?.kind === "nal") return { kind: "start-codes", codec: coding.codec }
  return coding
}

function drop(bytes: Uint8Array, part: Box, found: Findings): void {
  if (isFiller(part.type)) {
    if (wipe(bytes, part.body, part.end)) found.removed.add("unknown-data")
    return
  }
  if (part.type === "\0\0\0\0") {
    // QuickTime's end of a list.
    if (wipe(bytes, part.body, part.end)) found.removed.add("unknown-data")
    return
  }
  found.removed.add("unknown-data")
  free(bytes, part)
}

/** Boxes that no decoder needs, whatever the coding is. */
function isForeign(type: string): boolean {
  return isFiller(type) || /^(?:uuid|udta|meta|btrt|XMP_|\0\0\0\0)$/.test(type)
}

/** Cleans a box that stays; false if this one is not known. */
async function cleanPart(bytes: Uint8Array, part: Box, found: Findings): Promise<boolean> {
  const only = (length: number): true => {
    if (wipe(bytes, Math.min(part.body + length, part.end), part.end)) found.removed.add("unknown-data")
    return true
  }
  const fixed = FIXED[part.type]
  if (fixed !== undefined) return only(fixed)
  switch (part.type) {
    case "colr":
      return cleanColour(bytes, part, found)
    case "av1C":
      return cleanObus(bytes, part, found)
    case "lhvC":
      cleanArrays(bytes, part, part.body + 5, "h265", found)
      return true
    case "damr":
    case "d263":
      // The maker of the encoder, and its version.
      if (wipe(bytes, part.body, Math.min(part.body + 5, part.end))) found.removed.add("software")
      if (part.type === "d263") for (const inner of boxes(bytes, part.body + 7, part.end)) drop(bytes, inner, found)
      return part.type === "d263" || only(9)
    case "dOps":
      return only(bytes[part.body + 10] === 0 ? 11 : 13 + bytes[part.body + 9]!)
    case "alac":
      return only(52)
    case "chan":
      return only(16 + 20 * view(bytes).getUint32(part.body + 12))
    case "dec3":
      return only(24)
    case "SA3D":
      return only(12 + 4 * view(bytes).getUint32(part.body + 8))
    case "dfLa":
      return cleanFlacBlocks(bytes, part, found)
    case "auxi":
      if (!/^urn:mpeg:/.test(latin1(bytes.subarray(part.body + 4, part.end))) && wipe(bytes, part.body + 4, part.end))
        found.removed.add("unknown-data")
      return true
    case "sv3d":
      return cleanSphere(bytes, part, found)
    case "wave":
      tidy(bytes, part.body, part.end, found)
      for (const inner of boxes(bytes, part.body, part.end)) {
        if (inner.type === "esds") cleanStream(bytes, inner, null, found)
        else if (!(await cleanPart(bytes, inner, found))) drop(bytes, inner, found)
      }
      return true
    default:
      return false
  }
}

function cleanColour(bytes: Uint8Array, part: Box, found: Findings): boolean {
  const kind = latin1(bytes.subarray(part.body, part.body + 4))
  if (kind === "prof" || kind === "rICC") {
    const blanked = neutraliseProfile(bytes.subarray(part.body + 4, part.end), found)
    if (blanked) bytes.set(blanked, part.body + 4)
    return true
  }
  if (kind !== "nclx" && kind !== "nclc") return false
  if (wipe(bytes, part.body + (kind === "nclx" ? 11 : 10), part.end)) found.removed.add("unknown-data")
  return true
}

/** Which part of a sphere a picture shows stays; the program that put it together does not. */
function cleanSphere(bytes: Uint8Array, part: Box, found: Findings): boolean {
  const walk = (parent: Box): void => {
    for (const box of boxes(bytes, parent.body, parent.end)) {
      if (box.type === "proj") walk(box)
      else if (box.type === "svhd" ? wipe(bytes, box.body + 4, box.end) : false) found.removed.add("software")
      else if (box.type === "prhd") wipe(bytes, Math.min(box.end, box.body + 16), box.end)
      else if (box.type === "equi") wipe(bytes, Math.min(box.end, box.body + 20), box.end)
      else if (box.type === "cbmp") wipe(bytes, Math.min(box.end, box.body + 12), box.end)
      else if (box.type !== "svhd") drop(bytes, box, found)
    }
  }
  walk(part)
  return true
}

// ---- parameters of decoders

/** `avcC` and `hvcC`: units of parameters, each with its length, and perhaps messages of the encoder among them. */
export function cleanParameters(bytes: Uint8Array, part: Box, codec: NalCodec, found: Findings): void {
  if (codec === "h265") return cleanArrays(bytes, part, part.body + 22, codec, found)
  let at = part.body + 5
  at = cleanUnits(bytes, part, at + 1, bytes[at]! & 31, codec, found)
  at = cleanUnits(bytes, part, at + 1, bytes[at]!, codec, found)
  if (/^(?:100|110|122|144|244)$/.test(String(bytes[part.body + 1])) && at + 4 <= part.end) {
    at = cleanUnits(bytes, part, at + 4, bytes[at + 3]!, codec, found)
  }
  if (wipe(bytes, at, part.end)) found.removed.add("unknown-data")
}

function cleanArrays(bytes: Uint8Array, part: Box, from: number, codec: NalCodec, found: Findings): void {
  let at = from + 1
  for (let arrays = bytes[from]!; arrays > 0; arrays--) at = cleanUnits(bytes, part, at + 3, view(bytes).getUint16(at + 1), codec, found)
  if (wipe(bytes, at, part.end)) found.removed.add("unknown-data")
}

function cleanUnits(bytes: Uint8Array, part: Box, at: number, count: number, codec: NalCodec, found: Findings): number {
  for (; count > 0; count--) {
    const end = at + 2 + view(bytes).getUint16(at)
    if (end > part.end) throw new Damaged("parameters")
    if (end > at + 2 && isSuspect(codec, bytes[at + 2]!, end - at - 2, false)) {
      const neutral = neutralNal(bytes.subarray(at + 2, end), codec, found)
      if (neutral) bytes.set(neutral, at + 2)
    }
    at = end
  }
  return at
}

export async function cleanObus(bytes: Uint8Array, part: Box, found: Findings): Promise<true> {
  const from = part.body + 4
  const units = bytes.slice(from, part.end)
  for await (const { at, bytes: neutral } of neutralObus(new Source(new Blob([units])), 0, units.length)) {
    bytes.set(neutral, from + at)
    found.removed.add("metadata-track")
  }
  return true
}

/** FLAC's metadata blocks: the description of the stream, and padding in the place of all others. */
function cleanFlacBlocks(bytes: Uint8Array, part: Box, found: Findings): true {
  neutralFlacBlocks(bytes.subarray(part.body + 4, part.end), found)
  return true
}

export function neutralFlacBlocks(blocks: Uint8Array, found: Findings): void {
  let at = 0
  for (let isLast = false; !isLast && at + 4 <= blocks.length;) {
    isLast = (blocks[at]! & 0x80) !== 0
    const length = (blocks[at + 1]! << 16) | (blocks[at + 2]! << 8) | blocks[at + 3]!
    const isInfo = (blocks[at]! & 0x7f) === STREAMINFO
    if (!isInfo) blocks[at] = (blocks[at]! & 0x80) | PADDING
    if (wipe(blocks, Math.min(blocks.length, at + 4 + (isInfo ? STREAMINFO_BYTES : 0)), Math.min(blocks.length, at + 4 + length)))
      found.removed.add("tags")
    at += 4 + length
  }
  if (wipe(blocks, Math.min(at, blocks.length), blocks.length)) found.removed.add("unknown-data")
}

// ---- MPEG-4's own descriptions (ISO/IEC 14496-1)

const STREAM = 3,
  DECODER = 4,
  SPECIFIC = 5,
  SYNC = 6

/** The description of a stream; what it says of the coding of pictures. */
function cleanStream(bytes: Uint8Array, esds: Box, coding: Coding | null, found: Findings): Coding | null {
  let objectType = 0
  const wiped = (from: number, to: number): void => {
    if (wipe(bytes, Math.min(from, to), to)) found.removed.add("unknown-data")
  }
  const walk = (from: number, to: number, allowed: readonly number[]): void => {
    for (let at = from; at < to;) {
      const tag = bytes[at]!
      let length = 0
      let body = at + 1
      for (let i = 0; i < 4; i++) {
        const byte = bytes[body++]!
        length = length * 128 + (byte & 0x7f)
        if (byte < 0x80) break
      }
      const end = body + length
      if (tag === 0 || end > to) return wiped(at, to)
      if (!allowed.includes(tag)) wiped(body, end)
      else if (tag === STREAM) walk(afterStreamHead(bytes, body, end, found), end, [DECODER, SYNC])
      else if (tag === DECODER) {
        objectType = bytes[body]!
        walk(body + 13, end, [SPECIFIC])
      } else if (tag === SPECIFIC) {
        if (/^(?:32|9[6-9]|10[0136])$/.test(String(objectType))) cleanHeld(bytes.subarray(body, end), { kind: "mpeg" }, found)
      } else wiped(body + 1, end)
      at = end
    }
  }
  walk(esds.body + 4, esds.end, [STREAM])
  if (objectType === 0x6c) return { kind: "jpeg" }
  return coding
}

function afterStreamHead(bytes: Uint8Array, at: number, end: number, found: Findings): number {
  const flags = bytes[at + 2]!
  at += 3
  if (flags & 0x80) at += 2
  if (flags & 0x40) {
    const address = at + 1
    at = address + bytes[at]!
    if (at > end) throw new Damaged("stream")
    if (wipe(bytes, address, at)) found.removed.add("local-path")
  }
  if (flags & 0x20) at += 2
  return at
}

function codingOf(type: string): Coding | null {
  if (/^(?:avc[1-4]|dva1|dvav)$/.test(type)) return { kind: "nal", codec: "h264", lengthBytes: 4, isDolby: false }
  if (/^(?:hvc[12]|hev[12]|dvh1|dvhe)$/.test(type)) return { kind: "nal", codec: "h265", lengthBytes: 4, isDolby: false }
  if (type === "av01" || type === "dav1") return { kind: "av1" }
  if (/^(?:mp4v|m1v |m2v1|mx[345][np]|xdv.|hdv.|mpg[12])$/.test(type)) return { kind: "mpeg" }
  if (/^(?:jpeg|mjpa|AVDJ)$/.test(type)) return { kind: "jpeg" }
  return null
}

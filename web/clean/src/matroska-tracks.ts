// The tracks of a Matroska file: what a decoder needs of each, and in its private data nothing else.

import { Damaged, type Findings, NotPossible } from "./cleaned"
import { wipe, type Box } from "./boxes"
import { latin1, startsWith, view } from "./bytes"
import { cleanHeld, type Coding } from "./coded"
import { blank, type Element, elements, uint } from "./ebml"
import { cleanMaster, type Rules } from "./matroska-rules"
import { cleanObus, cleanParameters, neutralFlacBlocks } from "./mp4-entries"
import { emptyXiphComments } from "./ogg"

export interface MatroskaTrack {
  isKept: boolean
  isVideo: boolean
  hasAlpha: boolean
  coding: Coding | null
  /** Its frames are packed once more: what is in them cannot be seen. */
  isPacked: boolean
}

const ENTRY = 0xae,
  NUMBER = 0xd7,
  UID = 0x73c5,
  TYPE = 0x83,
  CODEC = 0x86,
  PRIVATE = 0x63a2,
  LANGUAGE = 0x22b59c,
  VIDEO = 0xe0,
  ALPHA = 0x53c0,
  ENCODINGS = 0x6d80
const PICTURE = 1,
  SOUND = 2,
  SUBTITLE = 17

const floats = (from: number, to: number): Rules =>
  Object.fromEntries(Array.from({ length: to - from + 1 }, (_, i) => [from + i, "float" as const]))
const uints = (...ids: number[]): Rules => Object.fromEntries(ids.map((id) => [id, "uint" as const]))
const COLOUR: Rules = {
  ...uints(0x55b1, 0x55b2, 0x55b3, 0x55b4, 0x55b5, 0x55b6, 0x55b7, 0x55b8, 0x55b9, 0x55ba, 0x55bb, 0x55bc, 0x55bd),
  0x55d0: floats(0x55d1, 0x55da),
}
const VIDEO_RULES: Rules = {
  ...uints(0x9a, 0x9d, 0x53b8, ALPHA, 0xb0, 0xba, 0x54aa, 0x54bb, 0x54cc, 0x54dd, 0x54b0, 0x54ba, 0x54b2, 0x54b3),
  0x2eb524: "short",
  0x2fb523: "float",
  0x2383e3: "float",
  0x55b0: COLOUR,
  0x7670: { ...uints(0x7671), 0x7672: "short", ...floats(0x7673, 0x7675) },
}
const ENTRY_RULES: Rules = {
  // Numbers, kinds and flags; caches, durations, delays.
  ...uints(
    NUMBER,
    TYPE,
    0xb9,
    0x88,
    0x55aa,
    0x55ab,
    0x55ac,
    0x55ad,
    0x55ae,
    0x55af,
    0x9c,
    0x6de7,
    0x6df8,
    0x23e383,
    0x234e7a,
    0x55ee,
    0x56aa,
    0x56bb,
  ),
  [UID]: "any",
  0x23314f: "float",
  [CODEC]: "any",
  [PRIVATE]: "any",
  [VIDEO]: VIDEO_RULES,
  0xe1: { ...uints(0x9f, 0x6264, 0x52f1), 0xb5: "float", 0x78b5: "float" },
  [ENCODINGS]: { 0x6240: { ...uints(0x5031, 0x5032, 0x5033), 0x5034: { 0x4254: "uint", 0x4255: "short" }, 0x5035: "any" } },
}
/** Cut off from the picture at an edge; more than encoders need to fill their blocks hides something. */
const CROPS = new Set([0x54aa, 0x54bb, 0x54cc, 0x54dd])
const MOST_CROP_PIXELS = 16

/** Cleans the list of tracks in memory. */
export async function cleanTracks(bytes: Uint8Array, from: number, found: Findings): Promise<Map<number, MatroskaTrack>> {
  const tracks = new Map<number, MatroskaTrack>()
  for (const entry of elements(bytes, from, bytes.length, found)) {
    if (entry.id !== ENTRY) continue
    const parts = elements(bytes, entry.body, entry.end, found)
    const value = (id: number): number | undefined => {
      const part = parts.find((part) => part.id === id)
      return part && uint(bytes, part)
    }
    const number = value(NUMBER)
    const type = value(TYPE)
    if (number === undefined || type === undefined || tracks.has(number)) throw new Damaged("track")
    const isKept = type === PICTURE || type === SOUND || type === SUBTITLE
    const track: MatroskaTrack = { isKept, isVideo: type === PICTURE, hasAlpha: false, coding: null, isPacked: false }
    tracks.set(number, track)
    if (type === SUBTITLE) found.remains.add("text-track")
    if (isKept) await cleanEntry(bytes, parts, track, type, number, found)
    else {
      found.removed.add("metadata-track")
      blank(bytes, entry)
    }
  }
  if (![...tracks.values()].some((track) => track.isKept)) throw new Damaged("no sound and no picture")
  cleanMaster(bytes, from, bytes.length, { [ENTRY]: ENTRY_RULES_WITH_LANGUAGE }, found)
  return tracks
}

const ENTRY_RULES_WITH_LANGUAGE: Rules = { ...ENTRY_RULES, [LANGUAGE]: "any" }

async function cleanEntry(
  bytes: Uint8Array,
  parts: Element[],
  track: MatroskaTrack,
  type: number,
  number: number,
  found: Findings,
): Promise<void> {
  const find = (id: number): Element | undefined => parts.find((part) => part.id === id)
  const encodings = find(ENCODINGS)
  const scopes = encodings ? readEncodings(bytes, encodings, found) : 0
  track.isPacked = (scopes & 1) !== 0
  const video = find(VIDEO)
  for (const part of video ? elements(bytes, video.body, video.end, found) : []) {
    if (part.id === ALPHA) track.hasAlpha = uint(bytes, part) === 1
    if (CROPS.has(part.id) && uint(bytes, part) > MOST_CROP_PIXELS) found.remains.add("hidden-content")
  }
  const uid = find(UID)
  if (uid) cleanUid(bytes, uid, number, found)
  for (const language of parts.filter((part) => part.id === LANGUAGE)) if (type !== SUBTITLE) cleanLanguage(bytes, language, found)
  const codec = find(CODEC)
  if (!codec) throw new Damaged("codec")
  const name = latin1(bytes.subarray(codec.body, codec.end)).replace(/\0[^]*$/, "")
  if (wipe(bytes, codec.body + name.length, codec.end)) found.removed.add("unknown-data")
  const held = find(PRIVATE)
  const data = held ? bytes.subarray(held.body, held.end) : new Uint8Array(0)
  if ((scopes & 2) !== 0 && data.length > 0) found.remains.add("metadata")
  else if (type !== SUBTITLE) track.coding = await cleanPrivate(name, data, found)
}

/** Which parts of a track are packed once more: 1 for frames, 2 for private data. */
function readEncodings(bytes: Uint8Array, encodings: Element, found: Findings): number {
  let scopes = 0
  for (const encoding of elements(bytes, encodings.body, encodings.end, found)) {
    const parts = elements(bytes, encoding.body, encoding.end, found)
    const scope = parts.find((part) => part.id === 0x5032)
    const kind = parts.find((part) => part.id === 0x5033)
    if ((kind && uint(bytes, kind) !== 0) || parts.some((part) => part.id === 0x5035)) throw new NotPossible("encrypted")
    scopes |= scope ? uint(bytes, scope) : 1
  }
  return scopes
}

/** A random number that finds the same recording again; any other will do. */
function cleanUid(bytes: Uint8Array, uid: Element, number: number, found: Findings): void {
  const before = bytes.slice(uid.body, uid.end)
  bytes.fill(0, uid.body, uid.end)
  if (uid.end > uid.body) bytes[uid.end - 1] = number & 0xff || 1
  if (!before.every((byte, i) => byte === bytes[uid.body + i])) found.removed.add("identifiers")
}

/** The language of a device's menus, whatever is spoken. Without one, English would be meant. */
function cleanLanguage(bytes: Uint8Array, language: Element, found: Findings): void {
  const text = latin1(bytes.subarray(language.body, language.end))
  if (/^und\0*$/.test(text)) return
  if (!/^eng\0*$/.test(text)) found.removed.add("tags")
  if (language.end - language.body < 3) return blank(bytes, language)
  bytes.fill(0, language.body, language.end)
  bytes.set([0x75, 0x6e, 0x64], language.body)
}

/** Cleans the private data of a codec; says how its pictures are to be read. */
async function cleanPrivate(codec: string, data: Uint8Array, found: Findings): Promise<Coding | null> {
  const only = (length: number): null => {
    if (wipe(data, Math.min(length, data.length), data.length)) found.removed.add("unknown-data")
    return null
  }
  const box: Box = { type: "", start: 0, body: 0, end: data.length }
  if (codec === "V_MPEG4/ISO/AVC" || codec === "V_MPEGH/ISO/HEVC") {
    const kind = codec === "V_MPEG4/ISO/AVC" ? "h264" : "h265"
    if (data.length < (kind === "h264" ? 7 : 23)) return { kind: "start-codes", codec: kind }
    cleanParameters(data, box, kind, found)
    return { kind: "nal", codec: kind, lengthBytes: (data[kind === "h264" ? 4 : 21]! & 3) + 1, isDolby: false }
  }
  if (codec === "V_AV1") {
    if (data.length >= 4) await cleanObus(data, box, found)
    return { kind: "av1" }
  }
  if (/^V_MPEG(?:4\/ISO\/(?:SP|ASP|AP)|1|2)$/.test(codec)) {
    cleanHeld(data, { kind: "mpeg" }, found)
    return { kind: "mpeg" }
  }
  if (codec === "V_MJPEG") {
    only(0)
    return { kind: "jpeg" }
  }
  if (codec === "V_MS/VFW/FOURCC") return cleanBitmapHead(data, found)
  if (codec === "V_VP9") return only(12)
  if (/^(?:V_VP8|V_UNCOMPRESSED|A_PCM\/.*|A_AC3.*|A_EAC3|A_DTS.*|A_TRUEHD|A_MPEG\/L[123])$/.test(codec)) return only(0)
  if (codec === "A_OPUS") return only(data[18] === 0 ? 19 : 21 + (data[9] ?? 0))
  if (codec === "A_AAC" || codec.startsWith("A_AAC/")) return only(64)
  if (codec === "A_ALAC") return only(48)
  if (codec === "A_VORBIS" || codec === "V_THEORA") {
    emptyXiphComments(data, codec === "A_VORBIS" ? "vorbis" : "theora", found)
    return null
  }
  if (codec === "A_FLAC") {
    neutralFlacBlocks(startsWith(data, "fLaC") ? data.subarray(4) : data, found)
    return null
  }
  if (codec === "A_MS/ACM" && data.length >= 16) return only(data.length >= 18 ? 18 + view(data).getUint16(16, true) : 16)
  found.remains.add("metadata")
  return null
}

const BITMAP_BYTES = 40

/** The head of a Windows bitmap, as AVI and old Matroska files have it, and what the codec hangs on it. */
export function cleanBitmapHead(data: Uint8Array, found: Findings): Coding | null {
  if (data.length < BITMAP_BYTES) throw new Damaged("head")
  const name = latin1(data.subarray(16, 20))
  const coding = codingOf(name)
  // Tape cameras write the day and the hour into every picture; pictures of other formats may hold what these hold in a file.
  if (/^(?:dv|cdv|mpng|png|mjp2|tiff)/i.test(name)) found.remains.add("metadata")
  // Pixels for each metre, and how many colours matter.
  if ([wipe(data, 24, 32), wipe(data, 36, 40)].includes(true)) found.removed.add("unknown-data")
  const rest = data.subarray(BITMAP_BYTES)
  if (coding?.kind === "mpeg" || coding?.kind === "start-codes") cleanHeld(rest, coding, found)
  else if (coding?.kind === "jpeg" ? wipe(rest, 0, rest.length) : false) found.removed.add("unknown-data")
  else if (coding === null && rest.length > 1024 * 4) found.remains.add("metadata")
  return coding
}

function codingOf(name: string): Coding | null {
  if (/^(?:h264|x264|avc1|davc|vssh)$/i.test(name)) return { kind: "start-codes", codec: "h264" }
  if (/^(?:hevc|h265|hvc1|x265)$/i.test(name)) return { kind: "start-codes", codec: "h265" }
  if (/^(?:xvid|divx|dx50|fmp4|mp4v|div[x5]|mpg[124]|mpeg|m4s2)$/i.test(name)) return { kind: "mpeg" }
  if (/^(?:mjpg|jpeg|avrn|dmb1|mjpa|ljpg)$/i.test(name)) return { kind: "jpeg" }
  return null
}

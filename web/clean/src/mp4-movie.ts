// The index of an MP4: its tracks and their tables. Boxes that a player needs stay, and of these the fields that it reads
// (mp4-fields.ts); all others are emptied, and tracks that hold neither sound nor picture nor text with them.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { boxes, child, free, isFiller, tidy, wipe, type Box } from "./boxes"
import { fromLatin1, indexOf, latin1, startsWith, view } from "./bytes"
import { cleanFields, cleanLanguage, isField } from "./mp4-fields"
import { cleanDescriptions, type Description } from "./mp4-entries"
import { type Defaults, indexedSamples, type Packing } from "./mp4-samples"
import type { Range } from "./ranges"

const XMP_UUID = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
const MAX_DEPTH = 8

const NEEDED: Record<string, ReadonlySet<string>> = {
  moov: new Set(["mvhd", "trak", "mvex"]),
  trak: new Set(["tkhd", "mdia", "edts", "tref", "tapt"]),
  tapt: new Set(["clef", "prof", "enof"]),
  edts: new Set(["elst"]),
  mdia: new Set(["mdhd", "hdlr", "minf"]),
  minf: new Set(["vmhd", "smhd", "nmhd", "sthd", "gmhd", "hdlr", "dinf", "stbl"]),
  gmhd: new Set(["gmin", "text"]),
  dinf: new Set(["dref"]),
  stbl: new Set(["stsd", "stts", "ctts", "cslg", "stss", "stps", "stsc", "stsz", "stz2", "stco", "co64", "sdtp", "sgpd", "sbgp"]),
  mvex: new Set(["mehd", "trex"]),
  moof: new Set(["mfhd", "traf"]),
  traf: new Set(["tfhd", "tfdt", "trun", "sgpd", "sbgp"]),
  mfra: new Set(["tfra", "mfro"]),
}
/** Boxes of which a list may have several. */
const REPEATED = new Set(["trak", "traf", "trun", "trex", "tfra", "sgpd", "sbgp"])
/** Groups of samples that say where decoding can begin. */
const GROUPS = new Set(["roll", "prol", "rap ", "sync", "tele", "sap "])
const KEPT_TRACKS = new Set(["vide", "soun", "text", "sbtl", "subt", "clcp", "pict", "auxv"])
const TEXT_TRACKS = new Set(["text", "sbtl", "subt", "clcp"])
/** How tracks that are seen or heard belong together. */
const REFERENCES = new Set(["sync", "auxl", "subt", "vdep", "vplx", "fall", "folw", "forc"])
/** Editing away more than this, and the rest still being there, is worth a word. */
const HIDDEN_SECONDS = 1

export interface Track {
  id: number
  handler: string
  isKept: boolean
  trak: Box
  stbl: Box | undefined
  descriptions: Description[]
  defaults: Defaults
}

export interface Movie {
  tracks: Track[]
  hasVideo: boolean
}

/** Cleans the index in memory; what it says of the tracks is for finding their samples. */
export async function cleanIndex(moov: Uint8Array, root: Box, found: Findings): Promise<Movie> {
  tidyAll(moov, root, found, 0)
  if (child(moov, root, "cmov")) throw new NotPossible("unsupported-variant")
  const tracks = readTracks(moov, root)
  if (!tracks.some((track) => track.isKept && track.handler !== "text")) throw new Damaged("no sound and no picture")
  noteHidden(moov, root, tracks, found)
  for (const track of tracks) {
    if (track.isKept) await cleanTrack(moov, track, found)
    else found.removed.add("metadata-track")
  }
  const ids = new Set(tracks.filter((track) => track.isKept).map((track) => track.id))
  cleanReferences(moov, tracks, ids, found)
  cleanContainer(moov, root, found, 0)
  return { tracks, hasVideo: tracks.some((track) => track.handler === "vide") }
}

/** Samples of one length lie as they are counted. */
const PLAIN: Packing = (count, uniform) => count * uniform

/** Where the samples of some tracks lie. */
export function rangesOf(moov: Uint8Array, tracks: Track[], size: number): Range[] {
  const list: Range[] = []
  for (const { stbl, descriptions } of tracks) {
    if (!stbl) continue
    for (const { from, to } of indexedSamples(moov, stbl, (i) => (descriptions[i - 1] ?? descriptions[0])?.packing ?? PLAIN))
      addRange(list, from, to, size)
  }
  return list
}

/** Samples that lie behind the end of a file that was cut off are none. */
export function addRange(list: Range[], from: number, to: number, size: number): void {
  const last = list.at(-1)
  if (from >= size || to <= from) return
  if (last && last[1] === from) last[1] = Math.min(to, size)
  else list.push([from, Math.min(to, size)])
}

function tidyAll(bytes: Uint8Array, parent: Box, found: Findings, depth: number): void {
  if (depth > MAX_DEPTH) throw new Damaged("nesting")
  tidy(bytes, parent.body, parent.end, found)
  for (const box of boxes(bytes, parent.body, parent.end)) if (box.type in NEEDED) tidyAll(bytes, box, found, depth + 1)
}

function readTracks(moov: Uint8Array, root: Box): Track[] {
  const tracks: Track[] = []
  const data = view(moov)
  for (const trak of boxes(moov, root.body, root.end)) {
    if (trak.type !== "trak") continue
    const tkhd = child(moov, trak, "tkhd")
    const mdia = child(moov, trak, "mdia")
    const hdlr = mdia && child(moov, mdia, "hdlr")
    if (!tkhd || !mdia || !hdlr || hdlr.body + 12 > hdlr.end) throw new Damaged("track")
    const handler = latin1(moov.subarray(hdlr.body + 8, hdlr.body + 12))
    const minf = child(moov, mdia, "minf")
    const id = data.getUint32(tkhd.body + (moov[tkhd.body] === 1 ? 20 : 12))
    const isKept = KEPT_TRACKS.has(handler)
    const stbl = minf && child(moov, minf, "stbl")
    tracks.push({ id, handler, isKept, trak, stbl, descriptions: [], defaults: { sampleSize: 0, description: 1 } })
  }
  // Chapters are a track of text that nobody sees on the picture.
  for (const { trak } of tracks) {
    const tref = child(moov, trak, "tref")
    if (!tref) continue
    for (const reference of boxes(moov, tref.body, tref.end)) {
      if (reference.type !== "chap") continue
      for (const id of idsOf(moov, reference))
        for (const track of tracks) if (track.id === id && track.handler !== "soun") track.isKept = false
    }
  }
  const mvex = child(moov, root, "mvex")
  for (const trex of mvex ? boxes(moov, mvex.body, mvex.end) : []) {
    if (trex.type !== "trex" || trex.body + 24 > trex.end) continue
    const defaults = { description: data.getUint32(trex.body + 8), sampleSize: data.getUint32(trex.body + 16) }
    for (const track of tracks) if (track.id === data.getUint32(trex.body + 4)) track.defaults = defaults
  }
  return tracks
}

/** A film that was trimmed, or whose first picture was switched off, still holds what no player shows. */
function noteHidden(moov: Uint8Array, root: Box, tracks: Track[], found: Findings): void {
  const data = view(moov)
  const seen = tracks.filter(({ isKept, handler }) => isKept && /^(?:vide|soun)$/.test(handler))
  const isOn = ({ trak }: Track): boolean => (data.getUint32(child(moov, trak, "tkhd")!.body) & 1) === 1
  if (seen.some(isOn) && !seen.every(isOn)) found.remains.add("hidden-content")
  const mvhd = child(moov, root, "mvhd")
  if (!mvhd) throw new Damaged("no head")
  const movieScale = data.getUint32(mvhd.body + (moov[mvhd.body] === 1 ? 20 : 12))
  for (const { trak } of seen) {
    const edts = child(moov, trak, "edts")
    const elst = edts && child(moov, edts, "elst")
    const mdhd = child(moov, child(moov, trak, "mdia")!, "mdhd")
    if (!elst || !mdhd) continue
    const isLong = moov[mdhd.body] === 1
    const scale = data.getUint32(mdhd.body + (isLong ? 20 : 12))
    const duration = isLong ? long(data, mdhd.body + 24) : data.getUint32(mdhd.body + 16)
    const shown = shownSeconds(moov, elst, movieScale)
    // A duration of ones is one that nobody filled in; none shown is an edit that goes to the end.
    if (shown !== null && scale > 0 && duration < 0xffffffff && duration / scale - shown > HIDDEN_SECONDS)
      found.remains.add("hidden-content")
  }
}

function shownSeconds(moov: Uint8Array, elst: Box, movieScale: number): number | null {
  const data = view(moov)
  const isLong = moov[elst.body] === 1
  const row = isLong ? 20 : 12
  let seconds = 0
  let at = elst.body + 8
  for (let left = data.getUint32(elst.body + 4); left > 0 && at + row <= elst.end; left--, at += row) {
    const duration = isLong ? long(data, at) : data.getUint32(at)
    const isGap = data.getInt32(at + (isLong ? 8 : 4)) === -1
    if (duration === 0 && !isGap) return null
    if (!isGap) seconds += duration / movieScale
  }
  return seconds
}

/** Empties every box that is not needed, and what the others hold beyond their fields. */
export function cleanContainer(bytes: Uint8Array, parent: Box, found: Findings, depth: number): void {
  if (depth > MAX_DEPTH) throw new Damaged("nesting")
  const seen = new Set<string>()
  for (const box of boxes(bytes, parent.body, parent.end)) {
    const isNeeded = NEEDED[parent.type]!.has(box.type) && (REPEATED.has(box.type) || !seen.has(box.type))
    seen.add(box.type)
    if (isFiller(box.type)) {
      if (wipe(bytes, box.body, box.end)) found.removed.add("unknown-data")
    } else if (!isNeeded || ((box.type === "sgpd" || box.type === "sbgp") && !isGroup(bytes, box))) {
      for (const meaning of meanings(box.type, bytes.subarray(box.body, box.end))) found.removed.add(meaning)
      free(bytes, box)
    } else if (box.type in NEEDED) {
      cleanContainer(bytes, box, found, depth + 1)
    } else if (box.type === "hdlr") {
      cleanHandler(bytes, box, found)
    } else if (box.type === "dref") {
      cleanPlaces(bytes, box, found)
    } else if (isField(box.type)) {
      cleanFields(bytes, box, found)
    }
  }
}

/** Groups of samples without those that say something else than how to decode. */
function isGroup(bytes: Uint8Array, box: Box): boolean {
  if (box.body + 16 > box.end || !GROUPS.has(latin1(bytes.subarray(box.body + 4, box.body + 8)))) return false
  if (box.type === "sbgp") return true
  const length = view(bytes).getUint32(box.body + 8)
  return bytes[box.body]! >= 1 && length > 0 && length <= 4
}

/** Maker and name of a handler: a phone's brand, or the encoder's. */
export function cleanHandler(bytes: Uint8Array, box: Box, found: Findings): void {
  if (box.end - box.body < 20) throw new Damaged("handler")
  if (wipe(bytes, box.body + 12, box.end)) found.removed.add("software")
  const kind = latin1(bytes.subarray(box.body, box.body + 8))
  if (!/^\0\0\0\0(?:\0\0\0\0|mhlr|dhlr)$/.test(kind) && wipe(bytes, box.body, box.body + 8)) found.removed.add("unknown-data")
}

/** Where the media are: in this very file, whatever disk, folder or address is named. */
function cleanPlaces(bytes: Uint8Array, references: Box, found: Findings): void {
  tidy(bytes, references.body + 8, references.end, found)
  const count = boxes(bytes, references.body + 8, references.end).length
  if (view(bytes).getUint32(references.body) !== 0 || view(bytes).getUint32(references.body + 4) !== count) {
    bytes.fill(0, references.body, references.body + 4)
    view(bytes).setUint32(references.body + 4, count)
    found.removed.add("unknown-data")
  }
  for (const entry of boxes(bytes, references.body + 8, references.end)) {
    if (entry.body + 4 <= entry.end && wipe(bytes, entry.body + 4, entry.end)) found.removed.add("local-path")
    if (!/^(?:url |urn |alis|rsrc|imdt|snim)$/.test(entry.type)) {
      bytes.set(fromLatin1("url "), entry.start + 4)
      found.removed.add("unknown-data")
    }
  }
}

async function cleanTrack(moov: Uint8Array, track: Track, found: Findings): Promise<void> {
  const { trak, handler, stbl } = track
  const mdhd = child(moov, child(moov, trak, "mdia")!, "mdhd")
  if (TEXT_TRACKS.has(handler)) found.remains.add("text-track")
  else if (mdhd) cleanLanguage(moov, mdhd, found)
  const stsd = stbl && child(moov, stbl, "stsd")
  if (stsd) track.descriptions = await cleanDescriptions(moov, stsd, handler, found)
  // One byte for each sample.
  const sdtp = stbl && child(moov, stbl, "sdtp")
  const stsz = stbl && (child(moov, stbl, "stsz") ?? child(moov, stbl, "stz2"))
  if (sdtp && stsz) {
    const end = sdtp.body + 4 + view(moov).getUint32(stsz.body + 8)
    if (wipe(moov, Math.min(end, sdtp.end), sdtp.end)) found.removed.add("unknown-data")
  }
}

/** Tracks that went are referred to no more. */
function cleanReferences(moov: Uint8Array, tracks: Track[], kept: ReadonlySet<number>, found: Findings): void {
  for (const { trak, isKept } of tracks) {
    if (!isKept) {
      free(moov, trak)
      continue
    }
    const tref = child(moov, trak, "tref")
    if (!tref) continue
    for (const reference of boxes(moov, tref.body, tref.end)) {
      if (isFiller(reference.type)) {
        if (wipe(moov, reference.body, reference.end)) found.removed.add("unknown-data")
        continue
      }
      if (REFERENCES.has(reference.type) && idsOf(moov, reference).every((id) => kept.has(id))) {
        if (wipe(moov, reference.end - ((reference.end - reference.body) % 4), reference.end)) found.removed.add("unknown-data")
        continue
      }
      if (idsOf(moov, reference).every((id) => tracks.every((track) => track.id !== id))) found.removed.add("unknown-data")
      free(moov, reference)
    }
  }
}

function idsOf(moov: Uint8Array, reference: Box): number[] {
  const ids: number[] = []
  for (let at = reference.body; at + 4 <= reference.end; at += 4) ids.push(view(moov).getUint32(at))
  return ids
}

/** What a box that goes was about. */
export function meanings(type: string, content: Uint8Array): Removed[] {
  const list: Removed[] = []
  if (type === "uuid") list.push(startsWith(content, XMP_UUID) ? "xmp" : "unknown-data")
  else if (type === "udta" || type === "meta") list.push("tags")
  else if (type === "mpvd") list.push("motion-video")
  else list.push("unknown-data")
  const says = (...words: string[]): boolean => words.some((word) => indexOf(content, word) >= 0)
  if (says("\xa9xyz", "loci", "location.ISO6709", "GPSLatitude", "GPSCoordinates")) list.push("gps")
  if (says("\xa9day", "creationdate", "CreateDate")) list.push("timestamps")
  if (says("\xa9mak", "\xa9mod", "quicktime.make", "quicktime.model", "android.manufacturer", "android.model")) list.push("device")
  if (says("\xa9ART", "\xa9aut", "auth", "aART")) list.push("author")
  if (says("\xa9too", "\xa9swr", "\xa9enc", "quicktime.software", "android.version")) list.push("software")
  return list
}

function long(data: DataView, at: number): number {
  return data.getUint32(at) * 2 ** 32 + data.getUint32(at + 4)
}

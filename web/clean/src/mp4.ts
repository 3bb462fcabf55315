// MP4, M4A, MOV and 3GP. Sound and picture stay where they are; user data, metadata, dates, encoders' names and tracks of
// sensor readings are overwritten.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { boxes, child, free, freeTop, isFiller, topBoxes, wipe, type Box, type TopBox } from "./boxes"
import { indexOf, latin1, startsWith, view } from "./bytes"
import { Patches, type Output, type Source } from "./source"

/** Long recordings have sample tables of a few megabytes. */
const MAX_BOX_BYTES = 32 * 1024 * 1024
const MAX_SAMPLES = 4_000_000
const XMP_UUID = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"

const TOP_NEEDED = new Set(["ftyp", "styp", "pdin", "mdat", "sidx", "ssix", "mfra"])
const NEEDED: Record<string, ReadonlySet<string>> = {
  moov: new Set(["mvhd", "trak", "mvex", "iods", "clip", "ctab", "pssh"]),
  trak: new Set(["tkhd", "mdia", "edts", "tref", "tapt", "load", "clip", "matt", "trgr"]),
  mdia: new Set(["mdhd", "hdlr", "minf", "elng"]),
  minf: new Set(["vmhd", "smhd", "hmhd", "nmhd", "sthd", "gmhd", "hdlr", "dinf", "stbl"]),
  moof: new Set(["mfhd", "traf", "pssh"]),
  traf: new Set(["tfhd", "tfdt", "trun", "sbgp", "sgpd", "subs", "saiz", "saio", "senc"]),
}
const KEPT_TRACKS = new Set(["vide", "soun", "text", "sbtl", "subt", "clcp", "pict", "auxv"])
const TEXT_TRACKS = new Set(["text", "sbtl", "subt", "clcp"])

/** What the tracks turned out to be, for a fitting file name. */
export interface Mp4Kind {
  hasVideo: boolean
}

export async function cleanMp4(source: Source, found: Findings, kind: Mp4Kind): Promise<Output> {
  const { list, end } = await topBoxes(source, (seen) => has(seen, "moov") && has(seen, "mdat"))
  if (!has(list, "moov")) throw new Damaged("no index")
  const patches = new Patches(source)
  if (end < source.size) {
    found.removed.add("trailing-data")
    patches.cut(end)
  }
  const fragmented = has(list, "moof")
  for (const top of list) {
    if (top.type === "moov") await cleanMovie(source, top, list, fragmented, patches, found, kind)
    else if (top.type === "moof") await cleanFragment(source, top, patches, found)
    else if (!TOP_NEEDED.has(top.type)) await cleanTop(source, top, patches, found)
  }
  return patches.output()
}

/** A box of the file which a player does without. */
export async function cleanTop(source: Source, top: TopBox, patches: Patches, found: Findings): Promise<void> {
  if (isFiller(top.type)) {
    if (await source.allZero(top.body, top.end)) return
    found.removed.add("unknown-data")
    patches.zero(top.body, top.end)
    return
  }
  const head = await source.bytes(top.body, Math.min(top.end - top.body, 64 * 1024))
  for (const meaning of meanings(top.type, head)) found.removed.add(meaning)
  freeTop(patches, top)
}

/** The `moov` box: of a film, or of a sequence of pictures. */
export async function cleanMovie(
  source: Source,
  top: TopBox,
  list: TopBox[],
  fragmented: boolean,
  patches: Patches,
  found: Findings,
  kind: Mp4Kind,
): Promise<void> {
  const moov = await source.copy(top.start, top.end - top.start, MAX_BOX_BYTES)
  const root: Box = { type: "moov", start: 0, body: top.body - top.start, end: moov.length }
  if (child(moov, root, "cmov")) throw new NotPossible("unsupported-variant")
  const before = moov.slice()
  const dropped = cleanTracks(moov, root, found, kind)
  cleanContainer(moov, root, "", found, 0)
  if (dropped.tracks > 0 && fragmented) found.remains.add("metadata-track")
  const data = list.filter((box) => box.type === "mdat")
  dropped.samples.sort((a, b) => a[0] - b[0])
  let next = 0
  for (const [from, to] of dropped.samples) {
    while (next < data.length && data[next]!.end < to) next++
    if (next === data.length || from < data[next]!.body) throw new Damaged("sample outside the data")
    patches.zero(from, to)
  }
  if (!moov.every((byte, at) => byte === before[at])) patches.write(top.start, moov)
}

async function cleanFragment(source: Source, top: TopBox, patches: Patches, found: Findings): Promise<void> {
  const moof = await source.copy(top.start, top.end - top.start, MAX_BOX_BYTES)
  const before = moof.slice()
  cleanContainer(moof, { type: "moof", start: 0, body: top.body - top.start, end: moof.length }, "", found, 0)
  if (!moof.every((byte, at) => byte === before[at])) patches.write(top.start, moof)
}

/** `handler` is the kind of track that we are in. */
function cleanContainer(bytes: Uint8Array, parent: Box, handler: string, found: Findings, depth: number): void {
  if (depth > 8) throw new Damaged("nesting")
  if (parent.type === "mdia") {
    const hdlr = child(bytes, parent, "hdlr")
    if (hdlr) handler = handlerType(bytes, hdlr)
  }
  for (const box of boxes(bytes, parent.body, parent.end)) {
    if (isFiller(box.type)) {
      if (wipe(bytes, box.body, box.end)) found.removed.add("unknown-data")
    } else if (NEEDED[parent.type]?.has(box.type) === false) {
      for (const meaning of meanings(box.type, bytes.subarray(box.body, box.end))) found.removed.add(meaning)
      free(bytes, box)
    } else if (box.type in NEEDED) {
      cleanContainer(bytes, box, handler, found, depth + 1)
    } else if (box.type === "mvhd" || box.type === "tkhd" || box.type === "mdhd") {
      const length = bytes[box.body] === 1 ? 16 : 8
      if (box.body + 4 + length > box.end) throw new Damaged("header")
      if (wipe(bytes, box.body + 4, box.body + 4 + length)) found.removed.add("timestamps")
    } else if (box.type === "hdlr") {
      cleanHandler(bytes, box, found)
    } else if (box.type === "dinf") {
      const references = child(bytes, box, "dref")
      if (references) cleanReferences(bytes, references, found)
    } else if (box.type === "stbl") {
      const description = child(bytes, box, "stsd")
      if (description) cleanDescriptions(bytes, description, handler, found)
    }
  }
}

/** Maker and name of a handler: a phone's brand, or the encoder's. */
export function cleanHandler(bytes: Uint8Array, box: Box, found: Findings): void {
  if (box.end - box.body < 20) throw new Damaged("handler")
  if (wipe(bytes, box.body + 12, box.end)) found.removed.add("software")
}

/** Where the media are, when they are in this very file: QuickTime may still name a disk and a folder there. */
function cleanReferences(bytes: Uint8Array, references: Box, found: Findings): void {
  for (const entry of boxes(bytes, references.body + 8, references.end)) {
    const isHere = entry.end >= entry.body + 4 && (bytes[entry.body + 3]! & 1) === 1
    if (isHere && wipe(bytes, entry.body + 4, entry.end)) found.removed.add("local-path")
  }
}

/** Vendor and compressor's name in the sample entries of pictures and sound. */
function cleanDescriptions(bytes: Uint8Array, description: Box, handler: string, found: Findings): void {
  if (handler !== "vide" && handler !== "soun") return
  for (const entry of boxes(bytes, description.body + 8, description.end)) {
    if (entry.end >= entry.body + 16 && wipe(bytes, entry.body + 12, entry.body + 16)) found.removed.add("software")
    if (handler === "vide" && entry.end >= entry.body + 78 && wipe(bytes, entry.body + 42, entry.body + 74)) found.removed.add("software")
  }
}

interface Dropped {
  tracks: number
  samples: [from: number, to: number][]
}

/** Empties the tracks that hold neither sound nor picture, and the references to them. */
function cleanTracks(moov: Uint8Array, root: Box, found: Findings, kind: Mp4Kind): Dropped {
  const dropped: Dropped = { tracks: 0, samples: [] }
  const ids = new Set<number>()
  const kept: Box[] = []
  for (const trak of boxes(moov, root.body, root.end)) {
    if (trak.type !== "trak") continue
    const tkhd = child(moov, trak, "tkhd")
    const mdia = child(moov, trak, "mdia")
    const hdlr = mdia && child(moov, mdia, "hdlr")
    if (!tkhd || !mdia || !hdlr) throw new Damaged("track")
    const handler = handlerType(moov, hdlr)
    if (handler === "vide") kind.hasVideo = true
    if (KEPT_TRACKS.has(handler)) {
      if (TEXT_TRACKS.has(handler)) found.remains.add("text-track")
      kept.push(trak)
      continue
    }
    ids.add(view(moov).getUint32(tkhd.body + (moov[tkhd.body] === 1 ? 20 : 12)))
    const minf = child(moov, mdia, "minf")
    const stbl = minf && child(moov, minf, "stbl")
    dropped.tracks++
    if (stbl) for (const range of samples(moov, stbl)) dropped.samples.push(range)
    found.removed.add("metadata-track")
    free(moov, trak)
  }
  if (kept.length === 0) throw new Damaged("no sound and no picture")
  for (const trak of kept) {
    const tref = child(moov, trak, "tref")
    if (!tref) continue
    for (const reference of boxes(moov, tref.body, tref.end)) {
      for (let at = reference.body; at + 4 <= reference.end; at += 4) {
        if (!ids.has(view(moov).getUint32(at))) continue
        free(moov, reference)
        break
      }
    }
  }
  return dropped
}

function handlerType(bytes: Uint8Array, hdlr: Box): string {
  return latin1(bytes.subarray(hdlr.body + 8, hdlr.body + 12))
}

/** Where a track's samples lie in the file, neighbours joined. */
function samples(moov: Uint8Array, stbl: Box): [number, number][] {
  const data = view(moov)
  const tables = new Map(boxes(moov, stbl.body, stbl.end).map((box) => [box.type, box]))
  const sizes = tables.get("stsz") ?? tables.get("stz2")
  const chunks = tables.get("stco") ?? tables.get("co64")
  const toChunk = tables.get("stsc")
  if (!sizes || !chunks || !toChunk) return []

  const compact = sizes.type === "stz2"
  const uniform = compact ? 0 : data.getUint32(sizes.body + 4)
  const bits = compact ? moov[sizes.body + 7]! : 32
  const sampleCount = data.getUint32(sizes.body + 8)
  if (sampleCount > MAX_SAMPLES) throw new NotPossible("too-complex")
  const sizeOf = (i: number): number => {
    if (uniform) return uniform
    const at = sizes.body + 12
    if (bits === 32) return data.getUint32(at + 4 * i)
    if (bits === 16) return data.getUint16(at + 2 * i)
    if (bits === 8) return data.getUint8(at + i)
    return (data.getUint8(at + (i >> 1)) >> (i & 1 ? 0 : 4)) & 15
  }

  const chunkCount = data.getUint32(chunks.body + 4)
  const runs = data.getUint32(toChunk.body + 4)
  const ranges: [number, number][] = []
  let sample = 0
  let run = 0
  for (let chunk = 0; chunk < chunkCount && sample < sampleCount; chunk++) {
    while (run + 1 < runs && data.getUint32(toChunk.body + 8 + 12 * (run + 1)) <= chunk + 1) run++
    const perChunk = data.getUint32(toChunk.body + 8 + 12 * run + 4)
    const from =
      chunks.type === "stco"
        ? data.getUint32(chunks.body + 8 + 4 * chunk)
        : data.getUint32(chunks.body + 8 + 8 * chunk) * 2 ** 32 + data.getUint32(chunks.body + 12 + 8 * chunk)
    let to = from
    for (let i = 0; i < perChunk && sample < sampleCount; i++) to += sizeOf(sample++)
    const last = ranges.at(-1)
    if (last && last[1] === from) last[1] = to
    else ranges.push([from, to])
  }
  return ranges
}

function meanings(type: string, content: Uint8Array): Removed[] {
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

function has(list: TopBox[], type: string): boolean {
  return list.some((box) => box.type === type)
}

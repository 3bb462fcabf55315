// MP4, M4A, MOV and 3GP (ISO/IEC 14496-12, QuickTime). Sound and picture stay where they are. Of the rest of the file stays what
// a player needs to find them; all other bytes are overwritten: boxes, fields, gaps between samples, messages inside pictures.

import { Damaged, type Findings } from "./cleaned"
import { freeTop, isFiller, topBoxes, type Box, type TopBox } from "./boxes"
import { equal } from "./bytes"
import { cleanPicture } from "./coded"
import { cleanBrands, cleanFields } from "./mp4-fields"
import { addRange, cleanContainer, cleanIndex, meanings, rangesOf, type Movie, type Track } from "./mp4-movie"
import type { Description } from "./mp4-entries"
import { type Defaults, fragmentSamples, indexedSamples } from "./mp4-samples"
import { gaps, joined, type Range } from "./ranges"
import { Patches, type Output, type Source } from "./source"

/** Long recordings have sample tables of a few megabytes. */
const MAX_BOX_BYTES = 32 * 1024 * 1024

/** What the tracks turned out to be, for a fitting file name. */
export interface Mp4Kind {
  hasVideo: boolean
}

/** Where samples lie in the file, in order: of tracks that stay, and of those that go. */
export interface Used {
  kept: Range[]
  dropped: Range[]
}

export async function cleanMp4(source: Source, found: Findings, kind: Mp4Kind): Promise<Output> {
  const { list, end } = await topBoxes(source, (seen) => has(seen, "moov"))
  const index = list.find((box) => box.type === "moov")
  if (!index) throw new Damaged("no index")
  const patches = new Patches(source)
  const { movie, used } = await cleanMovie(source, index, patches, found)
  kind.hasVideo = movie.hasVideo
  const fragments = list.filter((box) => box.type === "moof")
  for (const moof of fragments) await cleanFragment(source, moof, movie, used, patches, found)
  used.kept = joined(used.kept)
  used.dropped = joined(used.dropped)
  for (const top of list) {
    if (top !== index && top.type !== "moof") await cleanTopBox(source, top, used, patches, found)
  }
  if (end < source.size) {
    found.removed.add("trailing-data")
    // Where a length is wrong, players find the samples all the same.
    const last = Math.max(end, used.kept.at(-1)?.[1] ?? 0)
    await zeroUnused(source, end, last, used, patches, found)
    patches.cut(last)
  }
  return patches.output()
}

async function cleanTopBox(source: Source, top: TopBox, used: Used, patches: Patches, found: Findings): Promise<void> {
  if (top.type === "mdat") return zeroUnused(source, top.body, top.end, used, patches, found)
  if (/^(?:ftyp|styp|sidx|mfra)$/.test(top.type)) {
    const bytes = await source.copy(top.start, top.end - top.start, MAX_BOX_BYTES)
    const before = bytes.slice()
    const box: Box = { type: top.type, start: 0, body: top.body - top.start, end: bytes.length }
    if (top.type === "sidx") cleanFields(bytes, box, found)
    else if (top.type === "mfra") cleanContainer(bytes, box, found, 0)
    else cleanBrands(bytes, box.body, box.end, found)
    if (!equal(bytes, before)) patches.write(top.start, bytes)
    return
  }
  if (used.kept.some(([from, to]) => from < top.end && to > top.body)) {
    // Samples in a box of another name.
    await zeroUnused(source, top.body, top.end, used, patches, found)
    return
  }
  await cleanTop(source, top, patches, found)
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

/** Cleans the index, of a film or of a sequence of pictures, and the pictures that it leads to. */
export async function cleanMovie(source: Source, top: TopBox, patches: Patches, found: Findings): Promise<{ movie: Movie; used: Used }> {
  const moov = await source.copy(top.start, top.end - top.start, MAX_BOX_BYTES)
  const before = moov.slice()
  const movie = await cleanIndex(moov, { type: "moov", start: 0, body: top.body - top.start, end: moov.length }, found)
  const dropped = rangesOf(
    before,
    movie.tracks.filter((track) => !track.isKept),
    source.size,
  )
  const tracks = movie.tracks.filter((track) => track.isKept)
  for (const track of tracks) await cleanPictures(source, moov, track, patches, found)
  if (!equal(moov, before)) patches.write(top.start, moov)
  return { movie, used: { kept: joined(rangesOf(moov, tracks, source.size)), dropped: joined(dropped) } }
}

async function cleanPictures(source: Source, moov: Uint8Array, track: Track, patches: Patches, found: Findings): Promise<void> {
  if (!track.stbl || track.descriptions.every(({ coding }) => coding === null)) return
  for (const { from, to, description } of indexedSamples(moov, track.stbl, () => null)) {
    const coding = descriptionOf(track, description)?.coding
    if (coding && from < source.size) await cleanPicture(source, from, Math.min(to, source.size), coding, patches, found)
  }
}

/** A number that leads nowhere leads players to the first one. */
function descriptionOf(track: Track, number: number): Description | undefined {
  return track.descriptions[number - 1] ?? track.descriptions[0]
}

/** One fragment: its runs of samples, and the pictures in them. Tracks that went have no runs. */
async function cleanFragment(source: Source, top: TopBox, movie: Movie, used: Used, patches: Patches, found: Findings): Promise<void> {
  const moof = await source.copy(top.start, top.end - top.start, MAX_BOX_BYTES)
  const before = moof.slice()
  const root: Box = { type: "moof", start: 0, body: top.body - top.start, end: moof.length }
  const tracks = new Map(movie.tracks.map((track) => [track.id, track]))
  const defaults = new Map<number, Defaults>(movie.tracks.map((track) => [track.id, track.defaults]))
  for (const { from, to, description, trackId } of fragmentSamples(moof, root, top.start, defaults)) {
    const track = tracks.get(trackId)
    addRange(track?.isKept ? used.kept : used.dropped, from, to, source.size)
    const coding = track?.isKept ? descriptionOf(track, description)?.coding : null
    if (coding && from < source.size) await cleanPicture(source, from, Math.min(to, source.size), coding, patches, found)
  }
  cleanContainer(moof, root, found, 0)
  if (!equal(moof, before)) patches.write(top.start, moof)
}

/** Zeroes what no sample of a track that stays uses. */
export async function zeroUnused(source: Source, from: number, to: number, used: Used, patches: Patches, found: Findings): Promise<void> {
  for (const [start, end] of gaps(from, to, used.kept)) {
    if (await source.allZero(start, end)) continue
    patches.zero(start, end)
    // What a dropped track held has its own word already; this is for bytes that belong to nobody.
    for (const gap of gaps(start, end, used.dropped)) {
      if (found.removed.has("unknown-data") || (await source.allZero(...gap))) continue
      found.removed.add("unknown-data")
    }
  }
}

function has(list: TopBox[], type: string): boolean {
  return list.some((box) => box.type === type)
}

// Where the samples of an MP4's tracks lie: by the tables of the index, and by the runs of fragments.

import { Damaged, NotPossible } from "./cleaned"
import { boxes, type Box } from "./boxes"
import { view } from "./bytes"

export const MAX_SAMPLES = 4_000_000

export interface Sample {
  from: number
  to: number
  /** Which of the track's descriptions is its own, from one. */
  description: number
}

/**
 * Bytes of this many samples whose table says that all have one length. In QuickTime's sound a sample is a value, and the
 * table may count values or bytes: then the description knows better.
 */
export type Packing = (count: number, uniform: number) => number

/** By the tables of a track. */
export function* indexedSamples(moov: Uint8Array, stbl: Box, packing: (description: number) => Packing | null): Generator<Sample> {
  const data = view(moov)
  const tables = new Map(
    boxes(moov, stbl.body, stbl.end)
      .reverse()
      .map((box) => [box.type, box]),
  )
  const sizes = tables.get("stsz") ?? tables.get("stz2")
  const chunks = tables.get("stco") ?? tables.get("co64")
  const toChunk = tables.get("stsc")
  if (!sizes || !chunks || !toChunk) return

  const compact = sizes.type === "stz2"
  const uniform = compact ? 0 : data.getUint32(sizes.body + 4)
  const bits = compact ? moov[sizes.body + 7]! : 32
  const sampleCount = data.getUint32(sizes.body + 8)
  // Of sound that is not packed each value is a sample; what counts there is the chunk.
  if (sampleCount > MAX_SAMPLES && !uniform) throw new NotPossible("too-complex")
  const sizeOf = (i: number): number => {
    const at = sizes.body + 12
    if (bits === 32) return data.getUint32(at + 4 * i)
    if (bits === 16) return data.getUint16(at + 2 * i)
    if (bits === 8) return data.getUint8(at + i)
    return (data.getUint8(at + (i >> 1)) >> (i & 1 ? 0 : 4)) & 15
  }

  const chunkCount = data.getUint32(chunks.body + 4)
  const runs = data.getUint32(toChunk.body + 4)
  let sample = 0
  let run = 0
  for (let chunk = 0; chunk < chunkCount && sample < sampleCount; chunk++) {
    while (run + 1 < runs && data.getUint32(toChunk.body + 8 + 12 * (run + 1)) <= chunk + 1) run++
    const perChunk = data.getUint32(toChunk.body + 8 + 12 * run + 4)
    const description = data.getUint32(toChunk.body + 8 + 12 * run + 8)
    const at = chunks.body + 8 + (chunks.type === "stco" ? 4 : 8) * chunk
    let from = chunks.type === "stco" ? data.getUint32(at) : data.getUint32(at) * 2 ** 32 + data.getUint32(at + 4)
    const packed = uniform > 0 ? packing(description) : null
    if (packed) {
      const count = Math.min(perChunk, sampleCount - sample)
      sample += count
      yield { from, to: from + packed(count, uniform), description }
      continue
    }
    for (let i = 0; i < perChunk && sample < sampleCount; i++) {
      if (sample > MAX_SAMPLES) throw new NotPossible("too-complex")
      const to = from + (uniform || sizeOf(sample))
      sample++
      yield { from, to, description }
      from = to
    }
  }
}

/** What a fragment says of a track, where it says it. */
export interface Defaults {
  sampleSize: number
  description: number
}

export interface Run extends Sample {
  trackId: number
}

/** The samples of one fragment that begins at `start` of the file; `defaults` are those of the index, by track. */
export function* fragmentSamples(moof: Uint8Array, root: Box, start: number, defaults: ReadonlyMap<number, Defaults>): Generator<Run> {
  const data = view(moof)
  let count = 0
  let endOfBefore = start
  for (const traf of boxes(moof, root.body, root.end)) {
    if (traf.type !== "traf") continue
    const parts = boxes(moof, traf.body, traf.end)
    const tfhd = parts.find((box) => box.type === "tfhd")
    if (!tfhd) throw new Damaged("fragment")
    const flags = data.getUint32(tfhd.body) & 0xffffff
    const trackId = data.getUint32(tfhd.body + 4)
    let at = tfhd.body + 8
    let base = (flags & 0x20000) !== 0 ? start : endOfBefore
    if (flags & 1) {
      base = data.getUint32(at) * 2 ** 32 + data.getUint32(at + 4)
      at += 8
    }
    let { description = 1, sampleSize = 0 } = defaults.get(trackId) ?? {}
    if (flags & 2) {
      description = data.getUint32(at)
      at += 4
    }
    if (flags & 8) at += 4
    if (flags & 0x10) sampleSize = data.getUint32(at)
    let from = base
    for (const trun of parts) {
      if (trun.type !== "trun") continue
      const flags = data.getUint32(trun.body) & 0xffffff
      let at = trun.body + 8
      if (flags & 1) {
        from = base + data.getInt32(at)
        at += 4
      }
      if (flags & 4) at += 4
      const skipBefore = flags & 0x100 ? 4 : 0
      const step = skipBefore + (flags & 0x200 ? 4 : 0) + (flags & 0x400 ? 4 : 0) + (flags & 0x800 ? 4 : 0)
      for (let left = data.getUint32(trun.body + 4); left > 0; left--) {
        if (++count > MAX_SAMPLES) throw new NotPossible("too-complex")
        const to = from + (flags & 0x200 ? data.getUint32(at + skipBefore) : sampleSize)
        if (from >= 0) yield { from, to, description, trackId }
        from = to
        at += step
      }
    }
    endOfBefore = from
  }
}

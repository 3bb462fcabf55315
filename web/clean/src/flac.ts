// FLAC (RFC 9639): metadata blocks, then frames. The description of the stream and the table for seeking stay, and frames
// whose checksums hold; what stands between them or behind the last one is left out.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { concat, fromLatin1, startsWith, view } from "./bytes"
import { copyFrames } from "./flac-frames"
import { Output, type Source } from "./source"
import { afterTags, beforeTags } from "./tags"

export const STREAMINFO = 0,
  PADDING = 1,
  SEEKTABLE = 3
export const STREAMINFO_BYTES = 34
const SEEK_POINT_BYTES = 18
const MAX_BLOCKS = 10_000
const MAX_SEEK_BYTES = 4 * 1024 * 1024
/** By type of block: comments, a table of contents, a picture. */
const MEANINGS: Record<number, Removed[]> = { 4: ["tags", "author", "software"], 5: ["tags"], 6: ["thumbnail"] }
const UNKNOWN: Removed[] = ["unknown-data"]

export async function cleanFlac(source: Source, found: Findings): Promise<Output> {
  const start = await afterTags(source, found)
  if (!startsWith(await source.bytes(start, 4), "fLaC")) throw new Damaged("no stream")
  let info: Uint8Array | null = null
  let seek: Uint8Array | null = null
  let at = start + 4
  for (let last = false, count = 0; !last; count++) {
    if (count > MAX_BLOCKS) throw new Damaged("too many blocks")
    const head = await source.copy(at, 4, 4)
    last = (head[0]! & 0x80) !== 0
    const type = head[0]! & 0x7f
    const length = (head[1]! << 16) | (head[2]! << 8) | head[3]!
    const end = at + 4 + length
    if (end > source.size || (count === 0) !== (type === STREAMINFO)) throw new Damaged("block")
    if (type === STREAMINFO) {
      info = await source.copy(at + 4, STREAMINFO_BYTES, STREAMINFO_BYTES)
      if (length > STREAMINFO_BYTES) found.removed.add("unknown-data")
    } else if (type === SEEKTABLE && seek === null && length <= MAX_SEEK_BYTES) {
      seek = await source.copy(at + 4, length, MAX_SEEK_BYTES)
    } else if (type !== PADDING || !(await source.allZero(at + 4, end))) {
      for (const meaning of MEANINGS[type] ?? UNKNOWN) found.removed.add(meaning)
    }
    at = end
  }
  if (!info) throw new NotPossible("unsupported-variant")
  const frames = new Output(source)
  const isWhole = await copyFrames(source, at, await beforeTags(source, at, found), info, frames, found)

  const output = new Output(source)
  // Where bytes went from between the frames, the offsets of the table are wrong.
  const table = seek && isWhole ? exactSeekTable(seek, frames.size, found) : new Uint8Array(0)
  output.put(fromLatin1("fLaC"), blockOf(STREAMINFO, info, table.length === 0))
  if (table.length > 0) output.put(blockOf(SEEKTABLE, table, true))
  output.put(frames.blob())
  return output
}

/** The points that lie in the recording. Points that are not used yet may hold anything. */
function exactSeekTable(table: Uint8Array, audio_bytes: number, found: Findings): Uint8Array {
  const points: Uint8Array[] = []
  let isExact = table.length % SEEK_POINT_BYTES === 0
  for (let at = 0; at + SEEK_POINT_BYTES <= table.length; at += SEEK_POINT_BYTES) {
    const point = table.subarray(at, at + SEEK_POINT_BYTES)
    const data = view(point)
    const isPlaceholder = data.getUint32(0) === 0xffffffff && data.getUint32(4) === 0xffffffff
    const isInside = data.getUint32(8) === 0 && data.getUint32(12) < audio_bytes && data.getUint32(0) < 16
    if (!isPlaceholder && isInside) points.push(point)
    else isExact &&= isPlaceholder && point.subarray(8).every((byte) => byte === 0)
  }
  if (!isExact) found.removed.add("unknown-data")
  return concat(...points)
}

function blockOf(type: number, payload: Uint8Array, isLast: boolean): Uint8Array {
  const { length } = payload
  return concat(new Uint8Array([type | (isLast ? 0x80 : 0), length >> 16, (length >> 8) & 0xff, length & 0xff]), payload)
}

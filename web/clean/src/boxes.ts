// ISO base media files (ISO/IEC 14496-12) and their ancestor QuickTime: boxes in boxes. Many tables hold offsets into the
// file, so nothing is ever moved: what has to go is overwritten with zeros and its box renamed to `free`.

import { Damaged, type Findings } from "./cleaned"
import { fromLatin1, isZero, latin1, view } from "./bytes"
import type { Patches, Source } from "./source"

/** A box inside a byte array. */
export interface Box {
  type: string
  start: number
  /** Where its content begins. */
  body: number
  end: number
}

/** A box of the file itself. */
export type TopBox = Box

const MAX_BOXES = 100_000
const FREE = fromLatin1("free")

export function boxes(bytes: Uint8Array, from = 0, to = bytes.length): Box[] {
  const list: Box[] = []
  const data = view(bytes)
  for (let start = from; start < to;) {
    // QuickTime ends some lists of boxes with four zero bytes.
    if (to - start < 8) {
      if (isZero(bytes.subarray(start, to))) break
      throw new Damaged("box")
    }
    let size = data.getUint32(start)
    let body = start + 8
    if (size === 1) {
      size = large(data.getUint32(start + 8), data.getUint32(start + 12))
      body += 8
    } else if (size === 0) {
      if (data.getUint32(start + 4) === 0 && isZero(bytes.subarray(start, to))) break
      size = to - start
    }
    if (size < body - start || start + size > to) throw new Damaged("box size")
    list.push({ type: latin1(bytes.subarray(start + 4, start + 8)), start, body, end: start + size })
    if (list.length > MAX_BOXES) throw new Damaged("too many boxes")
    start += size
  }
  return list
}

/** Zeroes what stands behind the last box of a list and is none: players stop reading there. */
export function tidy(bytes: Uint8Array, from: number, to: number, found: Findings): void {
  const data = view(bytes)
  let at = from
  while (to - at >= 8) {
    let size = data.getUint32(at)
    if (size === 1 && to - at >= 16) size = large(data.getUint32(at + 8), data.getUint32(at + 12))
    else if (size === 0 && data.getUint32(at + 4) !== 0) size = to - at
    if (size < 8 || at + size > to) break
    at += size
  }
  if (wipe(bytes, at, to)) found.removed.add("unknown-data")
}

/** The file's own boxes, and where they end: bytes behind that are not a box. */
export async function topBoxes(source: Source, isComplete: (seen: TopBox[]) => boolean): Promise<{ list: TopBox[]; end: number }> {
  const list: TopBox[] = []
  let start = 0
  while (start < source.size) {
    const head = await source.peek(start, 16)
    let size = head.length < 8 ? -1 : view(head).getUint32(0)
    const type = latin1(head.subarray(4, 8))
    let body = start + 8
    if (size === 1) {
      size = head.length < 16 ? -1 : large(view(head).getUint32(8), view(head).getUint32(12))
      body += 8
    } else if (size === 0) {
      size = source.size - start
    }
    const isBox = size >= body - start && /^[\x20-\x7e\xa9]{4}$/.test(type)
    // A recording that was cut off, or whose length was never filled in, goes on to the end of the file.
    if (isBox && type === "mdat" && start + size > source.size) size = source.size - start
    if (!isBox || start + size > source.size) {
      // Phones hang things of their own behind a finished file; in an unfinished one this is a cut.
      if (isComplete(list)) break
      throw new Damaged("box size")
    }
    list.push({ type, start, body, end: start + size })
    if (list.length > MAX_BOXES) throw new Damaged("too many boxes")
    start += size
  }
  return { list, end: start }
}

export function child(bytes: Uint8Array, parent: Box, type: string): Box | undefined {
  return boxes(bytes, parent.body, parent.end).find((box) => box.type === type)
}

/** Empties a box in memory. */
export function free(bytes: Uint8Array, box: Box): void {
  bytes.set(FREE, box.start + 4)
  bytes.fill(0, box.body, box.end)
}

/** Empties a box of the file. */
export function freeTop(patches: Patches, box: TopBox): void {
  patches.write(box.start + 4, FREE)
  patches.zero(box.body, box.end)
}

/** Zeroes a range; says whether anything was there. */
export function wipe(bytes: Uint8Array, from: number, to: number): boolean {
  const range = bytes.subarray(from, to)
  if (isZero(range)) return false
  range.fill(0)
  return true
}

export function isFiller(type: string): boolean {
  return type === "free" || type === "skip" || type === "wide"
}

/** 64-bit sizes beyond 2^53 become a number that no file has. */
function large(high: number, low: number): number {
  return high * 2 ** 32 + low
}

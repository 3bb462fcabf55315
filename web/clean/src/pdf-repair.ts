// A PDF whose table is wrong or missing: its objects are found by reading the file from its beginning to its end, as viewers do,
// with a word of warning that nobody sees.

import { latin1 } from "./bytes"
import { Damaged, NotPossible } from "./cleaned"
import { Incomplete, isName, type Dict, type PdfObject } from "./pdf-objects"

import type { Source } from "./source"

const WINDOW_BYTES = 64 * 1024
const OVERLAP_BYTES = 64
const MAX_OBJECTS = 400_000

export interface Scan {
  /** Where each object begins; of two with one number the later. */
  places: Map<number, number>
  /** In their order. */
  trailers: Dict[]
  /** Numbers of the streams that hold objects, in their order. */
  containers: number[]
  /** A number was given twice. */
  hasTwice: boolean
}

const MARK = /(?<![0-9])(\d{1,10})[\0\t\n\f\r ]+(\d{1,5})[\0\t\n\f\r ]+obj(?![a-z])|\btrailer(?=[\0\t\n\f\r <])/g

/** `read` reads the object, or the dictionary behind "trailer", that begins at an offset, and tells where it ends. */
export async function scan(source: Source, read: (at: number, isTrailer: boolean) => Promise<PdfObject & { end: number }>): Promise<Scan> {
  const result: Scan = { places: new Map(), trailers: [], containers: [], hasTwice: false }
  for (let at = 0; at < source.size;) {
    const text = latin1(await source.peek(at, WINDOW_BYTES))
    const isLast = at + text.length >= source.size
    MARK.lastIndex = 0
    let next = at + Math.max(1, isLast ? text.length : text.length - OVERLAP_BYTES)
    for (let match = MARK.exec(text); match; match = MARK.exec(text)) {
      const from = at + match.index
      const number = match[1] === undefined ? null : Number(match[1])
      // What lies in a stream is no object of this file.
      const end = await readAt(number === null ? from + "trailer".length : from, number, from, read, result)
      if (result.places.size > MAX_OBJECTS || result.trailers.length > MAX_OBJECTS) throw new NotPossible("too-complex")
      if (end <= from) continue
      if (end >= at + text.length) {
        next = end
        break
      }
      MARK.lastIndex = end - at
    }
    at = next
  }
  return result
}

async function readAt(
  at: number,
  number: number | null,
  from: number,
  read: (at: number, isTrailer: boolean) => Promise<PdfObject & { end: number }>,
  result: Scan,
): Promise<number> {
  let object: PdfObject & { end: number }
  try {
    object = await read(at, number === null)
  } catch (error) {
    if (error instanceof Damaged || error instanceof Incomplete || error instanceof RangeError) return 0
    throw error
  }
  const dict = object.value instanceof Map ? object.value : null
  if (number === null) {
    if (dict) result.trailers.push(dict)
    return object.end
  }
  if (result.places.has(number)) result.hasTwice = true
  result.places.set(number, from)
  if (object.stream && dict && isName(dict.get("Type"), "XRef")) result.trailers.push(dict)
  if (object.stream && dict && isName(dict.get("Type"), "ObjStm")) result.containers.push(number)
  return object.end
}

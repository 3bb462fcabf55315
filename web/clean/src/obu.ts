// AV1 (AV1 Bitstream & Decoding Process Specification): the units of a coded picture. Metadata that do not change what is seen,
// filling and reserved units become filling of zeros, in their own length.

import { Damaged } from "./cleaned"
import type { Source } from "./source"

const TEMPORAL_DELIMITER = 2,
  METADATA = 5,
  PADDING = 15
const KEPT = new Set([1, 3, 4, 6, 7, 8])
/** Light levels, and the colours of the mastering display: the kind, so many bytes, and the bit that ends them. */
const SEEN_BYTES: Record<number, number> = { 1: 6, 2: 26 }

/** Each unit of a sample that has to change, and what it becomes. */
export async function* neutralObus(source: Source, from: number, to: number): AsyncGenerator<{ at: number; bytes: Uint8Array }> {
  for (let at = from; at < to;) {
    const head = await source.peek(at, Math.min(16, to - at))
    const type = (head[0]! >> 3) & 15
    let body = 1 + ((head[0]! >> 2) & 1)
    let length = to - at - body
    if ((head[0]! & 2) !== 0) {
      length = 0
      for (let i = 0; ; i++) {
        if (i === 8 || body >= head.length) throw new Damaged("size")
        const byte = head[body++]!
        length += (byte & 0x7f) * 2 ** (7 * i)
        if (byte < 0x80) break
      }
    }
    const end = at + body + length
    if (length < 0 || end > to) throw new Damaged("size")
    const isSeen = type === METADATA && length > 0 && SEEN_BYTES[head[body]!] === length
    if (!KEPT.has(type) && !isSeen && !(type === TEMPORAL_DELIMITER && length === 0) && length > 0) {
      const neutral = new Uint8Array(body + length)
      neutral.set(head.subarray(0, body))
      neutral[0] = (head[0]! & 0x86) | (PADDING << 3)
      neutral[neutral.length - 1] = 0x80
      const bytes = await source.read(at, end)
      if (!bytes.every((byte, i) => byte === neutral[i])) yield { at, bytes: neutral }
    }
    at = end
  }
}

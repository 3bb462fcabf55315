// Where packed data end (RFC 1950, RFC 1951). The browser's own decompressor does not say, and what stands behind the end is read by
// nobody: old pictures, or anything else. Unpacks without keeping more than the window that the format needs.

import { concat } from "./bytes"
import type { Source } from "./source"

const BUFFER_BYTES = 32 * 1024
/** No symbol with its distance needs more, nor does the head of a block with its 320 lengths of codes. */
const RESERVE_BYTES = 1024
const WINDOW_BYTES = 65_536
const WINDOW_MASK = WINDOW_BYTES - 1
const FARTHEST = 32_768
const SUM_MASK = FARTHEST - 1
const FAST_BITS = 10
const FAST_MASK = (1 << FAST_BITS) - 1
/** The most bytes for which Adler's sums stay below 2^31. */
const SUM_BYTES = 3_800
const ADLER_MODULUS = 65_521

export interface ZlibEnd {
  /** How many of the packed bytes belong to the stream, checksum included. */
  readonly packed_bytes: number
  /** How many bytes it unpacks to. */
  readonly unpacked_bytes: number
  /** Whether it ends where and as it should, whatever its checksum says. */
  readonly isWhole: boolean
  /** The checksum that it should have. */
  readonly checksum: number
}

/** The stream lies in these ranges, one after the other. `spend` hears what is unpacked and may end it by throwing. */
export async function zlibEnd(
  source: Source,
  ranges: readonly (readonly [from: number, to: number])[],
  spend: (bytes: number) => void,
): Promise<ZlibEnd> {
  const walk = new Inflation(source, ranges, spend)
  let isWhole = false
  try {
    isWhole = await walk.run()
  } catch (error) {
    if (error !== BROKEN) throw error
  }
  return { packed_bytes: walk.packed_bytes, unpacked_bytes: walk.unpacked_bytes, isWhole, checksum: walk.checksum() }
}

/** Thrown inside a walk only. */
const BROKEN = new Error("packed data")

const LENGTH_CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/** Bases and numbers of extra bits: each step of `group` codes doubles the reach. */
function reach(first: number, codes: number, group: number, plain: number): { base: number[]; extra: number[] } {
  const base: number[] = []
  const extra: number[] = []
  for (let code = 0, at = first; code < codes; code++) {
    const bits = code < plain ? 0 : Math.floor(code / group) - 1
    base.push(at)
    extra.push(bits)
    at += 2 ** bits
  }
  return { base, extra }
}

const LENGTHS = reach(3, 28, 4, 8)
const DISTANCES = reach(1, 30, 2, 4)
// The longest match has a code of its own.
LENGTHS.base.push(258)
LENGTHS.extra.push(0)

class Code {
  readonly fast = new Uint16Array(1 << FAST_BITS)
  readonly #counts = new Uint16Array(16)
  readonly #symbols: Uint16Array

  constructor(lengths: Uint8Array) {
    for (const length of lengths) this.#counts[length]!++
    this.#counts[0] = 0
    const offsets = new Uint16Array(16)
    for (let length = 1, left = 1; length < 16; length++) {
      left = left * 2 - this.#counts[length]!
      if (left < 0) throw BROKEN
      if (length < 15) offsets[length + 1] = offsets[length]! + this.#counts[length]!
    }
    this.#symbols = new Uint16Array(lengths.length)
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      const length = lengths[symbol]!
      if (length > 0) this.#symbols[offsets[length]!++] = symbol
    }
    this.#fillFast()
  }

  #fillFast(): void {
    for (let length = 1, code = 0, at = 0; length <= FAST_BITS; length++, code <<= 1) {
      for (let left = this.#counts[length]!; left > 0; left--, code++) {
        let reversed = 0
        for (let bit = 0; bit < length; bit++) reversed |= ((code >> bit) & 1) << (length - 1 - bit)
        const entry = (this.#symbols[at++]! << 4) | length
        for (let i = reversed; i < 1 << FAST_BITS; i += 1 << length) this.fast[i] = entry
      }
    }
  }

  /** For codes that are too long for `fast`, which has the same by the next bits: `symbol << 4 | length`, zero where there is none. */
  slow(bits: number): number {
    for (let length = 1, code = 0, first = 0, index = 0; length < 16; length++) {
      code |= (bits >>> (length - 1)) & 1
      const count = this.#counts[length]!
      if (code - count < first) return (this.#symbols[index + code - first]! << 4) | length
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    return 0
  }
}

function fixedCodes(): { literal: Code; distance: Code } {
  const lengths = new Uint8Array(288).fill(8)
  lengths.fill(9, 144, 256)
  lengths.fill(7, 256, 280)
  return { literal: new Code(lengths), distance: new Code(new Uint8Array(30).fill(5)) }
}

const fixed = { codes: null as { literal: Code; distance: Code } | null }

class Inflation {
  unpacked_bytes = 0
  readonly #window = new Uint8Array(WINDOW_BYTES)
  #summed_bytes = 0
  #a = 1
  #b = 0
  #buffer: Uint8Array = new Uint8Array(0)
  #at = 0
  #bits = 0
  #count = 0
  #range = 0
  #rangeAt = 0
  #taken_bytes = 0

  constructor(
    readonly source: Source,
    readonly ranges: readonly (readonly [from: number, to: number])[],
    readonly spend: (bytes: number) => void,
  ) {
    this.#rangeAt = ranges[0]?.[0] ?? 0
  }

  /** What is read ahead does not count. */
  get packed_bytes(): number {
    return this.#taken_bytes + this.#at - (this.#count >> 3)
  }

  async run(): Promise<boolean> {
    await this.#refill()
    const head = (this.#take(8) << 8) | this.#take(8)
    // Deflate, no dictionary, and divisible by 31.
    if ((head & 0x0f00) !== 0x0800 || (head & 0x20) !== 0 || head % 31 !== 0) throw BROKEN
    for (let isLast = false; !isLast;) {
      await this.#refill()
      isLast = this.#take(1) === 1
      const kind = this.#take(2)
      if (kind === 3) throw BROKEN
      if (kind === 0) await this.#stored()
      else await this.#coded(kind === 1 ? (fixed.codes ??= fixedCodes()) : this.#dynamicCodes())
    }
    this.#skipToByte()
    await this.#refill()
    for (let i = 0; i < 4; i++) this.#take(8)
    return true
  }

  checksum(): number {
    this.#sum(this.unpacked_bytes)
    return ((this.#b << 16) | this.#a) >>> 0
  }

  async #stored(): Promise<void> {
    this.#skipToByte()
    await this.#refill()
    const length = this.#take(16)
    if ((length ^ this.#take(16)) !== 0xffff) throw BROKEN
    for (let left = length; left > 0; left--) {
      if (this.#isLow) await this.#refill()
      this.#emit(this.#take(8))
    }
  }

  #dynamicCodes(): { literal: Code; distance: Code } {
    const literals = this.#take(5) + 257
    const distances = this.#take(5) + 1
    const lengths = new Uint8Array(19)
    for (let left = this.#take(4) + 4, i = 0; left > 0; left--) lengths[LENGTH_CODE_ORDER[i++]!] = this.#take(3)
    if (literals > 286 || distances > 30) throw BROKEN
    const code = new Code(lengths)
    const all = new Uint8Array(literals + distances)
    for (let at = 0; at < all.length;) {
      const symbol = this.#symbol(code)
      if (symbol < 16) {
        all[at++] = symbol
        continue
      }
      const value = symbol === 16 ? (at > 0 ? all[at - 1]! : -1) : 0
      const repeat = symbol === 16 ? 3 + this.#take(2) : symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7)
      if (value < 0 || at + repeat > all.length) throw BROKEN
      all.fill(value, at, (at += repeat))
    }
    return { literal: new Code(all.subarray(0, literals)), distance: new Code(all.subarray(literals)) }
  }

  async #coded(codes: { literal: Code; distance: Code }): Promise<void> {
    while (!this.#burst(codes)) await this.#refill()
  }

  /** As many symbols as the buffer has; whether the block has ended. In local variables, for it is here that the time goes. */
  #burst({ literal, distance }: { literal: Code; distance: Code }): boolean {
    const [buffer, window] = [this.#buffer, this.#window]
    const low = this.#range < this.ranges.length ? buffer.length - RESERVE_BYTES : Infinity
    let [bits, count, at, out] = [this.#bits, this.#count, this.#at, this.unpacked_bytes]
    let isEnd = false
    while (at <= low) {
      for (; count <= 24 && at < buffer.length; count += 8) bits |= buffer[at++]! << count
      const entry = literal.fast[bits & FAST_MASK]! || literal.slow(bits)
      let used = entry & 15
      if (used === 0 || used > count) throw BROKEN
      bits >>>= used
      count -= used
      const symbol = entry >> 4
      if (symbol < 256) {
        window[out & WINDOW_MASK] = symbol
        if ((++out & SUM_MASK) === 0) this.#sum(out)
        continue
      }
      isEnd = symbol === 256
      if (isEnd) break
      const size = symbol - 257
      if (size > 28) throw BROKEN
      for (; count <= 24 && at < buffer.length; count += 8) bits |= buffer[at++]! << count
      const length = LENGTHS.base[size]! + (bits & ((1 << LENGTHS.extra[size]!) - 1))
      bits >>>= LENGTHS.extra[size]!
      count -= LENGTHS.extra[size]!
      const step = distance.fast[bits & FAST_MASK]! || distance.slow(bits)
      used = step & 15
      if (used === 0 || step >> 4 > 29) throw BROKEN
      bits >>>= used
      count -= used
      for (; count <= 24 && at < buffer.length; count += 8) bits |= buffer[at++]! << count
      const extra = DISTANCES.extra[step >> 4]!
      const back = DISTANCES.base[step >> 4]! + (bits & ((1 << extra) - 1))
      bits >>>= extra
      count -= extra
      if (count < 0 || back > FARTHEST || back > out) throw BROKEN
      for (const until = out + length; out < until;) {
        window[out & WINDOW_MASK] = window[(out - back) & WINDOW_MASK]!
        if ((++out & SUM_MASK) === 0) this.#sum(out)
      }
    }
    ;[this.#bits, this.#count, this.#at] = [bits, count, at]
    this.unpacked_bytes = out
    return isEnd
  }

  #emit(byte: number): void {
    this.#window[this.unpacked_bytes & WINDOW_MASK] = byte
    if ((++this.unpacked_bytes & SUM_MASK) === 0) this.#sum(this.unpacked_bytes)
  }

  /** Adler-32 of what was unpacked since the last time. */
  #sum(unpacked_bytes: number): void {
    this.spend(unpacked_bytes - this.#summed_bytes)
    while (this.#summed_bytes < unpacked_bytes) {
      const until = Math.min(unpacked_bytes, this.#summed_bytes + SUM_BYTES)
      let [a, b] = [this.#a, this.#b]
      for (let at = this.#summed_bytes; at < until; at++) {
        a += this.#window[at & WINDOW_MASK]!
        b += a
      }
      this.#a = a % ADLER_MODULUS
      this.#b = b % ADLER_MODULUS
      this.#summed_bytes = until
    }
  }

  #symbol(code: Code): number {
    if (this.#count < 15) this.#fill()
    const entry = code.fast[this.#bits & FAST_MASK]! || code.slow(this.#bits)
    const length = entry & 15
    if (length === 0 || length > this.#count) throw BROKEN
    this.#bits >>>= length
    this.#count -= length
    return entry >> 4
  }

  #take(length: number): number {
    if (this.#count < length) this.#fill()
    if (this.#count < length) throw BROKEN
    const value = this.#bits & ((1 << length) - 1)
    this.#bits >>>= length
    this.#count -= length
    return value
  }

  #skipToByte(): void {
    this.#take(this.#count & 7)
  }

  #fill(): void {
    while (this.#count <= 24 && this.#at < this.#buffer.length) {
      this.#bits |= this.#buffer[this.#at++]! << this.#count
      this.#count += 8
    }
  }

  get #isLow(): boolean {
    return this.#buffer.length - this.#at < RESERVE_BYTES && this.#range < this.ranges.length
  }

  /** What is left of the buffer, and the next pieces behind it. */
  async #refill(): Promise<void> {
    while (this.#isLow) {
      const [, to] = this.ranges[this.#range]!
      const until = Math.min(to, this.#rangeAt + BUFFER_BYTES)
      const rest = this.#buffer.subarray(this.#at)
      this.#buffer = concat(rest, await this.source.bytes(this.#rangeAt, until - this.#rangeAt))
      this.#taken_bytes += this.#at
      this.#at = 0
      this.#rangeAt = until
      if (until < to) continue
      this.#range++
      this.#rangeAt = this.ranges[this.#range]?.[0] ?? 0
    }
  }
}

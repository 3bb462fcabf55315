// What a stream of a PDF is packed with, as far as we unpack it (ISO 32000-2, 7.4).

import { Damaged, NotPossible } from "./cleaned"
import { Name, Plain, type Value } from "./pdf-objects"

const MAX_ROW_BYTES = 32 * 1024 * 1024

/** Filters and their parameters come alone or as a list; of a list with several we do nothing. */
export function single(value: Value | undefined): Value | undefined {
  if (!Array.isArray(value)) return value instanceof Plain ? undefined : value
  if (value.length > 1) return new Name("several")
  return value[0] instanceof Plain ? undefined : value[0]
}

/** Undoes the predictors of PNG. */
export function unpredict(data: Uint8Array, row: number, pixel: number): Uint8Array {
  const rows = Math.floor(data.length / (row + 1))
  if (row === 0 || row > MAX_ROW_BYTES) throw new Damaged("predictor")
  const out = new Uint8Array(rows * row)
  for (let y = 0; y < rows; y++) {
    const type = data[y * (row + 1)]!
    for (let x = 0; x < row; x++) {
      const left = x >= pixel ? out[y * row + x - pixel]! : 0
      const up = y > 0 ? out[(y - 1) * row + x]! : 0
      const corner = y > 0 && x >= pixel ? out[(y - 1) * row + x - pixel]! : 0
      let add = 0
      if (type === 1) add = left
      else if (type === 2) add = up
      else if (type === 3) add = (left + up) >> 1
      else if (type === 4) add = paeth(left, up, corner)
      else if (type !== 0) throw new Damaged("predictor")
      out[y * row + x] = data[y * (row + 1) + 1 + x]! + add
    }
  }
  return out
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  return a <= b && a <= c ? left : b <= c ? up : corner
}

/** Data that a filter made, and how many of the packed bytes it needed for them. */
export interface Unpacked {
  data: Uint8Array
  used: number
}

/** The filters that old writers packed text with. Total; at most `limit` bytes, or Damaged. */
export const OLD_FILTERS: Record<string, ((packed: Uint8Array, limit: number, early: boolean) => Unpacked) | undefined> = {
  ASCIIHexDecode: unpackHex,
  AHx: unpackHex,
  ASCII85Decode: unpack85,
  A85: unpack85,
  RunLengthDecode: unpackRuns,
  RL: unpackRuns,
  LZWDecode: unpackLzw,
  LZW: unpackLzw,
}

class Sink {
  #bytes = new Uint8Array(4096)
  #length = 0

  constructor(private readonly limit: number) {}

  put(byte: number): void {
    if (this.#length >= this.limit) throw new NotPossible("too-complex")
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#bytes[this.#length++] = byte
  }

  get data(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }
}

function unpackHex(packed: Uint8Array, limit: number): Unpacked {
  const sink = new Sink(limit)
  let at = 0
  let half = -1
  for (; at < packed.length && packed[at] !== 0x3e; at++) {
    const digit = parseInt(String.fromCharCode(packed[at]!), 16)
    if (Number.isNaN(digit)) continue
    if (half < 0) half = digit
    else {
      sink.put(half * 16 + digit)
      half = -1
    }
  }
  if (half >= 0) sink.put(half * 16)
  return { data: sink.data, used: Math.min(at + 1, packed.length) }
}

function unpack85(packed: Uint8Array, limit: number): Unpacked {
  const sink = new Sink(limit)
  let digits: number[] = []
  let at = 0
  const flush = (count: number): void => {
    const number = digits.reduce((sum, digit) => sum * 85 + digit, 0)
    for (let i = 0; i < count; i++) sink.put(Math.floor(number / 256 ** (3 - i)) & 255)
    digits = []
  }
  for (; at < packed.length && packed[at] !== 0x7e; at++) {
    const sign = packed[at]!
    if (sign === 0x7a && digits.length === 0) for (let i = 0; i < 4; i++) sink.put(0)
    if (sign < 0x21 || sign > 0x75) continue
    if (digits.push(sign - 0x21) === 5) flush(4)
  }
  const rest = digits.length - 1
  if (rest > 0) {
    while (digits.length < 5) digits.push(84)
    flush(rest)
  }
  const end = packed[at + 1] === 0x3e ? at + 2 : at + 1
  return { data: sink.data, used: Math.min(end, packed.length) }
}

function unpackRuns(packed: Uint8Array, limit: number): Unpacked {
  const sink = new Sink(limit)
  let at = 0
  while (at < packed.length) {
    const length = packed[at++]!
    if (length === 128) break
    if (length > 128) for (let i = 257 - length; i > 0; i--) sink.put(packed[at] ?? 0)
    else for (let i = 0; i <= length && at + i < packed.length; i++) sink.put(packed[at + i]!)
    at += length > 128 ? 1 : length + 1
  }
  return { data: sink.data, used: Math.min(at, packed.length) }
}

function unpackLzw(packed: Uint8Array, limit: number, early: boolean): Unpacked {
  const sink = new Sink(limit)
  const prefix = new Int16Array(4097)
  const suffix = new Uint8Array(4097)
  const lengths = new Uint16Array(4097)
  for (let code = 0; code < 256; code++) {
    suffix[code] = code
    lengths[code] = 1
  }
  let [next, width, previous, bit] = [258, 9, -1, 0]
  const expand = (code: number): Uint8Array => {
    const bytes = new Uint8Array(lengths[code]!)
    for (let at = bytes.length - 1, step = code; at >= 0; at--, step = prefix[step]!) bytes[at] = suffix[step]!
    return bytes
  }
  for (; bit + width <= packed.length * 8;) {
    let code = 0
    for (let i = 0; i < width; i++, bit++) code = (code << 1) | ((packed[bit >> 3]! >> (7 - (bit & 7))) & 1)
    if (code === 257) break
    if (code === 256) {
      ;[next, width, previous] = [258, 9, -1]
      continue
    }
    if (code > next || (code >= next && previous < 0)) throw new Damaged("LZW")
    const old = previous < 0 ? null : expand(previous)
    const bytes = code < next ? expand(code) : Uint8Array.of(...old!, old![0]!)
    for (const byte of bytes) sink.put(byte)
    if (old && next < 4096) {
      prefix[next] = previous
      suffix[next] = bytes[0]!
      lengths[next] = old.length + 1
      next++
    }
    previous = code
    const full = next + (early ? 1 : 0)
    width = full >= 2048 ? 12 : full >= 1024 ? 11 : full >= 512 ? 10 : 9
  }
  return { data: sink.data, used: Math.min(Math.ceil(bit / 8), packed.length) }
}

/** Undoes the predictor that parameters name, if they do. */
export async function undoPredictor(
  data: Uint8Array,
  parameters: Value | undefined,
  resolve: (value: Value | undefined) => Promise<Value | undefined>,
): Promise<Uint8Array> {
  if (!(parameters instanceof Map)) return data
  const number = async (key: string, usual: number): Promise<number> => {
    const value = await resolve(parameters.get(key))
    if (value === undefined) return usual
    const found = value instanceof Plain ? Number(value.raw) : NaN
    if (!Number.isSafeInteger(found) || found < 0) throw new Damaged("number")
    return found
  }
  const predictor = await number("Predictor", 1)
  if (predictor === 1) return data
  if (predictor < 10) throw new NotPossible("unsupported-variant")
  const bits = (await number("Colors", 1)) * (await number("BitsPerComponent", 8))
  return unpredict(data, Math.ceil(((await number("Columns", 1)) * bits) / 8), Math.ceil(bits / 8))
}

// The frames of a FLAC stream (RFC 9639, section 9). They do not say how long they are: a frame ends where its checksum
// comes out and the next one begins, and where that does not help, the residuals are counted through.

import { Damaged, type Findings, NotPossible } from "./cleaned"
import type { Output, Source } from "./source"
import { noteGap } from "./tags"

const PIECE_BYTES = 1024 * 1024
/** The largest block, eight channels, 32 bits and a little. */
const MAX_FRAME_BYTES = 4 * 1024 * 1024
const MAX_FRAMES = 5_000_000
/** Longer than a header with its checksum can be. */
const HEADER_BYTES = 16

interface Header {
  bytes: number
  block: number
  /** Number of channels, and which of them holds a difference, or -1. */
  channels: number
  side: number
  bits: number
}

/** Copies the frames between two places. Says whether nothing stood between them. */
export async function copyFrames(source: Source, from: number, to: number, info: Uint8Array, output: Output, found: Findings) {
  const reader = new Reader(source, to)
  let isWhole = true
  let frames = 0
  let at = from
  while (at < to) {
    if (++frames > MAX_FRAMES) throw new NotPossible("too-complex")
    const header = readHeader(await reader.peek(at, HEADER_BYTES), 0, info)
    const end = header ? await frameEnd(reader, at, header, info) : at
    if (end > at) {
      output.keep(at, end)
      at = end
      continue
    }
    const next = await nextHeader(reader, at + 1, info)
    if (header && frames > 0) {
      // A frame that does not fit together: players make of it what they can, and so it stays, and is said to.
      output.keep(at, next)
      found.remains.add("metadata")
    } else {
      isWhole = next === to && isWhole
      await noteGap(source, at, next, found)
    }
    at = next
  }
  if (output.size === 0) throw new Damaged("no sound")
  return isWhole
}

/** Where the frame ends that begins here; its own beginning, if that cannot be told. */
async function frameEnd(reader: Reader, from: number, header: Header, info: Uint8Array): Promise<number> {
  let crc = 0
  let at = from
  const start = from + header.bytes
  for (;;) {
    const { bytes, offset, isLast } = await reader.piece(at)
    for (let i = offset; i < bytes.length; i++) {
      if (bytes[i] === 0xff && at + i - offset >= start) {
        if (readHeader(bytes, i, info)) {
          const here = at + i - offset
          if (crc === 0) return here
          const counted = await countedEnd(reader, from, here, header)
          if (counted > from) return counted
        }
      }
      crc = ((crc << 8) & 0xff00) ^ CRC16[(crc >> 8) ^ bytes[i]!]!
      if (i + 1 - offset + at - from > MAX_FRAME_BYTES) return countedEnd(reader, from, from + MAX_FRAME_BYTES, header)
      if (i + 1 === bytes.length || (bytes[i + 1] === 0xff && i + 1 + HEADER_BYTES > bytes.length && !isLast)) {
        at += i + 1 - offset
        break
      }
    }
    if (isLast && at >= reader.to) return countedEnd(reader, from, reader.to, header, true)
  }
}

/** The frame's end by its content, if that lies before `to` and the checksum agrees. A frame that was cut off ends with the file. */
async function countedEnd(reader: Reader, from: number, to: number, header: Header, isFileEnd = false): Promise<number> {
  const bytes = await reader.copy(from, to)
  const length = frameBytes(bytes, header)
  if (length > bytes.length) return isFileEnd ? to : from
  let crc = 0
  for (let i = 0; i < length; i++) crc = ((crc << 8) & 0xff00) ^ CRC16[(crc >> 8) ^ bytes[i]!]!
  return length > 0 && crc === 0 ? from + length : from
}

async function nextHeader(reader: Reader, from: number, info: Uint8Array): Promise<number> {
  for (let at = from; at < reader.to;) {
    const { bytes, offset, isLast } = await reader.piece(at)
    let i = bytes.indexOf(0xff, offset)
    for (; i >= 0 && (isLast || i + HEADER_BYTES <= bytes.length); i = bytes.indexOf(0xff, i + 1)) {
      if (readHeader(bytes, i, info)) return at + i - offset
    }
    if (isLast) break
    at += (i < 0 ? bytes.length : i) - offset
  }
  return reader.to
}

/** Pieces of the source, none of which begins in the middle of what is looked at. */
class Reader {
  #bytes = new Uint8Array(0)
  #from = 0

  constructor(
    readonly source: Source,
    readonly to: number,
  ) {}

  /** Bytes from a place on, at least a header's, if there are so many. */
  async piece(at: number): Promise<{ bytes: Uint8Array; offset: number; isLast: boolean }> {
    const has = this.#from + this.#bytes.length
    if (at < this.#from || (at + HEADER_BYTES > has && has < this.to) || at > has) {
      this.#from = at
      this.#bytes = await this.source.read(at, Math.min(this.to, at + PIECE_BYTES))
    }
    return { bytes: this.#bytes, offset: at - this.#from, isLast: this.#from + this.#bytes.length >= this.to }
  }

  async peek(at: number, length: number): Promise<Uint8Array> {
    const { bytes, offset } = await this.piece(at)
    return bytes.subarray(offset, offset + length)
  }

  async copy(from: number, to: number): Promise<Uint8Array> {
    const has = this.#from + this.#bytes.length
    if (from >= this.#from && to <= has) return this.#bytes.subarray(from - this.#from, to - this.#from)
    return this.source.read(from, Math.min(to, this.to, from + MAX_FRAME_BYTES))
  }
}

const BLOCKS = [0, 192, 576, 1152, 2304, 4608, 0, 0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]
const BITS = [0, 8, 12, 0, 16, 20, 24, 32]

/** The header that begins at a place, if one does: its checksum says so. */
function readHeader(bytes: Uint8Array, at: number, info: Uint8Array): Header | null {
  if (at + 6 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1]! & 0xfe) !== 0xf8) return null
  const [b2, b3] = [bytes[at + 2]!, bytes[at + 3]!]
  const [block, rate, channels, size] = [b2 >> 4, b2 & 15, b3 >> 4, (b3 >> 1) & 7]
  if (block === 0 || rate === 15 || channels > 10 || size === 3 || (b3 & 1) !== 0) return null
  let length = 4
  const lead = bytes[at + 4]!
  const more = lead < 0x80 ? 0 : lead >= 0xc0 && lead < 0xff ? Math.clz32(~(lead << 24)) - 1 : -1
  if (more < 0) return null
  length += 1 + more
  const blockAt = at + length
  length += (block === 6 ? 1 : block === 7 ? 2 : 0) + (rate === 12 ? 1 : rate === 13 || rate === 14 ? 2 : 0)
  if (at + length >= bytes.length) return null
  let crc = 0
  for (let i = at; i < at + length; i++) crc = CRC8[crc ^ bytes[i]!]!
  if (crc !== bytes[at + length]) return null
  return {
    bytes: length + 1,
    block: block === 6 ? bytes[blockAt]! + 1 : block === 7 ? ((bytes[blockAt]! << 8) | bytes[blockAt + 1]!) + 1 : BLOCKS[block]!,
    channels: channels < 8 ? channels + 1 : 2,
    side: channels === 8 || channels === 10 ? 1 : channels === 9 ? 0 : -1,
    bits: BITS[size] || (((info[12]! & 1) << 4) | (info[13]! >> 4)) + 1,
  }
}

/** Length of the whole frame by its content; 0 if it makes no sense, more than there is if the bytes end before it does. */
function frameBytes(bytes: Uint8Array, header: Header): number {
  const bits = new Bits(bytes, header.bytes)
  for (let channel = 0; channel < header.channels; channel++) {
    if (!skipSubframe(bits, header.block, header.bits + (channel === header.side ? 1 : 0))) return 0
    if (bits.isOver) return bytes.length + 1
  }
  return bits.nextByte + 2
}

function skipSubframe(bits: Bits, block: number, width: number): boolean {
  if (bits.read(1) !== 0) return false
  const type = bits.read(6)
  if (bits.read(1) === 1) width -= 1 + bits.unary()
  if (width < 1) return bits.isOver
  if (type === 0) return bits.skip(width)
  if (type === 1) return bits.skip(width * block)
  const isLinear = type >= 32
  if (!isLinear && (type < 8 || type > 12)) return bits.isOver
  const order = isLinear ? type - 31 : type - 8
  if (order > block) return false
  bits.skip(width * order)
  if (isLinear) {
    const precision = bits.read(4) + 1
    bits.skip(5 + precision * order)
  }
  return skipResidual(bits, block, order)
}

function skipResidual(bits: Bits, block: number, order: number): boolean {
  const method = bits.read(2)
  if (method > 1) return bits.isOver
  const width = method === 0 ? 4 : 5
  const escape = method === 0 ? 15 : 31
  const partitions = 1 << bits.read(4)
  if (block % partitions !== 0 || block / partitions < order) return bits.isOver
  for (let i = 0; i < partitions; i++) {
    const count = block / partitions - (i === 0 ? order : 0)
    const rice = bits.read(width)
    if (rice === escape) {
      bits.skip(bits.read(5) * count)
      continue
    }
    for (let left = count; left > 0; left--) {
      bits.unary()
      bits.skip(rice)
      if (bits.isOver) return true
    }
  }
  return true
}

class Bits {
  #at: number
  readonly #end: number

  constructor(
    readonly bytes: Uint8Array,
    from_byte: number,
  ) {
    this.#at = from_byte * 8
    this.#end = bytes.length * 8
  }

  get isOver(): boolean {
    return this.#at > this.#end
  }

  get nextByte(): number {
    return Math.ceil(this.#at / 8)
  }

  skip(count: number): true {
    this.#at += count
    return true
  }

  read(count: number): number {
    let value = 0
    for (; count > 0; count--, this.#at++) value = (value << 1) | (((this.bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1)
    return value
  }

  /** Zeros before the next one, which is passed over. */
  unary(): number {
    const from = this.#at
    while (this.#at < this.#end && ((this.bytes[this.#at >> 3]! >> (7 - (this.#at & 7))) & 1) === 0) this.#at++
    return this.#at++ - from
  }
}

const CRC8 = Uint8Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 0x80 ? (n << 1) ^ 0x07 : n << 1
  return n & 0xff
})
const CRC16 = Uint16Array.from({ length: 256 }, (_, n) => {
  let crc = n << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x8005 : crc << 1
  return crc & 0xffff
})

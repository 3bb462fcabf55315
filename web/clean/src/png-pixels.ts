// The packed pixels of a PNG picture or of one frame of an animation: one zlib stream over several chunks. Behind its end, and
// behind the last pixel inside it, is room that no reader looks at.

import { concat, fromLatin1, view } from "./bytes"
import { type Findings, NotPossible } from "./cleaned"
import { crc32 } from "./crc32"
import { deflate, inflate, type Budget } from "./inflate"
import type { Output, Source } from "./source"
import { zlibEnd } from "./zlib-end"

const NUMBER_BYTES = 4
const CHECKSUM_BYTES = 4
/** A picture with more behind its last pixel is no picture that anybody made to be looked at. */
const MAX_SURPLUS_BYTES = 16 * 1024 * 1024
const MAX_REPACKED_BYTES = 256 * 1024 * 1024
const REPACKED_CHUNK_BYTES = 256 * 1024
/** Nothing that is unpacked is held, so it counts for less than what is. */
const COST = 1 / 8

export interface Frame {
  readonly width: number
  readonly height: number
}

export interface PixelFormat {
  readonly depth: number
  readonly colourType: number
  readonly isInterlaced: boolean
}

/** A chunk of the source: its ends, and those of its packed data. */
interface Piece {
  readonly start: number
  readonly from: number
  readonly to: number
  readonly end: number
}

export class PixelStream {
  readonly #pieces: Piece[] = []

  constructor(
    readonly name: "IDAT" | "fdAT",
    readonly format: PixelFormat,
    readonly frame: Frame,
  ) {}

  add(piece: Piece): void {
    this.#pieces.push(piece)
  }

  async write(output: Output, found: Findings, budget: Budget, nextNumber: () => number): Promise<void> {
    const { source } = output
    const expected_bytes = unpackedBytes(this.format, this.frame)
    let left_bytes = expected_bytes + MAX_SURPLUS_BYTES
    const end = await zlibEnd(
      source,
      this.#pieces.map(({ from, to }) => [from, to]),
      (bytes) => {
        budget.spend(bytes * COST)
        left_bytes -= bytes
        if (left_bytes < 0) throw new NotPossible("too-complex")
      },
    )
    if (!end.isWhole) {
      // Readers show what they can unpack of it. Where that ends, they do not agree.
      found.remains.add("unread-part")
      for (const piece of this.#pieces) await this.#keep(piece, piece.to, null, output, found, nextNumber)
      return
    }
    if (end.unpacked_bytes > expected_bytes) {
      found.removed.add("unknown-data")
      await this.#repack(end.packed_bytes, expected_bytes, output, budget, nextNumber)
      return
    }
    const checksum = new Uint8Array(CHECKSUM_BYTES)
    view(checksum).setUint32(0, end.checksum)
    let packed_bytes = end.packed_bytes - CHECKSUM_BYTES
    let checksumLeft: Uint8Array = (await this.#storedChecksum(source, packed_bytes)) === end.checksum ? new Uint8Array(0) : checksum
    if (checksumLeft.length > 0) found.removed.add("unknown-data")
    else packed_bytes += CHECKSUM_BYTES
    for (const piece of this.#pieces) {
      const kept = Math.min(piece.to - piece.from, packed_bytes)
      packed_bytes -= kept
      // The right checksum goes where the data end.
      const isLast = packed_bytes === 0
      if (kept < piece.to - piece.from && checksumLeft.length === 0) found.removed.add("unknown-data")
      if (kept === 0 && !(isLast && checksumLeft.length > 0)) continue
      await this.#keep(piece, piece.from + kept, isLast ? checksumLeft : null, output, found, nextNumber)
      if (isLast) checksumLeft = new Uint8Array(0)
    }
  }

  async #storedChecksum(source: Source, before_bytes: number): Promise<number> {
    let skip = before_bytes
    const bytes: number[] = []
    for (const { from, to } of this.#pieces) {
      const skipped = Math.min(skip, to - from)
      skip -= skipped
      bytes.push(...(await source.peek(from + skipped, Math.min(CHECKSUM_BYTES - bytes.length, to - from - skipped))))
      if (bytes.length === CHECKSUM_BYTES) break
    }
    return view(new Uint8Array(bytes)).getUint32(0)
  }

  /** A chunk up to `to`, with its right number and its right checksum. */
  async #keep(piece: Piece, to: number, more: Uint8Array | null, output: Output, found: Findings, nextNumber: () => number): Promise<void> {
    const { source } = output
    const number = this.#number(nextNumber)
    const head = concat(fromLatin1(this.name), number)
    let crc = crc32(head)
    for await (const { bytes } of source.chunks(piece.from, to)) crc = crc32(bytes, crc)
    if (more) crc = crc32(more, crc)
    const stored = await source.peek(piece.start, 8 + NUMBER_BYTES)
    const storedCrc = await source.peek(piece.to, CHECKSUM_BYTES)
    const isSame =
      to === piece.to &&
      !more?.length &&
      piece.end === piece.to + CHECKSUM_BYTES &&
      view(storedCrc).getUint32(0) === crc &&
      (number.length === 0 || view(stored).getUint32(8) === view(number).getUint32(0))
    if (isSame) {
      output.keep(piece.start, piece.end)
      return
    }
    found.removed.add("unknown-data")
    output.put(uint32(number.length + to - piece.from + (more?.length ?? 0)), head)
    output.keep(piece.from, to)
    if (more) output.put(more)
    output.put(uint32(crc))
  }

  #number(nextNumber: () => number): Uint8Array {
    return this.name === "fdAT" ? uint32(nextNumber()) : new Uint8Array(0)
  }

  /** The pixels without what stands behind the last of them, packed anew. */
  async #repack(packed_bytes: number, expected_bytes: number, output: Output, budget: Budget, nextNumber: () => number): Promise<void> {
    if (expected_bytes > MAX_REPACKED_BYTES) throw new NotPossible("too-complex")
    let left = packed_bytes
    const ranges = this.#pieces.map(({ from, to }) => {
      const kept = Math.min(left, to - from)
      left -= kept
      return output.source.blob.slice(from, from + kept)
    })
    const unpacked = await inflate(new Blob(ranges), "deflate", expected_bytes + MAX_SURPLUS_BYTES, budget, true)
    const packed = await deflate(new Blob([unpacked.subarray(0, expected_bytes)]), "deflate")
    for (let at = 0; at < packed.size; at += REPACKED_CHUNK_BYTES) {
      const number = this.#number(nextNumber)
      const data = new Uint8Array(await packed.slice(at, at + REPACKED_CHUNK_BYTES).arrayBuffer())
      const body = concat(fromLatin1(this.name), number, data)
      output.put(uint32(number.length + data.length), body, uint32(crc32(body)))
    }
  }
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  view(bytes).setUint32(0, value)
  return bytes
}

/** Where each pass of an interlaced picture begins and how far its pixels are apart (PNG, 8.1). */
const PASSES: readonly (readonly [x: number, y: number, right: number, down: number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
]
const WHOLE = [[0, 0, 1, 1]] as const

/** Each line has a byte before it that names its filter. */
function unpackedBytes({ depth, colourType, isInterlaced }: PixelFormat, { width, height }: Frame): number {
  const pixelBits = depth * [1, 0, 3, 1, 2, 0, 4][colourType]!
  return (isInterlaced ? PASSES : WHOLE).reduce((sum, [x, y, right, down]) => {
    const columns = Math.ceil(Math.max(width - x, 0) / right)
    const lines = Math.ceil(Math.max(height - y, 0) / down)
    return columns === 0 ? sum : sum + lines * (1 + Math.ceil((columns * pixelBits) / 8))
  }, 0)
}

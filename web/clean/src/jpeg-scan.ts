// Walks through the Huffman-coded data of a JPEG scan (ITU-T T.81, F and G) without making a picture of them, to find where they
// end. Up to there a decoder reads; what stands behind, before the next marker, is seen by nobody and is room for anything.

import { NotPossible } from "./cleaned"
import type { HuffmanTable, Tables } from "./jpeg-tables"
import type { Source } from "./source"

const BUFFER_BYTES = 128 * 1024
/** No block needs more, every byte stuffed: 64 codes of 16 bits with 15 bits each, and their corrections. */
const BLOCK_RESERVE_BYTES = 1024
/** Four bytes, each of them stuffed. */
const READ_AHEAD_BYTES = 8
/** A picture of 65,500 by 65,500 points that is empty but for a few places must not cost gigabytes. */
const MAX_FLAG_PAGES = 16_384
const PAGE_BLOCKS = 512

export interface Component {
  readonly id: number
  readonly horizontal: number
  readonly vertical: number
  readonly quantisation: number
  isScanned: boolean
  /** Which coefficients of a progressive picture are not zero so far, two words to the block. */
  readonly flags: Map<number, Uint32Array>
}

export interface Frame {
  readonly isProgressive: boolean
  readonly width: number
  readonly height: number
  readonly components: readonly Component[]
}

export interface Scan {
  readonly components: readonly { component: Component; dc: number; ac: number }[]
  readonly spectrumFrom: number
  readonly spectrumTo: number
  readonly approximationHigh: number
}

/** A range of the source that a decoder reads. Between two of them stands what it does not. */
export type Range = readonly [from: number, to: number]

/**
 * The ranges of a scan's coded data with their restart markers, or null where the data are not what the frame says: broken off,
 * or damaged. How a decoder goes on from there is its own affair, so such data can only be copied whole.
 */
export async function walkScan(
  source: Source,
  from: number,
  frame: Frame,
  scan: Scan,
  tables: Tables,
  restartInterval: number,
): Promise<Range[] | null> {
  try {
    return await new Walk(source, from, frame, scan, tables).run(restartInterval)
  } catch (error) {
    if (error === BROKEN) return null
    throw error
  }
}

/** Thrown inside a walk only; one object, because a hostile file makes it happen often. */
const BROKEN = new Error("coded data")

interface Unit {
  readonly component: Component
  readonly dc: Uint16Array
  readonly ac: Uint16Array
}

class Walk {
  readonly #bits: Bits
  readonly #units: Unit[] = []
  readonly #block: (unit: Unit, block: number) => void
  readonly #first: number
  readonly #last: number
  #endOfBandRun = 0

  constructor(
    readonly source: Source,
    from: number,
    readonly frame: Frame,
    readonly scan: Scan,
    tables: Tables,
  ) {
    this.#bits = new Bits(source, from)
    this.#first = scan.spectrumFrom
    this.#last = scan.spectrumTo
    const { isProgressive } = frame
    const isFirst = scan.approximationHigh === 0
    const needsDc = !isProgressive || (this.#first === 0 && isFirst)
    const needsAc = !isProgressive || this.#first > 0
    if (isProgressive && (this.#last > 63 || this.#first > this.#last || (this.#first === 0) !== (this.#last === 0))) throw BROKEN
    if (isProgressive && this.#first > 0 && scan.components.length > 1) throw BROKEN
    const lookup = (needed: boolean, table: () => HuffmanTable) => (needed ? table().lookup() : NO_TABLE)
    for (const { component, dc, ac } of scan.components) {
      // A component that was scanned before has its coefficients replaced or refined: the tables are the same either way.
      const unit = {
        component,
        dc: lookup(needsDc, () => tables.huffman("dc", dc)),
        ac: lookup(needsAc, () => tables.huffman("ac", ac)),
      }
      const repeat = scan.components.length === 1 ? 1 : component.horizontal * component.vertical
      for (let i = 0; i < repeat; i++) this.#units.push(unit)
    }
    if (!isProgressive) this.#block = (unit) => this.#sequential(unit)
    else if (needsDc) this.#block = (unit) => this.#bits.skip(this.#bits.symbol(unit.dc) & 15)
    else if (!needsAc) this.#block = () => this.#bits.skip(1)
    else if (isFirst) this.#block = (unit, block) => this.#firstPass(unit, block)
    else this.#block = (unit, block) => this.#refinement(unit, block)
  }

  async run(restartInterval: number): Promise<Range[]> {
    const ranges: Range[] = []
    const total = this.#count()
    let from = this.#bits.position
    for (let unit = 0, restarts = 0; ;) {
      const until = restartInterval === 0 ? total : Math.min(total, unit + restartInterval)
      for (; unit < until; unit++) {
        if (this.#bits.isLow) await this.#bits.refill()
        for (let i = 0; i < this.#units.length; i++) {
          if (i > 0 && this.#bits.isLow) await this.#bits.refill()
          this.#block(this.#units[i]!, unit)
        }
      }
      const end = this.#bits.endOfInterval()
      if (unit >= total) return [...ranges, [from, end]]
      this.#endOfBandRun = 0
      // Readers skip what stands before the marker.
      const marker = await this.#bits.nextMarker()
      if (marker !== 0xd0 + (restarts++ & 7)) throw BROKEN
      if (this.#bits.position === end + 2) continue
      ranges.push([from, end])
      from = this.#bits.position - 2
    }
  }

  /** How many minimum coded units the scan has (T.81, A.2). */
  #count(): number {
    const { components, width, height } = this.frame
    const horizontal = Math.max(...components.map((component) => component.horizontal))
    const vertical = Math.max(...components.map((component) => component.vertical))
    const [only] = this.scan.components
    if (this.scan.components.length > 1) return Math.ceil(width / (8 * horizontal)) * Math.ceil(height / (8 * vertical))
    const { component } = only!
    const columns = Math.ceil((width * component.horizontal) / horizontal)
    const rows = Math.ceil((height * component.vertical) / vertical)
    return Math.ceil(columns / 8) * Math.ceil(rows / 8)
  }

  #sequential(unit: Unit): void {
    const bits = this.#bits
    bits.skip(bits.symbol(unit.dc) & 15)
    for (let at = 1; at < 64; at++) {
      const symbol = bits.symbol(unit.ac)
      const size = symbol & 15
      if (size === 0) {
        if (symbol !== 0xf0) return
        at += 15
      } else {
        at += symbol >> 4
        if (at > 63) throw BROKEN
        bits.skip(size)
      }
    }
  }

  #firstPass(unit: Unit, block: number): void {
    if (this.#endOfBandRun > 0) {
      this.#endOfBandRun--
      return
    }
    const bits = this.#bits
    for (let at = this.#first; at <= this.#last; at++) {
      const symbol = bits.symbol(unit.ac)
      const [run, size] = [symbol >> 4, symbol & 15]
      if (size !== 0) {
        at += run
        if (at > this.#last) throw BROKEN
        bits.skip(size)
        flag(unit.component, block, at)
      } else if (run === 15) {
        at += 15
      } else {
        this.#endOfBandRun = (1 << run) + bits.take(run) - 1
        return
      }
    }
  }

  /** Coefficients that are there already have one bit more each; new ones are told as in the first pass (T.81, G.1.2.3). */
  #refinement(unit: Unit, block: number): void {
    const bits = this.#bits
    const page = unit.component.flags.get(Math.floor(block / PAGE_BLOCKS))
    if (this.#endOfBandRun > 0 && !page) {
      this.#endOfBandRun--
      return
    }
    const isFlagged = (at: number): boolean => page !== undefined && ((page[wordOf(block, at)]! >>> (at & 31)) & 1) === 1
    let at = this.#first
    for (; this.#endOfBandRun === 0 && at <= this.#last; at++) {
      const symbol = bits.symbol(unit.ac)
      let run = symbol >> 4
      const isNew = (symbol & 15) !== 0
      if (isNew) bits.skip(1)
      else if (run !== 15) {
        this.#endOfBandRun = (1 << run) + bits.take(run)
        break
      }
      for (; at <= this.#last; at++) {
        if (isFlagged(at)) bits.skip(1)
        else if (--run < 0) break
      }
      if (!isNew) continue
      if (at > this.#last) throw BROKEN
      flag(unit.component, block, at)
    }
    if (this.#endOfBandRun === 0) return
    for (; at <= this.#last; at++) if (isFlagged(at)) bits.skip(1)
    this.#endOfBandRun--
  }
}

const NO_TABLE = new Uint16Array(65_536)

function wordOf(block: number, at: number): number {
  return (block % PAGE_BLOCKS) * 2 + (at >> 5)
}

function flag(component: Component, block: number, at: number): void {
  const number = Math.floor(block / PAGE_BLOCKS)
  let page = component.flags.get(number)
  if (!page) {
    if (component.flags.size >= MAX_FLAG_PAGES) throw new NotPossible("too-complex")
    page = new Uint32Array(PAGE_BLOCKS * 2)
    component.flags.set(number, page)
  }
  page[wordOf(block, at)]! |= 1 << (at & 31)
}

/** The bits of coded data: a zero behind each 0xff is no datum, and any other byte there ends them. */
class Bits {
  #buffer: Uint8Array = new Uint8Array(0)
  /** Of the buffer's first byte in the file. */
  #start: number
  readonly #origin: number
  #at = 0
  #bits = 0
  #count = 0

  constructor(
    readonly source: Source,
    from: number,
  ) {
    this.#start = this.#origin = from
  }

  get position(): number {
    return this.#start + this.#at
  }

  get isLow(): boolean {
    return this.#buffer.length - this.#at < BLOCK_RESERVE_BYTES && this.#start + this.#buffer.length < this.source.size
  }

  async refill(): Promise<void> {
    const position = this.position
    // What was read ahead is given back at the end of an interval.
    const from = Math.max(this.#origin, position - READ_AHEAD_BYTES)
    for await (const { bytes } of this.source.chunks(from, Math.min(this.source.size, from + BUFFER_BYTES))) {
      this.#buffer = bytes
      this.#start = from
      this.#at = position - from
    }
  }

  symbol(lookup: Uint16Array): number {
    if (this.#count < 16) this.#fill()
    const count = this.#count
    const next = count >= 16 ? this.#bits >>> (count - 16) : this.#bits << (16 - count)
    const entry = lookup[next & 0xffff]!
    const length = entry >> 8
    if (length === 0 || length > count) throw BROKEN
    this.#count = count - length
    return entry & 0xff
  }

  skip(length: number): void {
    if (this.#count < length) this.#fill()
    if (this.#count < length) throw BROKEN
    this.#count -= length
  }

  take(length: number): number {
    this.skip(length)
    return (this.#bits >>> this.#count) & ((1 << length) - 1)
  }

  #fill(): void {
    const buffer = this.#buffer
    while (this.#count <= 24 && this.#at < buffer.length) {
      const byte = buffer[this.#at]!
      if (byte === 0xff) {
        if (buffer[this.#at + 1] !== 0) return
        this.#at++
      }
      this.#at++
      this.#bits = (this.#bits << 8) | byte
      this.#count += 8
    }
  }

  /** Gives back whole bytes that were read ahead; gives where the data end. */
  endOfInterval(): number {
    for (; this.#count >= 8; this.#count -= 8) {
      const isStuffed = this.#at >= 2 && this.#buffer[this.#at - 1] === 0 && this.#buffer[this.#at - 2] === 0xff
      this.#at -= isStuffed ? 2 : 1
    }
    this.#count = 0
    return this.position
  }

  /** Goes behind the next marker, wherever that is; gives its second byte, or zero at the end of the file. */
  async nextMarker(): Promise<number> {
    for (;;) {
      if (this.isLow) await this.refill()
      const at = this.#buffer.indexOf(0xff, this.#at)
      if (at < 0 || at + 1 >= this.#buffer.length) {
        if (this.#start + this.#buffer.length >= this.source.size) return 0
        this.#at = at < 0 ? this.#buffer.length : at
        await this.refill()
        continue
      }
      const marker = this.#buffer[at + 1]!
      this.#at = marker === 0xff ? at + 1 : at + 2
      if (marker !== 0 && marker !== 0xff) return marker
    }
  }
}

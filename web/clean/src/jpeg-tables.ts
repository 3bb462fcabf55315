// JPEG's tables (ITU-T T.81, B.2.4): which ones a scan uses, and nothing else, goes into the copy. A table that no scan uses, or
// that the next one replaces before it is used, is room for anything.

import { concat, fromLatin1 } from "./bytes"
import { Damaged, NotPossible } from "./cleaned"

/** What an honest picture needs is a few kilobytes; a film's frame has its tables once. */
const MAX_TABLE_BYTES = 1024 * 1024
const SPECTRUM = 64

/** One definition of a table, with the byte that says which one it is. */
export interface Definition {
  readonly bytes: Uint8Array
  isUsed: boolean
}

export class HuffmanTable implements Definition {
  isUsed = false
  /** By the next sixteen bits: length of the code and the symbol it means; zero where there is no such code. */
  #lookup: Uint16Array | null = null

  constructor(readonly bytes: Uint8Array) {}

  lookup(): Uint16Array {
    return (this.#lookup ??= lookupOf(this.bytes.subarray(1, 17), this.bytes.subarray(17)))
  }
}

function lookupOf(counts: Uint8Array, symbols: Uint8Array): Uint16Array {
  const lookup = new Uint16Array(65_536)
  let at = 0
  let symbol = 0
  for (let length = 1; length <= 16; length++) {
    const width = 1 << (16 - length)
    for (let left = counts[length - 1]!; left > 0; left--) {
      if (at + width > lookup.length) throw new Damaged("more codes than there are")
      lookup.fill((length << 8) | symbols[symbol++]!, at, at + width)
      at += width
    }
  }
  return lookup
}

/** The tables as they stand at one place of the file. */
export class Tables {
  readonly quantisation: (Definition | undefined)[] = []
  readonly dc: (HuffmanTable | undefined)[] = []
  readonly ac: (HuffmanTable | undefined)[] = []
  #bytes = 0

  /** The definitions in a DQT segment. What follows the last whole one is not read by anybody. */
  defineQuantisation(payload: Uint8Array): Definition[] {
    const list: Definition[] = []
    for (let at = 0; at < payload.length;) {
      const id = payload[at]! & 15
      const end = at + 1 + SPECTRUM * (payload[at]! >> 4 === 0 ? 1 : 2)
      if (id > 3 || payload[at]! >> 4 > 1 || end > payload.length) break
      const definition = { bytes: this.#hold(payload.subarray(at, end)), isUsed: false }
      this.quantisation[id] = definition
      list.push(definition)
      at = end
    }
    return list
  }

  /** The definitions in a DHT segment. */
  defineHuffman(payload: Uint8Array): Definition[] {
    const list: Definition[] = []
    for (let at = 0; at + 17 <= payload.length;) {
      const [kind, id] = [payload[at]! >> 4, payload[at]! & 15]
      const end = at + 17 + payload.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0)
      if (kind > 1 || id > 3 || end > payload.length || end - at - 17 > 256) break
      const table = new HuffmanTable(this.#hold(payload.subarray(at, end)))
      const tables = kind === 0 ? this.dc : this.ac
      tables[id] = table
      list.push(table)
      at = end
    }
    return list
  }

  /** Frames of films leave out the tables that the standard gives as examples, and every decoder knows them. */
  huffman(kind: "dc" | "ac", id: number): HuffmanTable {
    const table = this[kind][id] ?? standard(kind, id)
    table.isUsed = true
    return table
  }

  useQuantisation(id: number): void {
    const definition = this.quantisation[id]
    if (definition) definition.isUsed = true
  }

  #hold(bytes: Uint8Array): Uint8Array {
    this.#bytes += bytes.length
    if (this.#bytes > MAX_TABLE_BYTES) throw new NotPossible("too-complex")
    return bytes.slice()
  }
}

// ---- T.81, tables K.3 to K.6

const standardTables = new Map<string, HuffmanTable>()

function standard(kind: "dc" | "ac", id: number): HuffmanTable {
  if (id > 1) throw new Damaged("no such table")
  const key = kind + String(id)
  const table = standardTables.get(key) ?? new HuffmanTable(concat(new Uint8Array(1), STANDARD[kind][id]!))
  standardTables.set(key, table)
  return table
}

function table(counts: number[], symbols: string): Uint8Array {
  return concat(new Uint8Array(counts), fromLatin1(symbols))
}

const DC_SYMBOLS = "\0\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b"
const LUMINANCE =
  "\x01\x02\x03\x00\x04\x11\x05\x12\x21\x31\x41\x06\x13\x51\x61\x07\x22\x71\x14\x32\x81\x91\xa1\x08\x23\x42\xb1\xc1\x15\x52\xd1\xf0\x24\x33\x62\x72\x82"
const CHROMINANCE =
  "\x00\x01\x02\x03\x11\x04\x05\x21\x31\x06\x12\x41\x51\x07\x61\x71\x13\x22\x32\x81\x08\x14\x42\x91\xa1\xb1\xc1\x09\x23\x33\x52\xf0\x15\x62\x72\xd1\x0a\x16\x24\x34\xe1\x25\xf1"

/** Behind their frequent beginnings K.5 and K.6 have all other symbols in rising order. */
function rest(beginning: string): string {
  let symbols = beginning
  for (let run = 0; run < 16; run++) {
    for (let size = 1; size <= 10; size++) {
      const symbol = String.fromCharCode((run << 4) | size)
      if (!beginning.includes(symbol)) symbols += symbol
    }
  }
  return symbols
}

const STANDARD = {
  dc: [
    table([0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0], DC_SYMBOLS),
    table([0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0], DC_SYMBOLS),
  ],
  ac: [
    table([0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125], rest(LUMINANCE)),
    table([0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119], rest(CHROMINANCE)),
  ],
}

// Reading and writing without ever holding a whole file: 200 MiB from a cheap phone must pass.

import { isZero } from "./bytes"
import { Damaged, NotPossible } from "./cleaned"

const WINDOW_BYTES = 64 * 1024
const CHUNK_BYTES = 1024 * 1024
const FIRST_PIECE_BYTES = 4 * 1024
const ZEROS_BYTES = 1024 * 1024

/** Random access to a Blob through one small window. */
export class Source {
  readonly size: number
  #window = new Uint8Array(0)
  #from = 0

  constructor(readonly blob: Blob) {
    this.size = blob.size
  }

  /**
   * Exactly `length` bytes at `at`; `Damaged` when the file ends before. The array is shared with the window:
   * it is not to be written to. `limit` bounds what a length field of a hostile file can make us allocate.
   */
  async bytes(at: number, length: number, limit = WINDOW_BYTES): Promise<Uint8Array> {
    if (length < 0 || at < 0 || at + length > this.size) throw new Damaged("ends too early")
    if (length > limit) throw new NotPossible("too-complex")
    if (at < this.#from || at + length > this.#from + this.#window.length) {
      if (length > WINDOW_BYTES) return this.read(at, at + length)
      this.#window = await this.read(at, Math.min(this.size, at + WINDOW_BYTES))
      this.#from = at
    }
    return this.#window.subarray(at - this.#from, at - this.#from + length)
  }

  /** Up to `length` bytes: fewer only at the end of the file. */
  async peek(at: number, length: number): Promise<Uint8Array> {
    const start = Math.min(Math.max(at, 0), this.size)
    return this.bytes(start, Math.min(length, this.size - start))
  }

  /** Reads the whole file at once: for formats that jump about, and for files that are known to be small enough. */
  async hold(): Promise<void> {
    this.#window = await this.read(0, this.size)
    this.#from = 0
  }

  /** A private copy that may be changed. */
  async copy(at: number, length: number, limit: number): Promise<Uint8Array> {
    return (await this.bytes(at, length, limit)).slice()
  }

  async *chunks(from: number, to: number): AsyncGenerator<{ at: number; bytes: Uint8Array }> {
    for (let at = from; at < to; at += CHUNK_BYTES) {
      yield { at, bytes: await this.read(at, Math.min(to, at + CHUNK_BYTES)) }
    }
  }

  /**
   * Pieces to look for a mark in, the first of them short: a file may make us look for one again and again. They overlap, so that
   * none is cut in two.
   */
  async *pieces(from: number, to: number, overlap_bytes: number): AsyncGenerator<{ at: number; bytes: Uint8Array }> {
    for (let at = from; at < to;) {
      const end = Math.min(to, at + (at === from ? FIRST_PIECE_BYTES : CHUNK_BYTES))
      yield { at, bytes: at === from ? (await this.bytes(at, end - at)).slice() : await this.read(at, end) }
      if (end === to) return
      at = end - overlap_bytes
    }
  }

  async allZero(from: number, to: number): Promise<boolean> {
    for await (const { bytes } of this.chunks(from, to)) if (!isZero(bytes)) return false
    return true
  }

  /** A range in memory of its own. */
  async read(from: number, to: number): Promise<Uint8Array<ArrayBuffer>> {
    let bytes: Uint8Array<ArrayBuffer>
    try {
      bytes = new Uint8Array(await this.blob.slice(from, to).arrayBuffer())
    } catch {
      throw new NotPossible("unreadable")
    }
    // A file that is changed on disk after it was chosen reads short in some browsers.
    if (bytes.length !== to - from) throw new NotPossible("unreadable")
    return bytes
  }
}

/** A copy put together from ranges of the source and new bytes; costs memory for the new bytes only. */
export class Output {
  readonly #parts: BlobPart[] = []
  #keptFrom = 0
  #keptTo = 0
  size = 0

  constructor(readonly source: Source) {}

  keep(from: number, to: number): void {
    if (from < 0 || to > this.source.size) throw new Damaged("range outside the file")
    if (to <= from) return
    this.size += to - from
    if (from === this.#keptTo && this.#keptTo > this.#keptFrom) {
      this.#keptTo = to
    } else {
      this.#flush()
      this.#keptFrom = from
      this.#keptTo = to
    }
  }

  put(...pieces: (Uint8Array | Blob)[]): void {
    this.#flush()
    for (const piece of pieces) {
      this.size += piece instanceof Blob ? piece.size : piece.length
      this.#parts.push(piece as BlobPart)
    }
  }

  zeros(length: number): void {
    this.#flush()
    this.size += length
    for (; length >= ZEROS_BYTES; length -= ZEROS_BYTES) this.#parts.push(zeros.get())
    if (length > 0) this.#parts.push(new Uint8Array(length))
  }

  blob(): Blob {
    this.#flush()
    return new Blob(this.#parts)
  }

  #flush(): void {
    if (this.#keptTo > this.#keptFrom) this.#parts.push(this.source.blob.slice(this.#keptFrom, this.#keptTo))
    this.#keptFrom = this.#keptTo = 0
  }
}

/** Changes that keep every offset: bytes overwritten where they stand, and perhaps the end cut off. */
export class Patches {
  readonly #list: { at: number; bytes: Uint8Array | number }[] = []
  #end: number

  constructor(readonly source: Source) {
    this.#end = source.size
  }

  write(at: number, bytes: Uint8Array): void {
    this.#list.push({ at, bytes })
  }

  zero(from: number, to: number): void {
    if (to > from) this.#list.push({ at: from, bytes: to - from })
  }

  cut(end: number): void {
    this.#end = Math.min(this.#end, end)
  }

  output(): Output {
    const output = new Output(this.source)
    // Where two changes meet, the later one starts where the earlier one ends: nothing is ever shifted.
    this.#list.sort((a, b) => a.at - b.at)
    let at = 0
    for (const patch of this.#list) {
      const length = typeof patch.bytes === "number" ? patch.bytes : patch.bytes.length
      const from = Math.max(patch.at, at)
      const to = Math.min(patch.at + length, this.#end)
      if (to <= from) continue
      output.keep(at, from)
      if (typeof patch.bytes === "number") output.zeros(to - from)
      else output.put(patch.bytes.subarray(from - patch.at, to - patch.at))
      at = to
    }
    output.keep(at, this.#end)
    return output
  }
}

const zeros = {
  shared: null as Blob | null,
  get(): Blob {
    return (this.shared ??= new Blob([new Uint8Array(ZEROS_BYTES)]))
  },
}

// Writes a PDF anew: one table, each object once, in the order in which they are first referred to.

import { fromLatin1 } from "./bytes"
import { NotPossible } from "./cleaned"
import type { PdfFile } from "./pdf-file"
import { Plain, type Ref, type Stream, type Value, write } from "./pdf-objects"
import { Output, type Source } from "./source"

const MAX_OBJECTS = 300_000
const FLUSH_CHARACTERS = 256 * 1024

export class PdfWriter {
  readonly #output: Output
  readonly #numbers = new Map<number, number>()
  readonly #queue: number[] = []
  readonly #offsets: number[] = []
  #text = ""

  constructor(
    source: Source,
    private readonly file: PdfFile,
    version: string,
  ) {
    this.#output = new Output(source)
    this.#text = `%PDF-${version}\n%\xe2\xe3\xcf\xd3\n`
  }

  /** The new number of an object, which is written in its turn; null if there is none. */
  number(ref: Ref): number | null {
    const known = this.#numbers.get(ref.number)
    if (known !== undefined) return known
    if (!this.file.has(ref.number)) return null
    this.#queue.push(ref.number)
    if (this.#queue.length > MAX_OBJECTS) throw new NotPossible("too-complex")
    this.#numbers.set(ref.number, this.#queue.length)
    return this.#queue.length
  }

  /** The old number of the object to be written next. */
  next(): number | null {
    return this.#queue[this.#offsets.length] ?? null
  }

  reached(number: number): boolean {
    return this.#numbers.has(number)
  }

  value(value: Value): void {
    this.#begin()
    this.#text += write(value, (ref) => this.number(ref)) + "\nendobj\n"
    if (this.#text.length > FLUSH_CHARACTERS) this.#flush()
  }

  /** `data` replaces the stream's own. */
  stream(stream: Stream, data: Blob | null): void {
    this.#begin()
    const length = data ? data.size : stream.to - stream.from
    stream.dict.set("Length", new Plain(String(length)))
    this.#text += write(stream.dict, (ref) => this.number(ref)) + "\nstream\n"
    this.#flush()
    if (data) this.#output.put(data)
    else this.#output.keep(stream.from, stream.to)
    this.#text = "\nendstream\nendobj\n"
  }

  finish(root: Ref): Output {
    const start = this.#output.size + this.#text.length
    const rows = this.#offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("")
    const size = this.#offsets.length + 1
    const trailer = `<</Size ${size} /Root ${this.number(root)} 0 R>>`
    this.#text += `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n${trailer}\nstartxref\n${start}\n%%EOF\n`
    this.#flush()
    return this.#output
  }

  #begin(): void {
    this.#offsets.push(this.#output.size + this.#text.length)
    this.#text += `${this.#offsets.length} 0 obj\n`
  }

  #flush(): void {
    this.#output.put(fromLatin1(this.#text))
    this.#text = ""
  }
}

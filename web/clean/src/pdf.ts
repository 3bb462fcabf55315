// PDF (ISO 32000-2). The document is written anew from its catalogue on: only objects that the newest revision needs are
// copied, so earlier revisions, deleted objects and the information dictionary stay behind; streams are copied byte for byte.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { fromLatin1, latin1 } from "./bytes"
import { inflate } from "./inflate"
import { isFileName, isLocalPath, withoutFolders } from "./local-path"
import type { Nested } from "./nested"
import { PdfFile, type PdfObject, type Stream } from "./pdf-file"
import { type Dict, isName, Name, Plain, Ref, Text, type Value, write } from "./pdf-objects"
import { Output, type Source } from "./source"

const MAX_OBJECTS = 300_000
const MAX_NESTING = 200
const MAX_IMAGE_BYTES = 64 * 1024 * 1024
const FLUSH_CHARACTERS = 256 * 1024

/** Keys that mean the same wherever they stand, and that no viewer needs. */
const DROPPED: Record<string, Removed> = {
  Metadata: "xmp",
  PieceInfo: "custom-data",
  LastModified: "timestamps",
  Thumb: "thumbnail",
  SpiderInfo: "history",
  "PTEX.FileName": "embedded-name",
  "PTEX.InfoDict": "properties",
  "PTEX.PageNumber": "embedded-name",
  CreatorInfo: "software",
}

const MARKUP = new Set([
  "Text",
  "FreeText",
  "Line",
  "Square",
  "Circle",
  "Polygon",
  "PolyLine",
  "Highlight",
  "Underline",
  "Squiggly",
  "StrikeOut",
  "Stamp",
  "Caret",
  "Ink",
  "FileAttachment",
  "Sound",
  "Redact",
  "Popup",
  "Link",
  "Screen",
  "Movie",
  "RichMedia",
  "3D",
  "Watermark",
  "Projection",
])

const INFO: Record<string, Removed> = {
  Author: "author",
  Creator: "software",
  Producer: "software",
  CreationDate: "timestamps",
  ModDate: "timestamps",
}

export async function cleanPdf(source: Source, found: Findings, nested: Nested): Promise<Output> {
  const file = await PdfFile.open(source, nested.budget)
  if (file.trailer.has("Encrypt")) throw new NotPossible("encrypted")
  const info = await file.dict(file.trailer.get("Info"))
  for (const key of info?.keys() ?? []) {
    const value = await file.resolve(info!.get(key))
    if (!(value instanceof Text) || value.decode() !== "") found.removed.add(INFO[key] ?? "properties")
  }
  if (file.trailer.has("ID")) found.removed.add("identifiers")
  if (file.hasHistory) found.removed.add("history")
  if (await hasTail(source)) found.removed.add("trailing-data")

  const root = file.trailer.get("Root")
  if (!(root instanceof Ref) || !isName((await file.dict(root))?.get("Type"), "Catalog")) throw new Damaged("no catalogue")
  const writer = new PdfWriter(source, file, await version(source, file, root))
  writer.number(root)
  for (let old = writer.next(); old !== null; old = writer.next()) {
    const object = await file.object(old)
    if (!object) throw new Damaged("object")
    scrub(object.value, found, 0)
    if (object.stream) writer.stream(object.stream, await cleanImage(source, object.stream, found, nested, file))
    else writer.value(object.value)
  }
  // With nothing else to remove, objects that nothing leads to are the last place to look.
  if (found.removed.size === 0 && (await hasOrphans(file, writer))) found.removed.add("history")
  return writer.finish(root)
}

class PdfWriter {
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

// ---- what goes

/** Changes a value in place. */
function scrub(value: Value, found: Findings, depth: number): void {
  if (depth > MAX_NESTING) throw new NotPossible("too-complex")
  if (Array.isArray(value)) {
    value.forEach((item, i) => {
      if (item instanceof Text) value[i] = scrubText(item, found)
      else scrub(item, found, depth + 1)
    })
  } else if (value instanceof Map) {
    noteRemains(value, found)
    for (const [key, meaning] of Object.entries(DROPPED)) if (value.delete(key)) found.removed.add(meaning)
    if (isAnnotation(value)) scrubAnnotation(value, found)
    if (isName(value.get("Type"), "Thread") && value.delete("I")) found.removed.add("properties")
    // Of embedded files: dates and a checksum.
    const parameters = value.get("Params")
    for (const key of ["CreationDate", "ModDate", "CheckSum"]) {
      if (parameters instanceof Map && parameters.delete(key)) found.removed.add("timestamps")
    }
    const description = value.get("Alt")
    if (description instanceof Text && isFileName(description.decode()) && value.delete("Alt")) found.removed.add("embedded-name")
    for (const [key, item] of value) {
      if (item instanceof Text) value.set(key, scrubText(item, found))
      else scrub(item, found, depth + 1)
    }
  }
}

function isAnnotation(dict: Dict): boolean {
  const subtype = dict.get("Subtype")
  return subtype instanceof Name && MARKUP.has(subtype.text) && dict.has("Rect")
}

function scrubAnnotation(dict: Dict, found: Findings): void {
  if (dict.delete("T")) found.removed.add("author")
  if (dict.delete("NM")) found.removed.add("identifiers")
  for (const key of ["M", "CreationDate"]) if (dict.delete(key)) found.removed.add("timestamps")
  const contents = dict.get("Contents")
  if (contents instanceof Text && contents.decode() !== "" && !isName(dict.get("Subtype"), "Link")) found.remains.add("comments")
}

function scrubText(text: Text, found: Findings): Text {
  const decoded = text.decode()
  if (!isLocalPath(decoded)) return text
  found.removed.add("local-path")
  return Text.of(withoutFolders(decoded))
}

function noteRemains(dict: Dict, found: Findings): void {
  const type = dict.get("Type")
  if (dict.has("ByteRange") && dict.has("Contents")) throw new NotPossible("digital-signature")
  if (isName(type, "EmbeddedFile") || (isName(type, "Filespec", "F") && dict.has("EF"))) found.remains.add("attachments")
  if (isName(dict.get("S"), "JavaScript")) found.remains.add("scripts")
  if (isName(dict.get("Subtype"), "RichMedia", "3D", "Sound", "Movie")) found.remains.add("attachments")
  if (dict.has("XFA")) found.remains.add("form-data")
  const hidden = dict.get("OFF")
  if (Array.isArray(hidden) && hidden.length > 0 && !dict.has("S")) found.remains.add("hidden-content")
}

/** Photographs stand in a PDF as whole JPEG files, place and camera included. Null: the stream stays as it is. */
async function cleanImage(source: Source, stream: Stream, found: Findings, nested: Nested, file: PdfFile): Promise<Blob | null> {
  if (!isName(stream.dict.get("Subtype"), "Image")) return null
  const filter = await file.resolve(stream.dict.get("Filter"))
  const filters = (Array.isArray(filter) ? filter : filter ? [filter] : []).map((item) => (item instanceof Name ? item.text : ""))
  const last = filters.at(-1)
  if (last === "JPXDecode") {
    const head = latin1(await source.peek(stream.from, 12))
    // A bare code stream has no place for metadata; a JP2 file around it has.
    if (filters.length > 1 || head.includes("jP  ")) found.remains.add("metadata")
    return null
  }
  if (last !== "DCTDecode" && last !== "DCT") return null
  let data = source.blob.slice(stream.from, stream.to)
  if (filters.length === 2 && (filters[0] === "FlateDecode" || filters[0] === "Fl")) {
    data = new Blob([await inflate(data, "deflate", MAX_IMAGE_BYTES, nested.budget, true)])
  } else if (filters.length !== 1) {
    found.remains.add("metadata")
    return null
  }
  const inner = await nested.clean(data)
  if (inner.outcome === "not-possible" || inner.outcome === "damaged") {
    found.remains.add("metadata")
    return null
  }
  for (const what of inner.remains) found.remains.add(what)
  // Many writers leave a line end behind the picture.
  if (inner.removed.every((what) => what === "trailing-data")) return null
  for (const what of inner.removed) found.removed.add(what)
  if (filters.length === 2) {
    const parameters = await file.resolve(stream.dict.get("DecodeParms"))
    stream.dict.set("Filter", new Name("DCTDecode"))
    if (Array.isArray(parameters) && parameters.length === 2) stream.dict.set("DecodeParms", parameters[1]!)
    else stream.dict.delete("DecodeParms")
  }
  return inner.blob
}

// ---- around the objects

/** Later of the head's and the catalogue's version. */
async function version(source: Source, file: PdfFile, root: Ref): Promise<string> {
  const head = /%PDF-(\d\.\d)/.exec(latin1(await source.peek(0, 1024)))?.[1] ?? "1.7"
  const later = (await file.dict(root))?.get("Version")
  return later instanceof Name && /^\d\.\d$/.test(later.text) && later.text > head ? later.text : head
}

/** Bytes behind the last end mark. */
async function hasTail(source: Source): Promise<boolean> {
  const length = Math.min(source.size, 32 * 1024)
  const tail = latin1(await source.peek(source.size - length, length))
  return !/^%%EOF[\0\t\n\f\r ]*$/.test(tail.slice(Math.max(0, tail.lastIndexOf("%%EOF"))))
}

/** Objects in use that the catalogue does not lead to, other than those which hold the file together. */
async function hasOrphans(file: PdfFile, writer: PdfWriter): Promise<boolean> {
  for (const number of file.numbers()) {
    if (number === 0 || writer.reached(number) || file.lengths.has(number)) continue
    let object: PdfObject | null
    try {
      object = await file.object(number)
    } catch (error) {
      // Tables list objects which are not there; nobody can reach those either.
      if (error instanceof Damaged) continue
      throw error
    }
    const dict = object?.value
    if (!(dict instanceof Map)) return true
    if (!isName(dict.get("Type"), "ObjStm", "XRef") && !dict.has("Linearized")) return true
  }
  return false
}

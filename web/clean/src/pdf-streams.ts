// The streams of a PDF: photographs, colour profiles and what draws are cleaned as such; of all others what stands behind the end of
// the packed data goes, and the rest is copied byte for byte.

import { fromLatin1, latin1, startsWith, view } from "./bytes"
import { Damaged, type Findings, NotPossible } from "./cleaned"
import { MAX_PROFILE_BYTES, neutraliseProfile } from "./icc"
import { Budget, deflate, inflate } from "./inflate"
import type { Nested } from "./nested"
import { cleanContents, PageWatch } from "./pdf-contents"
import type { PdfFile } from "./pdf-file"
import { OLD_FILTERS, undoPredictor } from "./pdf-filters"
import type { Pages } from "./pdf-hidden"
import { isName, Name, Plain, type Stream, type Value } from "./pdf-objects"
import type { Role } from "./pdf-scrub"
import { Source } from "./source"
import { zlibEnd } from "./zlib-end"

const MAX_IMAGE_BYTES = 64 * 1024 * 1024
const MAX_CONTENTS_BYTES = 32 * 1024 * 1024
const MAX_CODE_STREAM_HEAD_BYTES = 64 * 1024
/** All that may be walked through in search of ends; it costs time, and no memory. */
const MAX_WALKED_BYTES = 4 * 1024 * 1024 * 1024

export class StreamCleaner {
  readonly #walked = new Budget(MAX_WALKED_BYTES)
  #tails = 0

  constructor(
    private readonly source: Source,
    private readonly file: PdfFile,
    private readonly found: Findings,
    private readonly nested: Nested,
  ) {}

  /** New data for a stream, or null for its own; its dictionary is changed to fit. */
  async clean(number: number, stream: Stream, role: Role | undefined, pages: Pages): Promise<Blob | null> {
    if (isName(stream.dict.get("Subtype"), "Image")) return this.#image(stream)
    if (role === "profile" || this.#looksLikeProfile(stream)) return this.#profile(stream)
    const page = pages.contents.get(number)
    const pictures = pages.pictures.get(number) ?? []
    if (page !== undefined && (page !== null || pictures.length > 0))
      return this.#packed(stream, await this.#contents(stream, true, page, pictures))
    const draws = isName(stream.dict.get("Subtype"), "Form") || role === "contents"
    const isPattern = stream.dict.get("PatternType") instanceof Plain && !stream.dict.has("ShadingType")
    if (page === undefined && (draws || isPattern)) {
      const contents = await this.#contents(stream, false, null, [])
      return contents === null ? this.#trim(stream) : this.#packed(stream, contents)
    }
    if (role === "map" || isName(stream.dict.get("Type"), "CMap")) {
      const map = await this.#map(stream)
      return map === null ? this.#trim(stream) : this.#packed(stream, map)
    }
    return this.#trim(stream)
  }

  /** What draws, unpacked; null, and said, where that is not possible. */
  async decode(stream: Stream, limit = MAX_CONTENTS_BYTES): Promise<Uint8Array<ArrayBuffer> | null> {
    const data = await this.#unpack(stream, await this.#filters(stream), limit)
    if (data === null) this.found.remains.add("metadata")
    return data
  }

  async #filters(stream: Stream): Promise<string[]> {
    const filter = await this.file.resolve(stream.dict.get("Filter"))
    const list = Array.isArray(filter) ? filter : filter === undefined || filter instanceof Plain ? [] : [filter]
    const names: string[] = []
    for (const item of list) {
      const name = await this.file.resolve(item)
      names.push(name instanceof Name ? name.text : "")
    }
    return names
  }

  async #parameters(stream: Stream, index: number): Promise<Value | undefined> {
    const all = await this.file.resolve(stream.dict.get("DecodeParms") ?? stream.dict.get("DP"))
    return this.file.resolve(Array.isArray(all) ? all[index] : index === 0 ? all : undefined)
  }

  /** Undoes filters; null for those that only pictures have. Notes what stands behind the end of the packed data. */
  async #unpack(stream: Stream, filters: string[], limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
    let data: Uint8Array<ArrayBuffer> | null = null
    if (filters.length === 0) {
      this.nested.budget.spend(stream.to - stream.from)
      return (await this.source.copy(stream.from, stream.to - stream.from, limit)) as Uint8Array<ArrayBuffer>
    }
    for (const [index, filter] of filters.entries()) {
      const packed: Blob = data ? new Blob([data]) : this.source.blob.slice(stream.from, stream.to)
      if (filter === "FlateDecode" || filter === "Fl") {
        try {
          data = await inflate(packed, "deflate", limit, this.nested.budget, true)
        } catch (error) {
          if (!(error instanceof Damaged)) throw error
          return null
        }
      } else {
        const unpack = OLD_FILTERS[filter]
        if (!unpack || packed.size > limit) return null
        const bytes = new Uint8Array(await packed.arrayBuffer())
        const parameters = await this.#parameters(stream, index)
        const early = parameters instanceof Map ? await this.file.resolve(parameters.get("EarlyChange")) : undefined
        const unpacked = unpack(bytes, limit, !(early instanceof Plain && early.raw === "0"))
        this.nested.budget.spend(unpacked.data.length)
        this.#noteTail(bytes.subarray(unpacked.used))
        data = unpacked.data as Uint8Array<ArrayBuffer>
      }
      data = (await undoPredictor(data, await this.#parameters(stream, index), (value) =>
        this.file.resolve(value),
      )) as Uint8Array<ArrayBuffer>
    }
    return data
  }

  #noteTail(tail: Uint8Array): boolean {
    const isBlank = tail.length <= 2 && tail.every((byte) => byte === 10 || byte === 13 || byte === 0 || byte === 32)
    if (!isBlank) {
      this.#tails++
      this.found.removed.add("unknown-data")
    }
    return !isBlank
  }

  async #packed(stream: Stream, text: string | Uint8Array | null): Promise<Blob | null> {
    if (text === null) return null
    stream.dict.set("Filter", new Name("FlateDecode"))
    for (const key of ["DecodeParms", "DP", "DL"]) stream.dict.delete(key)
    return deflate(new Blob([(typeof text === "string" ? fromLatin1(text) : text) as BlobPart]), "deflate")
  }

  /** `cleaned` is what a page's reading made of it; null if it was not read, or needs no change but in its photographs. */
  async #contents(stream: Stream, isPage: boolean, cleaned: string | null, pictures: [number, number][]): Promise<string | null> {
    let text = cleaned
    let photographs = pictures
    if (!isPage || pictures.length > 0) {
      const bytes = await this.decode(stream)
      if (bytes === null) return null
      const old = latin1(bytes)
      if (!isPage) {
        const watch = new PageWatch(null)
        const result = cleanContents(old, false, this.found, watch)
        if (watch.isHiding) this.found.remains.add("hidden-content")
        ;[text, photographs] = [result.text, result.pictures]
      }
      for (const [from, to] of photographs) {
        const photograph = old.slice(from, to)
        const inner = await this.#photograph(new Blob([fromLatin1(photograph) as BlobPart]))
        // The same letters in the cleaned text: pictures are never touched there.
        if (inner) text = (text ?? old).replace(photograph, () => inner)
      }
    }
    return text
  }

  async #photograph(data: Blob): Promise<string | null> {
    const inner = await this.#cleanJpeg(data)
    return inner ? latin1(new Uint8Array(await inner.arrayBuffer())) : null
  }

  /** Null: it stays as it is. */
  async #cleanJpeg(data: Blob): Promise<Blob | null> {
    const inner = await this.nested.clean(data)
    if (inner.outcome === "not-possible" || inner.outcome === "damaged") {
      this.found.remains.add("metadata")
      return null
    }
    for (const what of inner.remains) this.found.remains.add(what)
    if (inner.removed.length === 0) return null
    // Many writers leave a line end behind the picture.
    if (inner.removed.every((what) => what === "trailing-data")) {
      const tail = new Uint8Array(await data.slice(inner.blob.size).arrayBuffer())
      if (!this.#noteTail(tail)) return null
    } else for (const what of inner.removed) this.found.removed.add(what)
    return inner.blob
  }

  async #image(stream: Stream): Promise<Blob | null> {
    const filters = await this.#filters(stream)
    const last = filters.at(-1)
    if (last === "JPXDecode") {
      if (filters.length > 1 || (await this.#hasComments(stream))) this.found.remains.add("metadata")
      return null
    }
    if (last === "JBIG2Decode" && (await this.#hasExtension(stream))) this.found.remains.add("metadata")
    if (last !== "DCTDecode" && last !== "DCT") return this.#trim(stream)
    let data = this.source.blob.slice(stream.from, stream.to)
    if (filters.length > 1) {
      const unpacked = await this.#unpack(stream, filters.slice(0, -1), MAX_IMAGE_BYTES)
      if (unpacked === null) {
        this.found.remains.add("metadata")
        return null
      }
      data = new Blob([unpacked])
    }
    const cleaned = await this.#cleanJpeg(data)
    if (cleaned === null) return filters.length > 1 ? this.#trim(stream) : null
    if (filters.length > 1) {
      const parameters = await this.#parameters(stream, filters.length - 1)
      stream.dict.set("Filter", new Name("DCTDecode"))
      stream.dict.delete("DecodeParms")
      if (parameters instanceof Map) stream.dict.set("DecodeParms", parameters)
    }
    return cleaned
  }

  /** JPEG 2000: boxes around the code stream, and a comment in its head. */
  async #hasComments(stream: Stream): Promise<boolean> {
    const head = await this.source.copy(
      stream.from,
      Math.min(stream.to - stream.from, MAX_CODE_STREAM_HEAD_BYTES),
      MAX_CODE_STREAM_HEAD_BYTES,
    )
    if (!startsWith(head, "\xff\x4f")) return true
    for (let at = 2; at + 4 <= head.length;) {
      const marker = view(head).getUint16(at)
      if (marker === 0xff64) return true
      if (marker === 0xff90) return false
      at += 2 + view(head).getUint16(at + 2)
    }
    return true
  }

  /** JBIG2: segments of words. */
  async #hasExtension(stream: Stream): Promise<boolean> {
    for (let at = stream.from, count = 0; at + 11 <= stream.to && count < 10_000; count++) {
      const head = view(await this.source.copy(at, Math.min(32, stream.to - at), 32))
      const type = head.getUint8(4) & 63
      if (type === 62) return true
      const references = head.getUint8(5) >> 5
      if (references > 4) return true
      const number = head.getUint32(0)
      const length = 6 + references * (number <= 256 ? 1 : number <= 65536 ? 2 : 4) + ((head.getUint8(4) & 64) !== 0 ? 4 : 1)
      if (length + 4 > head.byteLength) return true
      const size = head.getUint32(length)
      if (size === 0xffffffff) return true
      at += length + 4 + size
    }
    return false
  }

  /** Profiles are known by what leads to them, and by their look where something else does. */
  #looksLikeProfile({ dict }: Stream): boolean {
    return dict.get("N") instanceof Plain && !["Type", "Subtype", "ShadingType", "FunctionType", "First"].some((key) => dict.has(key))
  }

  async #profile(stream: Stream): Promise<Blob | null> {
    const whole = await this.#unpack(stream, await this.#filters(stream), MAX_PROFILE_BYTES)
    if (whole === null) {
      this.found.remains.add("colour-profile")
      return null
    }
    const size = whole.length >= 4 ? view(whole).getUint32(0) : 0
    const profile = size >= 128 && size < whole.length ? whole.subarray(0, size) : whole
    const hasTail = profile.length < whole.length && this.#noteTail(whole.subarray(profile.length))
    const blanked = neutraliseProfile(profile, this.found)
    if (blanked === null && !hasTail) return this.#trim(stream)
    return this.#packed(stream, blanked ?? profile)
  }

  /** A table of letters, in the words of PostScript: without its comments. */
  async #map(stream: Stream): Promise<string | null> {
    const bytes = await this.decode(stream)
    if (bytes === null) return null
    const text = latin1(bytes)
    const bare = text.replace(/(\((?:[^()\\]|\\[^])*\))|%[^\r\n]*/g, (whole, string?: string) => (string === undefined ? "" : whole))
    if (bare === text) return null
    if (
      /%[^\r\n]*[A-Za-z]{2}/.test(
        text.replace(/%!PS-Adobe-\d\.\d Resource-CMap|%%(?:EndComments|EOF|BeginResource: CMap|EndResource)/g, ""),
      )
    )
      this.found.removed.add("comment")
    return bare
  }

  /** What stands behind the end of packed data goes. */
  async #trim(stream: Stream): Promise<Blob | null> {
    const filters = await this.#filters(stream)
    const [first] = filters
    if (first === "FlateDecode" || first === "Fl") {
      const { packed_bytes, isWhole } = await zlibEnd(this.source, [[stream.from, stream.to]], (bytes) => this.#walked.spend(bytes))
      const end = Math.min(stream.from + packed_bytes, stream.to)
      if (!isWhole && stream.to - end > 8) this.found.remains.add("metadata")
      if (!isWhole || end === stream.to) return null
      const tail = await this.source.copy(end, Math.min(stream.to - end, 1024), 1024)
      if (stream.to - end > 2) this.found.removed.add("unknown-data")
      else this.#noteTail(tail)
      return this.source.blob.slice(stream.from, end)
    }
    if (filters.length === 1 && first !== undefined && OLD_FILTERS[first]) {
      const before = this.#tails
      try {
        const data = await this.#unpack(stream, filters, MAX_IMAGE_BYTES)
        if (data !== null && this.#tails > before) return await this.#packed(stream, data)
      } catch (error) {
        if (!(error instanceof Damaged) && !(error instanceof NotPossible)) throw error
        this.found.remains.add("metadata")
      }
    }
    return null
  }
}

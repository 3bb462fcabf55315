// AVI (Microsoft's RIFF, and its continuation in OpenDML), as older cameras record: frames in chunks, one after the other. Indexes
// hold places in the file, so nothing is moved: what no player reads becomes filling of zeros.

import { Damaged, type Findings, type Removed } from "./cleaned"
import { wipe } from "./boxes"
import { fromLatin1, latin1, startsWith, view } from "./bytes"
import { cleanPicture, type Coding } from "./coded"
import { cleanBitmapHead } from "./matroska-tracks"
import { Patches, type Output, type Source } from "./source"

const HEAD_BYTES = 8
const LIST_BYTES = 12
const MAX_HEADERS_BYTES = 4 * 1024 * 1024
const MAX_CHUNKS = 10_000_000
const MAX_TRIES = 10_000
const STREAM_HEAD_BYTES = 56
const FILLER = fromLatin1("JUNK")
const FRAME = /^(\d\d)(?:dc|db|wb|pc|iv)$/
const INDEX = /^ix\d\d$/

interface Stream {
  isKept: boolean
  coding: Coding | null
}

interface Chunk {
  name: string
  start: number
  body: number
  /** Without the byte that makes its length even. */
  bodyEnd: number
}

export async function cleanAvi(source: Source, found: Findings): Promise<Output> {
  const avi = new Avi(source, new Patches(source), found)
  let at = 0
  while (at + LIST_BYTES <= source.size) {
    const head = await source.bytes(at, LIST_BYTES)
    if (!startsWith(head, "RIFF") || !startsWith(head, at === 0 ? "AVI " : "AVIX", 8)) break
    const length = view(head).getUint32(4, true)
    // A length that was never filled in: the recording goes on to the end of the file.
    const end = length < LIST_BYTES || at + HEAD_BYTES + length > source.size ? source.size : at + HEAD_BYTES + length
    await avi.part(at + LIST_BYTES, end)
    at = end
  }
  return avi.finish(at)
}

class Avi {
  readonly #streams: Stream[] = []
  #frames = 0
  #chunks = 0

  constructor(
    readonly source: Source,
    readonly patches: Patches,
    readonly found: Findings,
  ) {}

  finish(end: number): Output {
    if (this.#frames === 0) throw new Damaged("no sound and no picture")
    if (end < this.source.size) {
      this.found.removed.add("trailing-data")
      this.patches.cut(end)
    }
    return this.patches.output()
  }

  /** The chunks of the file, or of one of its continuations. */
  async part(from: number, to: number): Promise<void> {
    for (let at = from; at < to;) {
      const chunk = await this.#read(at, to)
      if (!chunk) return this.#junk(at, to)
      const kind = chunk.name === "LIST" ? latin1(await this.source.peek(chunk.body, 4)) : ""
      if (kind === "hdrl" && this.#streams.length === 0) await this.#headers(chunk)
      else if (kind === "movi") await this.#frameRow(chunk.body + 4, chunk.bodyEnd)
      else if (chunk.name === "idx1") await this.#rest(chunk, 16)
      else await this.#drop(chunk)
      at = await this.#afterPadding(chunk, to)
    }
  }

  /** A chunk; one that is longer than the file ends with it. */
  async #read(at: number, to: number): Promise<Chunk | null> {
    if (++this.#chunks > MAX_CHUNKS) throw new Damaged("too many chunks")
    if (at + HEAD_BYTES > to) return null
    const head = await this.source.bytes(at, HEAD_BYTES)
    const name = latin1(head.subarray(0, 4))
    if (!/^[\x20-\x7e]{4}$/.test(name)) return null
    const body = at + HEAD_BYTES
    const length = view(head).getUint32(4, true)
    const isOpen = body + length > to || (length === 0 && name === "LIST")
    if (isOpen && to < this.source.size) return null
    return { name, start: at, body, bodyEnd: isOpen ? to : body + length }
  }

  async #afterPadding({ body, bodyEnd }: Chunk, to: number): Promise<number> {
    if ((bodyEnd - body) % 2 === 0 || bodyEnd >= to) return bodyEnd
    await this.#zero(bodyEnd, bodyEnd + 1)
    return bodyEnd + 1
  }

  /** A chunk that no player reads. */
  async #drop(chunk: Chunk): Promise<void> {
    const { source, patches, found } = this
    const isFiller = /^(?:JUNK|junk|PAD )$/.test(chunk.name)
    if (isFiller) return this.#zero(chunk.body, chunk.bodyEnd)
    const text = latin1(await source.peek(chunk.body, Math.min(4096, chunk.bodyEnd - chunk.body)))
    for (const meaning of meanings(chunk.name, text)) found.removed.add(meaning)
    patches.write(chunk.start, FILLER)
    patches.zero(chunk.body, chunk.bodyEnd)
  }

  async #zero(from: number, to: number): Promise<void> {
    if (await this.source.allZero(from, to)) return
    this.found.removed.add("unknown-data")
    this.patches.zero(from, to)
  }

  /** A table of rows of so many bytes. */
  async #rest(chunk: Chunk, row: number): Promise<void> {
    await this.#zero(chunk.bodyEnd - ((chunk.bodyEnd - chunk.body) % row), chunk.bodyEnd)
  }

  async #headers(list: Chunk): Promise<void> {
    const bytes = await this.source.copy(list.body, list.bodyEnd - list.body, MAX_HEADERS_BYTES)
    cleanHeaders(bytes, this.#streams, this.found)
    this.patches.write(list.body, bytes)
  }

  async #frameRow(from: number, to: number): Promise<void> {
    const { source, patches, found } = this
    for (let at = from; at < to;) {
      const chunk = await this.#read(at, to)
      if (!chunk) {
        const next = await this.#nextFrame(at + 1, to)
        await this.#zero(at, next)
        at = next
        continue
      }
      const [, number] = FRAME.exec(chunk.name) ?? []
      const stream = number === undefined ? undefined : this.#streams[Number(number)]
      if (chunk.name === "LIST" && startsWith(await source.peek(chunk.body, 4), "rec ")) {
        at = chunk.body + 4
        continue
      }
      if (stream?.isKept) {
        this.#frames++
        if (stream.coding && chunk.bodyEnd > chunk.body) {
          await cleanPicture(source, chunk.body, chunk.bodyEnd, stream.coding, patches, found)
        }
      } else if (INDEX.test(chunk.name)) {
        await this.#index(chunk)
      } else if (stream) {
        // The index names it, so that its name has to stay.
        await this.#zero(chunk.body, chunk.bodyEnd)
      } else {
        await this.#drop(chunk)
      }
      at = await this.#afterPadding(chunk, to)
    }
  }

  async #index(chunk: Chunk): Promise<void> {
    const bytes = await this.source.copy(chunk.body, chunk.bodyEnd - chunk.body, MAX_HEADERS_BYTES)
    if (!cleanIndex(bytes)) return
    this.found.removed.add("unknown-data")
    this.patches.write(chunk.body, bytes)
  }

  async #junk(from: number, to: number): Promise<void> {
    await this.#zero(from, to)
  }

  /** The next chunk that looks like a frame, as players look for it. */
  async #nextFrame(from: number, to: number): Promise<number> {
    let tries = 0
    for await (const { at, bytes } of this.source.pieces(from, to, HEAD_BYTES - 1)) {
      for (let i = 0; i + HEAD_BYTES <= bytes.length; i++) {
        if (bytes[i]! < 0x30 || bytes[i]! > 0x39 || !FRAME.test(latin1(bytes.subarray(i, i + 4)))) continue
        if (++tries > MAX_TRIES) throw new Damaged("no frames")
        if (at + i + HEAD_BYTES + view(bytes).getUint32(i + 4, true) <= to) return at + i
      }
    }
    return to
  }
}

/** The list of headers, in memory: of the film, of its streams, and of its length in OpenDML. */
function cleanHeaders(bytes: Uint8Array, streams: Stream[], found: Findings): void {
  const wiped = (from: number, to: number): void => {
    if (wipe(bytes, Math.min(from, to), to)) found.removed.add("unknown-data")
  }
  for (const { name, start, body, bodyEnd } of heldChunks(bytes, 4, bytes.length, found)) {
    const kind = name === "LIST" ? latin1(bytes.subarray(body, body + 4)) : ""
    if (name === "avih") wiped(body + 40, bodyEnd)
    else if (kind === "strl") streams.push(cleanStream(bytes, body + 4, bodyEnd, found))
    else if (kind === "odml") {
      for (const inner of heldChunks(bytes, body + 4, bodyEnd, found)) {
        if (inner.name === "dmlh") wiped(inner.body + 4, inner.bodyEnd)
        else dropHeld(bytes, inner, found)
      }
    } else dropHeld(bytes, { name, start, body, bodyEnd }, found)
  }
}

function cleanStream(bytes: Uint8Array, from: number, to: number, found: Findings): Stream {
  const stream: Stream = { isKept: false, coding: null }
  let kind = ""
  const seen = new Set<string>()
  for (const chunk of heldChunks(bytes, from, to, found)) {
    const { name, body, bodyEnd } = chunk
    const data = bytes.subarray(body, bodyEnd)
    if (seen.has(name)) dropHeld(bytes, chunk, found)
    else if (name === "strh") {
      kind = latin1(data.subarray(0, 4))
      stream.isKept = /^(?:vids|auds|iavs)$/.test(kind)
      if (!stream.isKept) found.removed.add("metadata-track")
      // The language, and what is too much.
      if ([wipe(data, 14, 16), wipe(data, Math.min(STREAM_HEAD_BYTES, data.length), data.length)].includes(true))
        found.removed.add("unknown-data")
    } else if (name === "strf" && kind === "vids") {
      stream.coding = cleanBitmapHead(data, found)
    } else if (name === "strf" && kind === "auds") {
      const length = data.length >= 18 ? 18 + view(data).getUint16(16, true) : 16
      if (wipe(data, Math.min(length, data.length), data.length)) found.removed.add("unknown-data")
    } else if (name === "strf" && kind === "iavs") {
      found.remains.add("metadata")
    } else if (name === "indx") {
      if (cleanIndex(data)) found.removed.add("unknown-data")
    } else if (name === "vprp") {
      // Size and fields of the picture: nine numbers, and eight for each field.
      const length = data.length >= 36 ? 36 + 32 * view(data).getUint32(32, true) : data.length
      if (wipe(data, Math.min(length, data.length), data.length)) found.removed.add("unknown-data")
    } else dropHeld(bytes, chunk, found)
    seen.add(name)
  }
  return stream
}

/** An index of OpenDML: what is no row and no field of it is zeroed. Says whether anything was. */
function cleanIndex(data: Uint8Array): boolean {
  if (data.length < 24) return wipe(data, 0, data.length)
  const [rowBytes, isSuper] = [4 * view(data).getUint16(0, true), data[3] === 0]
  const end = 24 + rowBytes * view(data).getUint32(4, true)
  const reserve = wipe(data, isSuper ? 12 : 20, 24)
  return wipe(data, Math.min(end, data.length), data.length) || reserve
}

function heldChunks(bytes: Uint8Array, from: number, to: number, found: Findings): Chunk[] {
  const list: Chunk[] = []
  let at = from
  while (at + HEAD_BYTES <= to) {
    const body = at + HEAD_BYTES
    const bodyEnd = body + view(bytes).getUint32(at + 4, true)
    if (bodyEnd > to) break
    list.push({ name: latin1(bytes.subarray(at, at + 4)), start: at, body, bodyEnd })
    at = bodyEnd
    if ((bodyEnd - body) % 2 === 1 && at < to && wipe(bytes, at, ++at)) found.removed.add("unknown-data")
  }
  if (wipe(bytes, at, to)) found.removed.add("unknown-data")
  return list
}

function dropHeld(bytes: Uint8Array, { name, start, body, bodyEnd }: Chunk, found: Findings): void {
  const isFiller = name === "JUNK"
  const words = isFiller ? (["unknown-data"] as const) : meanings(name, latin1(bytes.subarray(body, Math.min(bodyEnd, body + 4096))))
  if (!wipe(bytes, body, bodyEnd) && isFiller) return
  bytes.set(FILLER, start)
  for (const word of words) found.removed.add(word)
}

function meanings(name: string, text: string): Removed[] {
  if (name === "IDIT") return ["timestamps"]
  if (name === "_PMX") return ["xmp"]
  if (name === "strn") return ["tags"]
  if (name !== "LIST" || !text.startsWith("INFO")) return ["unknown-data"]
  const list: Removed[] = ["tags"]
  if (/IART|IENG|ICMS/.test(text)) list.push("author")
  if (/ICRD|IDIT/.test(text)) list.push("timestamps")
  if (text.includes("ISFT")) list.push("software")
  return list
}

// PNG (W3C PNG third edition): chunks with a name, a length and a checksum. The copy has the chunks that a reader draws by, each of
// its right length and once, and of the packed pixels as many bytes as there are pixels. All others are left out.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { concat, equal, fromLatin1, latin1, view } from "./bytes"
import { crc32 } from "./crc32"
import { orientationOnly, readExif } from "./exif"
import { MAX_PROFILE_BYTES, neutraliseProfile, profileName } from "./icc"
import { deflate, inflate, type Budget } from "./inflate"
import { type Frame, PixelStream } from "./png-pixels"
import { Output, Source } from "./source"
import { zlibEnd } from "./zlib-end"

const SIGNATURE_BYTES = 8
const FRAME_BYTES = 12 // length, name, checksum
const HEADER_BYTES = 13
const CONTROL_BYTES = 26
/** Some thousand to the megabyte are usual. */
const MAX_CHUNKS = 200_000
const MAX_TEXT_BYTES = 1024 * 1024

/** How a reader draws the pixels, with the one length that each may have. Readers take none of them from behind the pixels. */
const DRAWN_BY = new Map<string, (header: Header) => readonly number[]>([
  ["gAMA", () => [4]],
  ["cHRM", () => [32]],
  ["sRGB", () => [1]],
  ["cICP", () => [4]],
  ["mDCV", () => [24]],
  ["cLLI", () => [8]],
  ["pHYs", () => [9]],
  ["sBIT", ({ colourType }) => [[1, 0, 3, 3, 2, 0, 4][colourType]!]],
  ["bKGD", ({ colourType }) => [colourType === 3 ? 1 : colourType % 4 === 0 ? 2 : 6]],
  ["tRNS", ({ colourType, colours }) => (colourType === 3 ? upTo(colours) : colourType === 0 ? [2] : colourType === 2 ? [6] : [])],
])

interface Header extends Frame {
  depth: number
  colourType: number
  isInterlaced: boolean
  /** In the palette, once it was read. */
  colours: number
}

interface Chunk {
  name: string
  start: number
  payload: number
  payloadEnd: number
  end: number
}

/** Of the copy, in order. Numbers of an animation's parts are given at the end, for parts may have gone. */
type Part = { from: number; to: number } | { bytes: Uint8Array } | { control: Uint8Array } | { pixels: PixelStream }

export async function cleanPng(source: Source, found: Findings, budget: Budget): Promise<Output> {
  const picture = new Picture(source, found, budget)
  let at = SIGNATURE_BYTES
  for (let count = 0; ; count++) {
    if (count > MAX_CHUNKS) throw new Damaged("too many chunks")
    const chunk = await readChunk(source, at)
    // Where the rest is missing or nonsense, readers show what they have.
    if (chunk === null && picture.hasPixels) break
    if (chunk === null || (count === 0) !== (chunk.name === "IHDR")) throw new Damaged("chunk")
    at = chunk.end
    await picture.take(chunk)
    if (chunk.name === "IEND") break
  }
  if (at < source.size) found.removed.add("trailing-data")
  return picture.write()
}

async function readChunk(source: Source, start: number): Promise<Chunk | null> {
  const head = await source.peek(start, 8)
  const name = latin1(head.subarray(4))
  if (!/^[A-Za-z]{4}$/.test(name)) return null
  const payload = start + 8
  const length = view(head).getUint32(0)
  const isCut = payload + length + 4 > source.size
  // Pixels that break off are still pixels.
  if (isCut && name !== "IDAT" && name !== "fdAT") return null
  const payloadEnd = Math.min(payload + length, source.size)
  return { name, start, payload, payloadEnd, end: isCut ? source.size : payloadEnd + 4 }
}

class Picture {
  readonly #parts: Part[] = []
  readonly #once = new Set<string>()
  #header: Header | null = null
  #still: PixelStream | null = null
  /** The animation's frames that are left; null where there is none. */
  #framesLeft: number | null = null
  /** Where the pixels of an `fcTL` go: its own frame, or the still picture when that comes next. */
  #frame: Frame | null = null
  #moving: PixelStream | null = null

  constructor(
    readonly source: Source,
    readonly found: Findings,
    readonly budget: Budget,
  ) {}

  get hasPixels(): boolean {
    return this.#still !== null
  }

  async take(chunk: Chunk): Promise<void> {
    const { name } = chunk
    const length = chunk.payloadEnd - chunk.payload
    if (name === "IHDR") await this.#takeHeader(chunk, length)
    else if (name === "IDAT") this.#takePixels(chunk)
    else if (name === "IEND") this.#note(length > 0 || !(await this.#isIntact(chunk)))
    else if (name === "PLTE") await this.#takePalette(chunk, length)
    else if (name === "iCCP" && this.#isFirst(chunk) && !this.hasPixels) await this.#takeProfile(chunk)
    else if (name === "eXIf") await this.#takeExif(chunk, length)
    else if (name === "acTL" || name === "fcTL" || name === "fdAT") await this.#takeAnimation(chunk, length)
    else if (DRAWN_BY.has(name)) await this.#takeDrawnBy(chunk, length)
    // A critical chunk that we do not know means that this is not a picture which we understand.
    else if (/^[A-Z]/.test(name)) throw new NotPossible("unsupported-variant")
    else this.found.removed.add(await meaning(this.source, name, chunk.payload, length))
  }

  #note(isSomething: boolean): void {
    if (isSomething) this.found.removed.add("unknown-data")
  }

  #isFirst({ name }: Chunk): boolean {
    if (this.#once.has(name)) return false
    this.#once.add(name)
    return true
  }

  async #isIntact({ start, payloadEnd }: Chunk): Promise<boolean> {
    const checked = await this.source.copy(start + 4, payloadEnd - start - 4, MAX_TEXT_BYTES)
    return view(await this.source.bytes(payloadEnd, 4)).getUint32(0) === crc32(checked)
  }

  async #takeHeader(chunk: Chunk, length: number): Promise<void> {
    if (length < HEADER_BYTES || !this.#isFirst(chunk)) throw new Damaged("header")
    const payload = await this.source.copy(chunk.payload, HEADER_BYTES, HEADER_BYTES)
    const data = view(payload)
    const [depth, colourType, , , interlace] = payload.subarray(8)
    if (![0, 2, 3, 4, 6].includes(colourType!) || ![1, 2, 4, 8, 16].includes(depth!)) throw new Damaged("header")
    const [width, height] = [data.getUint32(0), data.getUint32(4)]
    this.#header = { width, height, depth: depth!, colourType: colourType!, isInterlaced: interlace === 1, colours: 0 }
    this.#note(length > HEADER_BYTES || !(await this.#isIntact(chunk)))
    this.#parts.push({ bytes: chunkOf("IHDR", payload) })
  }

  async #takePalette(chunk: Chunk, length: number): Promise<void> {
    const header = this.#header!
    // In any other picture it is a suggestion for screens of few colours.
    if (header.colourType !== 3 || this.hasPixels || !this.#isFirst(chunk)) return this.#note(true)
    header.colours = Math.min(Math.floor(length / 3), 2 ** header.depth, 256)
    if (header.colours === 0) throw new Damaged("palette")
    this.#note(header.colours * 3 < length || !(await this.#isIntact(chunk)))
    this.#parts.push({ bytes: chunkOf("PLTE", await this.source.copy(chunk.payload, header.colours * 3, 768)) })
  }

  async #takeDrawnBy(chunk: Chunk, length: number): Promise<void> {
    const isRight = DRAWN_BY.get(chunk.name)!(this.#header!).includes(length)
    // Readers leave out what stands in the wrong place, has the wrong length or a wrong checksum.
    if (this.hasPixels || !isRight || !this.#isFirst(chunk) || !(await this.#isIntact(chunk))) return this.#note(true)
    this.#parts.push({ from: chunk.start, to: chunk.end })
  }

  async #takeExif(chunk: Chunk, length: number): Promise<void> {
    const payload = await this.source.copy(chunk.payload, length, MAX_TEXT_BYTES)
    const exif = readExif(payload)
    const minimal = orientationOnly(exif.orientation)
    const stays = exif.orientation !== 1 && this.#isFirst(chunk)
    if (stays) this.#parts.push({ bytes: chunkOf("eXIf", minimal) })
    if (!stays || !equal(payload, minimal)) for (const meaning of exif.meanings) this.found.removed.add(meaning)
  }

  #takePixels({ start, payload, payloadEnd, end }: Chunk): void {
    if (this.#moving) {
      // A frame's data stand before the still picture: no reader makes anything of that.
      throw new Damaged("order of frames")
    }
    if (!this.#still) {
      this.#still = new PixelStream("IDAT", this.#header!, this.#header!)
      this.#parts.push({ pixels: this.#still })
    }
    this.#still.add({ start, from: payload, to: payloadEnd, end })
  }

  async #takeAnimation(chunk: Chunk, length: number): Promise<void> {
    const { name } = chunk
    if (name === "acTL") {
      const isRight = length === 8 && !this.hasPixels && this.#isFirst(chunk) && (await this.#isIntact(chunk))
      if (!isRight) return this.#note(true)
      this.#framesLeft = view(await this.source.bytes(chunk.payload, 8)).getUint32(0)
      this.#parts.push({ from: chunk.start, to: chunk.end })
    } else if (name === "fcTL") {
      this.#moving = null
      this.#frame = null
      // More frames than the animation says it has are shown by nobody.
      if (length !== CONTROL_BYTES || this.#framesLeft === null || this.#framesLeft === 0) return this.#note(true)
      this.#framesLeft--
      const control = await this.source.copy(chunk.payload, length, CONTROL_BYTES)
      this.#note(!(await this.#isIntact(chunk)))
      this.#frame = { width: view(control).getUint32(4), height: view(control).getUint32(8) }
      this.#parts.push({ control })
    } else if (this.#frame === null || !this.hasPixels || length < 4) {
      this.#note(true)
    } else {
      if (!this.#moving) {
        this.#moving = new PixelStream("fdAT", this.#header!, this.#frame)
        this.#parts.push({ pixels: this.#moving })
      }
      this.#moving.add({ start: chunk.start, from: chunk.payload + 4, to: chunk.payloadEnd, end: chunk.end })
    }
  }

  async #takeProfile({ start, payload: at, payloadEnd, end }: Chunk): Promise<void> {
    const payload = await this.source.copy(at, payloadEnd - at, MAX_PROFILE_BYTES)
    const nameEnd = payload.subarray(0, 80).indexOf(0)
    const isIntact =
      view(await this.source.bytes(payloadEnd, 4)).getUint32(0) ===
      crc32(await this.source.copy(start + 4, 4 + payload.length, MAX_PROFILE_BYTES + 4))
    if (nameEnd < 1 || payload[nameEnd + 1] !== 0 || !isIntact) return this.#note(true)
    const packed = payload.subarray(nameEnd + 2)
    let profile: Uint8Array
    try {
      profile = await inflate(new Blob([packed as BlobPart]), "deflate", MAX_PROFILE_BYTES, this.budget, true)
    } catch (error) {
      if (!(error instanceof Damaged)) throw error
      return this.#note(true)
    }
    const blanked = neutraliseProfile(profile, this.found)
    const name = latin1(payload.subarray(0, nameEnd))
    const isExact = await endsWithItself(packed)
    if (blanked === null && isExact && profileName(name) === name) {
      this.#parts.push({ from: start, to: end })
      return
    }
    this.found.removed.add(isExact ? "colour-profile-name" : "unknown-data")
    const repacked = new Uint8Array(await (await deflate(new Blob([(blanked ?? profile) as BlobPart]), "deflate")).arrayBuffer())
    this.#parts.push({ bytes: chunkOf("iCCP", concat(fromLatin1(profileName(name) + "\0\0"), repacked)) })
  }

  async write(): Promise<Output> {
    if (!this.#still) throw new Damaged("no picture")
    const output = new Output(this.source)
    output.keep(0, SIGNATURE_BYTES)
    let sequence = 0
    const next = (): number => sequence++
    for (const part of this.#parts) {
      if ("bytes" in part) output.put(part.bytes)
      else if ("from" in part) output.keep(part.from, part.to)
      else if ("pixels" in part) await part.pixels.write(output, this.found, this.budget, next)
      else {
        view(part.control).setUint32(0, next())
        output.put(chunkOf("fcTL", part.control))
      }
    }
    output.put(chunkOf("IEND", new Uint8Array(0)))
    return output
  }
}

function upTo(most: number): number[] {
  return Array.from({ length: most }, (_, i) => i + 1)
}

/** Whether packed data end where the range ends. */
async function endsWithItself(packed: Uint8Array): Promise<boolean> {
  const blob = new Blob([packed as BlobPart])
  const end = await zlibEnd(new Source(blob), [[0, blob.size]], () => {})
  return end.isWhole && end.packed_bytes === blob.size && view(packed).getUint32(blob.size - 4) === end.checksum
}

async function meaning(source: Source, name: string, at: number, length: number): Promise<Removed> {
  if (name === "tIME") return "timestamps"
  if (!/^[tzi]TXt|tEXt$/.test(name)) return "unknown-data"
  const keyword = latin1(await source.bytes(at, Math.min(length, 80)))
    .replace(/\0[^]*$/, "")
    .toLowerCase()
  if (/xmp/.test(keyword)) return "xmp"
  if (/exif/.test(keyword)) return "exif"
  if (/iptc/.test(keyword)) return "iptc"
  if (keyword === "author" || keyword === "copyright") return "author"
  if (keyword === "software") return "software"
  if (/date|time/.test(keyword)) return "timestamps"
  return "comment"
}

export function chunkOf(name: string, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES + payload.length)
  view(bytes).setUint32(0, payload.length)
  bytes.set(fromLatin1(name), 4)
  bytes.set(payload, 8)
  view(bytes).setUint32(8 + payload.length, crc32(bytes.subarray(4, 8 + payload.length)))
  return bytes
}

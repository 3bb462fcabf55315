// WebP (RFC 9649): chunks in a RIFF container. The copy is one picture, or the frames of one animation, with the head that says so;
// sizes and padding are written anew.

import { Damaged, type Findings } from "./cleaned"
import { equal, fromLatin1, isZero, latin1, startsWith, view } from "./bytes"
import { orientationOnly, readExif } from "./exif"
import { MAX_PROFILE_BYTES, neutraliseProfile } from "./icc"
import { Output, type Source } from "./source"

const HEAD_BYTES = 12
const MAX_CHUNKS = 50_000
const MAX_METADATA_BYTES = 1024 * 1024
const EXTENDED_BYTES = 10
const ANIMATION_BYTES = 6
const FRAME_BYTES = 16
/** Flags of the extended head: the ones that have a meaning, and some of them. */
const FLAGS = 0x3e,
  PROFILE = 0x20,
  EXIF = 0x08,
  XMP = 0x04,
  ANIMATION = 0x02
/** How a frame is put on the canvas; the other bits of that byte have no meaning. */
const FRAME_FLAGS = 0x03

interface Chunk {
  name: string
  payload: number
  payloadEnd: number
  end: number
  /** The file ends before the chunk. */
  isCut: boolean
}

export async function cleanWebp(source: Source, found: Findings): Promise<Output> {
  const stated = 8 + view(await source.bytes(0, HEAD_BYTES)).getUint32(4, true)
  const within = await readChunks(source, HEAD_BYTES, Math.min(stated, source.size))
  // Some writers never fill in the size.
  const chunks = within.some(isPicture) ? within : await readChunks(source, HEAD_BYTES, source.size)
  const end = chunks.at(-1)?.end ?? HEAD_BYTES
  const picture = new Picture(source, found)
  for (const chunk of chunks) await picture.take(chunk)
  if (end < source.size || stated < end - 1) found.removed.add("trailing-data")
  return picture.write()
}

function isPicture({ name }: Chunk): boolean {
  return name === "VP8 " || name === "VP8L" || name === "ANMF"
}

class Picture {
  #extended: Uint8Array | null = null
  #animation: Uint8Array | null = null
  #profile: Uint8Array | null = null
  #exif: Uint8Array | null = null
  #alpha: Blob | null = null
  #still: Blob | null = null
  readonly #frames: Blob[] = []
  #count = 0

  constructor(
    readonly source: Source,
    readonly found: Findings,
  ) {}

  async take(chunk: Chunk): Promise<void> {
    const { name } = chunk
    const length = chunk.payloadEnd - chunk.payload
    const isFirst = this.#count++ === 0
    const isMoving = (this.#extended?.[0] ?? 0) & ANIMATION
    if (name === "VP8X" && isFirst) await this.#takeHead(chunk, length)
    else if (name === "EXIF" && this.#extended) await this.#takeExif(chunk, length)
    else if (name === "ICCP" && this.#extended && !this.#profile) {
      const profile = await this.source.copy(chunk.payload, length, MAX_PROFILE_BYTES)
      this.#profile = neutraliseProfile(profile, this.found) ?? profile
    } else if (name === "ANIM" && isMoving && !this.#animation && length >= ANIMATION_BYTES) {
      this.#animation = await this.source.copy(chunk.payload, ANIMATION_BYTES, ANIMATION_BYTES)
      this.#note(length > ANIMATION_BYTES)
    } else if (name === "ANMF" && isMoving && length > FRAME_BYTES) await this.#takeFrame(chunk)
    else if (name === "ALPH" && this.#extended && !isMoving && !this.#alpha && !this.#still) this.#alpha = this.#data(chunk)
    else if ((name === "VP8 " || name === "VP8L") && !isMoving && !this.#still) {
      this.#still = this.#data(chunk)
      // The transparency of such a picture is in its own data.
      if (name === "VP8L" && this.#alpha) this.#note(true)
      if (name === "VP8L") this.#alpha = null
    } else this.found.removed.add(name === "XMP " ? "xmp" : name === "EXIF" ? "exif" : "unknown-data")
    await this.#checkPadding(chunk)
  }

  #note(isSomething: boolean): void {
    if (isSomething) this.found.removed.add("unknown-data")
  }

  async #checkPadding({ payloadEnd, end }: Chunk): Promise<void> {
    this.#note(end > payloadEnd && !isZero(await this.source.bytes(payloadEnd, end - payloadEnd)))
  }

  /** A chunk of coded data as it is. What is missing of it is missing. */
  #data({ name, payload, payloadEnd, isCut }: Chunk): Blob {
    if (isCut) this.found.remains.add("unread-part")
    return chunkOf(name, this.source.blob.slice(payload, payloadEnd))
  }

  async #takeHead({ payload }: Chunk, length: number): Promise<void> {
    if (length < EXTENDED_BYTES) throw new Damaged("extended head")
    const head = await this.source.copy(payload, EXTENDED_BYTES, EXTENDED_BYTES)
    this.#note(length > EXTENDED_BYTES || (head[0]! & ~FLAGS) !== 0 || !isZero(head.subarray(1, 4)))
    if ((head[0]! & XMP) !== 0) this.found.removed.add("xmp")
    head[0]! &= FLAGS
    head.fill(0, 1, 4)
    this.#extended = head
  }

  async #takeExif({ payload: at }: Chunk, length: number): Promise<void> {
    const payload = await this.source.copy(at, length, MAX_METADATA_BYTES)
    const exif = readExif(payload.subarray(startsWith(payload, "Exif\0\0") ? 6 : 0))
    const minimal = orientationOnly(exif.orientation)
    const stays = exif.orientation !== 1 && this.#exif === null
    if (stays) this.#exif = minimal
    if (!stays || !equal(payload, minimal)) for (const meaning of exif.meanings) this.found.removed.add(meaning)
  }

  /** A frame of an animation holds chunks of its own: its picture, and perhaps its transparency before it. */
  async #takeFrame({ payload, payloadEnd, isCut }: Chunk): Promise<void> {
    const head = await this.source.copy(payload, FRAME_BYTES, FRAME_BYTES)
    this.#note((head[15]! & ~FRAME_FLAGS) !== 0)
    head[15]! &= FRAME_FLAGS
    const inner = await readChunks(this.source, payload + FRAME_BYTES, payloadEnd)
    const image = inner.findIndex((part) => part.name === "VP8 " || part.name === "VP8L")
    if (image < 0) return this.#note(true)
    const alpha = inner[image]!.name === "VP8 " ? inner.slice(0, image).find((part) => part.name === "ALPH") : undefined
    const kept = alpha ? [alpha, inner[image]!] : [inner[image]!]
    for (const part of kept) await this.#checkPadding(part)
    this.#note(inner.length > kept.length || inner.at(-1)!.end < payloadEnd)
    if (isCut) this.found.remains.add("unread-part")
    this.#frames.push(chunkOf("ANMF", new Blob([head as BlobPart, ...kept.map((part) => this.#data(part))])))
  }

  write(): Output {
    const isMoving = this.#frames.length > 0
    if (!isMoving && !this.#still) throw new Damaged("no picture")
    const parts: Blob[] = []
    if (this.#extended) {
      const flags = this.#extended[0]! & ~(PROFILE | EXIF | XMP)
      this.#extended[0] = flags | (this.#profile ? PROFILE : 0) | (this.#exif ? EXIF : 0)
      parts.push(chunkOf("VP8X", this.#extended))
      if (this.#profile) parts.push(chunkOf("ICCP", this.#profile))
    }
    if (this.#animation) parts.push(chunkOf("ANIM", this.#animation))
    parts.push(...this.#frames)
    if (this.#alpha) parts.push(this.#alpha)
    if (this.#still) parts.push(this.#still)
    if (this.#exif) parts.push(chunkOf("EXIF", this.#exif))
    const output = new Output(this.source)
    const head = new Uint8Array(HEAD_BYTES)
    head.set(fromLatin1("RIFF....WEBP"))
    view(head).setUint32(
      4,
      parts.reduce((sum, part) => sum + part.size, 4),
      true,
    )
    output.put(head, ...parts)
    return output
  }
}

function chunkOf(name: string, payload: Uint8Array | Blob): Blob {
  const size = payload instanceof Blob ? payload.size : payload.length
  const head = new Uint8Array(8)
  head.set(fromLatin1(name))
  view(head).setUint32(4, size, true)
  return new Blob([head, payload as BlobPart, new Uint8Array(size % 2)])
}

/** As far as they can be read: behind the picture anything may stand. */
async function readChunks(source: Source, from: number, to: number): Promise<Chunk[]> {
  const chunks: Chunk[] = []
  for (let start = from; to - start >= 8;) {
    const head = await source.bytes(start, 8)
    const name = latin1(head.subarray(0, 4))
    if (!/^[\x20-\x7e]{4}$/.test(name)) break
    const payload = start + 8
    const whole = payload + view(head).getUint32(4, true)
    const isCut = whole > to
    // What is cut off and is no picture is left out with the rest.
    if (isCut && !/^(?:VP8 |VP8L|ALPH|ANMF)$/.test(name)) break
    const payloadEnd = Math.min(whole, to)
    // The last padding byte is often forgotten, in the file or in the total.
    const end = Math.min(payloadEnd + ((payloadEnd - payload) % 2), Math.max(to, payloadEnd))
    chunks.push({ name, payload, payloadEnd, end, isCut })
    if (chunks.length > MAX_CHUNKS) throw new Damaged("too many chunks")
    start = end
  }
  return chunks
}

// JPEG (ITU-T T.81): a chain of marker segments with entropy-coded data in between. The copy is put together from what a decoder
// reads: the frame, the tables that a scan uses, the scans and their coded data up to where these end, and of everything else only
// what changes how the picture is shown. Coded data are copied byte for byte, so the pixels are the same.
//
// It puts up with what decoders put up with: bytes between segments, a missing end, a picture that breaks off.

import { Damaged, type Findings, NotPossible } from "./cleaned"
import { concat, equal, fromLatin1, indexOf, isZero, startsWith, view } from "./bytes"
import { orientationOnly, readExif } from "./exif"
import { MAX_PROFILE_BYTES, neutraliseProfile } from "./icc"
import { walkScan, type Component, type Frame, type Range, type Scan } from "./jpeg-scan"
import { type Definition, Tables } from "./jpeg-tables"
import { Output, type Source } from "./source"

const MAX_SEGMENTS = 20_000
/** Progressive pictures have about ten. */
const MAX_SCANS = 1_000
const SOI = 0xd8,
  EOI = 0xd9,
  SOS = 0xda,
  DQT = 0xdb,
  DHT = 0xc4,
  DAC = 0xcc,
  DRI = 0xdd,
  TEM = 0x01,
  APP0 = 0xe0,
  APP1 = 0xe1,
  APP2 = 0xe2,
  APP13 = 0xed,
  APP14 = 0xee,
  COM = 0xfe

const EXIF = "Exif\0\0"
const XMP = "http://ns.adobe.com/xap/1.0/\0"
const XMP_EXTENSION = "http://ns.adobe.com/xmp/extension/\0"
const ICC = "ICC_PROFILE\0"
const ICC_HEADER_BYTES = ICC.length + 2
const JFIF_BYTES = 14
const ADOBE_BYTES = 12

/** Of the copy: a range of the source, new bytes, or those definitions of tables that a scan has used in the end. */
type Part = Range | Uint8Array | { marker: number; definitions: readonly Definition[] }

export interface JpegOptions {
  /** Tables that stand elsewhere, as in TIFF; which of them are used is noted there. */
  tables?: Tables
  /** The container says how the picture is turned and coloured: nothing of this kind is kept. */
  isBare?: boolean
}

export async function cleanJpeg(source: Source, found: Findings, options: JpegOptions = {}): Promise<Output> {
  if (!startsWith(await source.bytes(0, 2), "\xff\xd8")) throw new Damaged("no start of image")
  const picture = new Picture(source, found, options.tables ?? new Tables())
  const end = await picture.read()
  await noteTail(source, end, found)
  return picture.write(options.isBare ?? false)
}

/** The tables of an abbreviated stream (T.81, B.5), and what makes a stream again of those that were used in the end. */
export async function readTables(source: Source, found: Findings): Promise<{ tables: Tables; write: () => Output }> {
  const picture = new Picture(source, found, new Tables())
  const end = await picture.read(true)
  await noteTail(source, end, found)
  return { tables: picture.tables, write: () => picture.write(true) }
}

async function noteTail(source: Source, end: number, found: Findings): Promise<void> {
  if (end >= source.size) return
  const tail = await source.peek(end, 64 * 1024)
  found.removed.add(startsWith(tail, "\xff\xd8\xff") ? "extra-images" : indexOf(tail, "ftyp") >= 0 ? "motion-video" : "trailing-data")
}

class Picture {
  readonly #parts: Part[] = []
  /** JFIF's own segment has to come first, if there is one. */
  #jfif: Uint8Array | null = null
  #adobe: Uint8Array | null = null
  #orientation = 1
  #orientationStays = false
  readonly #profile: { number: number; total: number; bytes: Uint8Array }[] = []
  #profileBytes = 0
  #restart = { interval: 0, definition: { bytes: new Uint8Array(2), isUsed: false } }
  #frame: Frame | null = null
  #isWalkable = false
  #isArithmetic = false
  #scans = 0

  constructor(
    readonly source: Source,
    readonly found: Findings,
    readonly tables: Tables,
  ) {}

  /** Reads to the end of the picture; gives where that is. */
  async read(isTables = false): Promise<number> {
    let at = 2
    for (let count = 0; ; count++) {
      if (count > MAX_SEGMENTS) throw new Damaged("too many segments")
      const next = await nextMarker(this.source, at)
      if (next === null && (this.#scans > 0 || isTables)) return at
      if (next === null) throw new Damaged("no picture")
      if (next.marker === EOI && (this.#scans > 0 || isTables)) {
        if (next.isStray) this.found.removed.add("unknown-data")
        return next.end
      }
      // Another picture begins where this one should have ended, or a reader would give up here.
      if (this.#scans > 0 && (next.marker === SOI || isFrame(next.marker) || isUnusual(next.marker))) return next.end - 2
      if (next.isStray) this.found.removed.add("unknown-data")
      const { marker } = next
      at = next.end
      // Readers take these for bytes that stand between segments.
      if (marker < 0xc0 || (marker >= 0xd0 && marker <= EOI)) {
        this.found.removed.add("unknown-data")
        continue
      }
      const segment = await this.#segment(next.end)
      if (segment === null && this.#scans > 0) return next.end - 2
      if (segment === null) throw new Damaged("segment")
      at = segment.to
      const isOver = await this.#take(marker, next.end - 2, segment.from, segment.to)
      if (isOver !== null) at = isOver.at
      if (isOver?.isLast) return this.#afterEnd(at)
    }
  }

  async #segment(at: number): Promise<{ from: number; to: number } | null> {
    const head = await this.source.peek(at, 2)
    const length = head.length < 2 ? 0 : view(head).getUint16(0)
    return length < 2 || at + length > this.source.size ? null : { from: at + 2, to: at + length }
  }

  /** One segment. For a scan: where its data end, and whether the picture ends there, too. */
  async #take(marker: number, start: number, from: number, to: number): Promise<{ at: number; isLast: boolean } | null> {
    const payload = await this.source.bytes(from, to - from)
    if (marker === SOS) return this.#takeScan(payload, start, to)
    if (marker === DQT) this.#putDefinitions(DQT, this.tables.defineQuantisation(payload), payload)
    else if (marker === DHT) this.#putDefinitions(DHT, this.tables.defineHuffman(payload), payload)
    else if (marker === DRI && payload.length >= 2) {
      const definition = { bytes: payload.slice(0, 2), isUsed: false }
      this.#restart = { interval: view(payload).getUint16(0), definition }
      this.#putDefinitions(DRI, [definition], payload)
    } else if (marker === DAC && payload.length <= 32) {
      this.#putDefinitions(DAC, [{ bytes: payload.slice(0, payload.length & ~1), isUsed: true }], payload)
    } else if (isFrame(marker)) {
      this.#takeFrame(marker, payload)
    } else if (isUnusual(marker)) {
      throw new NotPossible("unsupported-variant")
    } else {
      this.#takeOther(marker, payload)
    }
    return null
  }

  #putDefinitions(marker: number, definitions: readonly Definition[], payload: Uint8Array): void {
    const length = definitions.reduce((sum, { bytes }) => sum + bytes.length, 0)
    if (length < payload.length) this.found.removed.add("unknown-data")
    if (definitions.length > 0) this.#parts.push({ marker, definitions })
  }

  #takeFrame(marker: number, payload: Uint8Array): void {
    if (this.#frame) throw new Damaged("two frames")
    const count = payload[5] ?? 0
    const length = 6 + 3 * count
    if (count < 1 || count > 4 || length > payload.length) throw new Damaged("frame")
    const components = Array.from({ length: count }, (_, i): Component => {
      const at = 6 + 3 * i
      const [horizontal, vertical] = [payload[at + 1]! >> 4, payload[at + 1]! & 15]
      if (horizontal < 1 || horizontal > 4 || vertical < 1 || vertical > 4) throw new Damaged("sampling")
      return {
        id: payload[at]!,
        horizontal,
        vertical,
        quantisation: payload[at + 2]!,
        isScanned: false,
        flags: new Map<number, Uint32Array>(),
      }
    })
    const data = view(payload)
    const [height, width] = [data.getUint16(1), data.getUint16(3)]
    // The number of lines stands behind the picture: no ordinary reader draws that.
    if (height === 0 || width === 0) throw new NotPossible("unsupported-variant")
    this.#frame = { isProgressive: marker === 0xc2, width, height, components }
    this.#isWalkable = marker <= 0xc2
    this.#isArithmetic = marker > 0xc8
    if (length < payload.length) this.found.removed.add("unknown-data")
    this.#parts.push(segmentOf(marker, payload.slice(0, length)))
  }

  async #takeScan(payload: Uint8Array, start: number, to: number): Promise<{ at: number; isLast: boolean }> {
    const frame = this.#frame
    const count = payload[0] ?? 0
    const length = 4 + 2 * count
    const listed = Array.from({ length: count }, (_, i) => frame?.components.find(({ id }) => id === payload[1 + 2 * i]))
    const isSound = count >= 1 && count <= 4 && length <= payload.length && listed.every((component) => component !== undefined)
    if (!frame || !isSound || new Set(listed).size !== count || ++this.#scans > MAX_SCANS) {
      if (this.#scans > 0 && frame) return { at: start, isLast: true }
      throw new Damaged("scan")
    }
    const head = payload.slice(0, length)
    // Where all is one pass nobody reads the last three bytes.
    if (this.#isWalkable && !frame.isProgressive) head.set([0, 63, 0], length - 3)
    if (!equal(head, payload)) this.found.removed.add("unknown-data")
    const scan: Scan = {
      components: listed.map((component, i) => ({ component: component, dc: payload[2 + 2 * i]! >> 4, ac: payload[2 + 2 * i]! & 15 })),
      spectrumFrom: head[length - 3]!,
      spectrumTo: head[length - 2]!,
      approximationHigh: head[length - 1]! >> 4,
    }
    this.#use(scan, frame)
    this.#parts.push(segmentOf(SOS, head))
    const ranges = await this.#data(to, frame, scan)
    this.#parts.push(...ranges)
    if (ranges.length > 1) this.found.removed.add("unknown-data")
    const end = ranges.at(-1)![1]
    return { at: end, isLast: !frame.isProgressive && this.#scans === 1 && count === frame.components.length }
  }

  /** What this scan needs of what was defined before it. */
  #use(scan: Scan, frame: Frame): void {
    for (const { component, dc, ac } of scan.components) {
      // A table for quantisation is fixed when its component is first scanned.
      if (!component.isScanned) this.tables.useQuantisation(component.quantisation)
      // A second pass over the same place replaces a picture that nobody sees any more.
      else if (!frame.isProgressive) this.found.remains.add("unread-part")
      component.isScanned = true
      for (const table of this.#isWalkable && frame.isProgressive ? [] : [this.tables.dc[dc], this.tables.ac[ac]]) {
        if (table) table.isUsed = true
      }
    }
    this.#restart.definition.isUsed = true
  }

  async #data(from: number, frame: Frame, scan: Scan): Promise<readonly Range[]> {
    const ranges = this.#isWalkable ? await walkScan(this.source, from, frame, scan, this.tables, this.#restart.interval) : null
    if (ranges) return ranges
    // From here on nobody but a decoder knows what is picture: all up to the next marker is copied, and that is said.
    this.#isWalkable = false
    this.found.remains.add("unread-part")
    for (const table of [...this.tables.dc, ...this.tables.ac]) if (table) table.isUsed = true
    return [[from, await afterEntropyCodedData(this.source, from)]]
  }

  /** Behind the only scan of a picture readers look for its end and for nothing else. */
  async #afterEnd(at: number): Promise<number> {
    const tail = await this.source.peek(at, 64)
    const fill = tail.findIndex((byte) => byte !== 0xff)
    return fill > 0 && tail[fill] === EOI ? at + fill + 1 : at
  }

  #takeOther(marker: number, payload: Uint8Array): void {
    const { found } = this
    const isShown = this.#scans === 0
    if (marker === APP0 && startsWith(payload, "JFIF\0") && payload.length >= JFIF_BYTES && isShown) {
      if (this.#jfif !== null) found.removed.add("unknown-data")
      else this.#jfif = withoutThumbnail(payload)
      if (payload.length > JFIF_BYTES || payload[12] !== 0 || payload[13] !== 0) found.removed.add("thumbnail")
    } else if (marker === APP0) {
      found.removed.add(startsWith(payload, "JFXX\0") ? "thumbnail" : "unknown-data")
    } else if (marker === APP1 && startsWith(payload, EXIF)) {
      const exif = readExif(payload.subarray(EXIF.length))
      if (this.#orientation === 1 && isShown) this.#orientation = exif.orientation
      const minimal = orientationSegment(this.#orientation).subarray(4)
      if (this.#orientation !== 1 && !this.#orientationStays && equal(payload, minimal)) this.#orientationStays = true
      else for (const meaning of exif.meanings) found.removed.add(meaning)
    } else if (marker === APP1) {
      found.removed.add(startsWith(payload, XMP) || startsWith(payload, XMP_EXTENSION) ? "xmp" : "unknown-data")
    } else if (marker === APP2 && startsWith(payload, ICC) && payload.length >= ICC_HEADER_BYTES && isShown) {
      this.#takeProfile(payload)
    } else if (marker === APP2) {
      found.removed.add(startsWith(payload, "MPF\0") ? "extra-images" : "unknown-data")
    } else if (marker === APP14 && startsWith(payload, "Adobe") && payload.length >= ADOBE_BYTES && isShown) {
      if (this.#adobe !== null) found.removed.add("unknown-data")
      this.#adobe = colourModel(payload)
      if (!equal(this.#adobe.subarray(4), payload)) found.removed.add("unknown-data")
    } else {
      found.removed.add(marker === COM ? "comment" : marker === APP13 && startsWith(payload, "Photoshop 3.0\0") ? "iptc" : "unknown-data")
    }
  }

  #takeProfile(payload: Uint8Array): void {
    this.#profileBytes += payload.length
    if (this.#profileBytes > MAX_PROFILE_BYTES || this.#profile.length > 255) throw new NotPossible("too-complex")
    const [number, total] = payload.subarray(ICC.length, ICC_HEADER_BYTES)
    this.#profile.push({ number: number!, total: total!, bytes: payload.slice(ICC_HEADER_BYTES) })
  }

  write(isBare: boolean): Output {
    const output = new Output(this.source)
    output.keep(0, 2)
    if (this.#jfif) output.put(this.#jfif)
    if (this.#orientation !== 1 && !isBare) output.put(orientationSegment(this.#orientation))
    if (!isBare) output.put(...this.#profileSegments())
    if (this.#adobe) output.put(this.#adobe)
    for (const part of this.#parts) {
      if (part instanceof Uint8Array) output.put(part)
      else if ("marker" in part) output.put(...this.#usedOf(part))
      else output.keep(...part)
    }
    output.put(new Uint8Array([0xff, EOI]))
    return output
  }

  #usedOf({ marker, definitions }: { marker: number; definitions: readonly Definition[] }): Uint8Array[] {
    const used = definitions.filter(({ isUsed }) => isUsed && (marker !== DAC || this.#isArithmetic))
    if (used.length < definitions.length) this.found.removed.add("unknown-data")
    return used.length === 0 ? [] : [segmentOf(marker, concat(...used.map(({ bytes }) => bytes)))]
  }

  /** Readers put a profile together of numbered parts, and do without one of which a part is missing. */
  #profileSegments(): Uint8Array[] {
    const parts = this.#profile.sort((a, b) => a.number - b.number)
    if (parts.length === 0) return []
    if (parts.some(({ number, total }, i) => number !== i + 1 || total !== parts.length)) {
      this.found.removed.add("unknown-data")
      return []
    }
    const whole = concat(...parts.map(({ bytes }) => bytes))
    const profile = neutraliseProfile(whole, this.found) ?? whole
    let at = 0
    return parts.map(({ number, bytes }) => {
      const piece = profile.slice(at, (at += bytes.length))
      return segmentOf(APP2, concat(fromLatin1(ICC), new Uint8Array([number, parts.length]), piece))
    })
  }
}

interface Marker {
  marker: number
  /** Behind the marker's two bytes. */
  end: number
  /** Something other than 0xff stood before it. */
  isStray: boolean
}

/** As readers look for it: past whatever is none, any number of 0xff, and 0xff with a zero. */
async function nextMarker(source: Source, from: number): Promise<Marker | null> {
  const near = await source.peek(from, 2)
  if (near[0] === 0xff && near.length === 2 && near[1] !== 0 && near[1] !== 0xff) return { marker: near[1]!, end: from + 2, isStray: false }
  let isStray = false
  let pending = false
  for await (const { at, bytes } of source.chunks(from, source.size)) {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!
      if (byte === 0xff) pending = true
      else if (pending && byte !== 0 && byte !== TEM) return { marker: byte, end: at + i + 1, isStray }
      else {
        pending = false
        isStray = true
      }
    }
  }
  return null
}

/** In coded data 0xff is followed by a stuffed zero or a restart marker; anything else ends it, and so does the file. */
async function afterEntropyCodedData(source: Source, from: number): Promise<number> {
  let pending = false
  for await (const { at, bytes } of source.chunks(from, source.size)) {
    if (pending && endsScan(bytes[0]!)) return at - 1
    pending = false
    for (let i = 0; ; i++) {
      i = bytes.indexOf(0xff, i)
      if (i < 0) break
      if (i + 1 === bytes.length) {
        pending = true
        break
      }
      if (endsScan(bytes[i + 1]!)) return at + i
    }
  }
  return source.size
}

function endsScan(next: number): boolean {
  return next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)
}

function withoutThumbnail(jfif: Uint8Array): Uint8Array {
  const bytes = jfif.slice(0, JFIF_BYTES)
  bytes[12] = bytes[13] = 0
  return segmentOf(APP0, bytes)
}

/** Of Adobe's segment readers use the last byte; versions and flags as Adobe's own programs write them may stay. */
function colourModel(adobe: Uint8Array): Uint8Array {
  const bytes = adobe.slice(0, ADOBE_BYTES)
  const isUsual = bytes[5] === 0 && bytes[6]! >= 100 && bytes[6]! <= 101 && (bytes[7]! & 0x3f) === 0 && isZero(bytes.subarray(8, 11))
  if (!isUsual) bytes.set([0, 100, 0, 0, 0, 0], 5)
  return segmentOf(APP14, bytes)
}

function orientationSegment(orientation: number): Uint8Array {
  return segmentOf(APP1, concat(fromLatin1(EXIF), orientationOnly(orientation)))
}

function segmentOf(marker: number, payload: Uint8Array): Uint8Array {
  const length = payload.length + 2
  return concat(new Uint8Array([0xff, marker, length >> 8, length & 0xff]), payload)
}

/** Baseline, extended, progressive, lossless; with Huffman or arithmetic codes. */
function isFrame(marker: number): boolean {
  return (marker >= 0xc0 && marker <= 0xc3) || (marker >= 0xc9 && marker <= 0xcb)
}

/** Pictures in layers, JPEG-LS, and what the standard leaves open: no ordinary reader draws them. */
function isUnusual(marker: number): boolean {
  return (marker >= 0xc5 && marker <= 0xcf) || marker === 0xde || marker === 0xdf || marker === 0xf7 || marker === 0xf8
}

// JPEG (ITU-T T.81): a chain of marker segments with entropy-coded data in between. Everything that is not needed to
// draw the picture is left out; what is needed is copied byte for byte, so the pixels are the same.

import { Damaged, type Findings } from "./cleaned"
import { concat, equal, fromLatin1, indexOf, startsWith, view } from "./bytes"
import { orientationOnly, readExif } from "./exif"
import { MAX_PROFILE_BYTES, neutraliseProfile } from "./icc"
import { Output, type Source } from "./source"

const MAX_SEGMENTS = 20_000
const SOI = 0xd8,
  EOI = 0xd9,
  SOS = 0xda,
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

interface Segment {
  marker: number
  /** Of the marker's 0xff. */
  start: number
  /** After the segment, and for SOS after the entropy-coded data that follow it. */
  end: number
  /** The segment's own bytes after its length field. */
  payload: number
  payloadEnd: number
}

export async function cleanJpeg(source: Source, found: Findings): Promise<Output> {
  const { segments, end } = await readSegments(source)
  if (!segments.some((segment) => isFrame(segment.marker)) || !segments.some((segment) => segment.marker === SOS)) {
    throw new Damaged("no picture")
  }
  const profile = await readProfile(source, segments, found)
  const output = new Output(source)
  output.keep(0, 2)

  let orientation = 1
  let orientationStays = false
  const body = new Output(source)
  // JFIF's own segment, which has to come first, if there is one.
  const first: Uint8Array[] = []
  for (const segment of segments) {
    const payload = (): Promise<Uint8Array> => source.bytes(segment.payload, segment.payloadEnd - segment.payload)
    if (segment.marker === APP0) {
      const bytes = await payload()
      if (startsWith(bytes, "JFIF\0") && bytes.length >= JFIF_BYTES) {
        if (first.length === 0) first.push(withoutThumbnail(bytes))
        else found.removed.add("unknown-data")
        if (bytes.length > JFIF_BYTES) found.removed.add("thumbnail")
      } else {
        found.removed.add(startsWith(bytes, "JFXX\0") ? "thumbnail" : "unknown-data")
      }
    } else if (segment.marker === APP1) {
      const bytes = await payload()
      if (startsWith(bytes, EXIF)) {
        const exif = readExif(bytes.subarray(EXIF.length))
        if (orientation === 1) orientation = exif.orientation
        if (orientation !== 1 && !orientationStays && equal(bytes, orientationSegment(orientation).subarray(4))) orientationStays = true
        else for (const meaning of exif.meanings) found.removed.add(meaning)
      } else {
        found.removed.add(startsWith(bytes, XMP) || startsWith(bytes, XMP_EXTENSION) ? "xmp" : "unknown-data")
      }
    } else if (segment.marker === APP2) {
      const bytes = await payload()
      if (startsWith(bytes, ICC) && profile.has(segment)) {
        const blanked = profile.get(segment)
        if (blanked) body.put(blanked)
        else body.keep(segment.start, segment.end)
      } else {
        found.removed.add(startsWith(bytes, "MPF\0") ? "extra-images" : "unknown-data")
      }
    } else if (segment.marker === APP14) {
      const bytes = await payload()
      // It says which colour model the components are in.
      if (startsWith(bytes, "Adobe") && bytes.length >= ADOBE_BYTES) {
        body.put(segmentOf(APP14, bytes.slice(0, ADOBE_BYTES)))
        if (bytes.length > ADOBE_BYTES) found.removed.add("unknown-data")
      } else {
        found.removed.add("unknown-data")
      }
    } else if (segment.marker === APP13) {
      found.removed.add("iptc")
    } else if (segment.marker === COM) {
      found.removed.add("comment")
    } else if (isNeeded(segment.marker)) {
      body.keep(segment.start, segment.end)
    } else {
      found.removed.add("unknown-data")
    }
  }
  if (end < source.size) {
    const tail = await source.peek(end, 64 * 1024)
    found.removed.add(startsWith(tail, "\xff\xd8\xff") ? "extra-images" : indexOf(tail, "ftyp") >= 0 ? "motion-video" : "trailing-data")
  }

  output.put(...first)
  if (orientation !== 1) output.put(orientationSegment(orientation))
  output.put(body.blob())
  return output
}

async function readSegments(source: Source): Promise<{ segments: Segment[]; end: number }> {
  const segments: Segment[] = []
  let at = 2
  for (;;) {
    const start = at
    let [prefix, marker] = await source.bytes(at, 2)
    if (prefix !== 0xff) throw new Damaged("no marker")
    at += 2
    // Any number of 0xff may stand before a marker.
    for (let fill = 0; marker === 0xff; fill++) {
      if (fill > 64) throw new Damaged("no marker")
      marker = (await source.bytes(at++, 1))[0]!
    }
    if (marker === EOI) {
      segments.push({ marker, start, end: at, payload: at, payloadEnd: at })
      return { segments, end: at }
    }
    if (marker! < 0xc0 || (marker! >= 0xd0 && marker! <= SOI)) throw new Damaged("marker out of place")
    const length = view(await source.bytes(at, 2)).getUint16(0)
    if (length < 2) throw new Damaged("segment length")
    const payload = at + 2
    at += length
    const payloadEnd = at
    if (at > source.size) throw new Damaged("segment too long")
    if (marker === SOS) at = await afterEntropyCodedData(source, at)
    segments.push({ marker: marker!, start, end: at, payload, payloadEnd })
    if (segments.length > MAX_SEGMENTS) throw new Damaged("too many segments")
  }
}

/** In coded data 0xff is followed by a stuffed zero or a restart marker; anything else ends it. */
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
  throw new Damaged("no end of image")
}

function endsScan(next: number): boolean {
  return next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)
}

/** For each segment of a whole profile: its replacement, or null if it may stay. Segments of a broken one are not listed. */
async function readProfile(source: Source, segments: Segment[], found: Findings): Promise<Map<Segment, Uint8Array | null>> {
  const result = new Map<Segment, Uint8Array | null>()
  const parts: { segment: Segment; number: number; bytes: Uint8Array }[] = []
  let total = 0
  for (const segment of segments) {
    if (segment.marker !== APP2) continue
    const bytes = await source.bytes(segment.payload, segment.payloadEnd - segment.payload)
    if (!startsWith(bytes, ICC) || bytes.length < ICC_HEADER_BYTES) continue
    parts.push({ segment, number: bytes[ICC.length]!, bytes: bytes.slice(ICC_HEADER_BYTES) })
    total += bytes.length
    if (bytes[ICC.length + 1] === 0 || parts.length > 255 || total > MAX_PROFILE_BYTES) return result
  }
  parts.sort((a, b) => a.number - b.number)
  if (parts.length === 0 || parts.some((part, i) => part.number !== i + 1)) return result
  const blanked = neutraliseProfile(concat(...parts.map((part) => part.bytes)), found)
  let at = 0
  for (const { segment, number, bytes } of parts) {
    const head = fromLatin1(ICC + String.fromCharCode(number, parts.length))
    result.set(segment, blanked && segmentOf(APP2, concat(head, blanked.slice(at, at + bytes.length))))
    at += bytes.length
  }
  return result
}

function withoutThumbnail(jfif: Uint8Array): Uint8Array {
  const bytes = jfif.slice(0, JFIF_BYTES)
  bytes[12] = bytes[13] = 0
  return segmentOf(APP0, bytes)
}

function orientationSegment(orientation: number): Uint8Array {
  return segmentOf(APP1, concat(fromLatin1(EXIF), orientationOnly(orientation)))
}

function segmentOf(marker: number, payload: Uint8Array): Uint8Array {
  const length = payload.length + 2
  return concat(new Uint8Array([0xff, marker, length >> 8, length & 0xff]), payload)
}

function isFrame(marker: number): boolean {
  return (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) || marker === 0xf7
}

function isNeeded(marker: number): boolean {
  // Tables, frames, scans, number of lines, restart interval, hierarchy, and JPEG-LS (ITU-T T.87).
  return (marker >= 0xc0 && marker < 0xe0) || marker === 0xf7 || marker === 0xf8
}

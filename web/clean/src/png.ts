// PNG (W3C PNG third edition): chunks with a name, a length and a checksum. Chunks that the picture needs are copied as
// they are, all others are left out.

import { Damaged, type Findings, type Removed } from "./cleaned"
import { concat, equal, fromLatin1, latin1, view } from "./bytes"
import { crc32 } from "./crc32"
import { orientationOnly, readExif } from "./exif"
import { MAX_PROFILE_BYTES, neutraliseProfile, profileName } from "./icc"
import { deflate, inflate, type Budget } from "./inflate"
import { Output, type Source } from "./source"

const SIGNATURE_BYTES = 8
const FRAME_BYTES = 12 // length, name, checksum
/** Some thousand to the megabyte are usual. */
const MAX_CHUNKS = 200_000
const MAX_TEXT_BYTES = 1024 * 1024

const NEEDED = new Set([
  "IHDR",
  "PLTE",
  "IDAT",
  "IEND",
  "tRNS",
  "gAMA",
  "cHRM",
  "sRGB",
  "cICP",
  "mDCV",
  "cLLI",
  "mDCv",
  "cLLi",
  "sBIT",
  "bKGD",
  "pHYs",
  "hIST",
  "acTL",
  "fcTL",
  "fdAT",
])

export async function cleanPng(source: Source, found: Findings, budget: Budget): Promise<Output> {
  const output = new Output(source)
  output.keep(0, SIGNATURE_BYTES)
  let sawData = false
  let at = SIGNATURE_BYTES
  for (let count = 0; ; count++) {
    if (count > MAX_CHUNKS) throw new Damaged("too many chunks")
    const head = await source.bytes(at, 8)
    const length = view(head).getUint32(0)
    const name = latin1(head.subarray(4))
    const end = at + FRAME_BYTES + length
    if (!/^[A-Za-z]{4}$/.test(name) || end > source.size) throw new Damaged("chunk")
    if ((count === 0) !== (name === "IHDR")) throw new Damaged("no header")
    if (name === "IDAT") sawData = true
    if (NEEDED.has(name)) {
      output.keep(at, end)
    } else if (name === "iCCP") {
      await keepProfile(source, at, length, found, budget, output)
    } else if (name === "eXIf") {
      const payload = await source.copy(at + 8, length, MAX_TEXT_BYTES)
      const exif = readExif(payload)
      const minimal = orientationOnly(exif.orientation)
      if (exif.orientation !== 1) output.put(chunk("eXIf", minimal))
      if (exif.orientation === 1 || !equal(payload, minimal)) for (const meaning of exif.meanings) found.removed.add(meaning)
    } else if (/^[A-Z]/.test(name)) {
      // A critical chunk that we do not know means that this is not a picture which we understand.
      throw new Damaged("unknown critical chunk")
    } else {
      found.removed.add(await meaning(source, name, at + 8, length))
    }
    at = end
    if (name === "IEND") break
  }
  if (!sawData) throw new Damaged("no picture")
  if (at < source.size) found.removed.add("trailing-data")
  return output
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

async function keepProfile(source: Source, at: number, length: number, found: Findings, budget: Budget, output: Output): Promise<void> {
  const end = at + FRAME_BYTES + length
  const payload = await source.copy(at + 8, length, MAX_PROFILE_BYTES)
  const nameEnd = payload.subarray(0, 80).indexOf(0)
  if (nameEnd < 1 || payload[nameEnd + 1] !== 0) {
    found.removed.add("unknown-data")
    return
  }
  let profile: Uint8Array
  try {
    profile = await inflate(new Blob([payload.subarray(nameEnd + 2) as BlobPart]), "deflate", MAX_PROFILE_BYTES, budget, true)
  } catch (error) {
    if (!(error instanceof Damaged)) throw error
    found.removed.add("unknown-data")
    return
  }
  const blanked = neutraliseProfile(profile, found)
  const name = latin1(payload.subarray(0, nameEnd))
  if (blanked === null && profileName(name) === name) {
    output.keep(at, end)
    return
  }
  found.removed.add("colour-profile-name")
  const packed = await deflate(new Blob([(blanked ?? profile) as BlobPart]), "deflate")
  output.put(chunk("iCCP", concat(fromLatin1(profileName(name) + "\0\0"), new Uint8Array(await packed.arrayBuffer()))))
}

function chunk(name: string, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_BYTES + payload.length)
  view(bytes).setUint32(0, payload.length)
  bytes.set(fromLatin1(name), 4)
  bytes.set(payload, 8)
  view(bytes).setUint32(8 + payload.length, crc32(bytes.subarray(4, 8 + payload.length)))
  return bytes
}

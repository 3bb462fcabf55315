// Of each box of an MP4's index that stays: how many of its bytes mean something, and which of these are the format's own
// reserve. The rest is zeroed.

import { Damaged, type Findings } from "./cleaned"
import { wipe, type Box } from "./boxes"
import { fromLatin1, latin1, view } from "./bytes"

/** Bytes of a box that a player reads; null for boxes that are not looked at here. */
type Length = (data: DataView, box: Box, flags: number, version: number) => number

const LENGTHS: Record<string, Length> = {
  mvhd: (_data, _box, _flags, version) => (version === 1 ? 112 : 100),
  tkhd: (_data, _box, _flags, version) => (version === 1 ? 96 : 84),
  mdhd: (_data, _box, _flags, version) => (version === 1 ? 36 : 24),
  vmhd: () => 12,
  smhd: () => 8,
  nmhd: () => 4,
  sthd: () => 4,
  gmin: () => 16,
  text: () => 36,
  clef: () => 12,
  prof: () => 12,
  enof: () => 12,
  elst: (data, box, _flags, version) => 8 + (version === 1 ? 20 : 12) * data.getUint32(box.body + 4),
  stsz: (data, box) => 12 + (data.getUint32(box.body + 4) === 0 ? 4 * data.getUint32(box.body + 8) : 0),
  stz2: (data, box) => 12 + Math.ceil((data.getUint8(box.body + 7) * data.getUint32(box.body + 8)) / 8),
  cslg: (_data, _box, _flags, version) => (version === 1 ? 44 : 24),
  sbgp: (data, box, _flags, version) => (version === 1 ? 16 : 12) + 8 * data.getUint32(box.body + (version === 1 ? 12 : 8)),
  sgpd: (data, box) => 16 + data.getUint32(box.body + 8) * data.getUint32(box.body + 12),
  mehd: (_data, _box, _flags, version) => (version === 1 ? 12 : 8),
  trex: () => 24,
  mfhd: () => 8,
  tfhd: (_data, _box, flags) => 8 + bytesFor(flags, [1, 8], [2, 4], [8, 4], [0x10, 4], [0x20, 4]),
  tfdt: (_data, _box, _flags, version) => (version === 1 ? 12 : 8),
  trun: (data, box, flags) =>
    8 + bytesFor(flags, [1, 4], [4, 4]) + bytesFor(flags, [0x100, 4], [0x200, 4], [0x400, 4], [0x800, 4]) * data.getUint32(box.body + 4),
  sidx: (data, box, _flags, version) => (version === 0 ? 24 : 32) + 12 * data.getUint16(box.body + (version === 0 ? 22 : 30)),
  tfra: (data, box, _flags, version) =>
    16 + data.getUint32(box.body + 12) * ((version === 1 ? 16 : 8) + tfraNumberBytes(data.getUint32(box.body + 8))),
  mfro: () => 8,
}

/** Where each version has its reserve, from the beginning of the content. */
const RESERVED: Record<string, [version0: [number, number][], version1: [number, number][]]> = {
  // Reserved, and QuickTime's places of previews and selections.
  mvhd: [
    [
      [26, 36],
      [72, 96],
    ],
    [
      [38, 48],
      [84, 108],
    ],
  ],
  tkhd: [
    [
      [16, 20],
      [24, 32],
      [38, 40],
    ],
    [
      [24, 28],
      [36, 44],
      [50, 52],
    ],
  ],
  mdhd: [[[22, 24]], [[34, 36]]],
  smhd: [[[6, 8]], [[6, 8]]],
}
/** Bits of the flags that mean something, where not all do. */
// prettier-ignore
const FLAGS: Record<string, number> = {
  tkhd: 0xf, vmhd: 1, mdhd: 0, mvhd: 0, smhd: 0, nmhd: 0, sthd: 0, elst: 0, stts: 0, ctts: 0, stss: 0, stps: 0, stsc: 0, stco: 0, co64: 0, stsz: 0,
  stz2: 0, cslg: 0, mehd: 0, trex: 0, mfhd: 0, tfdt: 0, sidx: 0, tfra: 0, mfro: 0, gmin: 0, sbgp: 0,
}
/** Boxes of one version only. */
const UNVERSIONED = /^(?:vmhd|smhd|nmhd|sthd|stts|stss|stps|stsc|stco|co64|stsz|stz2|trex|mfhd|tfhd|mfro|gmin)$/
/** Tables, by where their rows begin, behind the number of rows, and how long a row is. */
const ROWS: Record<string, [head: number, row: number]> = {
  stts: [8, 8],
  ctts: [8, 8],
  stss: [8, 4],
  stps: [8, 4],
  stsc: [8, 12],
  stco: [8, 4],
  co64: [8, 8],
}

/** Is this a box whose fields are known here? */
export function isField(type: string): boolean {
  return type in LENGTHS || type in ROWS
}

/** Zeroes what is no field of the box. */
export function cleanFields(bytes: Uint8Array, box: Box, found: Findings): void {
  const data = view(bytes)
  if (box.body + 4 > box.end) throw new Damaged("header")
  const version = UNVERSIONED.test(box.type) ? 0 : bytes[box.body]!
  const known = FLAGS[box.type] ?? 0xffffff
  const flags = data.getUint32(box.body) & known
  if (box.type !== "text" && data.getUint32(box.body) !== ((version << 24) | flags) >>> 0) {
    data.setUint32(box.body, (version << 24) | flags)
    found.removed.add("unknown-data")
  }
  const rows = ROWS[box.type]
  const end = box.body + (rows ? cleanRows(data, box, rows, found) : LENGTHS[box.type]!(data, box, flags, version))
  if (wipe(bytes, Math.min(end, box.end), box.end)) found.removed.add("unknown-data")
  for (const [from, to] of RESERVED[box.type]?.[version === 1 ? 1 : 0] ?? []) {
    if (box.body + to > box.end) throw new Damaged("header")
    if (wipe(bytes, box.body + from, box.body + to)) found.removed.add("unknown-data")
  }
  if (/^(?:mvhd|tkhd|mdhd)$/.test(box.type) && wipe(bytes, box.body + 4, box.body + (version === 1 ? 20 : 12)))
    found.removed.add("timestamps")
  if (box.type === "mvhd" || box.type === "tkhd")
    cleanMatrix(data, box.body + (box.type === "mvhd" ? 36 : 40) + (version === 1 ? 12 : 0), found)
  if (box.type === "vmhd" && !isDrawingMode(data, box.body + 4)) {
    bytes.fill(0, box.body + 4, box.body + 12)
    found.removed.add("unknown-data")
  }
}

/** A table that says to have more rows than fit has as many as fit; its length. */
function cleanRows(data: DataView, box: Box, [head, row]: [number, number], found: Findings): number {
  const countAt = box.body + head - 4
  const most = Math.max(0, Math.floor((box.end - box.body - head) / row))
  if (data.getUint32(countAt) > most) {
    data.setUint32(countAt, most)
    found.removed.add("unknown-data")
  }
  return head + row * data.getUint32(countAt)
}

/** How the picture is turned. The third column is the same in all matrices, and the fourth number of a row with it. */
function cleanMatrix(data: DataView, at: number, found: Findings): void {
  for (const [offset, value] of [
    [8, 0],
    [20, 0],
    [32, 0x40000000],
  ] as const) {
    if (data.getUint32(at + offset) === value) continue
    data.setUint32(at + offset, value)
    found.removed.add("unknown-data")
  }
}

/** QuickTime's way of drawing over what is behind: a number below 300, and black, grey or white. */
function isDrawingMode(data: DataView, at: number): boolean {
  return data.getUint16(at) < 300 && [2, 4, 6].every((offset) => [0, 0x8000, 0xffff].includes(data.getUint16(at + offset)))
}

/** The language of a device's menus stands here as well, whatever is spoken: it stays for texts only. */
export function cleanLanguage(bytes: Uint8Array, mdhd: Box, found: Findings): void {
  const at = mdhd.body + (bytes[mdhd.body] === 1 ? 32 : 20)
  const language = view(bytes).getUint16(at)
  if (language === UNDETERMINED || language === 0 || language === 0x7fff) return
  view(bytes).setUint16(at, UNDETERMINED)
  found.removed.add("tags")
}

/** Three letters of five bits each. */
const UNDETERMINED = 0x55c4

// prettier-ignore
const BRANDS = new Set([
  "isom", "iso2", "iso3", "iso4", "iso5", "iso6", "iso7", "iso8", "iso9", "isoa", "isob", "isoc", "mp41", "mp42", "mp71", "avc1", "hvc1", "hev1",
  "av01", "vp09", "qt  ", "M4V ", "M4A ", "M4B ", "M4P ", "f4v ", "dash", "msdh", "msix", "cmfc", "cmf2", "cmff", "hlsf", "lmsg",
  "3gp1", "3gp2", "3gp3", "3gp4", "3gp5", "3gp6", "3gp7", "3gp8", "3gp9", "3gg6", "3gg9", "3ge6", "3ge7", "3gh9", "3gr6", "3gs6", "3gs7", "3g2a",
  "3g2b", "3g2c", "mif1", "mif2", "mif3", "msf1", "miaf", "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "heif", "avif", "avis",
  "avio", "avci", "avcs", "MA1A", "MA1B", "MiHA", "MiHB", "MiHE", "MiPr", "MiAB", "MiAn", "1pic", "tmap", "unif", "geo1",
  "dby1", "ccea", "piff",
])
/** Names that makers of cameras and phones gave to formats of their own. */
const MAKERS = /^(?:XAVC|CAEP|CDes|NIKO|niko|pana|MSNV|SDV |LCAG|KDDI|NTTD|mmp4|da0.|GoPr|SVMX)$/i

/** `ftyp` and `styp`: the names of the formats; a camera's maker has one, too. */
export function cleanBrands(bytes: Uint8Array, from: number, to: number, found: Findings): void {
  const brandAt = (at: number): string => latin1(bytes.subarray(at, at + 4))
  const data = view(bytes)
  for (let at = from; at + 4 <= to; at += 4) {
    if (at === from + 4) {
      // Its version: small, or as QuickTime counts, by months.
      const version = data.getUint32(at)
      if (version < 0x10000 || (version >= 0x20030000 && version < 0x20130000)) continue
      bytes.fill(0, at, at + 4)
      found.removed.add("unknown-data")
    } else if (!BRANDS.has(brandAt(at)) && data.getUint32(at) !== 0) {
      found.removed.add(MAKERS.test(brandAt(at)) ? "device" : "unknown-data")
      bytes.set(fromLatin1("isom"), at)
    }
  }
  if (wipe(bytes, to - ((to - from) % 4), to)) found.removed.add("unknown-data")
}

function bytesFor(flags: number, ...fields: [flag: number, bytes: number][]): number {
  return fields.reduce((sum, [flag, bytes]) => sum + ((flags & flag) !== 0 ? bytes : 0), 0)
}

/** Two bits for each of three numbers say how many bytes they have. */
function tfraNumberBytes(sizes: number): number {
  return (sizes & 3) + ((sizes >> 2) & 3) + ((sizes >> 4) & 3) + 3
}

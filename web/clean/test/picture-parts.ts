// Pieces of picture files, written by hand as cameras and monitors write them.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after } from "node:test"

const folder = mkdtempSync(join(tmpdir(), "clean-icc-"))
after(() => rmSync(folder, { recursive: true }))
let files = 0

export function file(bytes: Buffer): string {
  const path = join(folder, `${files++}.icc`)
  writeFileSync(path, bytes)
  return path
}

export function segment(marker: number, payload: Buffer): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(payload.length + 2, 2)
  return Buffer.concat([head, payload])
}

export function pngChunk(name: string, payload: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name), payload])
  const bytes = Buffer.alloc(body.length + 8)
  bytes.writeUInt32BE(payload.length, 0)
  body.copy(bytes, 4)
  let crc = ~0
  for (const byte of body) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  bytes.writeUInt32BE(~crc >>> 0, body.length + 4)
  return bytes
}

/** Big-endian EXIF with make, orientation, place, maker's notes and a thumbnail in the second directory. */
export function phoneExif(orientation: number, thumbnail: Buffer): Buffer {
  const entry = (tag: number, type: number, count: number, value: number | Buffer): Buffer => {
    const bytes = Buffer.alloc(12)
    bytes.writeUInt16BE(tag, 0)
    bytes.writeUInt16BE(type, 2)
    bytes.writeUInt32BE(count, 4)
    if (typeof value !== "number") value.copy(bytes, 8)
    else if (type === 3) bytes.writeUInt16BE(value, 8)
    else bytes.writeUInt32BE(value, 8)
    return bytes
  }
  const directory = (entries: Buffer[], next: number): Buffer => {
    const count = Buffer.alloc(2)
    count.writeUInt16BE(entries.length)
    const last = Buffer.alloc(4)
    last.writeUInt32BE(next)
    return Buffer.concat([count, ...entries, last])
  }
  const size = (entries: number): number => 6 + 12 * entries
  const exifAt = 8 + size(4)
  const gpsAt = exifAt + size(1)
  const secondAt = gpsAt + size(1)
  const dataAt = secondAt + size(2)
  const make = Buffer.from("CANARYMAKE\0")
  const notes = Buffer.from("CANARYMAKERNOTE")
  return Buffer.concat([
    Buffer.from("MM\0*\0\0\0\x08"),
    directory(
      [entry(0x10f, 2, make.length, dataAt), entry(0x112, 3, 1, orientation), entry(0x8769, 4, 1, exifAt), entry(0x8825, 4, 1, gpsAt)],
      thumbnail.length > 0 ? secondAt : 0,
    ),
    directory([entry(0x927c, 7, notes.length, dataAt + make.length)], 0),
    directory([entry(1, 2, 2, Buffer.from("N\0\0\0"))], 0),
    directory([entry(0x201, 4, 1, dataAt + make.length + notes.length), entry(0x202, 4, 1, thumbnail.length)], 0),
    make,
    notes,
    thumbnail,
  ])
}

/** A matrix profile of a screen, version 2. */
export function screenProfile(description: string, privateTag?: string): Buffer {
  const text = Buffer.from(description + "\0")
  const desc = Buffer.concat([Buffer.from("desc\0\0\0\0"), uint32(text.length), text, Buffer.alloc(78)])
  const xyz = (x: number, y: number, z: number): Buffer =>
    Buffer.concat([Buffer.from("XYZ \0\0\0\0"), ...[x, y, z].map((value) => uint32(Math.round(value * 65536)))])
  const curve = Buffer.concat([Buffer.from("curv\0\0\0\0"), uint32(1), Buffer.from([2, 0x33, 0, 0])])
  const tags: [string, Buffer][] = [
    ["desc", desc],
    ["cprt", Buffer.concat([Buffer.from("text\0\0\0\0"), Buffer.from("Copyright somebody\0")])],
    ["wtpt", xyz(0.9505, 1, 1.0891)],
    ["rXYZ", xyz(0.4361, 0.2225, 0.0139)],
    ["gXYZ", xyz(0.3851, 0.7169, 0.0971)],
    ["bXYZ", xyz(0.1431, 0.0606, 0.7141)],
    ["rTRC", curve],
    ["gTRC", curve],
    ["bTRC", curve],
  ]
  if (privateTag) tags.push([privateTag, Buffer.from("mmod\0\0\0\0CANARYSERIAL")])
  const padded = tags.map(([name, data]) => [name, Buffer.concat([data, Buffer.alloc((4 - (data.length % 4)) % 4)]), data.length] as const)
  let at = 128 + 4 + 12 * tags.length
  const table: Buffer[] = [uint32(tags.length)]
  for (const [name, data, length] of padded) {
    table.push(Buffer.from(name), uint32(at), uint32(length))
    at += data.length
  }
  const head = Buffer.alloc(128)
  head.writeUInt32BE(at, 0)
  head.write("appl\x02\x10\0\0mntrRGB XYZ ", 4, "latin1")
  head.set([7, 229, 0, 5, 0, 3, 0, 10, 0, 11, 0, 12], 24)
  head.write("acspAPPL", 36)
  head.write("DELLU24 ", 48)
  head.set(xyz(0.9642, 1, 0.8249).subarray(8), 68)
  return Buffer.concat([head, ...table, ...padded.map(([, data]) => data)])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** The items of a HEIC file: a grid of two tiles with transparency, a thumbnail, a gain map, EXIF and XMP; data are words. */
export function phoneHeic(): { bytes: Buffer; parts: { grid: Buffer } } {
  const uint16 = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(2 * values.length)
    values.forEach((value, i) => bytes.writeUInt16BE(value, 2 * i))
    return bytes
  }
  const box = (type: string, ...content: (Buffer | string)[]): Buffer => {
    const body = Buffer.concat(content.map((piece) => Buffer.from(piece as string, "latin1")))
    return Buffer.concat([uint32(body.length + 8), Buffer.from(type, "latin1"), body])
  }
  const fullBox = (type: string, version: number, flags: number, ...content: (Buffer | string)[]): Buffer =>
    box(type, uint32((version << 24) | flags), ...content)
  const item = (id: number, type: string, rest = "\0"): Buffer => fullBox("infe", 2, 0, uint16(id, 0), type, rest)
  const exif = Buffer.concat([uint32(0), phoneExif(6, Buffer.alloc(0))])
  const grid = Buffer.from([0, 0, 0, 1, 0, 8, 0, 4])
  const data: [id: number, bytes: Buffer][] = [
    [1, Buffer.from("TILE-ONE")],
    [2, Buffer.from("TILE-TWO")],
    [4, Buffer.from("CANARY THUMBNAIL")],
    [5, Buffer.from("CANARY GAIN-MAP")],
    [6, exif],
    [7, Buffer.from("<x>CANARY XMP</x>")],
    [8, Buffer.from("ALPHA-TILE")],
  ]
  const locations = (start: number): Buffer => {
    let at = start
    const entries = data.map(([id, bytes]) => {
      const entry = Buffer.concat([uint16(id, 0, 0, 1), uint32(at), uint32(bytes.length)])
      at += bytes.length
      return entry
    })
    // The grid's few bytes stand in the list itself.
    entries.push(Buffer.concat([uint16(3, 1, 0, 1), uint32(0), uint32(grid.length)]))
    return fullBox("iloc", 1, 0, uint16(0x4400, entries.length), ...entries)
  }
  const reference = (type: string, from: number, ...to: number[]): Buffer => box(type, uint16(from, to.length, ...to))
  const meta = (start: number): Buffer =>
    fullBox(
      "meta",
      0,
      0,
      fullBox("hdlr", 0, 0, uint32(0), "pict", Buffer.alloc(12), "\0"),
      fullBox("pitm", 0, 0, uint16(3)),
      fullBox(
        "iinf",
        0,
        0,
        uint16(8),
        item(1, "hvc1"),
        item(2, "hvc1"),
        item(3, "grid"),
        item(4, "hvc1"),
        item(5, "hvc1"),
        item(6, "Exif"),
        item(7, "mime", "\0application/rdf+xml\0"),
        item(8, "hvc1"),
      ),
      fullBox(
        "iref",
        0,
        0,
        reference("dimg", 3, 1, 2),
        reference("thmb", 4, 3),
        reference("auxl", 5, 3),
        reference("cdsc", 6, 3),
        reference("cdsc", 7, 3),
        reference("auxl", 8, 3),
      ),
      box(
        "iprp",
        box(
          "ipco",
          fullBox("auxC", 0, 0, "urn:com:apple:photo:2020:aux:hdrgainmap\0"),
          fullBox("auxC", 0, 0, "urn:mpeg:hevc:2015:auxid:1\0"),
          box("irot", "\x03"),
        ),
        fullBox("ipma", 0, 0, uint32(3), uint16(3), "\x01\x83", uint16(5), "\x01\x01", uint16(8), "\x01\x02"),
      ),
      locations(start),
      box("idat", grid),
    )
  const ftyp = box("ftyp", "heic", uint32(0), "mif1heic")
  const start = ftyp.length + meta(0).length + 8
  const film = box("mpvd", box("ftyp", "isomCANARYFILM"))
  return {
    bytes: Buffer.concat([ftyp, meta(start), box("mdat", ...data.map(([, bytes]) => bytes), "CANARY belongs to nobody"), film]),
    parts: { grid },
  }
}

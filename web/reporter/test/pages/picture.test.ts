import assert from "node:assert/strict"
import { test } from "node:test"
import { inflateSync } from "node:zlib"
import { drawDigit, LATIN, PERSIAN } from "../../src/pages/report/digit-shapes"
import { picture } from "../../src/pages/report/picture"
import { Bitmap, encodePng } from "../../src/pages/report/png"
import { crc32 } from "../support/crc32"

const GROUPS = ["0123", "4567", "8901", "2345", "6789", "0246", "1357", "9081"]

/** A reader of PNG by the standard: chunks with their checksums, then the rows of black points. */
function decodePng(bytes: Buffer) {
  assert.equal(bytes.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n")
  const chunks: { name: string; data: Buffer }[] = []
  for (let at = 8; at < bytes.length;) {
    const length = bytes.readUInt32BE(at)
    const body = bytes.subarray(at + 4, at + 8 + length)
    assert.equal(bytes.readUInt32BE(at + 8 + length), crc32(body))
    chunks.push({ name: body.toString("latin1", 0, 4), data: body.subarray(4) })
    at += 12 + length
  }
  assert.deepEqual(
    chunks.map(({ name }) => name),
    ["IHDR", "IDAT", "IEND"],
    "neither a time nor a program is named",
  )
  const [header, data] = chunks.map((chunk) => chunk.data) as [Buffer, Buffer]
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  assert.deepEqual([...header.subarray(8)], [1, 0, 0, 0, 0])
  const rows = inflateSync(data)
  const rowBytes = 1 + Math.ceil(width / 8)
  assert.equal(rows.length, rowBytes * height)
  const isBlack = (x: number, y: number) => (rows[y * rowBytes + 1 + (x >> 3)]! & (0x80 >> (x & 7))) === 0
  return { width, height, isBlack }
}

test("what is blackened is black, whatever the width, and nothing else is", () => {
  for (const [width, height] of [
    [1, 1],
    [7, 3],
    [8, 2],
    [9, 4],
    [600, 1000],
  ] as const) {
    const sheet = new Bitmap(width, height)
    sheet.blacken(width - 1, height - 1)
    for (const [x, y] of [
      [-1, 0],
      [0, -1],
      [width, 0],
      [0, height],
    ] as const)
      sheet.blacken(x, y)
    const read = decodePng(Buffer.from(encodePng(sheet)))
    assert.deepEqual([read.width, read.height], [width, height])
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) assert.equal(read.isBlack(x, y), x === width - 1 && y === height - 1)
  }
})

test("the picture is mostly white, has a margin, and shows every digit as it is drawn", async () => {
  for (const withPersian of [false, true]) {
    const read = decodePng(Buffer.from(await picture(GROUPS, withPersian).arrayBuffer()))
    let black = 0
    let [left, right, top, bottom] = [read.width, 0, read.height, 0]
    for (let y = 0; y < read.height; y++) {
      for (let x = 0; x < read.width; x++) {
        if (!read.isBlack(x, y)) continue
        black += 1
        ;[left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)]
      }
    }
    assert.ok(black > 0.05 * read.width * read.height && black < 0.115 * read.width * read.height, `${black}`)
    for (const margin of [left, top, read.width - right, read.height - bottom]) assert.ok(margin >= 40, `${margin}`)
  }
})

test("no digit looks like another of its script, and none is empty", () => {
  for (const shapes of [LATIN, PERSIAN]) {
    assert.equal(shapes.length, 10)
    const drawn = shapes.map((strokes) => {
      const sheet = new Bitmap(64, 96)
      drawDigit(sheet, strokes, 10, 10, 7)
      return sheet.bits
    })
    for (const [one, a] of drawn.entries()) {
      for (const [other, b] of drawn.entries()) {
        const apart = a.reduce((sum, byte, at) => sum + [...(byte ^ b[at]!).toString(2)].filter((bit) => bit === "1").length, 0)
        assert.ok(one === other ? apart === 0 : apart > 150, `${one} ${other}: ${apart} points apart`)
      }
    }
  }
})

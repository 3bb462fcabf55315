// TIFF as scanners and programs write it, with metadata in its fields and bytes that no field names.

import assert from "node:assert/strict"
import { test } from "node:test"
import { fuzz } from "./fuzz"
import { file, screenProfile } from "./picture-parts"
import { assertNoCanary, assertStable, cleanBytes, exif, picture, pixels, withTags } from "./support"

const TAGS = [
  "-Artist=CANARYARTIST",
  "-Make=CANARYMAKE",
  "-ImageDescription=CANARYTITLE",
  "-DocumentName=CANARY.tif",
  "-HostComputer=CANARYHOST",
  "-DateTimeOriginal=2024:01:02 03:04:05",
  "-GPSLatitude=35.7",
  "-GPSLatitudeRef=N",
  "-XMP:Creator=CANARYXMP",
  "-IPTC:By-line=CANARYIPTC",
  "-Orientation#=6",
]
const SMALL = ["-size", "48x40", "gradient:red-blue", "-swirl", "60"]
const KINDS: Record<string, string[]> = {
  plain: ["-compress", "None"],
  "big-endian": ["-compress", "None", "-define", "tiff:endian=msb"],
  LZW: ["-compress", "LZW"],
  deflate: ["-compress", "Zip"],
  JPEG: ["-compress", "JPEG"],
  fax: ["-monochrome", "-compress", "Group4"],
  PackBits: ["-compress", "RLE"],
  palette: ["-colors", "9", "-type", "Palette", "-compress", "None"],
  "of 16 bits": ["-depth", "16", "-compress", "None"],
  tiled: ["-define", "tiff:tile-geometry=16x16", "-compress", "None"],
  "of two pages": ["plasma:red-blue", "-seed", "1", "-compress", "LZW"],
}

for (const [kind, args] of Object.entries(KINDS)) {
  test(`a TIFF ${kind} loses its metadata and keeps its pixels, its pages and its rotation`, async () => {
    const tagged = withTags(picture(...SMALL, ...args, "tiff:-"), "tif", ...TAGS)
    const original = Buffer.concat([tagged, Buffer.from("CANARY-TAIL")])
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned")
    assert.deepEqual([result.format, result.type, result.extension], ["tiff", "image/tiff", "tif"])
    for (const what of ["gps", "author", "device", "timestamps", "xmp", "iptc", "comment", "embedded-name", "unknown-data"] as const)
      assert.ok(result.removed.includes(what), what)
    assertNoCanary(original, result.bytes)
    const left = exif(result.bytes)
    assert.equal(left["IFD0:Orientation"], "Rotate 90 CW")
    assert.deepEqual(
      Object.keys(left).filter((key) => /^(?:GPS|ExifIFD|XMP|IPTC|Photoshop)/.test(key)),
      [],
    )
    assert.ok(pixels(result.bytes, "tif").equals(pixels(original, "tif")))
    await assertStable(result)
  })
}

test("bytes behind the pixels of a strip go", async () => {
  for (const compress of ["None", "Zip"]) {
    const bare = picture(...SMALL, "-compress", compress, "-define", "tiff:rows-per-strip=100", "tiff:-")
    const [, at] = field(bare, 279)
    const [offset] = field(bare, 273)
    const size = bare.readUInt32LE(at)
    // The strip at the end of the file, longer than it was.
    const original = Buffer.concat([bare, bare.subarray(offset, offset + size), Buffer.from("CANARY")])
    original.writeUInt32LE(size + 6, at)
    original.writeUInt32LE(bare.length, field(bare, 273)[1])
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned", compress)
    assertNoCanary(original, result.bytes)
    assert.ok(pixels(result.bytes, "tif").equals(pixels(bare, "tif")))
    await assertStable(result)
  }
})

/** The value of a field with one value, and where it stands. */
function field(tiff: Buffer, tag: number): [value: number, at: number] {
  const directory = tiff.readUInt32LE(4)
  for (let i = 0; i < tiff.readUInt16LE(directory); i++) {
    const at = directory + 2 + 12 * i
    if (tiff.readUInt16LE(at) !== tag) continue
    const value = tiff.readUInt16LE(at + 2) === 3 ? tiff.readUInt16LE(at + 8) : tiff.readUInt32LE(at + 8)
    // A value of 16 bits becomes one of 32, so that any fits.
    tiff.writeUInt16LE(4, at + 2)
    tiff.writeUInt32LE(value, at + 8)
    return [value, at + 8]
  }
  throw new Error(`no field ${tag}`)
}

test("a colour profile keeps its numbers and loses its names", async () => {
  const original = withTags(picture(...SMALL, "tiff:-"), "tif", `-ICC_Profile<=${file(screenProfile("CANARY screen"))}`)
  const result = await cleanBytes(original)
  assert.deepEqual([result.outcome, result.remains], ["partly", ["colour-profile"]])
  assertNoCanary(original, result.bytes)
  assert.ok(pixels(result.bytes, "tif").equals(pixels(original, "tif")))
})

test("what is a TIFF by name only is left alone, and what was seen in it is named", async () => {
  const big = Buffer.concat([picture(...SMALL, "tiff64:-"), Buffer.from("<x:xmpmeta>")])
  const result = await cleanBytes(big)
  assert.deepEqual([result.outcome, result.reason, result.seen], ["not-possible", "unsupported-variant", ["xmp"]])
  const raw = withTags(picture(...SMALL, "-compress", "None", "tiff:-"), "tif", "-DNGVersion=1 4 0 0", "-Artist=CANARY")
  const answer = await cleanBytes(raw)
  assert.deepEqual([answer.outcome, answer.reason], ["not-possible", "unsupported-variant"])
  assert.ok(answer.seen.includes("author"))
})

test("broken TIFFs get a true answer", async () => {
  const samples = Object.fromEntries(
    ["plain", "deflate", "JPEG", "of two pages"].map((kind) => [
      `${kind}.tif`,
      withTags(picture(...SMALL, ...KINDS[kind]!, "tiff:-"), "tif", "-Artist=CANARY", "-Orientation#=6"),
    ]),
  )
  await fuzz(samples, 200)
})

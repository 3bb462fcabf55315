// PNG with more in it than its picture: chunks, bytes behind the end of packed data, pixels behind the last pixel.

import assert from "node:assert/strict"
import { test } from "node:test"
import { deflateSync, inflateSync } from "node:zlib"
import { fuzz } from "./fuzz"
import { phoneExif, pngChunk } from "./picture-parts"
import {
  assertNoCanary,
  assertSameAndClean,
  assertStable,
  CANARY,
  cleanBytes,
  decoded,
  picture,
  pixels,
  pixelsIfReadable,
  withTags,
  type Result,
} from "./support"

const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1")
const OLD_PICTURE = Buffer.from("CANARY-OLD-PICTURE-".repeat(4))
const WIDTH = 24,
  HEIGHT = 8

const header = (width: number, height: number, depth: number, colourType: number, interlace = 0): Buffer => {
  const payload = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, depth, colourType, 0, 0, interlace])
  payload.writeUInt32BE(width, 0)
  payload.writeUInt32BE(height, 4)
  return pngChunk("IHDR", payload)
}
const lines = (width: number, height: number): Buffer =>
  Buffer.concat(
    Array.from({ length: height }, (_, y) => Buffer.from([0, ...Array.from({ length: width }, (_, x) => (x * 8 + y * 20) & 255)])),
  )
const grey = (...rest: Buffer[]): Buffer =>
  Buffer.concat([SIGNATURE, header(WIDTH, HEIGHT, 8, 0), ...rest, pngChunk("IEND", Buffer.alloc(0))])
const PACKED = deflateSync(lines(WIDTH, HEIGHT))

function chunks(png: Buffer): { name: string; payload: Buffer }[] {
  const list = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    list.push({ name: png.toString("latin1", at + 4, at + 8), payload: png.subarray(at + 8, at + 8 + png.readUInt32BE(at)) })
  }
  return list
}

/** The names and the exact lengths of all chunks, and that nothing stands behind the packed data and the pixels in them. */
function assertExact(result: Result, pixelBytes: number): void {
  const list = chunks(result.bytes)
  const packed = Buffer.concat(list.filter(({ name }) => name === "IDAT").map(({ payload }) => payload))
  const { buffer, engine } = inflateSync(packed, { info: true }) as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
  assert.equal(engine.bytesWritten, packed.length)
  assert.equal(buffer.length, pixelBytes)
  assert.equal(list.at(-1)!.name, "IEND")
}

const split = (bytes: Buffer, ...at: number[]): Buffer[] => [0, ...at].map((from, i) => pngChunk("IDAT", bytes.subarray(from, at[i])))

for (const [what, idat] of Object.entries({
  "in a chunk of their own": [pngChunk("IDAT", PACKED), pngChunk("IDAT", OLD_PICTURE)],
  "in the chunk in which the picture ends": [pngChunk("IDAT", Buffer.concat([PACKED, OLD_PICTURE]))],
  "over two chunks": split(Buffer.concat([PACKED, OLD_PICTURE]), PACKED.length + 9, PACKED.length + 30),
  "behind a checksum that is cut in two": split(Buffer.concat([PACKED, OLD_PICTURE]), 7, PACKED.length - 2),
  "as another picture": [pngChunk("IDAT", PACKED), pngChunk("IDAT", deflateSync(OLD_PICTURE, { level: 0 }))],
  "as lines of the picture": [pngChunk("IDAT", deflateSync(Buffer.concat([lines(WIDTH, HEIGHT), OLD_PICTURE]), { level: 0 }))],
  "instead of a checksum": [pngChunk("IDAT", Buffer.concat([PACKED.subarray(0, -4), OLD_PICTURE]))],
  "after a text": [pngChunk("IDAT", PACKED), pngChunk("tEXt", Buffer.from("a\0b")), pngChunk("IDAT", OLD_PICTURE)],
})) {
  test(`old pixels behind the end of the packed data, ${what}, go`, async () => {
    const original = grey(...idat)
    const before = pixelsIfReadable(original, "png")
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned")
    assert.ok(result.removed.includes("unknown-data"))
    assertNoCanary(original, result.bytes)
    assertExact(result, (WIDTH + 1) * HEIGHT)
    assert.ok(pixels(result.bytes, "png").equals(pixels(grey(pngChunk("IDAT", PACKED)), "png")))
    if (before) assert.ok(before.equals(pixels(result.bytes, "png")))
    await assertStable(result)
  })
}

const KINDS: Record<string, string[]> = {
  grey: ["-colorspace", "Gray"],
  colour: [],
  "with transparency": ["-alpha", "set", "-channel", "A", "-evaluate", "set", "50%"],
  "with a palette": ["-colors", "11", "-type", "Palette"],
  interlaced: ["-interlace", "PNG", "-depth", "8"],
  "of two colours": ["-monochrome"],
  "of 16 bits": ["-depth", "16"],
}

/** Every name that the standard and its extensions have, with more and with less in it than belongs there. */
const NAMES =
  "PLTE tRNS gAMA cHRM sRGB cICP mDCV cLLI mDCv cLLi sBIT bKGD pHYs hIST sPLT tIME tEXt zTXt iTXt iCCP eXIf oFFs sCAL pCAL sTER gIFg gIFx gIFt dSIG acTL fcTL fdAT caBX prVt teSt".split(
    " ",
  )
const LENGTHS = [1, 2, 4, 6, 8, 9, 12, 26, 32, 60]

for (const [kind, args] of Object.entries(KINDS)) {
  test(`a picture ${kind}: no chunk holds more than a reader looks at`, async () => {
    const bare = picture(
      "-size",
      `${WIDTH}x${HEIGHT}`,
      "gradient:red-blue",
      "-swirl",
      "90",
      ...args,
      "-strip",
      "-define",
      "png:exclude-chunks=date,time",
      "png:-",
    )
    const list = chunks(bare).map(({ name, payload }) => pngChunk(name, payload))
    const variants: [string, Buffer][] = []
    for (const name of NAMES) {
      for (const length of LENGTHS) {
        for (const place of [1, list.findIndex((chunk) => chunk.includes("IDAT")), list.length - 1, list.length]) {
          const insert = pngChunk(name, Buffer.alloc(length, CANARY))
          const bytes = Buffer.concat([SIGNATURE, ...list.slice(0, place), insert, ...list.slice(place)])
          // These say what the colours are: with just the right length each of their bytes is drawn by.
          const isDrawnBy = { gAMA: 4, cHRM: 32, cICP: 4, mDCV: 24, cLLI: 8, pHYs: 9, bKGD: 6, tRNS: 6, acTL: 8, sRGB: 1 }[name] === length
          // The first palette is the one that counts, and each of its colours may have its transparency.
          if ((name === "PLTE" || name === "tRNS") && bare[25] === 3 && place < list.length - 1) continue
          if (!isDrawnBy || place >= list.length - 1) variants.push([`${name} of ${length} at ${place}`, bytes])
        }
      }
    }
    for (const [place, { name, payload }] of chunks(bare).entries()) {
      const longer = [...list]
      // Colours of a palette are colours, whether or not a pixel has them: only what is no colour has to go.
      const most = name === "PLTE" ? Buffer.alloc(3 * 2 ** bare[24]! - payload.length) : Buffer.alloc(0)
      longer[place] = pngChunk(name, Buffer.concat([payload, most, OLD_PICTURE]))
      variants.push([`a longer ${name}`, Buffer.concat([SIGNATURE, ...longer])])
    }
    const opened = await assertSameAndClean(variants, "png")
    assert.ok(opened > variants.length / 2, `${opened} of ${variants.length}`)
  })
}

test("wrong checksums: what readers leave out goes, and what they draw gets the right one", async () => {
  const phys = pngChunk("pHYs", Buffer.from("CANARY..\x01"))
  const comment = pngChunk("tEXt", Buffer.from("Author\0CANARY"))
  for (const chunk of [phys, comment]) chunk.writeUInt32BE(7, chunk.length - 4)
  const original = grey(phys, comment, pngChunk("IDAT", PACKED))
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "cleaned")
  assertNoCanary(original, result.bytes)
  assert.ok(result.bytes.equals(grey(pngChunk("IDAT", PACKED))))

  const signed = grey(pngChunk("IDAT", PACKED), comment)
  signed.write("CANA", signed.indexOf("IDAT") + 4 + PACKED.length)
  const mended = await cleanBytes(signed)
  assert.ok(mended.bytes.equals(grey(pngChunk("IDAT", PACKED))))
})

test("a missing end is put right, and a picture that breaks off loses its metadata", async () => {
  const tagged = withTags(picture("-size", "64x64", "plasma:red-blue", "-seed", "1", "png:-"), "png", "-Artist=CANARY", "-Orientation#=6")
  const whole = pixels(tagged, "png")
  const end = tagged.indexOf("IEND") - 4
  const idat = tagged.indexOf("IDAT")
  const first = Buffer.concat([tagged.subarray(0, 33), pngChunk("tEXt", Buffer.from("Author\0CANARY")), tagged.subarray(33, end)])
  for (const [what, original] of Object.entries({
    "no end": first,
    "half an end": Buffer.concat([first, Buffer.from("\0\0\0\0IE")]),
    "a tail": Buffer.concat([first, Buffer.from("\0\0\xff\xffCANARY: a tail of a phone")]),
    "a text that is cut off": Buffer.concat([first, Buffer.from("\0\0\x0f\0tEXtCANARY")]),
  })) {
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned", what)
    assertNoCanary(original, result.bytes)
    assert.ok(pixels(result.bytes, "png").equals(whole), what)
    await assertStable(result)
  }
  const cut = first.subarray(0, idat + Math.floor((end - idat) * 0.7))
  const before = pixelsIfReadable(cut, "png")
  const result = await cleanBytes(cut)
  assert.deepEqual([result.outcome, result.remains], ["partly", ["unread-part"]])
  assertNoCanary(cut, result.bytes)
  if (before) assert.ok(pixelsIfReadable(result.bytes, "png")?.equals(before))
  await assertStable(result)
})

test("the frames of an animation are as exact as the picture", async () => {
  const uint32 = (...values: number[]): Buffer =>
    Buffer.concat(values.map((value) => Buffer.from([value >>> 24, value >> 16, value >> 8, value].map((byte) => byte & 255))))
  const control = (number: number): Buffer =>
    pngChunk("fcTL", Buffer.concat([uint32(number, WIDTH, HEIGHT, 0, 0), Buffer.from([0, 1, 0, 10, 0, 0])]))
  const data = (number: number, bytes: Buffer): Buffer => pngChunk("fdAT", Buffer.concat([uint32(number), bytes]))
  const second = deflateSync(lines(WIDTH, HEIGHT).map((byte, i) => (i % (WIDTH + 1) === 0 ? 0 : 255 - byte)))
  const surplus = deflateSync(Buffer.concat([inflateSync(second), OLD_PICTURE]), { level: 0 })
  const start = [pngChunk("acTL", uint32(2, 0)), control(0), pngChunk("IDAT", PACKED), control(1)]
  const bare = grey(...start, data(2, second))
  assert.equal((await cleanBytes(bare)).outcome, "nothing-found")
  for (const [what, frames] of Object.entries({
    "behind the end": [data(2, Buffer.concat([second, OLD_PICTURE]))],
    "in a chunk of their own": [data(2, second), data(3, OLD_PICTURE)],
    "over two chunks": [data(2, Buffer.concat([second, OLD_PICTURE.subarray(0, 30)])), data(3, OLD_PICTURE.subarray(30))],
    "behind the last pixel": [data(2, surplus)],
    "in a frame too many": [data(2, second), control(3), data(4, deflateSync(OLD_PICTURE, { level: 0 }))],
    "between the frame's parts": [data(2, second.subarray(0, 9)), pngChunk("prVt", OLD_PICTURE), data(3, second.subarray(9))],
    "instead of a checksum": [data(2, Buffer.concat([second.subarray(0, -4), OLD_PICTURE]))],
    "in a longer control": [data(2, second), pngChunk("fcTL", OLD_PICTURE)],
    "in a second count": [data(2, second), pngChunk("acTL", OLD_PICTURE.subarray(0, 8))],
  })) {
    const original = grey(...start, ...frames)
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned", what)
    assertNoCanary(original, result.bytes)
    assert.equal(decoded(result.bytes, "apng"), decoded(bare, "apng"), what)
    await assertStable(result)
  }
  // Without a count there is no animation: its parts are shown by nobody.
  const still = await cleanBytes(grey(control(0), pngChunk("IDAT", PACKED), control(1), data(2, OLD_PICTURE)))
  assert.ok(still.bytes.equals(grey(pngChunk("IDAT", PACKED))))
})

test("EXIF with more than a rotation, twice and behind the pixels", async () => {
  const exif = pngChunk("eXIf", phoneExif(6, Buffer.from(CANARY)))
  const result = await cleanBytes(grey(exif, pngChunk("IDAT", PACKED), exif))
  assertNoCanary(grey(exif), result.bytes)
  assert.equal(result.bytes.toString("latin1").split("eXIf").length, 2)
  await assertStable(result)
})

test("broken PNGs get a true answer", async () => {
  const samples = Object.fromEntries(
    Object.entries(KINDS).map(([kind, args]) => [
      `${kind}.png`,
      withTags(
        picture("-size", `${WIDTH}x${HEIGHT}`, "gradient:red-blue", ...args, "png:-"),
        "png",
        `-Artist=${CANARY}`,
        "-Orientation#=3",
      ),
    ]),
  )
  await fuzz(samples, 200)
})

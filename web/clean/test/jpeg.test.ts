// JPEG as strange programs, broken phones and clever people write it.

import assert from "node:assert/strict"
import { test } from "node:test"
import { fuzz } from "./fuzz"
import { phoneExif, segment } from "./picture-parts"
import {
  assertNoCanary,
  assertSameAndClean,
  assertStable,
  CANARY,
  cleanBytes,
  picture,
  pixels,
  pixelsIfReadable,
  withTags,
} from "./support"

const SMALL = ["-size", "48x40", "gradient:red-blue", "-swirl", "90"]
const KINDS: Record<string, string[]> = {
  baseline: ["-quality", "80", "jpg:-"],
  progressive: ["-interlace", "JPEG", "-quality", "80", "jpg:-"],
  grey: ["-colorspace", "Gray", "jpg:-"],
  "with restart markers": ["-quality", "90", "-define", "jpeg:restart-interval=2", "jpg:-"],
  cmyk: ["-colorspace", "CMYK", "jpg:-"],
}
const END = Buffer.from([0xff, 0xd9])
const PERSON = Buffer.from("CANARY-PERSON")
const TRAILER = Buffer.concat([Buffer.from("\0\0\x01\n\x0e\0\0\0Image_UTC_Data1467553435123-CANARY"), Buffer.from("SEFHk\0\0\0SEFT")])

interface Piece {
  marker: number
  bytes: Buffer
}

/** Marker segments; a scan's coded data with their restart markers are pieces of their own, with marker 0. */
function split(jpeg: Buffer): Piece[] {
  const pieces: Piece[] = [{ marker: 0xd8, bytes: jpeg.subarray(0, 2) }]
  for (let at = 2; at < jpeg.length;) {
    const marker = jpeg[at + 1]!
    const isBare = marker >= 0xd0 && marker <= 0xd9
    const end = isBare ? at + 2 : at + 2 + jpeg.readUInt16BE(at + 2)
    pieces.push({ marker, bytes: jpeg.subarray(at, end) })
    at = end
    if (marker !== 0xda && !(marker >= 0xd0 && marker <= 0xd7)) continue
    while (!(jpeg[at] === 0xff && jpeg[at + 1] !== 0)) at++
    pieces.push({ marker: 0, bytes: jpeg.subarray(end, at) })
  }
  return pieces
}

const join = (pieces: Piece[]): Buffer => Buffer.concat(pieces.map(({ bytes }) => bytes))
const isTable = (marker: number): boolean => marker === 0xdb || marker === 0xc4 || marker === 0xdd

/** One more segment of this kind, with a canary that no reader looks at. */
const INSERTS: Record<string, Buffer> = {
  "stray bytes": PERSON,
  "a stuffed zero and bytes": Buffer.concat([Buffer.from([0xff, 0]), PERSON]),
  "a marker that is none": Buffer.concat([Buffer.from([0xff, 0x01]), PERSON]),
  "a restart marker out of place": Buffer.concat([Buffer.from([0xff, 0xd3]), PERSON]),
  "fill bytes": Buffer.from([0xff, 0xff, 0xff]),
  "a comment": segment(0xfe, PERSON),
  "a number of lines": segment(0xdc, PERSON.subarray(0, 2)),
  "an Adobe segment with flags": segment(0xee, Buffer.from("AdobeCANARY\x01")),
  "an Adobe segment that is too long": segment(0xee, Buffer.from("Adobe\0d\0\0\0\0\x01CANARY", "latin1")),
  "a profile of which a part is missing": segment(0xe2, Buffer.from("ICC_PROFILE\0\x02\x02CANARY")),
  "an unused table for quantisation": segment(0xdb, Buffer.concat([Buffer.from([3]), Buffer.alloc(64, "CANARY")])),
  "an unused Huffman table": segment(0xc4, Buffer.concat([Buffer.from([0x13, 0, 0, 0, 7]), Buffer.alloc(13), Buffer.from("CANARY!")])),
  "an unused arithmetic condition": segment(0xcc, PERSON.subarray(0, 12)),
  ...Object.fromEntries([0, 1, 2, 13, 14, 15].map((i) => [`application segment ${i}`, segment(0xe0 + i, PERSON)])),
  EXIF: segment(0xe1, Buffer.concat([Buffer.from("Exif\0\0"), phoneExif(1, Buffer.alloc(0))])),
}

for (const kind of ["baseline", "progressive", "with restart markers"]) {
  const args = KINDS[kind]!
  test(`${kind}: nothing that a reader does not look at is in the copy, wherever it stands`, async () => {
    const bare = picture(...SMALL, ...args)
    const pieces = split(bare)
    assert.ok(join(pieces).equals(bare))
    const variants: [string, Buffer][] = []
    for (const [what, insert] of Object.entries(INSERTS)) {
      for (let place = 1; place <= pieces.length; place++) {
        // At the head of coded data they would be coded data. Restart intervals are alike.
        const before = pieces[place - 1]!.marker
        if (before === 0xda || (before >= 0xd0 && before <= 0xd7) || (place > 16 && place < pieces.length - 2)) continue
        variants.push([`${what} at ${place}`, Buffer.concat([join(pieces.slice(0, place)), insert, join(pieces.slice(place))])])
      }
    }
    for (const [place, { marker, bytes }] of pieces.entries()) {
      if (!isTable(marker) && !(marker >= 0xc0 && marker <= 0xc2) && marker !== 0xda) continue
      const longer = [...pieces]
      longer[place] = { marker, bytes: segment(marker, Buffer.concat([bytes.subarray(4), PERSON])) }
      variants.push([`a longer ${marker.toString(16)} at ${place}`, join(longer)])
    }
    const opened = await assertSameAndClean(variants, "jpg")
    assert.ok(opened > variants.length / 2, `${opened} of ${variants.length}`)
  })
}

for (const [kind, args] of Object.entries(KINDS)) {
  test(`${kind}: a missing end is put right, and what hangs behind it goes`, async () => {
    const bare = picture(...SMALL, ...args)
    const tagged = withTags(bare, "jpg", "-Make=CANARYMAKE", "-GPSLatitude=35.7", "-GPSLatitudeRef=N", "-Orientation#=6")
    const open = tagged.subarray(0, -2)
    for (const tail of [
      TRAILER,
      Buffer.concat([TRAILER, END, Buffer.from("more CANARY")]),
      Buffer.concat([PERSON, bare]),
      Buffer.alloc(0),
    ]) {
      const original = Buffer.concat([open, tail])
      const result = await cleanBytes(original)
      assert.equal(result.outcome, "cleaned")
      assert.ok(result.removed.includes("gps") && result.removed.includes("device"))
      assertNoCanary(original, result.bytes)
      assert.ok(result.bytes.subarray(-2).equals(END))
      assert.ok(pixels(result.bytes, "jpg").equals(pixels(bare, "jpg")))
      await assertStable(result)
    }
  })

  test(`${kind}: a picture that breaks off loses its metadata, and its last part is said to be unread`, async () => {
    const bare = picture("-size", "200x160", "plasma:red-blue", "-seed", "1", ...args)
    const tagged = withTags(bare, "jpg", "-Make=CANARYMAKE", "-Artist=CANARY")
    for (const share of [0.6, 0.8, 0.95]) {
      const original = tagged.subarray(0, Math.floor(tagged.length * share))
      const before = pixelsIfReadable(original, "jpg")
      assert.ok(before)
      const result = await cleanBytes(original)
      assert.deepEqual([result.outcome, result.remains], ["partly", ["unread-part"]])
      assertNoCanary(original, result.bytes)
      assert.ok(pixelsIfReadable(result.bytes, "jpg")?.equals(before))
      await assertStable(result)
    }
  })
}

test("three bytes before a table: readers skip them, and so do we", async () => {
  const bare = picture(...SMALL, "jpg:-")
  const tagged = withTags(bare, "jpg", "-Artist=CANARY-PERSON", "-GPSLatitude=35.7")
  const at = tagged.indexOf(Buffer.from([0xff, 0xdb]))
  const original = Buffer.concat([tagged.subarray(0, at), Buffer.from("  \n"), tagged.subarray(at)])
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "cleaned")
  assertNoCanary(original, result.bytes)
  assert.ok(result.bytes.equals(bare))
})

test("coded data that only a decoder of another kind can follow are copied whole, and that is said", async () => {
  const bare = picture(...SMALL, "jpg:-")
  const pieces = split(bare)
  const frame = pieces.find(({ marker }) => marker === 0xc0)!
  const arithmetic = Buffer.from(frame.bytes)
  arithmetic[1] = 0xc9
  frame.bytes = arithmetic
  const original = Buffer.concat([join(pieces.slice(0, 1)), segment(0xe1, PERSON), join(pieces.slice(1))])
  const result = await cleanBytes(original)
  assert.deepEqual([result.outcome, result.remains], ["partly", ["unread-part"]])
  assertNoCanary(original, result.bytes)
  const layered = Buffer.from(original)
  layered[layered.indexOf(Buffer.from([0xff, 0xc9])) + 1] = 0xc5
  assert.deepEqual((await cleanBytes(layered)).reason, "unsupported-variant")
})

test("a film's frame without Huffman tables has those of the standard", async () => {
  const bare = picture(...SMALL, "-define", "jpeg:optimize-coding=false", "jpg:-")
  const original = join(split(bare).filter(({ marker }) => marker !== 0xc4))
  assert.ok(original.length < bare.length - 300)
  const result = await cleanBytes(Buffer.concat([original, PERSON]))
  assert.equal(result.outcome, "cleaned")
  assert.ok(result.bytes.equals(original))
})

test("broken JPEGs get a true answer", async () => {
  const samples = Object.fromEntries(
    Object.entries(KINDS).map(([kind, args]) => [`${kind}.jpg`, withTags(picture(...SMALL, ...args), "jpg", `-Artist=${CANARY}`)]),
  )
  await fuzz(samples, 400)
})

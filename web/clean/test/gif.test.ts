// GIF with more in it than its pictures: blocks, sub-blocks, bytes behind the last pixel.

import assert from "node:assert/strict"
import { test } from "node:test"
import { fuzz } from "./fuzz"
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

const HEAD = Buffer.from("GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff", "latin1")
const IMAGE = Buffer.from(",\0\0\0\0\x01\0\x01\0\0\x02", "latin1")
const DOT = Buffer.from("D\x01", "latin1")
const LOOP = Buffer.from("!\xff\x0bNETSCAPE2.0\x03\x01\0\0", "latin1")
const CONTROL = Buffer.from("!\xf9\x04\0\x05\0\0\0", "latin1")
const END = Buffer.from(";")
const NONE = Buffer.alloc(1)
const sub = (bytes: Buffer | string): Buffer => Buffer.concat([Buffer.from([bytes.length]), Buffer.from(bytes as string)])
const PERSON = sub("CANARY-PERSON")
const one = (...before: Buffer[]): Buffer => Buffer.concat([HEAD, ...before, IMAGE, sub(DOT), NONE, END])

for (const [what, original, expected] of [
  ["a second sub-block of the loop", one(LOOP, PERSON, NONE), one(LOOP, NONE)],
  ["a longer sub-block of the loop", one(Buffer.concat([LOOP.subarray(0, 14), sub("\x01\0\0CANARY"), NONE])), one(LOOP, NONE)],
  ["a second loop", one(LOOP, NONE, LOOP, PERSON, NONE), one(LOOP, NONE)],
  ["another block of the loop's name", one(LOOP.subarray(0, 14), PERSON, NONE), one()],
  ["another application", one(Buffer.from("!\xff\x0bCANARYAPP01", "latin1"), PERSON, NONE), one()],
  ["text that no reader draws", one(Buffer.from("!\x01\x0c0123456789ab", "latin1"), PERSON, NONE), one()],
  ["an unknown extension", one(Buffer.from("!\x77", "latin1"), PERSON, NONE), one()],
  ["a comment", one(Buffer.from("!\xfe", "latin1"), PERSON, NONE), one()],
  ["more than times a picture", one(Buffer.from("!\xf9\x0c\0\x05\0\0CANARY..", "latin1"), PERSON, NONE), one(CONTROL)],
  [
    "a time without a picture",
    Buffer.concat([one(CONTROL).subarray(0, -1), Buffer.from("!\xf9\x04CANA\0;", "latin1"), Buffer.from("CANARY")]),
    one(CONTROL),
  ],
  ["bytes behind the last pixel", Buffer.concat([HEAD, IMAGE, sub(Buffer.concat([DOT, Buffer.from("CANARY")])), NONE, END]), one()],
  ["sub-blocks behind the last pixel", Buffer.concat([HEAD, IMAGE, sub(DOT), PERSON, PERSON, NONE, END]), one()],
  ["a tail", Buffer.concat([one(), Buffer.from("CANARY")]), one()],
  ["a tail and no end", Buffer.concat([one().subarray(0, -1), Buffer.from("CANARY")]), one()],
  ["a tail with a picture in it that is none", Buffer.concat([one().subarray(0, -1), Buffer.from("CANARY,,,,,CANARY,CANARY")]), one()],
] as [string, Buffer, Buffer][]) {
  test(`${what}: gone, and the rest stays as it was`, async () => {
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned")
    assertNoCanary(original, result.bytes)
    assert.ok(result.bytes.equals(expected), result.bytes.toString("latin1"))
    assert.ok(pixels(result.bytes, "gif").equals(pixels(expected, "gif")))
    await assertStable(result)
  })
}

const animation = (): Buffer => picture("-size", "40x30", "gradient:red-blue", "plasma:blue-red", "-seed", "2", "-loop", "0", "gif:-")

/** The places between two blocks. */
function places(gif: Buffer): number[] {
  let at = 13 + (gif[10]! & 0x80 ? 3 * 2 ** ((gif[10]! & 7) + 1) : 0)
  const list = [at]
  while (gif[at] !== 0x3b) {
    at += gif[at] === 0x21 ? 2 : 11 + (gif[at + 9]! & 0x80 ? 3 * 2 ** ((gif[at + 9]! & 7) + 1) : 0)
    while (gif[at] !== 0) at += 1 + gif[at]!
    list.push(++at)
  }
  return [...list, gif.length]
}

test("nothing that a reader does not look at is in the copy, wherever it stands", async () => {
  const bare = animation()
  const inserts: Record<string, Buffer> = {
    ...Object.fromEntries(
      [0x00, 0x01, 0x77, 0xce, 0xfe, 0xff].map((label) => [
        `extension ${label}`,
        Buffer.concat([Buffer.from([0x21, label]), PERSON, NONE]),
      ]),
    ),
    loop: Buffer.concat([LOOP, PERSON, NONE]),
    "bytes behind the end": Buffer.concat([END, Buffer.from(CANARY)]),
  }
  const variants = Object.entries(inserts).flatMap(([what, insert]) =>
    places(bare).map((place): [string, Buffer] => [
      `${what} at ${place}`,
      Buffer.concat([bare.subarray(0, place), insert, bare.subarray(place)]),
    ]),
  )
  const opened = await assertSameAndClean(variants, "gif")
  assert.ok(opened > variants.length * 0.7, `${opened} of ${variants.length}`)
})

test("a missing end is put right, and a picture that breaks off loses its comment", async () => {
  const tagged = withTags(animation(), "gif", "-Comment=CANARY")
  const open = await cleanBytes(tagged.subarray(0, -1))
  assert.deepEqual([open.outcome, open.removed], ["cleaned", ["comment"]])
  assert.ok(pixels(open.bytes, "gif").equals(pixels(tagged, "gif")))
  const [first = 0] = places(open.bytes)
  const comment = Buffer.concat([Buffer.from("!\xfe", "latin1"), PERSON, NONE])
  const cut = Buffer.concat([open.bytes.subarray(0, first), comment, open.bytes.subarray(first, -40)])
  const before = pixelsIfReadable(cut, "gif")
  const result = await cleanBytes(cut)
  assert.deepEqual([result.outcome, result.remains], ["partly", ["unread-part"]])
  assertNoCanary(cut, result.bytes)
  if (before) assert.ok(pixelsIfReadable(result.bytes, "gif")?.equals(before))
  await assertStable(result)
})

test("broken GIFs get a true answer", async () => {
  await fuzz({ "dot.gif": one(LOOP, NONE, CONTROL), "animation.gif": withTags(animation(), "gif", "-Comment=CANARY") }, 500)
})

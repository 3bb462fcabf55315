// WebP with more in its chunks and between them than its picture, and with wrong sizes.

import assert from "node:assert/strict"
import { test } from "node:test"
import { fuzz } from "./fuzz"
import { phoneExif } from "./picture-parts"
import { assertNoCanary, assertSameAndClean, assertStable, CANARY, cleanBytes, picture, pixels, withTags } from "./support"

const PERSON = Buffer.from("CANARY-PERSON!")
const chunk = (name: string, ...payload: Buffer[]): Buffer => {
  const body = Buffer.concat(payload)
  const head = Buffer.from(name + "\0\0\0\0")
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}
const riff = (...chunks: Buffer[]): Buffer => chunk("RIFF", Buffer.from("WEBP"), ...chunks)
const extended = (flags: number): Buffer => chunk("VP8X", Buffer.from([flags, 0, 0, 0, 23, 0, 0, 15, 0, 0]))
const still = (): Buffer => picture("-size", "24x16", "gradient:red-blue", "webp:-").subarray(12)
const frame = (...chunks: Buffer[]): Buffer => chunk("ANMF", Buffer.from([0, 0, 0, 0, 0, 0, 23, 0, 0, 15, 0, 0, 10, 0, 0, 0]), ...chunks)
const NAMES = ["EXIF", "XMP ", "ICCP", "ANIM", "ANMF", "ALPH", "VP8X", "VP8 ", "VP8L", "HIDN", "vp8 ", "LIST", "JUNK"]

test("nothing but the picture is in the copy, whatever chunk it stands in and wherever", async () => {
  const image = still()
  const kinds: Record<string, Buffer[]> = {
    simple: [image],
    extended: [extended(0), image],
    animation: [extended(2), chunk("ANIM", Buffer.alloc(6)), frame(image), frame(image)],
  }
  for (const [kind, chunks] of Object.entries(kinds)) {
    const variants: [string, Buffer][] = []
    for (const name of NAMES) {
      for (let place = 0; place <= chunks.length; place++) {
        // A picture or a head before the others is the one that counts, and transparency before a picture is its own.
        if (/^(?:VP8|ALPH)/.test(name) && place < chunks.length) continue
        // Before the head readers take nothing.
        if (place === 0 && kind !== "simple") continue
        if (name === "ANIM" && kind === "animation" && place < 2) continue
        variants.push([`${kind}: ${name} at ${place}`, riff(...chunks.slice(0, place), chunk(name, PERSON), ...chunks.slice(place))])
      }
      if (kind !== "animation") continue
      const inside = frame(...(/^(?:VP8|ALPH)/.test(name) ? [image, chunk(name, PERSON)] : [chunk(name, PERSON), image]))
      variants.push([`${kind}: ${name} inside a frame`, riff(chunks[0]!, chunks[1]!, inside, chunks[2]!)])
    }
    const whole = riff(...chunks)
    variants.push([`${kind}: a tail`, Buffer.concat([whole, PERSON])])
    variants.push([
      `${kind}: a longer head`,
      riff(chunk("VP8X", Buffer.from([kind === "animation" ? 2 : 0, 1, 2, 3, 23, 0, 0, 15, 0, 0]), PERSON), ...chunks),
    ])
    const opened = await assertSameAndClean(variants, "webp")
    assert.ok(opened > 0)
    for (const [what, bytes] of variants) {
      const result = await cleanBytes(bytes)
      assert.ok(["cleaned", "partly"].includes(result.outcome), `${what}: ${result.outcome}`)
      assertNoCanary(bytes, result.bytes)
      assert.ok(result.bytes.includes(image), what)
      await assertStable(result)
    }
  }
})

test("sizes that are wrong, and padding that is missing or is none, are put right", async () => {
  const image = still()
  const exif = chunk("EXIF", phoneExif(6, Buffer.from(CANARY)))
  const whole = riff(extended(8), image, exif)
  for (const size of [0, 12, whole.length - 4, whole.length + 100, 0xffffffff]) {
    const original = Buffer.from(whole)
    original.writeUInt32LE(size, 4)
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned", String(size))
    assertNoCanary(original, result.bytes)
    assert.equal(result.bytes.readUInt32LE(4), result.bytes.length - 8)
    assert.ok(pixels(result.bytes, "webp").equals(pixels(whole, "webp")))
    await assertStable(result)
  }
  const odd = riff(extended(0), image, chunk("HIDN", Buffer.from("CANARY.")))
  const result = await cleanBytes(odd.subarray(0, -1))
  assert.ok(result.bytes.equals(riff(extended(0), image)))
})

test("a picture that breaks off loses its metadata, and that it breaks off is said", async () => {
  const image = still()
  const original = riff(extended(12), chunk("XMP ", PERSON), image)
  const cut = original.subarray(0, original.length - 20)
  const result = await cleanBytes(cut)
  assert.deepEqual([result.outcome, result.remains], ["partly", ["unread-part"]])
  assertNoCanary(cut, result.bytes)
})

test("broken WebPs get a true answer", async () => {
  const samples = {
    "photo.webp": withTags(picture("-size", "24x16", "gradient:red-blue", "webp:-"), "webp", "-Artist=CANARY", "-Orientation#=6"),
    "animation.webp": riff(extended(2), chunk("ANIM", Buffer.alloc(6)), frame(still(), chunk("HIDN", PERSON)), frame(still())),
  }
  await fuzz(samples, 500)
})

// HEIC and AVIF with more in their lists than the picture needs.

import assert from "node:assert/strict"
import { test } from "node:test"
import { fuzz } from "./fuzz"
import { phoneHeic } from "./picture-parts"
import { assertNoCanary, assertStable, cleanBytes, fixture } from "./support"

const uint16 = (...values: number[]): Buffer => Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 255])))
const uint32 = (...values: number[]): Buffer => Buffer.concat(values.map((value) => uint16(Math.floor(value / 65_536), value % 65_536)))
const box = (type: string, ...content: (Buffer | string)[]): Buffer => {
  const body = Buffer.concat(content.map((piece) => Buffer.from(piece as string)))
  return Buffer.concat([uint32(body.length + 8), Buffer.from(type, "latin1"), body])
}
const full = (type: string, ...content: (Buffer | string)[]): Buffer => box(type, uint32(0), ...content)
const PIXELS = Buffer.from("PIXELS OF THE PICTURE")
const PERSON = "CANARY-PERSON"

interface Extras {
  /** Properties that the picture has, behind its size. */
  properties?: Buffer[]
  /** Properties that nobody has. */
  unused?: Buffer[]
  essential?: boolean
  /** Boxes in the list of items' head, in its lists, and bytes in its data. */
  meta?: Buffer[]
  iinf?: Buffer[]
  iprp?: Buffer[]
  iref?: Buffer[]
  idat?: string
}

/** A picture without parts, coded in a way that only its size says anything of. */
function heif({ properties = [], unused = [], essential = false, meta = [], iinf = [], iprp = [], iref, idat }: Extras): Buffer {
  const all = [full("ispe", uint32(8, 8)), ...properties]
  const marks = Buffer.from(all.map((_, i) => (i + 1) | (essential && i > 0 ? 0x80 : 0)))
  const list = (offset: number): Buffer =>
    full(
      "meta",
      full("hdlr", uint32(0), "pict", Buffer.alloc(13)),
      full("pitm", uint16(1)),
      full("iinf", uint16(1), box("infe", uint32(0x02000000), uint16(1, 0), "unci\0"), ...iinf),
      full("iloc", uint16(0x4400, 1, 1, 0, 1), uint32(offset, PIXELS.length)),
      box("iprp", box("ipco", ...all, ...unused), full("ipma", uint32(1), uint16(1), Buffer.from([all.length]), marks), ...iprp),
      ...(iref ? [full("iref", ...iref)] : []),
      ...(idat === undefined ? [] : [box("idat", idat)]),
      ...meta,
    )
  const ftyp = box("ftyp", "mif1", uint32(0), "mif1heic")
  return Buffer.concat([ftyp, list(ftyp.length + list(0).length + 8), box("mdat", PIXELS)])
}

const nanoseconds = uint32(0x17ccc52f, 0x2c4a5f15)
const clock = [
  full("taic", uint32(0xffffffff, 0xffffffff, 1, 0x7fffffff), Buffer.from([64])),
  full("itai", nanoseconds, Buffer.from([128])),
]

test("the time of a picture to the nanosecond is emptied, and its name is time", async () => {
  for (const extras of [{ properties: clock }, { unused: clock }]) {
    const original = heif(extras)
    const result = await cleanBytes(original)
    assert.deepEqual([result.outcome, result.removed], ["cleaned", ["timestamps"]])
    assert.ok(!result.bytes.includes(nanoseconds))
    assert.ok(!/taic|itai/.test(result.bytes.toString("latin1")))
    assert.ok(result.bytes.includes(PIXELS))
    assert.equal(result.bytes.indexOf("PIXELS"), original.indexOf("PIXELS"))
    await assertStable(result)
  }
})

const TYPES = ["uuid", "udes", "altt", "cmex", "cmin", "crtt", "mdft", "wiem", "elng", "rref", "colr", "auxC", "xxxx", "free", "skip"]
const extras: [string, Extras][] = [
  ...TYPES.flatMap((type): [string, Extras][] => [
    [`the picture's property ${type}`, { properties: [full(type, PERSON, Buffer.alloc(8))] }],
    [`nobody's property ${type}`, { unused: [full(type, PERSON)] }],
    [`the box ${type} in the list`, { meta: [full(type, PERSON)] }],
    [`the box ${type} among the items`, { iinf: [full(type, PERSON)] }],
    [`the box ${type} among the properties' lists`, { iprp: [full(type, PERSON)] }],
    [`references of type ${type} to nothing`, { iref: [box(type, uint16(1, 6), PERSON.slice(0, 12))] }],
    [`references of type ${type} with a tail`, { iref: [box(type, uint16(1, 1, 1), PERSON)] }],
  ]),
  ["a group", { meta: [box("grpl", full("ster", uint32(9, 1, 1), PERSON))] }],
  ["protection", { meta: [full("ipro", uint16(1), box("sinf", PERSON))] }],
  ["data of the list itself", { idat: PERSON }],
  ["a longer size", { properties: [full("ispe", uint32(8, 8), PERSON)] }],
  ["a longer turn", { properties: [box("irot", `\x01${PERSON}`)] }],
  ["a longer list of depths", { properties: [full("pixi", `\x03\x08\x08\x08${PERSON}`)] }],
  ["colours and more", { properties: [box("colr", "nclx", uint16(1, 13, 6), `\x7f${PERSON}`)] }],
  ["settings of a decoder and more", { properties: [box("hvcC", Buffer.alloc(22), "\x01\x21", uint16(1, 4), "abcd", PERSON)] }],
  ["no profile", { properties: [box("colr", "prof", PERSON)] }],
]

for (const [what, extra] of extras) {
  test(`${what} holds nothing more`, async () => {
    const original = heif(extra)
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned")
    assertNoCanary(original, result.bytes)
    assert.ok(result.bytes.includes(PIXELS))
    assert.equal(result.bytes.length, original.length)
    await assertStable(result)
  })
}

test("a property that a reader must know and nobody knows is left alone, and that is said", async () => {
  const result = await cleanBytes(heif({ properties: [full("xxxx", PERSON)], essential: true }))
  assert.equal(result.reason, "unsupported-variant")
  const known = await cleanBytes(heif({ properties: [full("udes", PERSON)], essential: true }))
  assert.deepEqual([known.outcome, known.removed], ["cleaned", ["tags"]])
})

test("broken HEIC and AVIF get a true answer", async () => {
  await fuzz({ "photo.heic": fixture("photo.heic"), "photo.avif": fixture("photo.avif"), "phone.heic": phoneHeic().bytes }, 300)
})

import assert from "node:assert/strict"
import { test } from "node:test"
import { deflateSync } from "node:zlib"
import { file, phoneExif, phoneHeic, pngChunk, screenProfile, segment } from "./picture-parts"
import { assertNoCanary, assertStable, cleanBytes, exif, fixture, picture, pixels, withTags, type Result } from "./support"

const TAGS = [
  "-GPSLatitude=35.7",
  "-GPSLatitudeRef=N",
  "-GPSLongitude=51.4",
  "-GPSLongitudeRef=E",
  "-Artist=CANARYARTIST",
  "-Make=CANARYMAKE",
  "-Model=CANARYMODEL",
  "-DateTimeOriginal=2024:01:02 03:04:05",
  "-XMP:Creator=CANARYXMP",
  "-Orientation#=6",
]

const SMALL = ["-size", "160x90", "gradient:red-blue", "-swirl", "90"]

/** Nothing is left but what describes the pixels themselves. */
function assertBare(result: Result, allowed: RegExp): void {
  const left = Object.keys(exif(result.bytes)).filter((key) => !allowed.test(key))
  assert.deepEqual(left, [])
}

for (const [kind, args] of Object.entries({
  baseline: ["-quality", "80", "jpg:-"],
  progressive: ["-interlace", "JPEG", "-quality", "80", "jpg:-"],
  grey: ["-colorspace", "Gray", "-quality", "80", "jpg:-"],
  cmyk: ["-colorspace", "CMYK", "-quality", "80", "jpg:-"],
  "with restart markers": ["-quality", "90", "-define", "jpeg:restart-interval=2", "jpg:-"],
})) {
  test(`a ${kind} JPEG loses its metadata and keeps its pixels and its rotation`, async () => {
    const bare = picture(...SMALL, ...args)
    const tagged = withTags(bare, "jpg", ...TAGS, "-IPTC:By-line=CANARYIPTC", "-Comment=CANARYCOMMENT", "-Photoshop:CopyrightFlag=1")
    const result = await cleanBytes(tagged)
    assert.equal(result.outcome, "cleaned")
    assert.equal(result.format, "jpeg")
    assert.equal(result.type, "image/jpeg")
    assert.equal(result.extension, "jpg")
    for (const what of ["gps", "author", "device", "timestamps", "xmp", "iptc", "comment"] as const)
      assert.ok(result.removed.includes(what), what)
    assertNoCanary(tagged, result.bytes)
    assertBare(result, /^(?:JFIF:|IFD0:Orientation$|Adobe:|APP14:)/)
    assert.equal(exif(result.bytes)["IFD0:Orientation"], "Rotate 90 CW")
    assert.ok(pixels(result.bytes, "jpg").equals(pixels(tagged, "jpg")))
    await assertStable(result)
  })
}

test("each of the eight rotations is kept, and an upright one needs no EXIF", async () => {
  const bare = picture(...SMALL, "-quality", "60", "jpg:-")
  for (let orientation = 1; orientation <= 8; orientation++) {
    const result = await cleanBytes(withTags(bare, "jpg", `-Orientation#=${orientation}`, "-Artist=CANARY"))
    const at = result.bytes.indexOf("Exif\0\0")
    if (orientation === 1) assert.equal(at, -1)
    // Orientation is the only entry of the only directory, and its value follows type and count.
    else assert.equal(result.bytes.toString("hex", at + 6, at + 32), `49492a0008000000010012010300010000000${orientation}00000000000000`)
    assert.equal(result.bytes.length, bare.length + (orientation === 1 ? 0 : 36))
  }
})

test("a photograph as a phone writes it: big-endian EXIF, maker's notes, thumbnail, previews and a film behind it", async () => {
  const bare = picture(...SMALL, "-quality", "80", "jpg:-")
  const thumbnail = picture("-size", "32x20", "xc:green", "-quality", "50", "-set", "comment", "CANARYTHUMB", "jpg:-")
  const preview = withTags(picture("-size", "64x40", "xc:green", "jpg:-"), "jpg", "-Comment=CANARYPREVIEW")
  const original = Buffer.concat([
    bare.subarray(0, 2),
    segment(0xe1, Buffer.concat([Buffer.from("Exif\0\0"), phoneExif(8, thumbnail)])),
    segment(0xe1, Buffer.from("http://ns.adobe.com/xmp/extension/\0CANARYEXTENDED")),
    segment(0xe2, Buffer.from("MPF\0CANARYMPF")),
    segment(0xe5, Buffer.from("CANARYSAMSUNG")),
    segment(0xee, Buffer.from("CANARY no Adobe")),
    bare.subarray(2),
    preview,
    Buffer.from("\0\0\0\x18ftypmp42CANARYMOTION"),
  ])
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "cleaned")
  for (const what of ["gps", "maker-notes", "thumbnail", "extra-images", "device", "xmp", "unknown-data"] as const)
    assert.ok(result.removed.includes(what), what)
  assertNoCanary(original, result.bytes)
  assert.equal(exif(result.bytes)["IFD0:Orientation"], "Rotate 270 CW")
  assert.ok(pixels(result.bytes, "jpg").equals(pixels(bare, "jpg")))
  await assertStable(result)
})

test("a film behind a photograph is called by its name", async () => {
  const bare = picture(...SMALL, "jpg:-")
  const result = await cleanBytes(Buffer.concat([bare, Buffer.from("\0\0\0\x18ftypmp42CANARYMOTION")]))
  assert.deepEqual(result.removed, ["motion-video"])
  assert.ok(result.bytes.equals(bare))
})

test("a JFIF thumbnail is cut out of its segment", async () => {
  const bare = picture(...SMALL, "jpg:-")
  assert.equal(bare.toString("latin1", 6, 10), "JFIF")
  const jfif = Buffer.concat([bare.subarray(6, 20), Buffer.from("CANARYCANARY")])
  jfif[12] = 2
  jfif[13] = 2
  const original = Buffer.concat([bare.subarray(0, 2), segment(0xe0, jfif), bare.subarray(20)])
  const result = await cleanBytes(original)
  assert.deepEqual(result.removed, ["thumbnail"])
  assert.ok(result.bytes.equals(bare))
})

test("a JPEG without metadata comes back as it was", async () => {
  const bare = picture(...SMALL, "jpg:-")
  const result = await cleanBytes(bare)
  assert.equal(result.outcome, "nothing-found")
  assert.ok(result.bytes.equals(bare))
})

test("PNG: text, time, EXIF, private chunks and what follows the end", async () => {
  const bare = picture(...SMALL, "-define", "png:exclude-chunk=all", "png:-")
  const after = 33 // signature and header
  const original = Buffer.concat([
    bare.subarray(0, after),
    pngChunk("tEXt", Buffer.from("Author\0CANARYAUTHOR")),
    pngChunk("tEXt", Buffer.from("Comment\0CANARYCOMMENT")),
    pngChunk("zTXt", Buffer.concat([Buffer.from("Software\0\0"), deflateSync("CANARYSOFTWARE")])),
    pngChunk("iTXt", Buffer.from("XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta>CANARYXMP</x:xmpmeta>")),
    pngChunk("tIME", Buffer.from([7, 232, 1, 2, 3, 4, 5])),
    pngChunk("eXIf", phoneExif(3, Buffer.alloc(0))),
    pngChunk("prVt", Buffer.from("CANARYPRIVATE")),
    bare.subarray(after),
    Buffer.from("CANARYTRAILER"),
  ])
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "cleaned")
  for (const what of ["author", "comment", "software", "xmp", "timestamps", "gps", "unknown-data", "trailing-data"] as const)
    assert.ok(result.removed.includes(what), what)
  assertNoCanary(original, result.bytes)
  assertBare(result, /^(?:PNG(?:-p?pHYs|-cHRM)?:|PNG:|IFD0:Orientation$)/)
  assert.equal(exif(result.bytes)["IFD0:Orientation"], "Rotate 180")
  assert.ok(pixels(result.bytes, "png").equals(pixels(original, "png")))
  await assertStable(result)
})

test("an animated PNG keeps its frames", async () => {
  const bare = picture(...SMALL, "-define", "png:exclude-chunk=all", "png:-")
  const animation = Buffer.concat([
    bare.subarray(0, 33),
    pngChunk("acTL", Buffer.from([0, 0, 0, 1, 0, 0, 0, 0])),
    pngChunk("tEXt", Buffer.from("a\0CANARY")),
    bare.subarray(33),
  ])
  const result = await cleanBytes(animation)
  assert.ok(result.bytes.includes("acTL"))
  assertNoCanary(animation, result.bytes)
})

for (const lossless of [false, true]) {
  test(`${lossless ? "lossless" : "lossy"} WebP loses EXIF, XMP and unknown chunks, and its head is put right`, async () => {
    const bare = picture(...SMALL, "-define", `webp:lossless=${lossless}`, "webp:-")
    const tagged = withTags(bare, "webp", ...TAGS)
    const unknown = Buffer.concat([Buffer.from("HIDN\x07\0\0\0CANARY!\0")])
    const original = Buffer.concat([tagged, unknown])
    original.writeUInt32LE(original.length - 8, 4)
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned")
    assertNoCanary(original, result.bytes)
    assert.equal(result.bytes.readUInt32LE(4), result.bytes.length - 8)
    // VP8X: EXIF for the rotation stays, XMP does not.
    assert.equal(result.bytes[20]! & 0x0c, 0x08)
    assertBare(result, /^(?:RIFF:|IFD0:Orientation$)/)
    assert.equal(exif(result.bytes)["IFD0:Orientation"], "Rotate 90 CW")
    assert.ok(pixels(result.bytes, "webp").equals(pixels(original, "webp")))
    await assertStable(result)
  })
}

test("an animated WebP is cleaned inside its frames as well", async () => {
  const still = picture(...SMALL, "webp:-")
  const image = still.subarray(12)
  const frame = Buffer.concat([Buffer.alloc(16), image, Buffer.from("HIDN\x06\0\0\0CANARY")])
  frame.set([159, 0, 0, 89, 0, 0], 6)
  const riff = (...chunks: Buffer[]): Buffer => {
    const body = Buffer.concat([Buffer.from("WEBP"), ...chunks])
    const head = Buffer.from("RIFF\0\0\0\0")
    head.writeUInt32LE(body.length, 4)
    return Buffer.concat([head, body])
  }
  const chunk = (name: string, payload: Buffer): Buffer => {
    const head = Buffer.from(name + "\0\0\0\0")
    head.writeUInt32LE(payload.length, 4)
    return Buffer.concat([head, payload, Buffer.alloc(payload.length % 2)])
  }
  const original = riff(chunk("VP8X", Buffer.from([2, 0, 0, 0, 159, 0, 0, 89, 0, 0])), chunk("ANIM", Buffer.alloc(6)), chunk("ANMF", frame))
  const result = await cleanBytes(original)
  assert.deepEqual(result.removed, ["unknown-data"])
  assertNoCanary(original, result.bytes)
  assert.ok(result.bytes.includes(image))
  await assertStable(result)
})

test("an animated GIF keeps its frames and its loop, and loses comments and XMP", async () => {
  const bare = picture("-size", "40x30", "gradient:red-blue", "gradient:blue-red", "-loop", "0", "gif:-")
  const original = Buffer.concat([
    withTags(withTags(bare, "gif", "-XMP:Creator=CANARYXMP"), "gif", "-Comment=CANARYCOMMENT"),
    Buffer.from("CANARYTAIL"),
  ])
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "cleaned")
  assert.deepEqual([...result.removed].sort(), ["comment", "trailing-data", "xmp"])
  assertNoCanary(original, result.bytes)
  assert.ok(result.bytes.includes("NETSCAPE2.0"))
  assert.ok(pixels(result.bytes, "gif").equals(pixels(original, "gif")))
  await assertStable(result)
})

for (const name of ["photo.heic", "photo.avif"]) {
  test(`${name} keeps every offset, its picture and its transparency`, async () => {
    const original = fixture(name)
    const extension = name.slice(-4)
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned")
    assert.equal(result.format, extension)
    for (const what of ["exif", "gps", "author", "xmp"] as const) assert.ok(result.removed.includes(what), what)
    if (name === "photo.heic") assert.ok(result.removed.includes("thumbnail"))
    assert.equal(result.bytes.length, original.length)
    assertNoCanary(original, result.bytes)
    assert.equal(Object.keys(exif(result.bytes)).filter((key) => /^(?:GPS|IFD|ExifIFD|XMP)/.test(key)).length, 0)
    assert.ok(pixels(result.bytes, extension).equals(pixels(original, extension)))
    await assertStable(result)
  })
}

test("bytes of a HEIC file that belong to no item are zeroed", async () => {
  const original = fixture("photo.heic")
  // Longer data at the end of the file: the last box is the one that holds the pictures.
  const at = original.indexOf("mdat") - 4
  const hidden = Buffer.concat([original, Buffer.from("CANARYHIDDEN")])
  assert.ok(hidden.readUInt32BE(at) === 0 || at + hidden.readUInt32BE(at) === original.length)
  if (hidden.readUInt32BE(at) !== 0) hidden.writeUInt32BE(hidden.readUInt32BE(at) + 12, at)
  const result = await cleanBytes(hidden)
  assertNoCanary(hidden, result.bytes)
  // With nothing else to remove they are what is reported.
  result.bytes.write("CANARYHIDDEN", result.bytes.length - 12)
  const again = await cleanBytes(result.bytes)
  assert.deepEqual(again.removed, ["unknown-data"])
  assertNoCanary(result.bytes, again.bytes)
})

test("a colour profile keeps its numbers and loses its names, and is said to remain", async () => {
  const profile = screenProfile("CANARY screen of Ali, 3 May 2021")
  for (const extension of ["jpg", "png", "webp"]) {
    const original = withTags(picture(...SMALL, `${extension}:-`), extension, `-ICC_Profile<=${file(profile)}`)
    assert.ok(exif(original)["ICC_Profile:ProfileDescription"])
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "partly")
    assert.deepEqual(result.remains, ["colour-profile"])
    assert.ok(result.removed.includes("colour-profile-name"))
    if (extension !== "png") assertNoCanary(original, result.bytes)
    const [before, now] = [exif(original), exif(result.bytes)]
    assert.doesNotMatch(JSON.stringify(now), /CANARY|Ali/)
    assert.ok(before["ICC_Profile:RedMatrixColumn"])
    assert.equal(now["ICC_Profile:RedMatrixColumn"], before["ICC_Profile:RedMatrixColumn"])
    assert.equal(now["ICC-header:ProfileDateTime"], "0000:00:00 00:00:00")
    assert.ok(pixels(result.bytes, extension).equals(pixels(original, extension)))
    await assertStable(result)
  }
})

test("a profile that every phone writes is left alone", async () => {
  for (const description of ["sRGB IEC61966-2.1", "Display P3"]) {
    const original = withTags(picture(...SMALL, "jpg:-"), "jpg", `-ICC_Profile<=${file(screenProfile(description))}`)
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "nothing-found")
    assert.ok(result.bytes.equals(original))
  }
})

test("a known name does not hide a private tag", async () => {
  const original = withTags(picture(...SMALL, "jpg:-"), "jpg", `-ICC_Profile<=${file(screenProfile("sRGB", "mmod"))}`)
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "partly")
  assertNoCanary(original, result.bytes)
})

test("HEIC as a telephone writes it: tiles and their grid stay, thumbnail, gain map and EXIF go", async () => {
  const { bytes: original, parts } = phoneHeic()
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "cleaned")
  assert.deepEqual([...result.removed].sort(), [
    "device",
    "exif",
    "extra-images",
    "gps",
    "maker-notes",
    "motion-video",
    "thumbnail",
    "unknown-data",
    "xmp",
  ])
  assertNoCanary(original, result.bytes)
  assert.equal(result.bytes.length, original.length)
  for (const kept of ["TILE-ONE", "TILE-TWO", "ALPHA-TILE", parts.grid]) assert.ok(result.bytes.includes(kept), String(kept))
  for (const gone of ["THUMBNAIL", "GAIN-MAP", "mime", "Exif", "thmb", "mpvd"]) assert.ok(!result.bytes.includes(gone), gone)
  // What stays is found where it was.
  assert.equal(result.bytes.indexOf("TILE-TWO"), original.indexOf("TILE-TWO"))
  await assertStable(result)
})

test("a profile that every phone writes holds nothing between its tags, in its head and behind its end", async () => {
  const profile = screenProfile("sRGB IEC61966-2.1")
  const head = Buffer.from(profile)
  head.write("CANARY", 110)
  for (const changed of [head, Buffer.concat([profile, Buffer.from("CANARY-BEHIND")])]) {
    const bare = picture(...SMALL, "jpg:-")
    const icc = segment(0xe2, Buffer.concat([Buffer.from("ICC_PROFILE\0\x01\x01"), changed]))
    const original = Buffer.concat([bare.subarray(0, 2), icc, bare.subarray(2)])
    const result = await cleanBytes(original)
    assert.deepEqual([result.outcome, result.removed], ["cleaned", ["unknown-data"]])
    assertNoCanary(original, result.bytes)
    assert.ok(pixels(result.bytes, "jpg").equals(pixels(original, "jpg")))
    await assertStable(result)
  }
})

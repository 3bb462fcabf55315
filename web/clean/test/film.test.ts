// Film: bytes that no sample uses, fields that no player reads, and what encoders and cameras write into the pictures themselves.

import assert from "node:assert/strict"
import { test } from "node:test"
import { beforeFirstPicture, box, boxesOf, element, films, insertInto, moveSamples, record, sei, survivors, words } from "./recording-parts"
import { phoneExif, screenProfile, segment } from "./picture-parts"
import { assertNoCanary, assertStable, cleanBytes, decoded, exif, picture, type Result } from "./support"

async function silent(original: Buffer, extension: string, film = original): Promise<Result> {
  const result = await cleanBytes(original)
  assertNoCanary(original, result.bytes)
  assert.deepEqual([result.outcome, result.remains], ["cleaned", []])
  assert.equal(decoded(result.bytes, result.extension), decoded(film, extension), "another picture or sound")
  await assertStable(result)
  return result
}

for (const [name, make] of Object.entries(films)) {
  test(`${name} loses its metadata and nothing else`, async () => {
    const result = await silent(make(), name.replace(/.*\./, ""))
    const told = JSON.stringify(exif(result.bytes)).replaceAll("QuickTime:", "")
    assert.doesNotMatch(told, /2024|fas|Lavf|x26[45]/)
  })
}

const plain = (): Buffer =>
  record("both", "mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "0", "-c:a", "aac", "-bitexact", "-movflags", "+faststart")
/** Index first, one track, pictures last. */
const pictures = (): Buffer =>
  record(
    "picture",
    "mp4",
    "-c:v",
    "libx264",
    "-pix_fmt",
    "yuv420p",
    "-bitexact",
    "-movflags",
    "+faststart",
    "-bsf:v",
    "filter_units=remove_types=6",
  )

test("a dashboard camera's places between the samples, and the box that leads to them", async () => {
  const film = plain()
  const places = box("free", "GPS ", Buffer.alloc(500), "CANARY-TRIP", Buffer.alloc(300))
  const mdat = boxesOf(film).find(({ path }) => path === "/mdat")!
  const torn = Buffer.concat([film.subarray(0, mdat.start + 8), places, film.subarray(mdat.start + 8), Buffer.from("CANARY TAIL")])
  torn.writeUInt32BE(mdat.end - mdat.start + places.length + 11, mdat.start)
  const led = insertInto(moveSamples(torn, mdat.start + 8, places.length), "/moov", box("gps ", words(">", 257, 1), "CANARY"))
  const result = await silent(led, "mp4", film)
  assert.ok(result.removed.includes("unknown-data"))
})

test("boxes that no player needs, wherever they stand", async () => {
  const film = plain()
  for (const { path } of boxesOf(film)) {
    if (!/^\/moov(?:\/trak(?:\/mdia(?:\/minf(?:\/stbl)?)?)?)?$|\/(?:avc1|mp4a)$/.test(path)) continue
    for (const type of ["uuid", "free", "XMP_", "meta", "udta", "Canr", "btrt", "name"]) {
      await silent(insertInto(film, path, box(type, "CANARY IN A BOX OF SOME BYTES")), "mp4", film)
    }
    // Bytes that are no box at all: players stop reading there.
    const torn = await cleanBytes(insertInto(film, path, Buffer.from("CANARY")))
    assert.ok(!torn.bytes.includes("CANARY"), path)
  }
  for (const type of ["uuid", "emsg", "prft", "pnot", "free", "skip", "Canr", "moov", "mdat", "pdin", "ssix"]) {
    const extra = box(type, "CANARY IN A BOX OF SOME BYTES")
    await silent(Buffer.concat([film, extra]), "mp4", film)
    if (type === "moov") continue
    const first = boxesOf(film).find(({ path }) => path === "/ftyp")!
    const led = moveSamples(Buffer.concat([film.subarray(0, first.end), extra, film.subarray(first.end)]), 0, extra.length)
    await silent(led, "mp4", film)
  }
})

/** Fields that a player reads: there a canary is a number like any other. By box, and by where they begin and end in it. */
// prettier-ignore
const FIELDS: Record<string, [from: number, to: number][]> = {
  mvhd: [[20, 34], [44, 80]], tkhd: [[20, 24], [28, 32], [40, 46], [48, 92]], mdhd: [[20, 28]], elst: [[12, Infinity]],
  stts: [[12, Infinity]], ctts: [[12, Infinity]], stss: [[12, Infinity]], stsc: [[12, Infinity]], stsz: [[12, Infinity]], stco: [[12, Infinity]],
  sgpd: [[20, Infinity]], sbgp: [[16, Infinity]], avcC: [[8, Infinity]], esds: [[12, Infinity]], pasp: [[8, 16]], mp4a: [[24, 36]], avc1: [[32, 36]],
  trex: [[12, Infinity]], tfhd: [[8, Infinity]], tfdt: [[8, Infinity]], trun: [[8, Infinity]], tfra: [[12, Infinity]], mfro: [[12, Infinity]],
  mfhd: [[12, 16]], mehd: [[12, Infinity]], sidx: [[12, Infinity]],
}

for (const name of ["h264.mp4", "fragments.mp4", "dash.mp4"]) {
  test(`${name}: a canary in any byte but those that a player reads is gone`, async () => {
    const film = films[name]!()
    const all = boxesOf(film).filter(({ path }) => path !== "/mdat")
    const places = all.flatMap(({ path, start, end }) => {
      if (all.some((other) => other.path.startsWith(`${path}/`) && other.start >= start && other.end <= end)) return []
      return Array.from({ length: Math.max(0, end - start - 8 - 5) }, (_, i) => start + 8 + i)
    })
    assert.ok(places.length > 500)
    const left = await survivors(film, places, async (variant) => {
      const { outcome, bytes } = await cleanBytes(variant)
      // Where the canary makes the film another one, it is said to be broken, or that something stays.
      return (outcome === "cleaned" || outcome === "nothing-found") && bytes.includes("CANARY")
    })
    for (const at of left) {
      const { path, start } = [...all].reverse().find((found) => found.start <= at && at < found.end)!
      const fields = FIELDS[path.replace(/.*\//, "")] ?? []
      assert.ok(
        fields.some(([from, to]) => at - start + 6 > from && at - start < to),
        `${path} ${at - start}`,
      )
    }
  })
}

const MESSAGE = Buffer.concat([Buffer.alloc(16, 0x11), Buffer.from("CANARY lat 35.7000 lon 51.4000")])

test("H.264: messages in any number and of any length go, those that change the picture stay", async () => {
  const film = pictures()
  const recovery: [number, Buffer] = [6, Buffer.from([0x84])]
  for (const messages of [
    [[5, MESSAGE]],
    [recovery, [5, MESSAGE]],
    [[5, MESSAGE], recovery],
    [[5, MESSAGE], recovery, [4, Buffer.from("\xb5\x00\x3cCANARY", "latin1")]],
    [[4, Buffer.from("\xb5\x00\x31GA94\x04CANARY", "latin1")]],
    [[1, Buffer.from("\x12CANARY", "latin1")]],
    [[200, Buffer.from("\0\0\0\0\0\x01\0\0\x03CANARY", "latin1")], recovery],
  ] as [number, Buffer][][]) {
    const result = await silent(beforeFirstPicture(film, sei([6], ...messages)), "mp4", film)
    assert.equal(result.bytes.includes(Buffer.from([6, 6, 1, 0x84])), messages.includes(recovery))
  }
  for (let length = 6; length < 800; length += length < 20 || (length > 240 && length < 290) || length > 490 ? 1 : 13) {
    const payload = Buffer.alloc(length, "CANARY")
    for (const messages of [[[5, payload]], [recovery, [5, payload]]] as [number, Buffer][][]) {
      const original = beforeFirstPicture(film, sei([6], ...messages))
      const result = await cleanBytes(original)
      assert.ok(!result.bytes.includes("CANAR"), `${length}`)
      assert.equal(result.bytes.length, original.length)
      if (length === 256) assert.equal(decoded(result.bytes, "mp4"), decoded(film, "mp4"))
      await assertStable(result)
    }
  }
})

test("H.264: units that are nobody's, filling that is none, messages that make no sense", async () => {
  const film = pictures()
  for (const bytes of [
    "\x0cCANARY",
    "\x1eCANARY",
    "\x18CANARY",
    "\x00CANARY",
    "\x09\xf0CANARY",
    "\x06\x05\xf0CANARY",
    "\x06CANARY",
    "\x0aCANARY",
  ]) {
    const unit = Buffer.from(bytes, "latin1")
    await silent(beforeFirstPicture(film, Buffer.concat([words(">", unit.length), unit])), "mp4", film)
  }
})

test("captions of television stay and are said to", async () => {
  const captions = Buffer.from("\xb5\x00\x31GA94\x03\x41\xff\xfc\x94\x20\xff", "latin1")
  const result = await cleanBytes(beforeFirstPicture(pictures(), sei([6], [4, captions])))
  assert.deepEqual(result.remains, ["text-track"])
  assert.ok(result.bytes.includes("GA94"))
})

test("H.265: messages before and behind the picture, and among the parameters", async () => {
  const film = record(
    "picture",
    "mp4",
    "-c:v",
    "libx265",
    "-x265-params",
    "log-level=none:info=0",
    "-tag:v",
    "hvc1",
    "-bitexact",
    "-movflags",
    "+faststart",
  )
  for (const head of [
    [0x4e, 1],
    [0x50, 1],
  ])
    await silent(beforeFirstPicture(film, sei(head, [5, MESSAGE])), "mp4", film)
  await silent(beforeFirstPicture(film, Buffer.concat([words(">", 9), Buffer.from("\x7c\x01CANARY!", "latin1")])), "mp4", film)
  const named = record("picture", "mp4", "-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1", "-movflags", "+faststart")
  assert.ok(named.includes("x265 (build"))
  const result = await cleanBytes(named)
  assert.ok(!result.bytes.includes("x265 (build"))
})

test("AV1: metadata that say nothing of colours, and filling", async () => {
  const film = record("picture", "mp4", "-c:v", "libaom-av1", "-cpu-used", "8", "-bitexact", "-movflags", "+faststart")
  for (const unit of [
    "\x2a\x0b\x04\xb5\x00\x3cCANARY\x80",
    "\x7a\x07CANARY\x80",
    "\x2a\x08\x05CANARY\x80",
    "\x4a\x07CANARY\x80",
    "\x12\x06CANARY",
  ]) {
    await silent(beforeFirstPicture(film, Buffer.from(unit, "latin1")), "mp4", film)
  }
})

test("MPEG-4: what a camera wrote beside the picture goes, what a decoder needs to know of the encoder stays", async () => {
  const film = record("picture", "mp4", "-c:v", "mpeg4", "-movflags", "+faststart")
  const result = await silent(beforeFirstPicture(film, Buffer.from("\0\0\x01\xb2CANARY 35.7 51.4", "latin1")), "mp4", film)
  assert.ok(result.bytes.includes("Lavc"))
})

test("films of JPEGs: EXIF in every frame, thumbnails, comments, and what hangs behind a frame", async () => {
  const jpeg = picture("-size", "64x48", "gradient:red-blue", "jpg:-")
  const exifBlock = segment(0xe1, Buffer.concat([Buffer.from("Exif\0\0"), phoneExif(6, Buffer.from("CANARY"))]))
  const icc = segment(0xe2, Buffer.concat([Buffer.from("ICC_PROFILE\0\x01\x01"), screenProfile("CANARY")]))
  const full = Buffer.concat([
    jpeg.subarray(0, 2),
    exifBlock,
    icc,
    segment(0xfe, Buffer.from("CANARY")),
    jpeg.subarray(2),
    jpeg,
    Buffer.from("CANARY"),
  ])
  const film = record("picture", "mov", "-c:v", "mjpeg", "-frames:v", "1", "-bitexact", "-movflags", "+faststart")
  const stsz = boxesOf(film).find(({ path }) => path.endsWith("/stsz"))!
  const mdat = boxesOf(film).find(({ path }) => path === "/mdat")!
  const build = (frame: Buffer): Buffer => {
    const built = Buffer.concat([film.subarray(0, mdat.start), box("mdat", frame)])
    // One sample: of the length of all.
    built.writeUInt32BE(0, stsz.start + 12)
    built.writeUInt32BE(frame.length, stsz.start + (film.readUInt32BE(stsz.start + 12) === 0 ? 20 : 12))
    const stco = boxesOf(built).find(({ path }) => path.endsWith("/stco"))!
    built.writeUInt32BE(mdat.start + 8, stco.start + 16)
    return built
  }
  await silent(build(full), "mov", build(jpeg))
  const mkv = record("picture", "mkv", "-c:v", "mjpeg", "-bitexact")
  const result = await cleanBytes(mkv)
  assert.equal(decoded(result.bytes, "mkv"), decoded(mkv, "mkv"))
})

test("a colour profile in a film is blanked, and said to stay", async () => {
  const film = plain()
  const profile = screenProfile("CANARY")
  const original = insertInto(film, "/moov/trak/mdia/minf/stbl/stsd/avc1", box("colr", "prof", profile))
  const result = await cleanBytes(original)
  assertNoCanary(original, result.bytes)
  assert.deepEqual([result.outcome, result.remains], ["partly", ["colour-profile"]])
  assert.ok(result.removed.includes("colour-profile-name"))
  await assertStable(result)
})

test("recordings that were cut off are cleaned, and a length that is wrong does no harm", async () => {
  const film = films["faststart.mp4"]!()
  const mdat = boxesOf(film).find(({ path }) => path === "/mdat")!
  for (const part of [0.5, 0.8, 0.99]) {
    const cut = film.subarray(0, mdat.start + Math.floor((mdat.end - mdat.start) * part))
    const result = await cleanBytes(cut)
    assertNoCanary(cut, result.bytes)
    assert.equal(decoded(result.bytes, "mp4"), decoded(cut, "mp4"))
  }
  for (const size of [0, mdat.end - mdat.start + 9999, 16]) {
    const wrong = Buffer.from(film)
    wrong.writeUInt32BE(size, mdat.start)
    const result = await cleanBytes(wrong)
    assertNoCanary(wrong, result.bytes)
    assert.equal(decoded(result.bytes, "mp4"), decoded(wrong, "mp4"))
  }
  const fragments = films["fragments.mp4"]!()
  const last = [...boxesOf(fragments)].reverse().find(({ path }) => path === "/moof")!
  for (const end of [last.start + 20, last.end + 30]) {
    const cut = fragments.subarray(0, end)
    const result = await cleanBytes(cut)
    assertNoCanary(cut, result.bytes)
    assert.equal(decoded(result.bytes, "mp4"), decoded(cut, "mp4"))
  }
})

test("fragments: the samples of a track that goes are zeroed", async () => {
  const film = films["fragments.mp4"]!()
  const traf = boxesOf(film).filter(({ path }) => path === "/moof/traf")
  const handler = boxesOf(film).filter(({ path }) => path.endsWith("/hdlr"))
  film.write("meta", handler[1]!.start + 16)
  const result = await cleanBytes(film)
  assert.ok(traf.length > 2 && result.removed.includes("metadata-track"))
  assert.deepEqual(result.remains, [])
  const bare = record(
    "picture",
    "mp4",
    "-c:v",
    "libx264",
    "-pix_fmt",
    "yuv420p",
    "-g",
    "5",
    "-movflags",
    "frag_keyframe+empty_moov+default_base_moof",
  )
  assert.equal(decoded(result.bytes, "mp4"), decoded(bare, "mp4"))
})

test("a part that was trimmed away, and a picture that is switched off, are said to be there", async () => {
  const film = plain()
  const trimmed = Buffer.from(film)
  const elst = boxesOf(film).find(({ path }) => path.endsWith("/elst"))!
  trimmed.writeUInt32BE(300, elst.start + 16)
  assert.deepEqual((await cleanBytes(trimmed)).remains, ["hidden-content"])
  const off = Buffer.from(film)
  const tkhd = boxesOf(film).find(({ path }) => path.endsWith("/tkhd"))!
  off.writeUInt32BE(2, tkhd.start + 8)
  assert.deepEqual((await cleanBytes(off)).remains, ["hidden-content"])
})

test("a film with a key is not touched", async () => {
  const film = plain()
  film.write("encv", film.indexOf("avc1", film.indexOf("stsd")), "latin1")
  const result = await cleanBytes(film)
  assert.deepEqual([result.outcome, result.reason], ["not-possible", "encrypted"])
})

// ---- AVI

test("AVI: filling, chunks of a camera's own and what hangs behind, and sizes that were never filled in", async () => {
  const film = films["mjpeg.avi"]!()
  const chunk = (name: string, text: string): Buffer => Buffer.concat([Buffer.from(name), words("<", text.length), Buffer.from(text)])
  const filled = Buffer.from(film)
  for (let at = filled.indexOf("JUNK"); at >= 0; at = filled.indexOf("JUNK", at + 1))
    filled.fill("CANARY", at + 8, at + 8 + filled.readUInt32LE(at + 4))
  await silent(filled, "avi", film)
  for (const extra of [chunk("IDIT", "CANARY: Mon May 06"), chunk("strd", "CANARY"), chunk("_PMX", "CANARY"), chunk("JUNK", "CANARY")]) {
    const longer = Buffer.concat([film, extra])
    // Behind the end of the RIFF, and inside.
    await silent(longer, "avi", film)
    longer.writeUInt32LE(longer.length - 8, 4)
    await silent(longer, "avi", film)
    const movi = film.indexOf("movi") - 8
    const end = movi + 8 + film.readUInt32LE(movi + 4)
    const inside = Buffer.concat([film.subarray(0, end), extra, film.subarray(end)])
    inside.writeUInt32LE(inside.length - 8, 4)
    inside.writeUInt32LE(film.readUInt32LE(movi + 4) + extra.length, movi + 4)
    await silent(inside, "avi", film)
  }
  const open = Buffer.from(film.subarray(0, film.indexOf("idx1")))
  open.writeUInt32LE(0, 4)
  open.writeUInt32LE(0, open.indexOf("movi") - 4)
  const result = await cleanBytes(open)
  assertNoCanary(open, result.bytes)
  assert.equal(decoded(result.bytes, "avi"), decoded(open, "avi"))
})

test("AVI: a canary in any byte of the headers is gone, or is a number that a player reads", async () => {
  const film = films["mpeg4.avi"]!()
  // Filling and indexes are long, and every byte of them is like its neighbour.
  const isDull = (at: number): boolean =>
    ["JUNK", "indx"].some((name) => film.subarray(Math.max(0, at - 6000), at - 60).includes(name)) && at % 97 !== 0
  const places = Array.from({ length: film.indexOf("movi") - 20 - 12 }, (_, i) => 12 + i).filter((at) => at % 3 === 0 && !isDull(at))
  const left = await survivors(film, places, async (variant) => {
    const { outcome, bytes } = await cleanBytes(variant)
    return (outcome === "cleaned" || outcome === "nothing-found") && bytes.includes("CANARY")
  })
  // Lengths and rates of the film, of two streams and of the whole; sizes of the picture; the codec's own data.
  const read = ["avih", "strh", "strf", "vprp", "indx", "dmlh"].map((name) => Buffer.from(name))
  for (const at of left) {
    const near = read.some((name) => film.subarray(Math.max(0, at - 90), at + 3).includes(name))
    assert.ok(near, `${at}: ${film.toString("latin1", at - 30, at + 10)}`)
  }
  assert.ok(places.length > 60 && left.length < places.length / 2, `${left.length} of ${places.length}`)
})

// ---- Matroska

const TOP_ELEMENTS = { tags: 0x1254c367, attachments: 0x1941a469, chapters: 0x1043a770, filling: 0xec, unknown: 0x4999 }

/** Where the first element with this identity begins. */
const placeOf = (file: Buffer, id: string): number => file.indexOf(Buffer.from(id, "hex"))

test("Matroska: elements that no player needs, before, between and behind clusters, and bytes that are none", async () => {
  const film = films["live.webm"]!()
  const cluster = placeOf(film, "1f43b675")
  const second = film.indexOf(Buffer.from("1f43b675", "hex"), cluster + 4)
  for (const id of Object.values(TOP_ELEMENTS)) {
    const extra = element(id, "CANARY IN AN ELEMENT")
    for (const at of [cluster, second, film.length].filter((at) => at > 0)) {
      await silent(Buffer.concat([film.subarray(0, at), extra, film.subarray(at)]), "webm", film)
    }
  }
  const junk = Buffer.concat([film.subarray(0, cluster), Buffer.from("CANARY"), film.subarray(cluster)])
  assert.ok(!(await cleanBytes(junk)).bytes.includes("CANARY"))
  const tail = Buffer.concat([film, Buffer.from("CANARY")])
  await silent(tail, "webm", film)
})

test("Matroska: in a cluster nothing but blocks, and in a group what belongs to its block", async () => {
  const film = films["live.webm"]!()
  const cluster = placeOf(film, "1f43b675")
  // Behind the head, whose length is not known, and the time.
  const inside = film.indexOf(0xa3, cluster + 12)
  for (const extra of [
    element(0xec, "CANARY"),
    element(0xaf, "CANARY"),
    element(0xa7, "CANARY"),
    element(0x4999, "CANARY"),
    element(0xa3, Buffer.from([0x85, 0, 0, 0]), "CANARY"),
    element(0xa0, element(0xa1, Buffer.from([0x85, 0, 0, 0]), "CANARY")),
    element(0xa0, element(0x75a1, element(0xa6, element(0xee, Buffer.from([4])), element(0xa5, "CANARY")))),
  ]) {
    await silent(Buffer.concat([film.subarray(0, inside), extra, film.subarray(inside)]), "webm", film)
  }
})

test("Matroska: a canary in any value before the first cluster is gone, or is a number that a player reads", async () => {
  for (const name of ["vp8.webm", "h264.mkv"]) {
    const film = films[name]!()
    const places = Array.from({ length: placeOf(film, "1f43b675") - 5 }, (_, at) => at)
    const left = await survivors(film, places, async (variant) => {
      const { outcome, bytes } = await cleanBytes(variant)
      return (outcome === "cleaned" || outcome === "nothing-found") && bytes.includes("CANARY")
    })
    // The length of the film, sampling rate, the codec's name and parameters: what follows these identities.
    // prettier-ignore
    const read = ["4489", "b5", "86", "63a2", "4dbb", "53ac", "55b0", "2ad7b1", "b0", "ba"].map((id) => Buffer.from(id, "hex"))
    for (const at of left) {
      assert.ok(
        read.some((id) => film.subarray(Math.max(0, at - 60), at + 3).includes(id)),
        `${name} ${at}`,
      )
    }
    assert.ok(left.length < places.length / 4, `${left.length} of ${places.length}`)
  }
})

test("Matroska: messages in the pictures, and a block that is not whole", async () => {
  const film = record(
    "picture",
    "mkv",
    "-c:v",
    "libx264",
    "-pix_fmt",
    "yuv420p",
    "-bitexact",
    "-bsf:v",
    `h264_metadata=sei_user_data=${UUID}+CANARY`,
  )
  const result = await silent(film, "mkv")
  assert.ok(result.removed.includes("metadata-track"))
  for (const name of ["h264.mkv", "live.webm"]) {
    const whole = films[name]!()
    const cut = whole.subarray(0, Math.floor(whole.length * 0.7))
    const mended = await cleanBytes(cut)
    assertNoCanary(cut, mended.bytes)
    assert.equal(mended.outcome, "cleaned")
    assert.equal(decoded(mended.bytes, mended.extension), decoded(cut, mended.extension))
  }
})

const UUID = "00112233-4455-6677-8899-aabbccddeeff"

import assert from "node:assert/strict"
import { test } from "node:test"
import { assertNoCanary, assertStable, cleanBytes, decoded, exif, fixture, type Result } from "./support"

const EXTENSIONS: Record<string, [format: string, extension: string, type: string]> = {
  "clip.mp4": ["mp4", "mp4", "video/mp4"],
  "clip.mov": ["mp4", "mov", "video/quicktime"],
  "fragmented.mp4": ["mp4", "mp4", "video/mp4"],
  "memo.m4a": ["mp4", "m4a", "audio/mp4"],
  "memo.mp3": ["mp3", "mp3", "audio/mpeg"],
  "memo.aac": ["aac", "aac", "audio/aac"],
  "memo.flac": ["flac", "flac", "audio/flac"],
  "memo.wav": ["wav", "wav", "audio/wav"],
  "voice.opus": ["ogg", "ogg", "audio/ogg"],
  "voice.ogg": ["ogg", "ogg", "audio/ogg"],
  "voice-speex.ogg": ["ogg", "ogg", "audio/ogg"],
  "voice-flac.oga": ["ogg", "ogg", "audio/ogg"],
}

/** Any tag that a person or a program could have put in. */
const TELLING =
  /^(?!.*(?:SampleGroupDescription|RIFF:Encoding))(?:.*)(?:Title|Artist|Author|Comment|Description|Date(?!Rate)|GPS|Location|Encod|Software|Vendor|Make|Model|Originat|Handler(?:Vendor|Description)|Compressor(?:Name)|XMP|TimeCode|Picture(?!$))/

function assertSilent(result: Result): void {
  // A row of ADTS frames is nothing that exiftool knows; the canary is looked for all the same.
  if (result.extension === "aac") return
  for (const [key, value] of Object.entries(exif(result.bytes))) {
    if (TELLING.test(key)) assert.match(String(value), /^(?:0000:00:00 00:00:00|0| *|Copy)$/, key)
  }
}

for (const [name, [format, extension, type]] of Object.entries(EXTENSIONS)) {
  test(`${name} loses what it says about people, places and times`, async () => {
    const original = fixture(name)
    const result = await cleanBytes(original, "CANARY.exe")
    assert.deepEqual([result.outcome, result.format, result.extension, result.type], ["cleaned", format, extension, type])
    assert.equal(result.blob.type, type)
    assertNoCanary(original, result.bytes)
    assertSilent(result)
    await assertStable(result)
  })

  test(`${name} sounds and looks as before`, async () => {
    const original = fixture(name)
    const result = await cleanBytes(original)
    assert.equal(decoded(result.bytes, extension), decoded(original, extension))
  })
}

test("in MP4 every offset stays, and the sound and picture with it", async () => {
  for (const name of ["clip.mp4", "memo.m4a", "fragmented.mp4"]) {
    const original = fixture(name)
    const { bytes } = await cleanBytes(original)
    assert.equal(bytes.length, original.length)
    // x264 introduces itself in the first picture.
    const message = original.indexOf("x264 - core")
    const end = original.indexOf(0x80, message)
    for (const [from, to] of mediaData(original)) {
      for (let at = from; at < to; at++) if (message < 0 || at < message - 20 || at > end) assert.equal(bytes[at], original[at])
    }
  }
})

test("a time code track goes with its samples, and what refers to it", async () => {
  const original = fixture("clip.mov")
  const before = exif(original)
  const { bytes, removed } = await cleanBytes(original)
  assert.match(JSON.stringify(before), /01:02:03:04|Time Code/)
  assert.ok(removed.includes("metadata-track"))
  assert.ok(original.includes("tmcd"))
  assert.ok(!bytes.includes("tmcd"))
  // 1:02:03:04 at five frames a second, the track's one sample.
  const frame = Buffer.alloc(4)
  frame.writeUInt32BE(((1 * 60 + 2) * 60 + 3) * 5 + 4)
  assert.ok(mediaData(original).some((range) => original.subarray(...range).includes(frame)))
  assert.ok(!mediaData(bytes).some((range) => bytes.subarray(...range).includes(frame)))
})

test("a track of sensor readings is emptied sample by sample; its neighbours stay", async () => {
  // Two chunks of readings with four bytes of sound between them.
  const film = film_(Buffer.from("SENSOR1SNDASENSOR2SNDB"), [
    { handler: "soun", id: 1, offsets: [7, 18], sizes: [4, 4] },
    { handler: "meta", id: 2, offsets: [0, 11], sizes: [7, 7] },
  ])
  const result = await cleanBytes(film)
  assert.equal(result.outcome, "cleaned")
  assert.ok(result.removed.includes("metadata-track"))
  assert.ok(result.bytes.includes("\0\0\0\0\0\0\0SNDA\0\0\0\0\0\0\0SNDB"))
  assert.equal(result.extension, "m4a")
  await assertStable(result)
})

test("subtitles stay and are said to", async () => {
  const film = film_(Buffer.from("SNDATEXT"), [
    { handler: "soun", id: 1, offsets: [0], sizes: [4] },
    { handler: "sbtl", id: 2, offsets: [4], sizes: [4] },
  ])
  const result = await cleanBytes(film)
  assert.deepEqual(result.remains, ["text-track"])
  assert.ok(result.bytes.includes("SNDATEXT"))
})

test("boxes that nobody knows and bytes behind a film are emptied", async () => {
  const original = Buffer.concat([fixture("clip.mp4"), Buffer.from("\0\0\0\x16sefdCANARYSAMSUNG!"), Buffer.from("CANARYSEFT")])
  const result = await cleanBytes(original)
  assert.ok(result.removed.includes("unknown-data"))
  assert.ok(result.removed.includes("trailing-data"))
  assertNoCanary(original, result.bytes)
  await assertStable(result)
})

test("MP3: tags at both ends in any number, and junk between the frames", async () => {
  const bare = (await cleanBytes(fixture("memo.mp3"))).bytes
  const id3v1 = Buffer.alloc(128)
  id3v1.write("TAGCANARY")
  const ape = Buffer.alloc(64 + 20)
  for (const [at, flags] of [
    [0, 0xa0000000],
    [52, 0x80000000],
  ] as const) {
    ape.write("APETAGEX", at)
    ape.writeUInt32LE(2000, at + 8)
    ape.writeUInt32LE(52, at + 12)
    ape.writeUInt32LE(flags, at + 20)
  }
  ape.write("CANARYAPE", 32)
  const lyrics = Buffer.from("LYRICSBEGINCANARYLYRICS000023LYRICS200")
  const id3v2 = (text: string): Buffer => Buffer.concat([Buffer.from([0x49, 0x44, 0x33, 3, 0, 0, 0, 0, 0, text.length]), Buffer.from(text)])
  const original = Buffer.concat([id3v2("TPE1CANARYONE"), id3v2("CANARYTWO"), bare, lyrics, ape, id3v1])
  const result = await cleanBytes(original)
  assertNoCanary(original, result.bytes)
  assert.ok(result.bytes.equals(bare))

  // The fourth frame of 144 bytes behind a first one of 216.
  const at = 216 + 3 * 144
  assert.equal(bare.readUInt16BE(at), bare.readUInt16BE(0))
  const torn = Buffer.concat([bare.subarray(0, at), Buffer.from("CANARYBETWEEN"), bare.subarray(at)])
  const mended = await cleanBytes(torn)
  assert.deepEqual(mended.removed, ["unknown-data"])
  assert.ok(mended.bytes.equals(bare))
})

test("Ogg: the sound's pages stay, and every page's checksum is right", async () => {
  for (const name of ["voice.opus", "voice.ogg", "voice-speex.ogg", "voice-flac.oga"]) {
    const original = fixture(name)
    const { bytes } = await cleanBytes(original)
    assert.equal(bytes.length, original.length)
    const pages = oggPages(bytes)
    assert.ok(pages.length > 2)
    for (const page of pages) assert.equal(page.readUInt32LE(22), oggChecksum(page), name)
    const last = (list: Buffer[]): Buffer => list[list.length - 1]!
    assert.ok(last(pages).equals(last(oggPages(original))))
  }
})

test("WAV: the samples stay, and the head says the new length", async () => {
  const original = fixture("memo.wav")
  const { bytes } = await cleanBytes(original)
  const data = (file: Buffer): Buffer =>
    file.subarray(file.indexOf("data"), file.indexOf("data") + 8 + file.readUInt32LE(file.indexOf("data") + 4))
  assert.ok(data(bytes).equals(data(original)))
  assert.equal(bytes.readUInt32LE(4), bytes.length - 8)
})

test("AMR has nothing to remove but what hangs behind it", async () => {
  const amr = Buffer.concat([
    Buffer.from("#!AMR\n"),
    ...Array.from({ length: 20 }, () => Buffer.concat([Buffer.from([0x3c]), Buffer.alloc(31, 7)])),
  ])
  const result = await cleanBytes(amr)
  assert.deepEqual([result.outcome, result.extension, result.type], ["nothing-found", "amr", "audio/amr"])
  const tailed = Buffer.concat([amr, Buffer.from([0xff]), Buffer.from("CANARY")])
  const cut = await cleanBytes(tailed)
  assert.deepEqual(cut.removed, ["trailing-data"])
  assert.ok(cut.bytes.equals(amr))
})

// ---- reading and building

type Range = [from: number, to: number]

function mediaData(file: Buffer): Range[] {
  const ranges: Range[] = []
  for (let at = 0; at < file.length; at += file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "mdat") ranges.push([at + 8, at + file.readUInt32BE(at)])
  }
  return ranges
}

function oggPages(file: Buffer): Buffer[] {
  const pages: Buffer[] = []
  for (let at = 0; at < file.length;) {
    const segments = file[at + 26]!
    const length = 27 + segments + file.subarray(at + 27, at + 27 + segments).reduce((sum, piece) => sum + piece, 0)
    pages.push(file.subarray(at, at + length))
    at += length
  }
  return pages
}

function oggChecksum(page: Buffer): number {
  let crc = 0
  page.forEach((byte, at) => {
    crc ^= (at >= 22 && at < 26 ? 0 : byte) << 24
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  })
  return crc >>> 0
}

interface Track {
  handler: string
  id: number
  offsets: number[]
  sizes: number[]
}

/** A film with one sample in each chunk; the data come first. */
function film_(data: Buffer, tracks: Track[]): Buffer {
  const box = (type: string, ...content: (Buffer | number[])[]): Buffer => {
    const body = Buffer.concat(content.map((piece) => Buffer.from(piece as Buffer)))
    const head = Buffer.alloc(8)
    head.writeUInt32BE(body.length + 8)
    head.write(type, 4, "latin1")
    return Buffer.concat([head, body])
  }
  const words = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(4 * values.length)
    values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i))
    return bytes
  }
  const ftyp = box("ftyp", Buffer.from("isom\0\0\0\0isom"))
  const start = ftyp.length + 8
  const moov = box(
    "moov",
    box("mvhd", words(0, 0, 0, 1000, 1000), Buffer.alloc(80)),
    ...tracks.map((track) =>
      box(
        "trak",
        box("tkhd", words(0, 0, 0, track.id), Buffer.alloc(68)),
        box(
          "mdia",
          box("mdhd", words(0, 0, 0, 1000, 1000, 0)),
          box("hdlr", words(0, 0), Buffer.from(track.handler), Buffer.alloc(13)),
          box(
            "minf",
            box(
              "stbl",
              box("stsd", words(0, 0)),
              box("stsc", words(0, 1, 1, 1, 1)),
              box("stsz", words(0, 0, track.sizes.length, ...track.sizes)),
              box("stco", words(0, track.offsets.length, ...track.offsets.map((offset) => start + offset))),
            ),
          ),
        ),
      ),
    ),
  )
  return Buffer.concat([ftyp, box("mdat", data), moov])
}

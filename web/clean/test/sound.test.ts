// Sound: every tag in every format, bytes that no frame uses, and recordings that players open though something is wrong with them.

import assert from "node:assert/strict"
import { test } from "node:test"
import { ape, id3v1, id3v2, record, tags, words } from "./recording-parts"
import { assertNoCanary, assertStable, cleanBytes, decoded, type Result } from "./support"

/** Without a word of their own, so that what is found is what the test put in. */
const bare: Record<string, () => Buffer> = {
  mp3: () => record("sound", "mp3", "-c:a", "libmp3lame", "-write_id3v1", "0", "-id3v2_version", "0", "-bitexact"),
  aac: () => record("sound", "aac", "-c:a", "aac", "-bitexact"),
  flac: () => record("sound", "flac", "-c:a", "flac", "-bitexact"),
  wav: () => record("sound", "wav", "-c:a", "pcm_s16le", "-bitexact"),
  opus: () => record("sound", "opus", "-c:a", "libopus", "-bitexact"),
  amr: () => amr(20),
}

async function silent(original: Buffer, extension: string, sound = original): Promise<Result> {
  const result = await cleanBytes(original)
  assertNoCanary(original, result.bytes)
  assert.equal(result.outcome, "cleaned")
  assert.equal(decoded(result.bytes, result.extension), decoded(sound, extension), "another sound")
  await assertStable(result)
  return result
}

for (const [extension, make] of Object.entries(bare)) {
  for (const [name, tag] of Object.entries(tags)) {
    test(`${name} behind ${extension}`, async () => {
      await silent(Buffer.concat([make(), tag()]), extension, make())
    })
  }
  test(`ID3v2 before ${extension}, and both ends at once`, async () => {
    await silent(Buffer.concat([id3v2(), id3v2("TIT2CANARYTWO"), make(), ape(), id3v1()]), extension, make())
  })
}

test("FLAC: bytes between and behind the frames, and a table with places that are not used", async () => {
  const original = bare.flac!()
  const frames = flacFrames(original)
  assert.ok(frames.length > 5)
  const middle = frames[3]!
  const torn = Buffer.concat([
    original.subarray(0, middle),
    Buffer.from("CANARY BETWEEN"),
    original.subarray(middle),
    Buffer.from("CANARY BEHIND"),
  ])
  await silent(torn, "flac", original)

  const point = (sample: number, offset: number, tail: string): Buffer =>
    Buffer.concat([words(">", 0, sample, 0, offset), Buffer.from(tail)])
  const unused = Buffer.concat([Buffer.alloc(8, 0xff), Buffer.from("CANARY-TAB")])
  const table = Buffer.concat([point(0, 0, "\x10\0"), unused])
  const blocks = Buffer.concat([
    flacBlock(3, table),
    flacBlock(127 - 1, Buffer.from("CANARY RESERVED")),
    flacBlock(1, Buffer.from("CANARY PADDING")),
  ])
  const rest = withoutBlocks(original)
  const result = await silent(Buffer.concat([rest.info, blocks, flacBlock(4, Buffer.alloc(8), true), rest.sound]), "flac", original)
  assert.ok(result.bytes.includes(point(0, 0, "\x10\0")), "the table is gone")
})

test("FLAC: a frame with a wrong bit stays and is said to, one that was cut off stays", async () => {
  const original = bare.flac!()
  const frames = flacFrames(original)
  const broken = Buffer.concat([original, ape()])
  broken[frames[2]! + 30]! ^= 0x10
  const result = await cleanBytes(broken)
  assertNoCanary(broken, result.bytes)
  assert.deepEqual([result.outcome, result.remains], ["partly", ["metadata"]])
  assert.equal(decoded(result.bytes, "flac"), decoded(broken.subarray(0, original.length), "flac"))

  const cut = original.subarray(0, frames.at(-1)! + 40)
  const mended = await cleanBytes(Buffer.concat([id3v2(), cut]))
  assert.ok(mended.bytes.subarray(-40).equals(cut.subarray(-40)))
})

test("FLAC: the number of samples is wrong, or not there", async () => {
  const original = bare.flac!()
  for (const total of [0, 5, 0xffffffff]) {
    const wrong = Buffer.from(original)
    wrong.writeUInt32BE(total, 8 + 14)
    await silent(Buffer.concat([wrong, ape()]), "flac", wrong)
  }
})

/** RIFF of any sizes: the `bext` of a broadcaster before the samples. */
function wav(riff_bytes: number, data_bytes: number, more: Buffer = Buffer.alloc(0), head = "RIFF"): Buffer {
  const bext = Buffer.alloc(602)
  bext.write("CANARY-DESCRIPTION")
  bext.write("CANARY-PERSON", 256)
  const samples = Buffer.alloc(1600)
  for (let i = 0; i < 800; i++) samples.writeInt16LE(((i * 37) % 2000) - 1000, 2 * i)
  return Buffer.concat([
    Buffer.from(head),
    words("<", riff_bytes),
    Buffer.from("WAVE"),
    more,
    riffChunk("fmt ", Buffer.concat([words("<", 0x00010001, 8000, 16000), Buffer.from([2, 0, 16, 0])])),
    riffChunk("bext", bext),
    Buffer.from("data"),
    words("<", data_bytes),
    samples,
  ])
}

test("WAV: sizes that were never filled in, or are wrong", async () => {
  const plain = wav(0, 0)
  const right = wav(plain.length - 8, 1600)
  for (const [riff, data] of [
    [0, 0],
    [0xffffffff, 0xffffffff],
    [plain.length - 8, 0xffffffff],
    [36, 1600],
    [plain.length + 1000, 1600],
    [plain.length - 8, 5000],
    [4, 0],
  ] as const) {
    const result = await silent(wav(riff, data), "wav", right)
    assert.equal(result.bytes.length, 44 + 1600)
    assert.equal(result.bytes.readUInt32LE(4), result.bytes.length - 8)
    assert.equal(result.bytes.readUInt32LE(40), 1600)
  }
})

test("WAV: a chunk that follows samples of unknown length, tags among the samples, and behind them", async () => {
  const plain = wav(0, 0)
  const right = wav(plain.length - 8, 1600)
  const list = riffChunk("LIST", Buffer.from("INFOIART\x0e\0\0\0CANARY-PERSON\0"))
  for (const tail of [
    list,
    Buffer.concat([list, ape(), id3v1()]),
    riffChunk("id3 ", id3v2()),
    riffChunk("iXML", Buffer.from("<CANARY/>")),
  ]) {
    await silent(Buffer.concat([plain, tail]), "wav", right)
    // The same, when the length of the samples counts it.
    await silent(Buffer.concat([wav(0, 1600 + tail.length), tail]), "wav", right)
  }
})

test("WAV: RF64 and BW64 become RIFF; descriptions lose what no player reads", async () => {
  const ds64 = riffChunk("ds64", Buffer.concat([words("<", 3000, 0, 1600, 0, 800, 0, 0), Buffer.from("CANARY")]))
  const plain = wav(0, 0)
  const right = wav(plain.length - 8, 1600)
  for (const head of ["RF64", "BW64"]) {
    const result = await silent(wav(0xffffffff, 0xffffffff, ds64, head), "wav", right)
    assert.equal(result.bytes.toString("latin1", 0, 4), "RIFF")
  }
  const format = Buffer.concat([words("<", 0x00010001, 8000, 16000), Buffer.from([2, 0, 16, 0, 6, 0]), Buffer.from("CANARY")])
  const described = Buffer.concat([
    Buffer.from("RIFF"),
    words("<", 1700),
    Buffer.from("WAVE"),
    riffChunk("fmt ", format),
    right.subarray(-1608),
  ])
  const result = await silent(described, "wav", right)
  assert.equal(result.bytes.length, 44 + 1600)
})

test("WAV: MP3 inside is cleaned as such", async () => {
  const inside = record("sound", "wav", "-c:a", "libmp3lame", "-bitexact")
  const at = inside.indexOf("data")
  const length = inside.readUInt32LE(at + 4)
  const tag = id3v2()
  const original = Buffer.concat([inside.subarray(0, at + 4), words("<", length + tag.length), tag, inside.subarray(at + 8)])
  await silent(original, "wav", inside)
})

test("MP3: two frames between tags, and a single one", async () => {
  const frames = mp3Frames(bare.mp3!())
  for (const count of [1, 2]) {
    const sound = Buffer.concat(frames.slice(3, 3 + count))
    const original = Buffer.concat([id3v2(), sound, ape(), id3v1()])
    const result = await cleanBytes(original)
    assertNoCanary(original, result.bytes)
    assert.equal(result.format, "mp3")
    assert.ok(result.bytes.equals(sound))
  }
})

test("MP3: the first frame loses its encoder and what stands behind its table, and the delays stay", async () => {
  const original = bare.mp3!()
  const at = original.indexOf("Lavc") >= 0 ? original.indexOf("Lavc") : original.indexOf("Lavf")
  const text = at >= 0 ? at : original.indexOf("LAME")
  assert.ok(text > 0 && text < 200)
  const first = mp3Frames(original)[0]!
  original.write("CANARY", text + 26)
  original.write("LAMECANAR", text)
  const result = await cleanBytes(original)
  assert.ok(result.removed.includes("software"))
  assert.ok(!result.bytes.subarray(0, first.length).includes("CANAR"))
  assert.ok(result.bytes.subarray(text + 21, text + 24).equals(original.subarray(text + 21, text + 24)), "the delays")
  assert.equal(decoded(result.bytes, "mp3"), decoded(original, "mp3"))
  await assertStable(result)
})

test("MP3 and AAC: junk between frames, though it looks like the head of one", async () => {
  for (const [extension, fake] of [
    ["mp3", "\xff\xfb\x90\x64CANARY"],
    ["aac", "\xff\xf1\x50\x80\x02\x1f\xfcCANARY"],
  ] as const) {
    const original = bare[extension]!()
    const middle =
      extension === "mp3"
        ? mp3Frames(original)
            .slice(0, 5)
            .reduce((sum, frame) => sum + frame.length, 0)
        : adtsFrame(original, 5)
    const torn = Buffer.concat([original.subarray(0, middle), Buffer.from("CANARY JUNK"), original.subarray(middle)])
    await silent(torn, extension, original)
    const other = extension === "mp3" ? "\xff\xf3\x90\x64CANARY" : "\xff\xf1\x6c\x80\x02\x1f\xfcCANARY"
    await silent(Buffer.concat([original, Buffer.from("CANARY"), Buffer.from(other, "latin1")]), extension, original)
    assert.notEqual(fake, other)
  }
})

test("Ogg: bytes between pages, pages with wrong checksums, a stream of another kind, a last page that is not whole", async () => {
  const original = bare.opus!()
  const pages = oggPages(original)
  assert.ok(pages.length > 3)
  const wrong = Buffer.from(pages[2]!)
  wrong.write("CANARY", wrong.length - 10)
  const skeleton = oggPage(2, 77, Buffer.from("fishead\0CANARY"))
  const stranger = oggPage(0, 78, Buffer.from("CANARY"))
  for (const junk of [Buffer.from("CANARY"), wrong, skeleton, stranger]) {
    const torn = Buffer.concat([...pages.slice(0, 3), junk, ...pages.slice(3)])
    assert.ok((await cleanBytes(torn)).bytes.equals((await cleanBytes(original)).bytes))
    await silent(torn, "opus", original)
  }
  const cut = original.subarray(0, original.length - 20)
  const result = await cleanBytes(cut)
  assert.ok(result.removed.includes("trailing-data"))
  assert.equal(decoded(result.bytes, "ogg"), decoded(cut, "opus"))
  const last = oggPages(result.bytes).at(-1)!
  assert.equal(last[5]! & 4, 4, "the last page says so")
  assert.equal(oggPages(result.bytes).length, pages.length - 1)
})

test("Ogg: the first packets hold nothing but their fields", async () => {
  const pages = oggPages(bare.opus!())
  const head = Buffer.concat([pages[0]!.subarray(28), Buffer.from("CANARY")])
  const original = Buffer.concat([oggPage(2, pages[0]!.readUInt32LE(14), head), ...pages.slice(1)])
  await silent(original, "opus", Buffer.concat(pages))
})

test("AMR: tags behind, and a head of several channels is not guessed at", async () => {
  const result = await cleanBytes(Buffer.concat([Buffer.from("#!AMR_MC1.0\n"), Buffer.alloc(100, 4)]))
  assert.deepEqual([result.outcome, result.reason], ["not-possible", "unsupported-variant"])
})

// ---- reading and building

function riffChunk(name: string, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(name), words("<", payload.length), payload, Buffer.alloc(payload.length % 2)])
}

function amr(frames: number): Buffer {
  const frame = Buffer.concat([Buffer.from([0x3c]), Buffer.alloc(31, 7)])
  return Buffer.concat([Buffer.from("#!AMR\n"), ...Array.from({ length: frames }, () => frame)])
}

function withoutBlocks(flac: Buffer): { info: Buffer; sound: Buffer } {
  let at = 4
  for (let last = false; !last;) {
    last = (flac[at]! & 0x80) !== 0
    at += 4 + flac.readUIntBE(at + 1, 3)
  }
  const info = Buffer.from(flac.subarray(0, 42))
  info[4]! &= 0x7f
  return { info, sound: flac.subarray(at) }
}

function flacBlock(type: number, payload: Buffer, isLast = false): Buffer {
  return Buffer.concat([Buffer.from([type | (isLast ? 0x80 : 0), 0, payload.length >> 8, payload.length & 255]), payload])
}

/** Where frames begin: their heads are all alike but for the number. */
function flacFrames(flac: Buffer): number[] {
  const from = flac.length - withoutBlocks(flac).sound.length
  const head = flac.subarray(from, from + 4)
  const places: number[] = []
  for (let at = from; at >= 0; at = flac.indexOf(head, at + 1)) if (flac[at + 4] === places.length) places.push(at)
  return places
}

function mp3Frames(mp3: Buffer): Buffer[] {
  const kbits = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
  const frames: Buffer[] = []
  for (let at = 0; at + 4 <= mp3.length;) {
    const length = Math.floor((144_000 * kbits[mp3[at + 2]! >> 4]!) / 44_100) + ((mp3[at + 2]! >> 1) & 1)
    frames.push(mp3.subarray(at, at + length))
    at += length
  }
  return frames
}

function adtsFrame(aac: Buffer, number: number): number {
  let at = 0
  for (; number > 0; number--) at += ((aac[at + 3]! & 3) << 11) | (aac[at + 4]! << 3) | (aac[at + 5]! >> 5)
  return at
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

function oggPage(flags: number, serial: number, packet: Buffer): Buffer {
  const head = Buffer.alloc(28)
  head.write("OggS")
  head[5] = flags
  head.writeUInt32LE(serial, 14)
  head[26] = 1
  head[27] = packet.length
  const page = Buffer.concat([head, packet])
  let crc = 0
  for (const byte of page) {
    crc ^= byte << 24
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1
  }
  page.writeUInt32LE(crc >>> 0, 22)
  return page
}

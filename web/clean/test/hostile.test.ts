// Files that are broken, by accident or on purpose: clean() answers in a bounded time, never rejects, and what it does not
// understand it leaves alone.

import assert from "node:assert/strict"
import { closeSync, ftruncateSync, mkdtempSync, openAsBlob, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { clean } from "../src/clean"
import { docx, pptx, xlsx } from "./office-parts"
import { classic, letter, packed, stream, TRAILER, update } from "./pdf-parts"
import { phoneExif, screenProfile, segment } from "./picture-parts"
import { films } from "./recording-parts"
import { cleanBytes, fixture, fixtures, picture, withTags } from "./support"

const TRUNCATIONS = 40
const FLIPS = 120
const SLOWEST_MS = 3_000

const small = ["-size", "24x16", "gradient:red-blue"]
const jpeg = (): Buffer => {
  const bare = picture(...small, "jpg:-")
  const icc = Buffer.concat([Buffer.from("ICC_PROFILE\0\x01\x01"), screenProfile("CANARY")])
  return Buffer.concat([
    bare.subarray(0, 2),
    segment(0xe1, Buffer.concat([Buffer.from("Exif\0\0"), phoneExif(6, Buffer.from("thumb"))])),
    segment(0xe2, icc),
    bare.subarray(2),
  ])
}
const image = (): Buffer =>
  stream("/Type /XObject /Subtype /Image /Width 24 /Height 16 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode", jpeg())
const annotated = () =>
  letter(
    { 7: image(), 8: "<</Type /Annot /Subtype /Text /Rect [1 1 2 2] /Contents (x) /T (CANARY)>>" },
    "",
    "/Annots [8 0 R]",
    "/XObject <</I 7 0 R>>",
  )

const samples: Record<string, () => Buffer> = {
  ...Object.fromEntries(fixtures().map((name) => [name, () => fixture(name)])),
  "photo.jpg": jpeg,
  "photo.png": () => withTags(picture(...small, "png:-"), "png", "-Artist=CANARY", "-Orientation#=6"),
  "photo.webp": () => withTags(picture(...small, "webp:-"), "webp", "-Artist=CANARY", "-Orientation#=6"),
  "loop.gif": () => withTags(picture(...small, ...small.slice(2), "-loop", "0", "gif:-"), "gif", "-Comment=CANARY"),
  "film.webm": films["live.webm"]!,
  "film.mkv": films["h264.mkv"]!,
  "film.avi": films["mjpeg.avi"]!,
  "begin.mov": films["faststart.mp4"]!,
  "word.docx": () => docx(jpeg()),
  "excel.xlsx": () => xlsx(),
  "powerpoint.pptx": () => pptx(jpeg()),
  "table.pdf": () => classic(annotated(), TRAILER),
  "streams.pdf": () => packed(annotated(), TRAILER),
  "revisions.pdf": () => update(classic(annotated(), TRAILER), { 6: "<</Author (CANARY)>>" }, TRAILER),
}

for (const [name, make] of Object.entries(samples)) {
  test(`${name}, cut off and with flipped bits`, async () => {
    const original = make()
    const random = randomFrom(name)
    const intact = await cleanBytes(original)
    assert.ok(["cleaned", "partly"].includes(intact.outcome), `${intact.outcome} ${intact.reason}`)

    const variants: Buffer[] = []
    for (let i = 0; i < TRUNCATIONS; i++)
      variants.push(original.subarray(0, i < 10 ? Math.floor((original.length * i) / 10) : random(original.length)))
    for (let i = 0; i < FLIPS; i++) {
      const flipped = Buffer.from(original)
      for (let flips = 1 + random(4); flips > 0; flips--) {
        // Heads and tables stand at the ends; data in the middle hardly matter.
        const at =
          random(3) === 0
            ? random(original.length)
            : random(2) === 0
              ? random(Math.min(original.length, 600))
              : original.length - 1 - random(Math.min(original.length, 600))
        flipped[at] = random(2) === 0 ? flipped[at]! ^ (1 << random(8)) : [0, 0xff, 0x80, 0x7f][random(4)]!
      }
      variants.push(flipped)
    }
    for (const variant of variants) {
      const began = performance.now()
      const result = await cleanBytes(variant, name)
      assert.ok(performance.now() - began < SLOWEST_MS, "took too long")
      assert.ok(["cleaned", "nothing-found", "partly", "not-possible", "damaged"].includes(result.outcome))
      assert.equal(result.reason !== null, result.outcome === "not-possible")
      if (result.outcome === "not-possible" || result.outcome === "damaged" || result.removed.length === 0)
        assert.ok(result.bytes.equals(variant), "changed and did not say so")
      // What came out is understood as well as what went in.
      if (result.removed.length > 0) assert.notEqual((await cleanBytes(result.bytes, name)).outcome, "damaged")
    }
  })
}

test("every sample cut short says that it is damaged or that it cannot be cleaned, unless the rest is whole", async () => {
  // Rows of frames, and film whose index comes first, are still recordings when their end is missing.
  for (const [name, make] of Object.entries(samples)) {
    const original = make()
    // Behind the pixels of this one stand tags that are longer: the cut must go through the pixels.
    const kept = name === "photo.webp" ? 0.2 : 0.6
    const result = await cleanBytes(original.subarray(0, Math.floor(original.length * kept)), name)
    // Whatever is made of the rest: what is called clean says nothing.
    if (result.removed.length > 0) assert.ok(!result.bytes.includes("CANARY"), name)
    if (/\.(?:mp3|aac|opus|ogg|oga|flac|wav|mov|webm|mkv|avi)$|^fragmented/.test(name)) continue
    // A PDF whose pages come first is put together again, as viewers do.
    if (name.endsWith(".pdf") && result.removed.length > 0) continue
    // A picture that breaks off is still a picture; of that the answer speaks.
    const isSaid = result.remains.includes("unread-part")
    assert.ok(isSaid || ["damaged", "not-possible"].includes(result.outcome), `${name}: ${result.outcome}`)
  }
})

test("structures that point back at themselves or promise too much end soon", async () => {
  const uint32 = (value: number): Buffer => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255])
  const hostile: [string, Buffer][] = [
    [
      "a megabyte of empty JPEG comments",
      Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(1 << 20, Buffer.from([0xff, 0xfe, 0, 2]))]),
    ],
    ["a megabyte of 0xff", Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(1 << 20, 0xff)])],
    [
      "MP3 syncs without frames",
      Buffer.concat([Buffer.from("ID3\x03\0\0\0\0\0\0", "latin1"), Buffer.alloc(1 << 22, Buffer.from([0xff, 0xfb, 0x90, 0x00, 0, 0, 0]))]),
    ],
    [
      "EXIF directories in a circle",
      Buffer.concat([
        Buffer.from([0xff, 0xd8]),
        segment(0xe1, Buffer.from("Exif\0\0MM\0*\0\0\0\x08\0\x01\x87\x69\0\x04\0\0\0\x01\0\0\0\x08\0\0\0\x08", "latin1")),
        jpeg().subarray(2),
      ]),
    ],
    ["boxes in boxes in boxes", nested("moov", 5000)],
    ["a box of no size, again and again", Buffer.concat([Buffer.from("\0\0\0\x10ftypisom\0\0\0\0", "latin1"), Buffer.alloc(1 << 20)])],
    [
      "a million boxes",
      Buffer.concat([Buffer.from("\0\0\0\x10ftypisom\0\0\0\0", "latin1"), Buffer.alloc(1 << 23, Buffer.from("\0\0\0\x08free", "latin1"))]),
    ],
    [
      "a PNG of two million chunks",
      Buffer.concat([
        Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\0IHDR\0\0\0\0", "latin1"),
        Buffer.alloc(12 << 20, Buffer.from("\0\0\0\0teXt\0\0\0\0", "latin1")),
      ]),
    ],
    [
      "a GIF of empty blocks",
      Buffer.concat([Buffer.from("GIF89a\x01\0\x01\0\0\0\0", "latin1"), Buffer.alloc(3 << 20, Buffer.from("!\xfe\0", "latin1"))]),
    ],
    [
      "RIFF chunks without content",
      Buffer.concat([
        Buffer.from("RIFF"),
        Buffer.from([0xf8, 0xff, 0x7f, 0]),
        Buffer.from("WAVE"),
        Buffer.alloc((1 << 23) - 12, Buffer.from("junk\0\0\0\0", "latin1")),
      ]),
    ],
    ["Ogg pages without packets", Buffer.alloc(1 << 20, Buffer.concat([Buffer.from("OggS\0\x02"), Buffer.alloc(21)]))],
    [
      "a PDF of opening brackets",
      Buffer.concat([
        Buffer.from("%PDF-1.4\n1 0 obj\n"),
        Buffer.alloc(1 << 20, "["),
        Buffer.from("\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Root 1 0 R>>\nstartxref\n1048603\n%%EOF"),
      ]),
    ],
    ["a PDF of opening parentheses", classic({ ...letter(), 4: "(".repeat(1 << 20) }, TRAILER)],
    [
      "a PDF whose revisions follow each other in a circle",
      Buffer.from("%PDF-1.4\nxref\n0 0\ntrailer\n<</Root 1 0 R /Prev 9>>\nstartxref\n9\n%%EOF"),
    ],
    [
      "a PDF with eight million objects in its table",
      Buffer.from("%PDF-1.4\nxref\n0 99999999\ntrailer\n<</Root 1 0 R>>\nstartxref\n9\n%%EOF"),
    ],
    ["FLAC blocks without end", Buffer.concat([Buffer.from("fLaC"), Buffer.alloc(1 << 20)])],
    ["a tag longer than its file", Buffer.from("ID3\x04\0\0\x7f\x7f\x7f\x7f", "latin1")],
    [
      "an APE tag longer than its file",
      Buffer.concat([
        fixture("memo.mp3").subarray(-3000, -128),
        Buffer.from("APETAGEX\xd0\x07\0\0\xff\xff\xff\x7f", "latin1"),
        Buffer.alloc(16, 0xff),
      ]),
    ],
    [
      "an index of four billion samples",
      Buffer.concat([
        Buffer.from("\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08mdat", "latin1"),
        box(
          "moov",
          box(
            "trak",
            Buffer.concat([
              box("tkhd", Buffer.alloc(84)),
              box(
                "mdia",
                Buffer.concat([
                  box("hdlr", Buffer.from("\0\0\0\0\0\0\0\0metaxxxxxxxxxxxx")),
                  box(
                    "minf",
                    box(
                      "stbl",
                      Buffer.concat([
                        box("stsz", Buffer.concat([uint32(0), uint32(1), uint32(0xffffffff)])),
                        box("stco", Buffer.concat([uint32(0), uint32(0xffffffff)])),
                        box("stsc", Buffer.concat([uint32(0), uint32(1), uint32(1), uint32(0xffffffff)])),
                      ]),
                    ),
                  ),
                ]),
              ),
            ]),
          ),
        ),
      ]),
    ],
    ...["vide", "soun", "meta"].map((handler): [string, Buffer] => [`a chunk of four billion samples of ${handler}`, manySamples(handler)]),
  ]
  for (const [what, bytes] of hostile) {
    const began = performance.now()
    const result = await cleanBytes(bytes)
    assert.ok(performance.now() - began < 30_000, `${what}: ${Math.round(performance.now() - began)} ms`)
    assert.ok(result.outcome, what)
  }
})

test("200 MiB pass through little memory", async () => {
  const folder = mkdtempSync(join(tmpdir(), "clean-large-"))
  after(() => rmSync(folder, { recursive: true, force: true }))
  const film = fixture("clip.mp4")
  const moov = film.indexOf("moov") - 4
  // Sparse files: 200 MiB of film data behind the real ones, of sound, and behind a photograph.
  const large: [name: string, head: Buffer, tail: Buffer, expected: string][] = [
    [
      "film.mp4",
      Buffer.concat([film.subarray(0, moov), film.subarray(moov), Buffer.from([0x0c, 0x80, 0, 8]), Buffer.from("mdat")]),
      Buffer.alloc(0),
      "cleaned",
    ],
    ["sound.wav", wavHead(200 * 1024 * 1024), Buffer.from("LIST\x0a\0\0\0INFOCANARY"), "cleaned"],
    ["photo.jpg", jpeg(), Buffer.from("CANARY"), "partly"],
  ]
  for (const [name, head, tail, expected] of large) {
    const path = join(folder, name)
    const file = openSync(path, "w")
    writeSync(file, head)
    ftruncateSync(file, head.length + 200 * 1024 * 1024)
    writeSync(file, tail, 0, tail.length, head.length + 200 * 1024 * 1024)
    closeSync(file)
    assert.ok(statSync(path).size >= 200 * 1024 * 1024)
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    let highest = before
    const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 10)
    const result = await clean(await openAsBlob(path), name)
    clearInterval(watch)
    assert.equal(result.outcome, expected, name)
    assert.ok(highest - before < 100 * 1024 * 1024, `${name}: ${Math.round((highest - before) / 1024 / 1024)} MiB`)
    writeFileSync(path, "")
  }
})

function nested(type: string, depth: number): Buffer {
  const head = Buffer.from("\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08mdat", "latin1")
  const pieces: Buffer[] = []
  for (let i = 0; i < depth; i++) {
    const start = Buffer.from(`\0\0\0\0${i % 2 === 0 ? type : "trak"}`, "latin1")
    start.writeUInt32BE(8 * (depth - i))
    pieces.push(start)
  }
  return Buffer.concat([head, ...pieces])
}

function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(content.length + 8)
  head.write(type, 4, "latin1")
  return Buffer.concat([head, content])
}

/** One sound of a single sample, so that there is something to keep, and a track whose one chunk has as many samples as can be said. */
function manySamples(handler: string): Buffer {
  const words = (...values: number[]): Buffer => {
    const bytes = Buffer.alloc(4 * values.length)
    values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i))
    return bytes
  }
  const track = (id: number, kind: string, coding: string, count: number): Buffer => {
    const tables = Buffer.concat([
      box("stsd", Buffer.concat([words(0, 1), box(coding, Buffer.alloc(kind === "soun" ? 28 : 78))])),
      box("stsc", words(0, 1, 1, count, 1)),
      box("stsz", words(0, 1, count)),
      box("stco", words(0, 1, 24)),
    ])
    const media = [
      box("mdhd", Buffer.alloc(24)),
      box("hdlr", Buffer.from(`\0\0\0\0\0\0\0\0${kind}${"\0".repeat(13)}`)),
      box("minf", box("stbl", tables)),
    ]
    return box(
      "trak",
      Buffer.concat([box("tkhd", Buffer.concat([words(0, 0, 0, id), Buffer.alloc(68)])), box("mdia", Buffer.concat(media))]),
    )
  }
  const head = Buffer.from("\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x10mdatSOUNDSOU", "latin1")
  const tracks = [track(1, "soun", "mp4a", 1), track(2, handler, handler === "soun" ? "mp4a" : "avc1", 0xffffffff)]
  return Buffer.concat([head, box("moov", Buffer.concat([box("mvhd", Buffer.alloc(100)), ...tracks]))])
}

function wavHead(data_bytes: number): Buffer {
  const head = Buffer.from("RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0", "latin1")
  head.writeUInt32LE(data_bytes + head.length - 8 + 18, 4)
  head.writeUInt32LE(data_bytes, head.length - 4)
  return head
}

/** The same numbers each time, so that a failure can be seen again. */
function randomFrom(seed: string): (below: number) => number {
  let state = [...seed].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) >>> 0, 7)
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

import assert from "node:assert/strict"
import { test } from "node:test"
import { phoneExif } from "./picture-parts"
import { cleanBytes, zip } from "./support"

const UNKNOWN: [what: string, bytes: Buffer | string, name: string, extension: string, reason: string][] = [
  ["plain text", "a text about something", "notes.txt", "txt", "unknown-format"],
  ["a text whose name ends in anything", "a text", "letter.of-ali", "bin", "unknown-format"],
  ["Word before 2007", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "\0".repeat(600), "letter.doc", "doc", "old-office-format"],
  ["Excel before 2007", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "\0".repeat(600), "table.XLS", "xls", "old-office-format"],
  ["the same with a strange name", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "\0".repeat(600), "ali.rezaei", "doc", "old-office-format"],
  ["RTF", "{\\rtf1 {\\info{\\author A}}}", "x.doc", "rtf", "unknown-format"],
  ["Matroska", "\x1a\x45\xdf\xa3....matroska", "x.mp4", "mkv", "unknown-format"],
  ["WebM", "\x1a\x45\xdf\xa3....webm", "x", "webm", "unknown-format"],
  ["RAR", "Rar!\x1a\x07\0", "x.zip", "rar", "unknown-format"],
  ["nothing at all", "", "empty.jpg", "bin", "unknown-format"],
  ["one byte", "x", "", "bin", "unknown-format"],
  ["an archive", zip({ "a.txt": "hello", "b/c.txt": "there" }), "x.docx", "zip", "unknown-format"],
]

for (const [what, content, name, extension, reason] of UNKNOWN) {
  test(`${what} is passed on untouched, and that is said`, async () => {
    const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content
    const result = await cleanBytes(bytes, name)
    assert.deepEqual([result.outcome, result.reason, result.format, result.extension], ["not-possible", reason, "other", extension])
    assert.deepEqual([result.removed, result.remains], [[], []])
    assert.ok(result.bytes.equals(bytes))
  })
}

test("the copy is a plain Blob: no name, no date", async () => {
  const { blob } = await cleanBytes(Buffer.from("text"), "name.txt")
  assert.equal(blob instanceof File, false)
})

test("a format is known by its bytes, whatever the name says", async () => {
  const gif = Buffer.from("GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;", "latin1")
  const result = await cleanBytes(gif, "document.pdf")
  assert.deepEqual([result.format, result.extension, result.outcome], ["gif", "gif", "nothing-found"])
})

test("a file that the browser can no longer read is said to be so", async () => {
  const { clean } = await import("../src/clean")
  const gone = new Blob(["\xff\xd8\xff\xe0 something"])
  gone.slice = () => ({ arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")) }) as unknown as Blob
  const result = await clean(gone, "x.jpg").catch(() => null)
  assert.ok(result, "clean() rejected")
  assert.deepEqual([result.outcome, result.reason], ["not-possible", "unreadable"])
})

test("what lies open in a file that goes out as it is is named", async () => {
  const xmp = '<x:xmpmeta><rdf:Description exif:GPSLatitude="35,42N" tiff:Make="x"><dc:creator>x</dc:creator></rdf:Description></x:xmpmeta>'
  const seen: [what: string, bytes: Buffer, words: string[]][] = [
    ["XMP", Buffer.from(`unknown ${xmp}`), ["author", "device", "gps", "xmp"]],
    [
      "EXIF",
      Buffer.concat([Buffer.from("unknown Exif\0\0"), phoneExif(1, Buffer.alloc(0)), Buffer.alloc(9)]),
      ["device", "exif", "gps", "maker-notes"],
    ],
    [
      "EXIF without its name",
      Buffer.concat([Buffer.from("unknown"), phoneExif(1, Buffer.alloc(0))]),
      ["device", "exif", "gps", "maker-notes"],
    ],
    ["EXIF far inside", Buffer.concat([Buffer.alloc(3 << 20), phoneExif(1, Buffer.alloc(0))]), ["device", "exif", "gps", "maker-notes"]],
    ["a broken PDF", Buffer.from("%PDF-1.4 /Author (Ali) /CreationDate (D:2024"), ["author", "timestamps"]],
    [
      "an old document",
      Buffer.from("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x05\0S\0u\0m\0m\0a\0r\0y\0I\0n\0f\0o\0", "latin1"),
      ["author", "properties", "timestamps"],
    ],
    ["a place of a film", Buffer.from("unknown \xa9xyz\0\x12\x15\xc7+35.7000+051.4000/", "latin1"), ["gps"]],
    ["a text", Buffer.from("II* is no picture, and MM is two thousand"), []],
  ]
  for (const [what, bytes, words] of seen) {
    const result = await cleanBytes(bytes, "x.bin")
    assert.ok(["not-possible", "damaged"].includes(result.outcome), what)
    assert.deepEqual(result.seen.sort(), words, what)
  }
  const whole = await cleanBytes(
    Buffer.from("GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;", "latin1"),
  )
  assert.deepEqual(whole.seen, [])
})

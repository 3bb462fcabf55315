import assert from "node:assert/strict"
import { test } from "node:test"
import { cleanBytes, zip } from "./support"

const UNKNOWN: [what: string, bytes: Buffer | string, name: string, extension: string, reason: string][] = [
  ["plain text", "a text about something", "notes.txt", "txt", "unknown-format"],
  ["a text whose name ends in anything", "a text", "letter.of-ali", "bin", "unknown-format"],
  ["Word before 2007", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "\0".repeat(600), "letter.doc", "doc", "old-office-format"],
  ["Excel before 2007", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "\0".repeat(600), "table.XLS", "xls", "old-office-format"],
  ["the same with a strange name", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "\0".repeat(600), "ali.rezaei", "doc", "old-office-format"],
  ["RTF", "{\\rtf1 {\\info{\\author A}}}", "x.doc", "rtf", "unknown-format"],
  ["TIFF", "II*\0\x08\0\0\0\0\0", "x.jpg", "tif", "unknown-format"],
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

import assert from "node:assert/strict"
import { test } from "node:test"
import { compound } from "./compound-parts"
import { odf, word } from "./office-samples"
import { phoneExif } from "./picture-parts"
import { cleanBytes, zip } from "./support"

const none = Buffer.alloc(0)
/** The head of Word's own stream, with the mark of a password. */
const locked = Buffer.from("\xec\xa5\xc1\0\0\0\0\0\0\0\0\x01", "latin1")
const cfb = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

const UNKNOWN: [what: string, bytes: Buffer | string, name: string, extension: string, reason: string][] = [
  ["plain text", "a text about something", "notes.txt", "txt", "unknown-format"],
  ["a table as text", "a;b;c", "notes.CSV", "csv", "unknown-format"],
  ["a text whose name ends in anything", "a text", "letter.of-ali", "txt", "unknown-format"],
  ["a text in Persian", Buffer.from("\u0633\u0644\u0627\u0645"), "letter.of-ali", "txt", "unknown-format"],
  ["a page", "<!DOCTYPE html><p>a", "page.of-ali", "html", "unknown-format"],
  [
    "flat OpenDocument",
    '<?xml version="1.0"?><office:document office:mimetype="application/vnd.oasis.opendocument.spreadsheet">',
    "x.xml",
    "fods",
    "unsupported-variant",
  ],
  ["Word before 2007", compound({ WordDocument: none }), "letter.doc", "doc", "old-office-format"],
  ["the same under a wrong name", compound({ WordDocument: none }), "letter.xls", "doc", "old-office-format"],
  ["a template of it", compound({ WordDocument: none }), "letter.dot", "dot", "old-office-format"],
  ["Excel before 2007", compound({ Workbook: none }), "table.of-ali", "xls", "old-office-format"],
  ["Excel before 97", compound({ Book: none }), "table.XLS", "xls", "old-office-format"],
  ["PowerPoint before 2007", compound({ "Current User": none, "PowerPoint Document": none }), "x.pps", "pps", "old-office-format"],
  ["a message of Outlook", compound({ "__properties_version1.0": none }), "x", "msg", "old-office-format"],
  ["Publisher", compound({ Quill: none }), "x.doc", "pub", "old-office-format"],
  ["Visio before 2013", compound({ VisioDocument: none }), "x.vsd", "vsd", "old-office-format"],
  ["another program's compound file", compound({ Something: none }), "x.max", "max", "unknown-format"],
  ["another program's, with a strange name", compound({ Something: none }), "x.ali", "bin", "unknown-format"],
  ["a compound file that is cut off", cfb + "\0".repeat(600), "letter.doc", "doc", "old-office-format"],
  ["the same with a strange name", cfb + "\0".repeat(600), "ali.rezaei", "doc", "old-office-format"],
  ["Excel with a password", compound({ EncryptedPackage: none, EncryptionInfo: none }), "a.xlsx", "xlsx", "encrypted"],
  ["PowerPoint with a password", compound({ EncryptionInfo: none, EncryptedPackage: none }), "a.PPSX", "ppsx", "encrypted"],
  ["a document with a password and a strange name", compound({ EncryptionInfo: none, EncryptedPackage: none }), "ali", "docx", "encrypted"],
  ["old Word with a password", compound({ WordDocument: locked }), "letter.doc", "doc", "encrypted"],
  ["old Excel with a password", compound({ Workbook: Buffer.from("0908020000002f00020000000000", "hex") }), "a.xls", "xls", "encrypted"],
  ["old PowerPoint with a password", compound({ "PowerPoint Document": none, EncryptedSummary: none }), "a.ppt", "ppt", "encrypted"],
  ["RTF", "{\\rtf1 {\\info{\\author A}}}", "x.txt", "rtf", "old-office-format"],
  ["RTF that calls itself Word", "{\\rtf1 {\\info{\\author A}}}", "x.doc", "doc", "old-office-format"],
  ["RAR", "Rar!\x1a\x07\0", "x.zip", "rar", "unknown-format"],
  ["nothing at all", "", "empty.jpg", "bin", "empty"],
  ["nothing at all, of a document", "", "letter.docx", "bin", "empty"],
  ["one byte", "\x01", "", "bin", "unknown-format"],
  ["an archive", zip({ "a.txt": "hello", "b/c.txt": "there" }), "x.docx", "zip", "unknown-format"],
  ["a book", zip({ mimetype: "application/epub+zip", "META-INF/container.xml": "<x/>" }), "x.zip", "epub", "unknown-format"],
  ["a drawing of Visio", zip({ "[Content_Types].xml": "<Types/>", "visio/document.xml": "<x/>" }), "x.zip", "vsdx", "unknown-format"],
  ["a letter of Pages", zip({ "Index/Document.iwa": "x" }), "x.pages", "pages", "unknown-format"],
  ["a base", zip({ mimetype: "application/vnd.oasis.opendocument.base", "content.xml": "<x/>" }), "x.zip", "odb", "unsupported-variant"],
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

test("a document that is broken keeps an extension with which Office repairs it", async () => {
  const broken = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.lastIndexOf("PK\x01\x02") + 10)
  for (const [bytes, name, extension] of [
    [broken(word("<w:p/>")), "x.docx", "docx"],
    [broken(word("<w:p/>")), "x.docm", "docm"],
    [broken(word("<w:p/>")), "x.ali", "docx"],
    [broken(odf("text", "<text:p/>")), "x", "odt"],
  ] as const) {
    const result = await cleanBytes(bytes, name)
    assert.deepEqual([result.outcome, result.extension], ["damaged", extension])
    assert.ok(result.bytes.equals(bytes))
  }
})

test("documents, templates and workbooks of records go out as what they are", async () => {
  const template = odf("text", "<text:p>x</text:p>")
  assert.equal((await cleanBytes(template, "x.zip")).extension, "odt")
  const ott = zip({ mimetype: "application/vnd.oasis.opendocument.text-template", "content.xml": "<a/>" }, { stored: ["mimetype"] })
  assert.equal((await cleanBytes(ott, "x.zip")).extension, "ott")
  const types = `<Types><Default Extension="bin" ContentType="application/vnd.ms-excel.sheet.binary.macroEnabled.main"/></Types>`
  const xlsb = await cleanBytes(zip({ "[Content_Types].xml": types, "xl/workbook.bin": "x" }), "x.xlsb")
  assert.deepEqual([xlsb.extension, xlsb.outcome], ["xlsb", "partly"])
  assert.ok(xlsb.remains.includes("metadata"))
})

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

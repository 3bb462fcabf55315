import assert from "node:assert/strict"
import { test } from "node:test"
import { docx, pptx, PROPERTIES, xlsx } from "./office-parts"
import { assertNoCanary, assertStable, cleanBytes, exif, fixture, picture, pixels, unzip, withTags, zip, type Result } from "./support"

const photo = (): Buffer =>
  withTags(
    picture("-size", "60x40", "gradient:red-blue", "-quality", "80", "jpg:-"),
    "jpg",
    "-GPSLatitude=35.7",
    "-Artist=CANARYPHOTO",
    "-Orientation#=6",
  )

function part(result: Result | Buffer, name: string): string {
  const bytes = unzip(Buffer.isBuffer(result) ? result : result.bytes).get(name)
  assert.ok(bytes, `${name} is missing`)
  return bytes.toString()
}

/** Every part of a ZIP as anybody writes it, none of them with a date, and every relationship leads somewhere. */
function assertSound(result: Result): void {
  const parts = unzip(result.bytes)
  for (let at = 0; (at = result.bytes.indexOf("PK\x01\x02", at)) >= 0; at += 46) {
    assert.equal(result.bytes.readUInt32LE(at + 12), 0x00210000, "1 January 1980")
    assert.equal(result.bytes.readUInt16LE(at + 30), 0, "no extra fields")
    assert.equal(result.bytes.readUInt32LE(at + 38), 0, "no owner's rights")
  }
  for (const [name, bytes] of parts) {
    if (name.endsWith(".xml") || name.endsWith(".rels")) assertWellFormed(bytes.toString(), name)
    if (!name.endsWith(".rels")) continue
    for (const [, target] of bytes.toString().matchAll(/<Relationship (?![^>]*TargetMode="External")[^>]*Target="([^"]*)"/g)) {
      const folder = name.replace(/_rels\/[^/]*$/, "")
      const path = new URL(target!, `http://x/${folder}`).pathname.slice(1)
      assert.ok(parts.has(path), `${name} leads to ${path}`)
    }
  }
  const types = parts.get("[Content_Types].xml")?.toString() ?? ""
  for (const [, target] of types.matchAll(/PartName="\/([^"]*)"/g)) assert.ok(parts.has(target!), `content type of ${target}`)
}

/** Tags are balanced and attributes stand once. */
function assertWellFormed(xml: string, name: string): void {
  const open: string[] = []
  for (const [, close, tag, attributes, empty] of xml.matchAll(/<(\/?)([^\s>/?!]+)((?:\s+[^\s=]+="[^"]*")*)\s*(\/?)>/g)) {
    if (close) assert.equal(open.pop(), tag, name)
    else if (!empty) open.push(tag!)
    const names = [...(attributes ?? "").matchAll(/([^\s=]+)="/g)].map((match) => match[1])
    assert.equal(new Set(names).size, names.length, `${name}: ${tag}`)
  }
  assert.deepEqual(open, [], name)
  // Nothing looked like a tag and was not one.
  assert.doesNotMatch(xml.replace(/<(\/?)([^\s>/?!]+)((?:\s+[^\s=]+="[^"]*")*)\s*(\/?)>|<\?[^]*?\?>/g, ""), /</, name)
}

test("a DOCX loses its editors, its history and the place where its picture was taken", async () => {
  const original = docx(photo())
  const result = await cleanBytes(original)
  assert.deepEqual([result.outcome, result.format, result.extension], ["partly", "ooxml", "docx"])
  assert.deepEqual([...result.remains].sort(), ["comments", "tracked-changes"])
  for (const what of [
    "author",
    "timestamps",
    "history",
    "properties",
    "software",
    "thumbnail",
    "custom-data",
    "identifiers",
    "local-path",
    "embedded-name",
    "gps",
    "exif",
  ] as const) {
    assert.ok(result.removed.includes(what), what)
  }
  assertNoCanary(original, result.bytes)
  assertSound(result)
  assert.doesNotMatch(JSON.stringify(exif(result.bytes)), /CANARY|2024/)
  await assertStable(result)

  const text = part(result, "word/document.xml")
  assert.match(text, /<w:t>What is to be read &amp; seen<\/w:t>/)
  assert.match(text, /<w:t xml:space="preserve"> سلام <\/w:t>/)
  assert.match(text, /<w:ins w:id="1" w:author="Author 1">/)
  assert.match(text, /<w:del w:id="2" w:author="Author 2">/)
  assert.doesNotMatch(text, /rsid|w:date/)
  assert.match(text, /INCLUDEPICTURE "scan\.png" /)
  assert.match(text, /INCLUDETEXT &quot;part\.docx&quot; /)
  // The same person has the same name in the remarks and in the list of people.
  assert.match(part(result, "word/comments.xml"), /w:author="Author 2" w:initials=""/)
  assert.match(part(result, "word/people.xml"), /w15:author="Author 2"/)
  assert.doesNotMatch(part(result, "word/_rels/settings.xml.rels"), /Users/)
  assert.match(part(result, "word/_rels/settings.xml.rels"), /Target="Letter\.dotm"/)
  assert.match(part(result, "word/_rels/document.xml.rels"), /https:\/\/example\.ir\/a\/b/)
  const image = unzip(result.bytes).get("word/media/image1.jpg")!
  assert.ok(pixels(image, "jpg").equals(pixels(photo(), "jpg")))
  assert.equal(exif(image)["IFD0:Orientation"], "Rotate 90 CW")
})

test("an XLSX loses its editors, its folder and its printer", async () => {
  const original = xlsx()
  const result = await cleanBytes(original)
  assert.deepEqual([result.outcome, result.format, result.extension], ["partly", "ooxml", "xlsx"])
  assert.deepEqual([...result.remains].sort(), ["comments", "data-connections", "hidden-content"])
  for (const what of ["author", "printer", "local-path", "identifiers", "software"] as const) assert.ok(result.removed.includes(what), what)
  assertNoCanary(original, result.bytes)
  assertSound(result)
  await assertStable(result)
  assert.match(part(result, "xl/worksheets/sheet1.xml"), /<pageSetup paperSize="9" orientation="portrait"\/>/)
  // The first is who reserved the file for writing.
  assert.match(part(result, "xl/comments1.xml"), /<author>Author 2<\/author>/)
  assert.match(part(result, "xl/comments1.xml"), /<t>Author 2:<\/t>.*<t>the remark<\/t>/)
  assert.match(part(result, "xl/persons/person.xml"), /displayName="Author 2"/)
})

test("a PPTX loses its editors and its history of changes", async () => {
  const original = pptx(photo())
  const result = await cleanBytes(original)
  assert.deepEqual([result.outcome, result.format, result.extension], ["partly", "ooxml", "pptx"])
  assert.deepEqual([...result.remains].sort(), ["comments", "hidden-content"])
  assertNoCanary(original, result.bytes)
  assertSound(result)
  await assertStable(result)
  assert.match(part(result, "ppt/commentAuthors.xml"), /name="Author 1" initials="A"/)
  assert.doesNotMatch(part(result, "ppt/presentation.xml"), /custData/)
  assert.match(part(result, "ppt/slides/slide1.xml"), /What is to be read/)
})

test("the extension is the one that Word accepts for the content", async () => {
  for (const [part, extension, type] of [
    [
      "openxmlformats-officedocument.wordprocessingml.document.main+xml",
      "docx",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ],
    [
      "openxmlformats-officedocument.wordprocessingml.template.main+xml",
      "dotx",
      "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
    ],
    ["ms-word.document.macroEnabled.main+xml", "docm", "application/vnd.ms-word.document.macroEnabled.12"],
    ["ms-excel.sheet.macroEnabled.main+xml", "xlsm", "application/vnd.ms-excel.sheet.macroEnabled.12"],
    [
      "openxmlformats-officedocument.presentationml.slideshow.main+xml",
      "ppsx",
      "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
    ],
  ] as const) {
    const result = await cleanBytes(docx(photo(), {}, `application/vnd.${part}`))
    assert.deepEqual([result.format, result.extension, result.type], ["ooxml", extension, type])
  }
})

test("a document without traces comes back as it was", async () => {
  const once = await cleanBytes(xlsx({ bare: true }))
  const again = await cleanBytes(once.bytes)
  assert.equal(again.outcome, "nothing-found")
  assert.ok(again.bytes.equals(once.bytes))
})

test("documents inside a document are cleaned, objects that nobody can clean are named", async () => {
  const inner = docx(photo())
  const original = docx(photo(), {
    "word/embeddings/inner.docx": inner,
    "word/embeddings/oleObject1.bin": "\xd0\xcf\x11\xe0 what it is",
    "word/vbaProject.bin": "a macro",
  })
  const result = await cleanBytes(original)
  assert.deepEqual([...result.remains].sort(), ["comments", "embedded-files", "macros", "tracked-changes"])
  assertNoCanary(original, result.bytes)
  await assertStable(result)
})

for (const name of ["letter.docx", "letter.odt", "sheet.ods", "sheet.xlsx"]) {
  test(`${name} from LibreOffice`, async () => {
    const original = fixture(name)
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "partly")
    assert.deepEqual([...result.remains].sort(), name.startsWith("letter") ? ["comments", "tracked-changes"] : ["comments"])
    for (const what of ["author", "timestamps", "software"] as const) assert.ok(result.removed.includes(what), what)
    assertNoCanary(original, result.bytes)
    assertSound(result)
    const readable = (bytes: Buffer): string =>
      part(bytes, name.endsWith("x") ? (name.startsWith("l") ? "word/document.xml" : "xl/sharedStrings.xml") : "content.xml")
        .replace(/<dc:[^>]*>[^<]*<[^>]*>|<meta:[^>]*>[^<]*<[^>]*>|<svg:title>[^<]*|<loext:[^>]*>[^<]*<[^>]*>/g, "")
        .replace(/<[^>]*>/g, "")
    assert.equal(readable(result.bytes), readable(original))
    await assertStable(result)
  })
}

test("OpenDocument: the type comes first and unpacked, the manifest lists what is there", async () => {
  const result = await cleanBytes(fixture("letter.odt"))
  assert.equal(result.type, "application/vnd.oasis.opendocument.text")
  assert.equal(result.bytes.toString("latin1", 30, 38 + 39), "mimetypeapplication/vnd.oasis.opendocument.text")
  const parts = unzip(result.bytes)
  for (const [, path] of part(result, "META-INF/manifest.xml").matchAll(/full-path="([^"]+)"/g)) {
    if (path !== "/" && !path!.endsWith("/")) assert.ok(parts.has(path!), path)
  }
  assert.ok(![...parts.keys()].some((name) => name.startsWith("Thumbnails/")))
  assert.doesNotMatch(part(result, "settings.xml"), /Printer(?:Name|Setup)/)
})

test("signed and encrypted documents are not touched", async () => {
  const odt = unzip(fixture("letter.odt"))
  const cases: [Buffer, string][] = [
    [docx(photo(), { "_xmlsignatures/sig1.xml": "<Signature/>" }), "digital-signature"],
    [zip({ ...Object.fromEntries(odt), "META-INF/documentsignatures.xml": "<x/>" }, { stored: ["mimetype"] }), "digital-signature"],
    [
      zip(
        {
          ...Object.fromEntries(odt),
          "META-INF/manifest.xml": `<manifest:manifest xmlns:manifest="x"><manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry></manifest:manifest>`,
        },
        { stored: ["mimetype"] },
      ),
      "encrypted",
    ],
  ]
  for (const [original, reason] of cases) {
    const result = await cleanBytes(original)
    assert.deepEqual([result.outcome, result.reason], ["not-possible", reason])
    assert.ok(result.bytes.equals(original))
  }
})

test("a ZIP bomb, a document type and overlapping entries are refused in little time and memory", async () => {
  const zeros = Buffer.alloc(80 * 1024 * 1024, " ")
  const bomb = docx(photo(), { "word/bomb.xml": Buffer.concat([Buffer.from("<a>"), zeros, Buffer.from("</a>")]) })
  assert.ok(bomb.length < 1024 * 1024)
  const began = performance.now()
  assert.deepEqual([(await cleanBytes(bomb)).outcome, (await cleanBytes(bomb)).reason], ["not-possible", "too-complex"])
  assert.ok(performance.now() - began < 10_000)

  const lying = Buffer.from(bomb)
  // The directory says that the part is small.
  const entry = lying.lastIndexOf("word/bomb.xml") - 46
  lying.writeUInt32LE(100, entry + 24)
  assert.ok(["damaged", "not-possible"].includes((await cleanBytes(lying)).outcome))

  const laughs = docx(photo(), { "word/laughs.xml": `<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY l2 "&lol;&lol;">]><a>&l2;</a>` })
  assert.equal((await cleanBytes(laughs)).outcome, "not-possible")

  const twice = zip({ ...PROPERTIES, "a.xml": "<a/>", "b.xml": "<a/>" })
  const b = twice.lastIndexOf("b.xml") - 46
  twice.writeUInt32LE(twice.readUInt32LE(twice.lastIndexOf("a.xml") - 46 + 42), b + 42)
  assert.equal((await cleanBytes(twice)).outcome, "damaged")
})

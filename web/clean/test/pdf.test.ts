import assert from "node:assert/strict"
import { test } from "node:test"
import { deflateSync } from "node:zlib"
import { classic, hybrid, letter, packed, stream, TRAILER, update } from "./pdf-parts"
import { assertNoCanary, assertStable, cleanBytes, exif, fixture, pages, picture, tool, withTags, type Result } from "./support"

const XMP = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><dc:creator>CANARYXMP</dc:creator></x:xmpmeta>"

/** pdfinfo finds nothing to tell, and the pages look as before. */
async function assertCleaned(original: Buffer, result: Result): Promise<void> {
  assert.ok(result.outcome === "cleaned" || result.outcome === "partly", `${result.outcome} ${result.reason}`)
  assertNoCanary(original, result.bytes)
  const info = tool("pdfinfo", ["{}"], result.bytes, "info.pdf")
  assert.doesNotMatch(info, /^(?:Author|Creator|Producer|Title|Subject|Keywords|CreationDate|ModDate|Company):/m)
  assert.match(info, /^Metadata Stream: +no/m)
  assert.match(info, /^Custom Metadata: +no/m)
  assert.deepEqual(
    Object.keys(exif(result.bytes)).filter(
      (key) => !/^PDF:(?:PDFVersion|Linearized|PageCount|PageMode|PageLayout|Language|TaggedPDF|HasXFA|EmbeddedImage\w*)$|^JFIF:/.test(key),
    ),
    [],
  )
  assert.ok(pages(result.bytes).equals(pages(original)))
  await assertStable(result)
}

for (const [layout, write] of Object.entries({ "with a table of objects": classic, "with objects packed into streams": packed })) {
  test(`a PDF ${layout} loses its author, its dates and its XMP`, async () => {
    const original = write(letter({ 7: stream("/Type /Metadata /Subtype /XML", XMP) }, "/Metadata 7 0 R"), TRAILER)
    assert.match(tool("pdfinfo", ["{}"], original, "before.pdf"), /Author: +CANARYAUTHOR/)
    const result = await cleanBytes(original)
    assert.deepEqual([result.format, result.extension, result.type, result.outcome], ["pdf", "pdf", "application/pdf", "cleaned"])
    assert.deepEqual([...result.removed].sort(), ["author", "identifiers", "properties", "software", "timestamps", "xmp"])
    await assertCleaned(original, result)
  })
}

test("a PDF as Word writes it, for old readers and new ones at once", async () => {
  const { 5: font, 6: info, ...rest } = letter()
  const original = hybrid(rest, { 5: font!, 6: info! }, TRAILER)
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "cleaned")
  assert.ok(!result.removed.includes("history"), "the two sections are one revision")
  assert.match(result.bytes.toString("latin1"), /Helvetica/)
  assert.match(tool("pdfinfo", ["{}"], original, "hybrid.pdf"), /CANARYAUTHOR/)
  assert.doesNotMatch(tool("pdfinfo", ["{}"], result.bytes, "hybrid.pdf"), /CANARY/)
  assert.ok(pages(result.bytes).equals(pages(original)))
  await assertStable(result)
})

test("a compressed metadata stream goes as well", async () => {
  const original = classic(
    letter({ 7: stream("/Type /Metadata /Subtype /XML /Filter /FlateDecode", deflateSync(XMP)) }, "/Metadata 7 0 R"),
    TRAILER,
  )
  const result = await cleanBytes(original)
  assert.ok(!result.bytes.includes(deflateSync(XMP)))
  await assertCleaned(original, result)
})

test("a revision added by exiftool, the one before it and its author are gone", async () => {
  const first = classic(letter({ 8: "(CANARY nobody leads here)" }), TRAILER)
  const original = withTags(first, "pdf", "-Author=CANARYLATER", "-XMP:Creator=CANARYXMP")
  assert.ok(original.includes(first), "exiftool keeps the earlier revision")
  const result = await cleanBytes(original)
  assert.ok(result.removed.includes("history"))
  await assertCleaned(original, result)
})

test("text that a later revision replaced cannot be brought back", async () => {
  const first = classic(letter({ 4: stream("", "BT /F1 18 Tf 20 100 Td (CANARY the first wording) Tj ET") }), "/Root 1 0 R")
  const original = update(first, { 4: stream("", "BT /F1 18 Tf 20 100 Td (The second wording) Tj ET") }, "/Root 1 0 R")
  const result = await cleanBytes(original)
  assert.deepEqual(
    result.removed.filter((what) => what !== "properties"),
    ["history"],
  )
  await assertCleaned(original, result)
})

test("objects that nothing leads to are left out even when there is nothing else", async () => {
  const { 6: _, ...objects } = letter()
  const result = await cleanBytes(classic(objects, "/Root 1 0 R"))
  assert.equal(result.outcome, "nothing-found")
  const orphaned = classic({ ...objects, 9: "(CANARYORPHAN)" }, "/Root 1 0 R")
  const cleaned = await cleanBytes(orphaned)
  assert.deepEqual(cleaned.removed, ["history"])
  await assertCleaned(orphaned, cleaned)
})

test("what writers hide in pages, forms and included drawings", async () => {
  const file = classic(
    letter(
      {
        7: stream(
          "/Type /XObject /Subtype /Form /BBox [0 0 9 9] /PTEX.FileName (/home/CANARY/figure.pdf) /PTEX.InfoDict 8 0 R /PTEX.PageNumber 1 /LastModified (D:2024CANARY)",
          "",
        ),
        8: "<</Author (CANARYFIGURE)>>",
        9: stream("/Width 1 /Height 1", "CANARYTHUMB"),
      },
      "/PieceInfo <</Illustrator <</Private (CANARYPRIVATE)>> >>",
      "/Thumb 9 0 R /PieceInfo <</X (CANARY)>> /LastModified (D:2024CANARY)",
      "/XObject <</X 7 0 R>>",
    ),
    "/Root 1 0 R",
  )
  const result = await cleanBytes(file)
  for (const what of ["custom-data", "thumbnail", "timestamps", "embedded-name"] as const) assert.ok(result.removed.includes(what), what)
  await assertCleaned(file, result)
})

test("remarks lose their author and their dates; their text stays and is said to", async () => {
  const note =
    "<</Type /Annot /Subtype /Text /Rect [10 10 30 30] /Contents (A remark) /T (CANARYREVIEWER) /M (D:20240102CANARY) /NM (CANARYID) /CreationDate (D:2024CANARY)>>"
  const field = "<</Type /Annot /Subtype /Widget /FT /Tx /Rect [40 10 90 30] /T (field) /V (typed)>>"
  const original = classic(letter({ 7: note, 8: field }, "/AcroForm <</Fields [8 0 R]>>", "/Annots [7 0 R 8 0 R]"), TRAILER)
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "partly")
  assert.deepEqual(result.remains, ["comments"])
  assert.ok(result.bytes.includes("(A remark)"))
  assert.ok(result.bytes.includes("/T (field)"), "the name of a form's field is no author")
  await assertCleaned(original, result)
})

test("folders in links and names of files go, the last part stays", async () => {
  const link = (target: string): string => `<</Type /Annot /Subtype /Link /Rect [10 10 30 30] /A <</S /Launch /F ${target}>> >>`
  const original = classic(
    letter(
      { 7: link("(C:\\\\Users\\\\CANARY\\\\plan.pdf)"), 8: link("(file:///home/CANARY/list.pdf)"), 9: link("(https://example.ir/a/b)") },
      "",
      "/Annots [7 0 R 8 0 R 9 0 R]",
    ),
    TRAILER,
  )
  const result = await cleanBytes(original)
  assert.ok(result.removed.includes("local-path"))
  assert.ok(result.bytes.includes("https://example.ir/a/b"))
  assert.ok(result.bytes.includes(Buffer.from("plan.pdf", "utf16le").swap16().toString("hex")))
  await assertCleaned(original, result)
})

test("a photograph inside a PDF loses its place and its camera", async () => {
  const photo = withTags(
    picture("-size", "60x40", "gradient:red-blue", "-colorspace", "sRGB", "-type", "TrueColor", "jpg:-"),
    "jpg",
    "-GPSLatitude=35.7",
    "-Artist=CANARYPHOTO",
    "-Orientation#=6",
  )
  for (const [filter, data] of [
    ["/DCTDecode", photo],
    ["[/DCTDecode]", photo],
    ["[/FlateDecode /DCTDecode]", deflateSync(photo)],
  ] as const) {
    const image = stream(
      `/Type /XObject /Subtype /Image /Width 60 /Height 40 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter ${filter}`,
      data,
    )
    const original = classic(letter({ 4: stream("", "q 60 0 0 40 10 10 cm /I Do Q"), 7: image }, "", "", "/XObject <</I 7 0 R>>"), TRAILER)
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "cleaned", filter)
    assert.ok(result.removed.includes("gps"))
    assert.ok(!result.bytes.includes(data))
    await assertCleaned(original, result)
  }
})

test("what cannot be taken out is named", async () => {
  const cases: [string, Record<number, string | Buffer>, string, string, string][] = [
    [
      "attachments",
      {
        7: "<</Type /Filespec /F (a.txt) /EF <</F 8 0 R>> >>",
        8: stream("/Type /EmbeddedFile /Params <</ModDate (D:2024CANARY)>>", "attached"),
      },
      "/Names <</EmbeddedFiles <</Names [(a) 7 0 R]>> >>",
      "",
      "attached",
    ],
    ["scripts", { 7: "<</S /JavaScript /JS (app.alert)>>" }, "/OpenAction 7 0 R", "", "app.alert"],
    ["form-data", { 7: stream("", "<xdp/>") }, "/AcroForm <</Fields [] /XFA 7 0 R>>", "", "<xdp/>"],
    ["hidden-content", { 7: "<</Type /OCG /Name (layer)>>" }, "/OCProperties <</OCGs [7 0 R] /D <</OFF [7 0 R]>> >>", "", "(layer)"],
  ]
  for (const [what, objects, catalogue, page, kept] of cases) {
    const original = classic(letter(objects, catalogue, page), TRAILER)
    const result = await cleanBytes(original)
    assert.equal(result.outcome, "partly", what)
    assert.deepEqual(result.remains, [what])
    assert.ok(result.bytes.includes(kept))
    await assertCleaned(original, result)
  }
})

test("an encrypted or a signed PDF is not touched", async () => {
  const encrypted = classic(letter(), TRAILER + " /Encrypt <</Filter /Standard>>")
  const signed = classic(
    letter({ 7: "<</Type /Sig /ByteRange [0 1 2 3] /Contents <00>>>" }, "/AcroForm <</Fields [<</FT /Sig /V 7 0 R>>]>>"),
    TRAILER,
  )
  for (const [original, reason] of [
    [encrypted, "encrypted"],
    [signed, "digital-signature"],
  ] as const) {
    const result = await cleanBytes(original)
    assert.deepEqual([result.outcome, result.reason, result.removed], ["not-possible", reason, []])
    assert.ok(result.bytes.equals(original))
  }
})

test("bytes before the head and behind the end", async () => {
  const file = classic(letter(), TRAILER)
  for (const original of [Buffer.concat([Buffer.from("CANARYJUNK\n"), file]), Buffer.concat([file, Buffer.from("CANARYTAIL")])])
    await assertCleaned(original, await cleanBytes(original))
})

test("wrong and indirect lengths, odd spacing and comments", async () => {
  const original = classic(
    letter({
      4: Buffer.from("<</Length 7 0 R>>stream\r\nBT /F1 18 Tf 20 100 Td (What is to be read) Tj ET\r\nendstream"),
      7: "51",
      5: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica % CANARYREMARK\n/Odd#20Name(a\\)b(c))/Hex<48 65 6>/Neg -.5/Real 4./Null null/T true>>",
    }),
    TRAILER,
  )
  await assertCleaned(original, await cleanBytes(original))
})

test("a letter from LibreOffice", async () => {
  const original = fixture("letter.pdf")
  const result = await cleanBytes(original)
  for (const what of ["author", "timestamps", "software", "local-path"] as const) assert.ok(result.removed.includes(what), what)
  await assertCleaned(original, result)
})

test("a circle of references and a page tree without an end are survived", async () => {
  const circles = [
    classic(letter({ 2: "<</Type /Pages /Kids [2 0 R 3 0 R] /Count 1 /Parent 2 0 R>>" }), TRAILER),
    classic(letter({ 4: Buffer.from("<</Length 4 0 R>>\nstream\nx\nendstream") }), TRAILER),
    classic(letter({ 6: "6 0 R" }), TRAILER),
  ]
  for (const original of circles) assert.ok((await cleanBytes(original)).outcome)
})

// Made by tables, not by hand: a canary in every place of a document that no program reads, and every payload in every container.

import assert from "node:assert/strict"
import { test } from "node:test"
import { deflateRawSync } from "node:zlib"
import { odf, powerpoint, sheet, word, workbook, type OdfBody } from "./office-samples"
import { classic, letter, stream } from "./pdf-parts"
import { screenProfile, segment } from "./picture-parts"
import { assertNoCanary, assertStable, cleanBytes, exif, picture, pixels, unzip, withTags, zip, type Parts } from "./support"

const DOCUMENTS: Record<string, () => Buffer> = {
  docx: () => word("<w:p><w:r><w:t>What is to be read</w:t></w:r></w:p>", { styles: '<w:style w:styleId="A"/>' }),
  xlsx: () =>
    sheet('<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData>', {
      strings: "<si><t>What is to be read</t></si>",
      styles: "<fonts><font/></fonts>",
    }),
  pptx: () => powerpoint("<p:sp><p:txBody><a:p><a:r><a:t>What is to be read</a:t></a:r></a:p></p:txBody></p:sp>"),
  odt: () => odf("text", "<text:p>What is to be read</text:p>"),
  ods: () =>
    odf(
      "spreadsheet",
      '<table:table table:name="T"><table:table-row><table:table-cell><text:p>What is to be read</text:p></table:table-cell></table:table-row></table:table>',
    ),
  odp: () =>
    odf(
      "presentation",
      "<draw:page><draw:frame><draw:text-box><text:p>What is to be read</text:p></draw:text-box></draw:frame></draw:page>",
    ),
}

const inRoot = (xml: string, change: (tag: string) => string): string => xml.replace(/<(?![?!])[^>]*>/, change)
const beforeEnd = (xml: string, more: string): string => xml.replace(/<\/[^>]*>\s*$/, (end) => more + end)

/** Everywhere in XML that no program looks. */
const PLACES: Record<string, (xml: string) => string> = {
  "a comment at the head": (xml) => inRoot(xml, (tag) => `<!-- CANARY -->${tag}`),
  "a comment inside": (xml) => inRoot(xml, (tag) => `${tag}<!-- CANARY -->`),
  "a comment at the end": (xml) => `${xml}<!-- CANARY -->`,
  "an instruction": (xml) => inRoot(xml, (tag) => `<?own CANARY?>${tag}`),
  "an instruction inside": (xml) => inRoot(xml, (tag) => `${tag}<?own CANARY?>`),
  "the declaration": (xml) => xml.replace(/^<\?xml[^>]*\?>/, `<?xml version="1.0" encoding="UTF-8" own="CANARY"?>`),
  "a document type": (xml) => inRoot(xml, (tag) => `<!DOCTYPE CANARY>${tag}`),
  "text where only elements stand": (xml) => inRoot(xml, (tag) => `${tag}CANARY`),
  "text before the end": (xml) => beforeEnd(xml, "CANARY"),
  "verbatim text": (xml) => beforeEnd(xml, "<![CDATA[CANARY]]>"),
  "an element of another's": (xml) => beforeEnd(xml, '<own:a xmlns:own="http://example.ir/own"><own:b c="CANARY">CANARY</own:b></own:a>'),
  "an element of another's, by default": (xml) => beforeEnd(xml, '<a xmlns="http://example.ir/own">CANARY</a>'),
  "an attribute of another's": (xml) =>
    inRoot(xml, (tag) => tag.replace(/\/?>$/, (end) => ` xmlns:own="http://example.ir/own" own:a="CANARY"${end}`)),
  "a vocabulary that nothing uses": (xml) =>
    inRoot(xml, (tag) => tag.replace(/\/?>$/, (end) => ` xmlns:own="http://example.ir/CANARY"${end}`)),
}

for (const [extension, make] of Object.entries(DOCUMENTS)) {
  test(`nothing stays where nobody reads: every part of a .${extension}`, async () => {
    const original = unzip(make())
    for (const [name, bytes] of original) {
      if (!/\.(?:xml|rels)$/.test(name)) continue
      for (const [place, change] of Object.entries(PLACES)) {
        const changed = change(bytes.toString())
        assert.match(changed, /CANARY/, `${place} of ${name}`)
        const document = packed(new Map(original).set(name, Buffer.from(changed)))
        const result = await cleanBytes(document)
        assert.equal(result.outcome, "cleaned", `${place} of ${name}: ${result.outcome} ${result.remains.join()}`)
        assert.equal(result.extension, extension)
        assert.deepEqual(canariesIn(result.bytes), [], `${place} of ${name}`)
        assert.match([...unzip(result.bytes).values()].join("\n"), /What is to be read/, `${place} of ${name}`)
        await assertStable(result)
      }
    }
  })

  test(`nothing stays that nothing leads to: a .${extension} with parts of its own`, async () => {
    const original = unzip(make())
    for (const name of [
      "own.txt",
      "own.xml",
      "word/own.bin",
      "xl/own.xml",
      "Pictures/own.png",
      "META-INF/own.xml",
      "Own/",
      "customXml/item1.xml",
    ]) {
      const document = packed(new Map(original).set(name, Buffer.from(name.endsWith("/") ? "" : "CANARY")))
      const result = await cleanBytes(document)
      assert.equal(result.outcome, "cleaned", name)
      assert.ok(!unzip(result.bytes).has(name), name)
      assert.deepEqual(canariesIn(result.bytes), [])
      await assertStable(result)
    }
  })

  test(`nothing stays in the ZIP of a .${extension}`, async () => {
    const original = make()
    const directory = original.readUInt32LE(original.length - 6)
    const at = original.lastIndexOf("PK\x05\x06")
    const end = (start: number, size = at - directory): Buffer => {
      const bytes = Buffer.from(original.subarray(at))
      bytes.writeUInt32LE(start, 16)
      bytes.writeUInt32LE(size, 12)
      return bytes
    }
    const secret = Buffer.from("CANARY")
    const hidden = Buffer.concat([
      Buffer.from("PK\x03\x04\x14\0\0\0\0\0\0\0\x21\0\0\0\0\0\x06\0\0\0\x06\0\0\0\x01\0\0\0a", "latin1"),
      secret,
    ])
    for (const [place, bytes] of [
      ["a comment", Buffer.concat([original.subarray(0, -2), Buffer.from([6, 0]), secret])],
      ["behind the end", Buffer.concat([original, secret])],
      [
        "between the entries and their directory",
        Buffer.concat([original.subarray(0, directory), secret, original.subarray(directory, at), end(directory + 6)]),
      ],
      [
        "an entry of which the directory does not know",
        Buffer.concat([original.subarray(0, directory), hidden, original.subarray(directory, at), end(directory + hidden.length)]),
      ],
      ["between the directory and the end", Buffer.concat([original.subarray(0, at), secret, end(directory)])],
      ["in the directory, behind its entries", Buffer.concat([original.subarray(0, at), secret, end(directory, at - directory + 6)])],
    ] as const) {
      // A clean document first, so that nothing else is found.
      const result = await cleanBytes(bytes)
      assert.equal(result.outcome, "cleaned", place)
      assert.ok(result.removed.includes("trailing-data"), place)
      assert.deepEqual(canariesIn(result.bytes), [], place)
      await assertStable(result)
    }
  })

  test(`a .${extension} whose sizes are wrong, or written large, is cleaned`, async () => {
    const wrong = make()
    for (let at = 0; (at = wrong.indexOf("PK\x01\x02", at)) >= 0; at += 46) {
      if (wrong.readUInt16LE(at + 10) !== 8) continue
      wrong.writeUInt32LE(1, at + 16)
      wrong.writeUInt32LE(wrong.readUInt32LE(at + 24) + 3, at + 24)
    }
    for (const bytes of [wrong, large(make())]) {
      const result = await cleanBytes(bytes)
      assert.equal(result.outcome, "cleaned")
      assert.match([...unzip(result.bytes).values()].join("\n"), /What is to be read/)
      await assertStable(result)
    }
  })
}

test("what stands behind the end of a part's packed data goes", async () => {
  const name = "word/document.xml"
  const text = unzip(DOCUMENTS["docx"]!()).get(name)!
  const original = zip({ ...Object.fromEntries(unzip(DOCUMENTS["docx"]!())), [name]: text })
  const head = original.indexOf(name) - 30
  const length = deflateRawSync(text).length
  const from = head + 30 + name.length
  const tail = Buffer.from("CANARY")
  const longer = Buffer.concat([original.subarray(0, from + length), tail, original.subarray(from + length)])
  longer.writeUInt32LE(length + tail.length, head + 18)
  // The directory: this entry is longer, and those behind it lie further on.
  for (let at = longer.indexOf("PK\x01\x02"); at >= 0; at = longer.indexOf("PK\x01\x02", at + 46)) {
    const place = longer.readUInt32LE(at + 42)
    if (place === head) longer.writeUInt32LE(length + tail.length, at + 20)
    if (place > head) longer.writeUInt32LE(place + tail.length, at + 42)
  }
  const end = longer.lastIndexOf("PK\x05\x06")
  longer.writeUInt32LE(longer.readUInt32LE(end + 16) + tail.length, end + 16)
  const result = await cleanBytes(longer)
  assert.equal(result.outcome, "cleaned")
  assert.ok(!result.bytes.includes("CANARY"))
  await assertStable(result)
})

test("a text whose cell is gone does not stay in the list of texts", async () => {
  const cell = '<sheetData><row r="1"><c r="A1" t="s"><v>1</v></c></row></sheetData>'
  const original = sheet(cell, { strings: "<si><t>CANARY</t></si><si><t>shown</t></si><si><r><t>CANARY</t></r></si>" })
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "cleaned")
  assertNoCanary(original, result.bytes)
  assert.match(
    unzip(result.bytes).get("xl/sharedStrings.xml")!.toString(),
    /<si><t><\/t><\/si><si><t>shown<\/t><\/si><si><r><t><\/t><\/r><\/si>/,
  )
  await assertStable(result)
})

// ---- payloads

const plainJpeg = (): Buffer => picture("-size", "60x40", "gradient:red-blue", "-type", "TrueColor", "jpg:-")
const plainPng = (): Buffer => picture("-size", "60x40", "gradient:red-blue", "png:-")

const PAYLOADS: Record<string, { extension: string; make: () => Buffer; remains: string[] }> = {
  "a place in a JPEG": { extension: "jpg", make: () => withTags(plainJpeg(), "jpg", "-GPSLatitude=35.7", "-Artist=CANARY"), remains: [] },
  "XMP in a JPEG": { extension: "jpg", make: () => withTags(plainJpeg(), "jpg", "-XMP:Creator=CANARY"), remains: [] },
  "a tail behind a JPEG": { extension: "jpg", make: () => Buffer.concat([plainJpeg(), Buffer.from("CANARY")]), remains: [] },
  "a screen's profile in a JPEG": {
    extension: "jpg",
    make: () => {
      const bare = plainJpeg()
      return Buffer.concat([
        bare.subarray(0, 2),
        segment(0xe2, Buffer.concat([Buffer.from("ICC_PROFILE\0\x01\x01"), screenProfile("CANARY")])),
        bare.subarray(2),
      ])
    },
    remains: ["colour-profile"],
  },
  "a text in a PNG": { extension: "png", make: () => withTags(plainPng(), "png", "-Artist=CANARY"), remains: [] },
  "a tail behind a PNG": { extension: "png", make: () => Buffer.concat([plainPng(), Buffer.from("CANARY")]), remains: [] },
}

type Container = (data: Buffer, extension: string) => Buffer
const LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
const inOdf = (kind: OdfBody, open: string, close: string): Container => {
  return (data, extension) =>
    odf(kind, `${open}<draw:frame><draw:image xlink:href="Pictures/1.${extension}"/></draw:frame>${close}`, "", {
      [`Pictures/1.${extension}`]: data,
    })
}
const CONTAINERS: Record<string, Container> = {
  docx: (data, extension) =>
    word('<w:p><w:r><w:drawing><a:blip r:embed="p"/></w:drawing></w:r></w:p>', {
      links: [["p", "image", `media/1.${extension}`]],
      parts: { [`word/media/1.${extension}`]: data },
    }),
  xlsx: (data, extension) =>
    workbook({
      "xl/worksheets/sheet1.xml": `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheetData/><picture r:id="p"/></worksheet>`,
      "xl/worksheets/_rels/sheet1.xml.rels": `<Relationships xmlns="${LINKS}"><Relationship Id="p" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="../media/1.${extension}"/></Relationships>`,
      [`xl/media/1.${extension}`]: data,
    }),
  pptx: (data, extension) =>
    powerpoint('<p:pic><p:blipFill><a:blip r:embed="p"/></p:blipFill></p:pic>', {
      links: [["p", "image", `../media/1.${extension}`]],
      parts: { [`ppt/media/1.${extension}`]: data },
    }),
  odt: inOdf("text", "<text:p>", "</text:p>"),
  ods: inOdf("spreadsheet", '<table:table table:name="T"><table:shapes>', "</table:shapes></table:table>"),
  odp: inOdf("presentation", "<draw:page>", "</draw:page>"),
}

for (const [extension, wrap] of Object.entries(CONTAINERS)) {
  test(`every payload in a .${extension} is cleaned as it would be alone`, async () => {
    for (const [what, payload] of Object.entries(PAYLOADS)) {
      const data = payload.make()
      const original = wrap(data, payload.extension)
      const result = await cleanBytes(original)
      assert.deepEqual(result.remains, payload.remains, what)
      assertNoCanary(original, result.bytes)
      const inside = [...unzip(result.bytes)].find(([name]) => name.endsWith(`1.${payload.extension}`))![1]
      assert.ok(pixels(inside, payload.extension).equals(pixels(data, payload.extension)), what)
      assert.doesNotMatch(JSON.stringify(exif(inside)), /CANARY|GPS/, what)
      await assertStable(result)
    }
    // And a whole document inside a document.
    const inner = word('<w:p><w:r><w:instrText> INCLUDETEXT "C:\\\\Users\\\\CANARY\\\\a.doc" </w:instrText></w:r></w:p>')
    const nested = await cleanBytes(wrap(inner, "docx"))
    assert.deepEqual(canariesIn(nested.bytes), [])
    assert.deepEqual(nested.remains, [])
  })
}

test("every JPEG payload in a PDF is cleaned as it would be alone", async () => {
  for (const [what, payload] of Object.entries(PAYLOADS)) {
    if (payload.extension !== "jpg") continue
    const { 6: _, ...objects } = letter(
      {
        4: stream("", "q 60 0 0 40 10 10 cm /I Do Q"),
        7: stream(
          "/Type /XObject /Subtype /Image /Width 60 /Height 40 /ColorSpace /DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode",
          payload.make(),
        ),
      },
      "",
      "",
      "/XObject <</I 7 0 R>>",
    )
    const original = classic(objects, "/Root 1 0 R")
    const result = await cleanBytes(original)
    assert.deepEqual(result.remains, payload.remains, what)
    assertNoCanary(original, result.bytes)
    await assertStable(result)
  }
})

function packed(parts: Parts): Buffer {
  return zip(Object.fromEntries(parts), { stored: ["mimetype"] })
}

function canariesIn(bytes: Buffer): string[] {
  const found = bytes.includes("CANARY") ? ["the file itself"] : []
  if (!bytes.subarray(0, 2).equals(Buffer.from("PK"))) return found
  for (const [name, part] of unzip(bytes)) if (canariesIn(part).length > 0 || name.includes("CANARY")) found.push(name)
  return found
}

/** The same in the spelling for files over 4 GiB. */
function large(bytes: Buffer): Buffer {
  const at = bytes.lastIndexOf("PK\x05\x06")
  const record = Buffer.alloc(56)
  record.write("PK\x06\x06", "latin1")
  record.writeBigUInt64LE(44n, 4)
  record.writeBigUInt64LE(BigInt(bytes.readUInt16LE(at + 8)), 24)
  record.writeBigUInt64LE(BigInt(bytes.readUInt16LE(at + 10)), 32)
  record.writeBigUInt64LE(BigInt(bytes.readUInt32LE(at + 12)), 40)
  record.writeBigUInt64LE(BigInt(bytes.readUInt32LE(at + 16)), 48)
  const locator = Buffer.alloc(20)
  locator.write("PK\x06\x07", "latin1")
  locator.writeBigUInt64LE(BigInt(at), 8)
  locator.writeUInt32LE(1, 16)
  const end = Buffer.from(bytes.subarray(at))
  end.fill(0xff, 8, 20)
  return Buffer.concat([bytes.subarray(0, at), record, locator, end])
}

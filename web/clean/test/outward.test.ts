// Where a document leads outside: folders, servers and drives of people, in every spelling, wherever a document keeps such a thing.

import assert from "node:assert/strict"
import { test } from "node:test"
import { isAccount, isLocalPath, lastPart, shortenQuoted, withoutFolders } from "../src/local-path"
import { odf, powerpoint, sheet, word, type Link } from "./office-samples"
import { assertNoCanary, assertStable, cleanBytes, unzip } from "./support"

const PATHS: [path: string, last: string][] = [
  ["C:\\Users\\CANARY\\plan.docx", "plan.docx"],
  ["c:/Users/CANARY/plan.docx", "plan.docx"],
  ["/C/Users/CANARY/plan.docx", "plan.docx"],
  ["/c|/Users/CANARY/plan.docx", "plan.docx"],
  ["D:\\CANARY\\plan.docx", "plan.docx"],
  ["\\\\FILESERVER\\CANARY\\plan.docx", "plan.docx"],
  ["//FILESERVER/CANARY/plan.docx", "plan.docx"],
  ["\\\\?\\C:\\Users\\CANARY\\plan.docx", "plan.docx"],
  ["\\\\?\\UNC\\server\\CANARY\\plan.docx", "plan.docx"],
  ["\\Users\\CANARY\\plan.docx", "plan.docx"],
  ["/home/CANARY/plan.docx", "plan.docx"],
  ["/Users/CANARY/plan.docx", "plan.docx"],
  ["/storage/emulated/0/CANARY/plan.docx", "plan.docx"],
  ["/private/var/CANARY/plan.docx", "plan.docx"],
  ["~CANARY/plan.docx", "plan.docx"],
  ["~/CANARY/plan.docx", "plan.docx"],
  ["%USERPROFILE%\\CANARY\\plan.docx", "plan.docx"],
  ["$HOME/CANARY/plan.docx", "plan.docx"],
  ["Macintosh HD:Users:CANARY:plan.docx", "plan.docx"],
  ["..\\..\\CANARY\\plan.docx", "plan.docx"],
  ["../CANARY/plan.docx", "plan.docx"],
  ["file:///C:/Users/CANARY/plan.docx", "plan.docx"],
  ["file:///C:\\Users\\CANARY\\plan.docx", "plan.docx"],
  ["file://server/CANARY/plan.docx", "plan.docx"],
  ["FILE:/home/CANARY/plan.docx", "plan.docx"],
  ["smb://server/CANARY/plan.docx", "plan.docx"],
  ["afp://CANARY@server/plan.docx", "plan.docx"],
  ["file:///C:/Users/CANARY/my%20plan.docx#p2", "my%20plan.docx#p2"],
  ["%2Fhome%2FCANARY%2Fplan.docx", "plan.docx"],
  ["C%3A%5CUsers%5CCANARY%5Cplan.docx", "plan.docx"],
  ["file:%2F%2F%2Fhome%252FCANARY%252Fplan.docx", "plan.docx"],
  // What is left would be the person, or the server.
  ["C:\\Users\\CANARY", ""],
  ["/home/CANARY/", ""],
  ["\\\\CANARY", ""],
  ["file://CANARY", ""],
]

const ACCOUNTS = [
  "https://example-my.sharepoint.com/personal/canary_person_example_com/Documents/letter.dotx",
  "https://example.sharepoint.com/personal/canary/letter.dotx?web=1&email=canary%40example.com",
  "https://d.docs.live.net/canary0123456789/Pictures/stamp.png",
  "HTTPS://D.DOCS.LIVE.NET/canary0123456789/stamp.png",
  "https://onedrive.live.com/edit.aspx?cid=canary0123456789",
  "https://drive.google.com/file/d/canary0123456789/view",
  "https://docs.google.com/document/d/canary/edit",
  "https://www.dropbox.com/home/canary/letter.dotx",
  "https://cloud.example.ir/remote.php/dav/files/canary/letter.dotx",
  "https://www.example.ir/~canary/letter.dotx",
  "https://canary:password@example.ir/letter.dotx",
]

test("a path on somebody's computer is known in every spelling, and keeps its last part", () => {
  for (const [path, last] of PATHS) {
    assert.ok(isLocalPath(path), path)
    assert.equal(withoutFolders(path), last, path)
    assert.equal(withoutFolders(last), last, `${path}, a second time`)
  }
})

test("what only looks a little like a path stays", () => {
  for (const text of [
    "https://example.ir/a/b",
    "mailto:a@example.ir",
    "and/or",
    "10:30",
    "a: b/c",
    "km/h",
    "\\* MERGEFORMAT",
    "\\$#,##0",
    "%1.%2",
    "urn:x/y",
    "1/2",
    "#Sheet1!A1",
    "plan.docx",
    "Pictures/1.png",
    "",
  ])
    assert.equal(withoutFolders(text), text)
})

test("a drive in a cloud names its owner, another server does not", () => {
  for (const address of ACCOUNTS) {
    assert.ok(isAccount(address), address)
    assert.doesNotMatch(lastPart(address), /canary/i, address)
  }
  for (const address of ["https://example.ir/a/b.html", "https://www.example.ir/", "mailto:a@example.ir", "C:\\a"])
    assert.ok(!isAccount(address))
})

test("paths in formulas are found between their quotation marks", () => {
  assert.equal(shortenQuoted(`='C:\\Users\\CANARY\\[a.xlsx]S'!$A$1+1`), `='[a.xlsx]S'!$A$1+1`)
  assert.equal(shortenQuoted(`of:=['file:///home/CANARY/a.ods'#$S.A1]`), `of:=['a.ods'#$S.A1]`)
  assert.equal(shortenQuoted(`HYPERLINK("\\\\server\\CANARY\\a.pdf";"a")`), `HYPERLINK("a.pdf";"a")`)
  assert.equal(shortenQuoted(`"it's" & 'so'`), `"it's" & 'so'`)
})

const xml = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")
const target = (type: string, path: string, id = "rId1"): Link[] => [[id, type, xml(path), true]]
const linked = '<w:p><w:r><w:drawing><a:blip r:link="rId1"/></w:drawing></w:r></w:p>'
const shown = '<w:p><w:hyperlink r:id="rId1"><w:r><w:t>x</w:t></w:r></w:hyperlink></w:p>'

/** Everywhere that a document can hold a path. */
const PLACES: Record<string, (path: string) => Buffer> = {
  "a linked picture of Word": (path) => word(linked, { links: target("image", path) }),
  "a link of Word": (path) => word(shown, { links: target("hyperlink", path) }),
  "a template of Word": (path) => word('<w:attachedTemplate r:id="rId1"/>', { links: target("attachedTemplate", path) }),
  "a linked object of Word": (path) =>
    word('<w:p><o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" r:id="rId1"/></w:p>', { links: target("oleObject", path) }),
  "a field of Word": (path) => word(field(` INCLUDEPICTURE "${xml(path.replaceAll("\\", "\\\\"))}" \\d `)),
  "a field of Word in many runs": (path) =>
    word(field(...` LINK Word.Document.12 "${path.replaceAll("\\", "\\\\")}" "" \\a `.split(/(?=CANARY)|(?<=CANARY)/).map(xml))),
  "a field without quotation marks": (path) => word(field(` INCLUDETEXT ${xml(path.replaceAll("\\", "\\\\"))} \\* MERGEFORMAT `)),
  "a simple field of Word": (path) =>
    word(`<w:p><w:fldSimple w:instr=" INCLUDETEXT &quot;${xml(path.replaceAll("\\", "\\\\"))}&quot; "/></w:p>`),
  "the description of a picture": (path) =>
    word(`<w:p><w:r><w:drawing><wp:docPr id="1" name="a" descr="${xml(path)}"/></w:drawing></w:r></w:p>`),
  "a link of Excel": (path) => sheet(`<sheetData/><hyperlinks><hyperlink ref="A1" display="${xml(path)}"/></hyperlinks>`),
  "a formula": (path) => sheet(`<sheetData><row r="1"><c r="A1"><f>HYPERLINK("${xml(path)}","x")</f><v>x</v></c></row></sheetData>`),
  "another workbook": (path) => sheet("<sheetData/>", { names: `<definedName name="a">'${xml(path)}'!$A$1</definedName>` }),
  "a link of PowerPoint": (path) => powerpoint('<a:hlinkClick r:id="rId1"/>', { links: target("hyperlink", path) }),
  "a film of PowerPoint": (path) => powerpoint('<a:videoFile r:link="rId1"/>', { links: target("video", path) }),
  "a link of OpenDocument": (path) => odf("text", `<text:p><text:a xlink:href="${xml(path)}">x</text:a></text:p>`),
  "a linked picture of OpenDocument": (path) => odf("text", `<text:p><draw:image xlink:href="${xml(path)}"/></text:p>`),
  "a linked section": (path) => odf("text", `<text:section text:name="s"><text:section-source xlink:href="${xml(path)}"/></text:section>`),
  "the name of a file in a text": (path) =>
    odf("text", `<text:p><text:file-name text:display="full">${xml(path)}</text:file-name></text:p>`),
  "a formula of OpenDocument": (path) =>
    odf(
      "spreadsheet",
      `<table:table table:name="T"><table:table-row><table:table-cell table:formula="of:=['file:///${xml(path)}'#S.A1]"/></table:table-row></table:table>`,
    ),
}

for (const [place, make] of Object.entries(PLACES)) {
  test(`no folder stays in ${place}`, async () => {
    for (const [path] of PATHS) {
      // A field's argument ends at a blank, and a name with an apostrophe is no formula.
      if (place.includes("without quotation") && path.includes(" ")) continue
      const original = make(path)
      const result = await cleanBytes(original)
      assert.notEqual(result.outcome, "damaged", path)
      assertNoCanary(original, result.bytes)
      await assertStable(result)
    }
  })
}

test("what is fetched unasked from somebody's drive keeps its last part, other servers are named", async () => {
  for (const address of ACCOUNTS) {
    const original = word(linked, { links: target("image", address) })
    const result = await cleanBytes(original)
    assert.doesNotMatch(unzip(result.bytes).get("word/_rels/document.xml.rels")!.toString(), /canary/i)
    assert.ok(result.removed.includes("local-path"))
    const picture = await cleanBytes(odf("text", `<text:p><draw:image xlink:href="${xml(address)}"/></text:p>`))
    assert.doesNotMatch(unzip(picture.bytes).get("content.xml")!.toString(), /canary/i)
  }
  for (const bytes of [
    word(linked, { links: target("image", "https://www.example.ir/count.png?who=1") }),
    word(field(' INCLUDEPICTURE "https://www.example.ir/count.png" ')),
    odf("text", '<text:p><draw:image xlink:href="https://www.example.ir/count.png"/></text:p>'),
  ])
    assert.deepEqual((await cleanBytes(bytes)).remains, ["data-connections"])
})

test("a link that a reader follows stays, and is named where it leads to somebody's drive", async () => {
  for (const [address, remains] of [
    ["https://www.example.ir/law.html", []],
    ["https://drive.google.com/file/d/abc/view", ["data-connections"]],
  ] as const) {
    for (const [bytes, part] of [
      [word(shown, { links: target("hyperlink", address) }), "word/_rels/document.xml.rels"],
      [word(field(` HYPERLINK "${address}" `)), "word/document.xml"],
      [odf("text", `<text:p><text:a xlink:href="${address}">x</text:a></text:p>`), "content.xml"],
    ] as const) {
      const result = await cleanBytes(bytes)
      assert.deepEqual(result.remains, remains)
      assert.ok(unzip(result.bytes).get(part)!.includes(address))
    }
  }
})

test("a template in a cloud, and a picture that nothing shows", async () => {
  const original = word("<w:p><w:r><w:t>Letter</w:t></w:r></w:p>", {
    links: [
      ["rId9", "settings", "settings.xml"],
      ["rId8", "image", "https://d.docs.live.net/CANARY0123456789/Pictures/stamp.png", true],
    ],
    parts: {
      "word/settings.xml": `<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:attachedTemplate r:id="rId1"/></w:settings>`,
      "word/_rels/settings.xml.rels": `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="https://example-my.sharepoint.com/personal/CANARY_person/Documents/letter.dotx" TargetMode="External"/></Relationships>`,
    },
  })
  const result = await cleanBytes(original)
  assert.equal(result.outcome, "cleaned")
  assertNoCanary(original, result.bytes)
  assert.match(unzip(result.bytes).get("word/_rels/settings.xml.rels")!.toString(), /Target="letter\.dotx"/)
})

test("fields inside fields, verbatim text and what add-ins keep", async () => {
  const begin = '<w:r><w:fldChar w:fldCharType="begin"/></w:r>'
  const end = '<w:r><w:fldChar w:fldCharType="end"/></w:r>'
  const instruction = (text: string): string => `<w:r><w:instrText>${text}</w:instrText></w:r>`
  for (const body of [
    `<w:p>${begin}${instruction(' IF 1 = 1 "C:\\\\Users\\\\CAN')}${begin}${instruction(" DATE ")}${end}${instruction('ARY\\\\CANARY\\\\a.doc"')}${end}</w:p>`,
    `<w:p>${begin}${instruction('<![CDATA[ INCLUDEPICTURE "C:\\\\Users\\\\CANARY\\\\a.png" ]]>')}${end}</w:p>`,
    `<w:p>${begin}${instruction(' ADDIN ZOTERO_ITEM {"uris":["http://zotero.org/users/CANARY/items"]}')}${end}</w:p>`,
    `<w:p>${instruction(' HYPERLINK "C:\\\\Users\\\\CANARY\\\\a.png" ')}</w:p>`,
    `<w:p>${begin}${instruction(" INCLUDETEXT C:\\\\Users\\\\CANARY Name\\\\a.docx \\* MERGEFORMAT ")}${end}</w:p>`,
  ]) {
    const original = word(body)
    const result = await cleanBytes(original)
    assertNoCanary(original, result.bytes)
    await assertStable(result)
  }
})

function field(...texts: string[]): string {
  const runs = texts.map((text) => `<w:r><w:instrText xml:space="preserve">${text}</w:instrText></w:r>`)
  const mark = (type: string): string => `<w:r><w:fldChar w:fldCharType="${type}"/></w:r>`
  return `<w:p>${mark("begin")}${runs.join("")}${mark("separate")}<w:r><w:t>x</w:t></w:r>${mark("end")}</w:p>`
}

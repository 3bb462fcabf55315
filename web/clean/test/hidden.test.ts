// What office programs hide is said to stay, whichever of them hid it; a document that hides nothing is not said to.

import assert from "node:assert/strict"
import { test } from "node:test"
import { HIDES } from "../src/hidden"
import { odf, powerpoint, sheet, word, workbook } from "./office-samples"
import { assertStable, cleanBytes } from "./support"

type Sample = [what: string, bytes: Buffer]

const cell = (place: string, text: string, more = ""): string => `<c r="${place}" t="inlineStr"${more}><is><t>${text}</t></is></c>`
const row = (number: number, cells: string, more = ""): string => `<row r="${number}"${more}>${cells}</row>`
const rows = (...list: string[]): string => `<sheetData>${list.join("")}</sheetData>`
const run = (properties: string): string => `<w:p><w:r><w:rPr>${properties}</w:rPr><w:t>hidden</w:t></w:r></w:p>`
const shape = (x: number, more = ""): string =>
  `<p:sp><p:nvSpPr><p:cNvPr id="2" name="Box"${more}/></p:nvSpPr><p:spPr><a:xfrm><a:off x="${x}" y="0"/><a:ext cx="100" cy="100"/></a:xfrm></p:spPr><p:txBody><a:p><a:r><a:t>hidden</a:t></a:r></a:p></p:txBody></p:sp>`
const paragraph = "<text:p>hidden</text:p>"
const odfRow = (attributes: string): string =>
  `<table:table table:name="T"><table:table-row ${attributes}><table:table-cell>${paragraph}</table:table-cell></table:table-row></table:table>`
const style = (inside: string): string => `<style:style style:name="x">${inside}</style:style>`

const HIDING: Sample[] = [
  // Word
  ["text", word(run("<w:vanish/>"))],
  ["text", word(run('<w:specVanish w:val="true"/>'))],
  ["text by its style", word(run('<w:rStyle w:val="B"/>'), { styles: styles("A", "B") })],
  ["letters of a point", word(run('<w:sz w:val="2"/>'))],
  ["white text", word(run('<w:color w:val="FFFFFF"/>'))],
  ["rows-and-columns", word("<w:tbl><w:tr><w:trPr><w:hidden/></w:trPr><w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr></w:tbl>")],
  ["shapes", word('<w:p><w:r><w:drawing><wp:docPr id="1" name="a" hidden="1"/></w:drawing></w:r></w:p>')],
  ["shapes", word('<w:p><w:r><w:pict><v:shape style="position:absolute;visibility:hidden"/></w:pict></w:r></w:p>')],
  ["cropped-pictures", word('<w:p><w:r><w:drawing><a:srcRect l="20000"/></w:drawing></w:r></w:p>')],
  ["cropped-pictures", word('<w:p><w:r><w:pict><v:imagedata croptop="13107f"/></w:pict></w:r></w:p>')],
  // Excel
  ["rows-and-columns", sheet(rows(row(1, cell("A1", "shown")), row(2, cell("A2", "hidden"), ' hidden="1"')))],
  ["a row that a filter hides", sheet(`${rows(row(2, cell("A2", "hidden"), ' hidden="true"'))}<autoFilter ref="A1:A2"/>`)],
  ["a row of no height", sheet(rows(row(1, cell("A1", "hidden"), ' ht="0" customHeight="1"')))],
  ["rows that are hidden unless said otherwise", sheet(`<sheetFormatPr zeroHeight="1"/>${rows(row(1, cell("A1", "hidden")))}`)],
  ["a hidden column", sheet(`<cols><col min="2" max="4" hidden="1"/></cols>${rows(row(1, cell("A1", "shown") + cell("C1", "hidden")))}`)],
  ["a column of no width", sheet(`<cols><col min="1" max="1" width="0" customWidth="1"/></cols>${rows(row(1, cell("A1", "hidden")))}`)],
  ["a collapsed group", sheet(`<cols><col min="1" max="1" outlineLevel="1" hidden="1"/></cols>${rows(row(1, "<c><v>1</v></c>"))}`)],
  ["sheets", sheet(rows(), { sheetState: "hidden" })],
  ["sheets", sheet(rows(), { sheetState: "veryHidden" })],
  ["windows", sheet(rows(), { workbook: '<bookViews><workbookView visibility="hidden"/></bookViews>' })],
  ["names", sheet(rows(), { names: '<definedName name="secret" hidden="1">"hidden"</definedName>' })],
  ["shapes", sheet(rows(), { workbook: '<workbookPr showObjects="none"/>' })],
  ["remembered-values", sheet(`${rows()}<scenarios><scenario name="s"><inputCells r="A1" val="1"/></scenario></scenarios>`)],
  ["a format that shows nothing", sheet(rows(row(1, cell("A1", "hidden", ' s="1"'))), { styles: cellStyles('numFmtId="170"', "none") })],
  ["white on nothing", sheet(rows(row(1, cell("A1", "hidden", ' s="1"'))), { styles: cellStyles('fontId="1"', "none") })],
  ["what a pivot table remembers", workbook({ "xl/pivotCache/pivotCacheRecords1.xml": "<pivotCacheRecords/>" })],
  ["what a pivot table remembers", workbook({ "xl/pivotCache/pivotCacheDefinition1.xml": '<a><sharedItems><s v="x"/></sharedItems></a>' })],
  ["what another workbook said", workbook({ "xl/externalLinks/externalLink1.xml": "<a><sheetDataSet><x/></sheetDataSet></a>" })],
  // PowerPoint
  ["slides", powerpoint(shape(0), { slide: ' show="0"' })],
  ["notes", powerpoint(shape(0), { notes: "<a:p><a:r><a:t>hidden</a:t></a:r></a:p>" })],
  ["shapes", powerpoint(shape(0, ' hidden="1"'))],
  ["a shape beside the slide", powerpoint(shape(5000))],
  ["a shape left of the slide", powerpoint(shape(-100))],
  ["cropped-pictures", powerpoint('<p:pic><p:blipFill><a:srcRect b="5"/></p:blipFill></p:pic>')],
  // OpenDocument
  ["text", odf("text", "<text:p><text:hidden-text>x</text:hidden-text></text:p>")],
  ["text", odf("text", "<text:p><text:hidden-paragraph/>hidden</text:p>")],
  ["text", odf("text", paragraph, style('<style:text-properties text:display="none"/>'))],
  ["sections", odf("text", `<text:section text:name="s" text:display="none">${paragraph}</text:section>`)],
  ["sections", odf("text", `<text:section text:name="s" text:display="condition" text:condition="ooow:1">${paragraph}</text:section>`)],
  [
    "conditional-text",
    odf("text", '<text:p><text:conditional-text text:string-value-if-true="a" text:string-value-if-false="b"/></text:p>'),
  ],
  [
    "a variable that is not displayed",
    odf("text", '<text:p><text:variable-set text:name="v" text:display="none">x</text:variable-set></text:p>'),
  ],
  ["rows-and-columns", odf("spreadsheet", odfRow('table:visibility="collapse"'))],
  ["rows-and-columns", odf("spreadsheet", odfRow('table:visibility="filter"'))],
  ["rows-and-columns", odf("spreadsheet", '<table:table><table:table-column table:visibility="collapse"/></table:table>')],
  ["rows-and-columns", odf("spreadsheet", '<table:table><table:table-row-group table:display="false"/></table:table>')],
  ["sheets", odf("spreadsheet", odfRow(""), style('<style:table-properties table:display="false"/>'))],
  ["remembered-values", odf("spreadsheet", "<table:table><table:scenario/></table:table>")],
  ["slides", odf("presentation", "<draw:page/>", style('<style:drawing-page-properties presentation:visibility="hidden"/>'))],
  ["notes", odf("presentation", `<draw:page><presentation:notes><draw:frame>${paragraph}</draw:frame></presentation:notes></draw:page>`)],
  ["layers", odf("drawing", '<draw:layer-set><draw:layer draw:name="x" draw:display="none"/></draw:layer-set>')],
  ["shapes", odf("drawing", `<draw:page><draw:frame draw:display="printer">${paragraph}</draw:frame></draw:page>`)],
  ["cropped-pictures", odf("text", paragraph, style('<style:graphic-properties fo:clip="rect(0cm, 1cm, 0cm, 0cm)"/>'))],
]

const SHOWING: Sample[] = [
  ["Word", word(run("<w:b/>"))],
  ["text that is no longer hidden", word(run('<w:vanish w:val="0"/>'))],
  ["a style that hides and that nothing uses", word(run("<w:b/>"), { styles: styles("A", "B") })],
  ["white text on dark", word(run('<w:color w:val="FFFFFF"/><w:shd w:fill="000000"/>'))],
  ["Excel", sheet(rows(row(1, cell("A1", "shown"))))],
  [
    "empty columns up to the end that are hidden",
    sheet(`<cols><col min="5" max="16384" hidden="1"/></cols>${rows(row(1, cell("A1", "x")))}`),
  ],
  ["an empty row that is hidden", sheet(rows(row(1, '<c r="A1" s="1"/>', ' hidden="1"')))],
  ["the name of a filter", sheet(rows(), { names: '<definedName name="_xlnm._FilterDatabase" hidden="1">S!$A$1</definedName>' })],
  ["white on a colour", sheet(rows(row(1, cell("A1", "x", ' s="1"'))), { styles: cellStyles('fontId="1" fillId="1"', "solid") })],
  ["PowerPoint", powerpoint(shape(0))],
  ["notes without a word", odf("presentation", "<draw:page><presentation:notes/></draw:page>")],
  ["OpenDocument", odf("text", paragraph, style('<style:text-properties text:display="true"/>'))],
  [
    "a table that is shown",
    odf("spreadsheet", odfRow('table:visibility="visible"'), style('<style:table-properties table:display="true"/>')),
  ],
]

for (const [what, bytes] of HIDING) {
  test(`hidden, and said to be: ${what}`, async () => {
    const result = await cleanBytes(bytes)
    assert.deepEqual([result.outcome, result.reason], ["partly", null])
    assert.ok(result.remains.includes("hidden-content"), result.remains.join())
    await assertStable(result)
  })
}

for (const [what, bytes] of SHOWING) {
  test(`shown, and not said to be hidden: ${what}`, async () => {
    const result = await cleanBytes(bytes)
    assert.deepEqual(result.remains, [])
    await assertStable(result)
  })
}

test("the list names each kind of hiding in a way that is tried above", () => {
  const tried = new Set(HIDING.map(([what]) => what))
  for (const { what } of HIDES) assert.ok(tried.has(what) || ["building-blocks", "variables", "remembered-values"].includes(what), what)
})

function styles(hiding: string, basedOn: string): string {
  return (
    `<w:style w:styleId="${hiding}"><w:rPr><w:vanish/></w:rPr></w:style>` +
    `<w:style w:styleId="${basedOn}"><w:basedOn w:val="${hiding}"/></w:style>`
  )
}

function cellStyles(format: string, pattern: string): string {
  return (
    `<numFmts><numFmt numFmtId="170" formatCode=";;;"/></numFmts><fonts><font/><font><color rgb="FFFFFFFF"/></font></fonts>` +
    `<fills><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="${pattern}"/></fill></fills>` +
    `<cellXfs><xf numFmtId="0"/><xf ${format}/></cellXfs>`
  )
}

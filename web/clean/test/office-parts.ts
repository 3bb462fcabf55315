// Documents as Microsoft's programs write them, cut down to the places where they keep people, times and folders.

import { zip } from "./support"

const XML = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n`
const RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
const W = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="${OFFICE}" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml"`
const S = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${OFFICE}"`
const P = `xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:r="${OFFICE}"`

type Relationship = [id: string, type: string, target: string, isExternal?: boolean]

function relationships(...list: Relationship[]): string {
  const items = list.map(
    ([id, type, target, isExternal]) =>
      `<Relationship Id="${id}" Type="${type.startsWith("http") ? type : `${OFFICE}/${type}`}" Target="${target}"${isExternal ? ` TargetMode="External"` : ""}/>`,
  )
  return `${XML}<Relationships xmlns="${RELS}">${items.join("")}</Relationships>`
}

function contentTypes(main: string, mainType: string, ...overrides: string[]): string {
  const list = [
    [main, mainType],
    ["docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"],
    ...overrides.map((name) => [name, "application/xml"]),
  ]
  return (
    `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
    `<Default Extension="xml" ContentType="application/xml"/>${list.map(([name, type]) => `<Override PartName="/${name}" ContentType="${type}"/>`).join("")}</Types>`
  )
}

export const PROPERTIES: Record<string, string> = {
  "docProps/core.xml": `${XML}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>CANARYTITLE</dc:title><dc:creator>CANARYCREATOR</dc:creator><cp:lastModifiedBy>CANARYEDITOR</cp:lastModifiedBy><cp:revision>17</cp:revision><dcterms:created xsi:type="dcterms:W3CDTF">2024-01-02T03:04:05Z</dcterms:created></cp:coreProperties>`,
  "docProps/app.xml": `${XML}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Template>CANARYTEMPLATE</Template><TotalTime>95</TotalTime><Application>Microsoft Office Word</Application><Company>CANARYCOMPANY</Company><Manager>CANARYMANAGER</Manager></Properties>`,
  "docProps/custom.xml": `${XML}<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties" xmlns:vt="http://schemas.openxmlformats.org/officeDocument/2006/docPropsVTypes"><property fmtid="{D5CDD505-2E9C-101B-9397-08002B2CF9AE}" pid="2" name="Owner"><vt:lpwstr>CANARYOWNER</vt:lpwstr></property></Properties>`,
  "docProps/thumbnail.jpeg": "CANARYTHUMBNAIL",
}

function root(main: string): string {
  return relationships(
    ["rId1", "officeDocument", main],
    ["rId2", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", "docProps/core.xml"],
    ["rId3", "extended-properties", "docProps/app.xml"],
    ["rId4", "custom-properties", "docProps/custom.xml"],
    ["rId5", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail", "docProps/thumbnail.jpeg"],
  )
}

const DOCUMENT = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"

export function docx(photo: Buffer, more: Record<string, string | Buffer> = {}, type = DOCUMENT): Buffer {
  return zip(
    {
      "[Content_Types].xml": contentTypes("word/document.xml", type, "customXml/itemProps1.xml", "word/people.xml"),
      "_rels/.rels": root("word/document.xml"),
      ...PROPERTIES,
      "word/document.xml":
        `${XML}<w:document ${W} xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" xmlns:o="urn:schemas-microsoft-com:office:office"><w:body>` +
        `<w:p w:rsidR="00CANARY" w:rsidRDefault="00A77B3E" w14:paraId="1A2B3C4D"><w:r w:rsidRPr="00A1"><w:t>What is to be read &amp; seen</w:t></w:r>` +
        `<w:ins w:id="1" w:author="CANARY Ali" w:date="2024-03-01T10:00:00Z"><w:r><w:t xml:space="preserve"> سلام </w:t></w:r></w:ins>` +
        `<w:del w:id="2" w:author="CANARY Sara &quot;S&quot;" w:date="2024-03-01T10:00:00Z"><w:r><w:delText>gone</w:delText></w:r></w:del></w:p>` +
        `<w:p><w:r><w:instrText xml:space="preserve"> INCLUDEPICTURE "C:\\\\Users\\\\CANARY\\\\scan.png" \\* MERGEFORMAT </w:instrText></w:r><w:fldSimple w:instr=" INCLUDETEXT &quot;C:\\\\Users\\\\CANARY\\\\part.docx&quot; "/>` +
        `<w:hyperlink r:id="rId5"/><w:hyperlink r:id="rId6"/><w:r><w:drawing><wp:docPr id="3" name="Picture 1" descr="C:\\Users\\CANARY\\Pictures\\IMG_1.jpg"/><pic:cNvPr id="4" name="IMG_CANARY.jpg"/><a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" r:embed="rId3"/></w:drawing></w:r></w:p>` +
        Object.keys(more)
          .map((_, i) => `<o:OLEObject r:id="more${i}"/>`)
          .join("") +
        `</w:body></w:document>`,
      "word/_rels/document.xml.rels": relationships(
        ["rId1", "settings", "settings.xml"],
        ["rId2", "comments", "comments.xml"],
        ["rId3", "image", "media/image1.jpg"],
        ["rId4", "customXml", "../customXml/item1.xml"],
        ["rId5", "hyperlink", "file:///C:\\Users\\CANARY\\Desktop\\plan.docx", true],
        ["rId6", "hyperlink", "https://example.ir/a/b", true],
        ...Object.keys(more).map((name, i): Relationship => [`more${i}`, "package", `/${name}`]),
        ["rId7", "http://schemas.microsoft.com/office/2011/relationships/people", "people.xml"],
      ),
      "word/settings.xml": `${XML}<w:settings ${W}><w:attachedTemplate r:id="rId1"/><w:rsids><w:rsidRoot w:val="00CANARY"/><w:rsid w:val="00A77B3E"/></w:rsids><w:docVars><w:docVar w:name="who" w:val="CANARYVAR"/></w:docVars><w:zoom w:percent="100"/><w14:docId w14:val="1CANARY1"/><w15:docId w15:val="{CANARY}"/></w:settings>`,
      "word/_rels/settings.xml.rels": relationships(["rId1", "attachedTemplate", "file:///C:\\Users\\CANARY\\AppData\\Letter.dotm", true]),
      "word/comments.xml": `${XML}<w:comments ${W}><w:comment w:id="0" w:author="CANARY Sara &quot;S&quot;" w:date="2024-03-01T10:00:00Z" w:initials="CANARYS"><w:p><w:r><w:t>A remark</w:t></w:r></w:p></w:comment></w:comments>`,
      "word/people.xml": `${XML}<w15:people ${W}><w15:person w15:author="CANARY Sara &quot;S&quot;"><w15:presenceInfo w15:providerId="AD" w15:userId="S::CANARY@example.ir::1"/></w15:person></w15:people>`,
      "word/media/image1.jpg": photo,
      "customXml/item1.xml": "<properties>CANARYSHAREPOINT</properties>",
      "customXml/_rels/item1.xml.rels": relationships(["rId1", "customXmlProps", "itemProps1.xml"]),
      "customXml/itemProps1.xml": "<a/>",
      ...more,
    },
    { comment: "CANARYZIPCOMMENT" },
  )
}

export function xlsx(options: { bare?: boolean } = {}): Buffer {
  const sheet = `${XML}<worksheet ${S}><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row></sheetData><hyperlinks><hyperlink ref="A1" r:id="rId3" display="C:\\Users\\CANARY\\list.xlsx"/></hyperlinks><pageSetup paperSize="9" orientation="portrait" r:id="rId1"/></worksheet>`
  if (options.bare) {
    return zip({
      "[Content_Types].xml": contentTypes("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"),
      "_rels/.rels": relationships(["rId1", "officeDocument", "xl/workbook.xml"]),
      "docProps/core.xml": "<a/>",
      "xl/workbook.xml": `${XML}<workbook ${S}><sheets><sheet name="one" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    })
  }
  return zip({
    "[Content_Types].xml": contentTypes("xl/workbook.xml", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"),
    "_rels/.rels": root("xl/workbook.xml"),
    ...PROPERTIES,
    "xl/workbook.xml":
      `${XML}<workbook ${S} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:x15="http://schemas.microsoft.com/office/spreadsheetml/2010/11/main" xmlns:xr="http://schemas.microsoft.com/office/spreadsheetml/2014/revision"><fileVersion appName="xl" rupBuild="22228" codeName="{CANARY}"/><fileSharing userName="CANARYUSER"/>` +
      `<mc:AlternateContent><mc:Choice Requires="x15"><x15ac:absPath xmlns:x15ac="http://schemas.microsoft.com/office/spreadsheetml/2010/11/ac" url="C:\\Users\\CANARY\\Desktop\\"/></mc:Choice></mc:AlternateContent><xr:revisionPtr documentId="8_{CANARY}"/>` +
      `<sheets><sheet name="one" sheetId="1" r:id="rId1"/><sheet name="two" sheetId="2" state="veryHidden" r:id="rId2"/></sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relationships(
      ["rId1", "worksheet", "worksheets/sheet1.xml"],
      ["rId2", "worksheet", "worksheets/sheet2.xml"],
      ["rId3", "http://schemas.microsoft.com/office/2017/10/relationships/person", "persons/person.xml"],
      ["rId4", "connections", "connections.xml"],
      ["rId5", "pivotCacheDefinition", "pivotCache/pivotCacheDefinition1.xml"],
    ),
    "xl/worksheets/sheet1.xml": sheet,
    "xl/worksheets/_rels/sheet1.xml.rels": relationships(
      ["rId1", "printerSettings", "../printerSettings/printerSettings1.bin"],
      ["rId2", "comments", "../comments1.xml"],
      ["rId3", "hyperlink", "../../Users/CANARY/list.xlsx", true],
      ["rId4", "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment", "../threadedComments/threadedComment1.xml"],
    ),
    "xl/worksheets/sheet2.xml": `${XML}<worksheet ${S}><sheetData/></worksheet>`,
    "xl/printerSettings/printerSettings1.bin": "C\0A\0N\0A\0R\0Y\0-\0P\0R\0I\0N\0T\0E\0R\0",
    "xl/comments1.xml": `${XML}<comments ${S}><authors><author>CANARY Ali</author></authors><commentList><comment ref="A1" authorId="0"><text><r><t>CANARY Ali:</t></r><r><t>the remark</t></r></text></comment></commentList></comments>`,
    "xl/persons/person.xml": `${XML}<personList xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"><person displayName="CANARY Ali" id="{1}" userId="CANARY@example.ir" providerId="AD"/></personList>`,
    "xl/threadedComments/threadedComment1.xml": `${XML}<ThreadedComments xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"><threadedComment ref="A1" dT="2024-03-01T10:00:00.00" personId="{1}" id="{2}"><text>the remark</text></threadedComment></ThreadedComments>`,
    "xl/connections.xml": `${XML}<connections ${S}><connection id="1" odcFile="C:\\Users\\CANARY\\source.odc" name="source"/></connections>`,
    "xl/pivotCache/pivotCacheDefinition1.xml": `${XML}<pivotCacheDefinition ${S} refreshedBy="CANARYREFRESH" refreshedDate="45000.5"/>`,
  })
}

export function pptx(photo: Buffer): Buffer {
  return zip({
    "[Content_Types].xml": contentTypes(
      "ppt/presentation.xml",
      "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml",
      "ppt/changesInfos/changesInfo1.xml",
      "ppt/revisionInfo.xml",
    ),
    "_rels/.rels": root("ppt/presentation.xml"),
    ...PROPERTIES,
    "ppt/presentation.xml": `${XML}<p:presentation ${P}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst><p:custDataLst><p:custData r:id="rId4"/></p:custDataLst></p:presentation>`,
    "ppt/_rels/presentation.xml.rels": relationships(
      ["rId1", "slide", "slides/slide1.xml"],
      ["rId2", "http://schemas.microsoft.com/office/2016/11/relationships/changesInfo", "changesInfos/changesInfo1.xml"],
      ["rId3", "http://schemas.microsoft.com/office/2015/10/relationships/revisionInfo", "revisionInfo.xml"],
      ["rId4", "customXml", "../customXml/item1.xml"],
      ["rId5", "commentAuthors", "commentAuthors.xml"],
    ),
    "ppt/slides/slide1.xml": `${XML}<p:sld ${P} show="0"><p:cSld><p:pic><p:nvPicPr><p:cNvPr id="2" name="IMG_CANARY.jpg" descr="IMG_CANARY.jpg" title=""/></p:nvPicPr><a:blip r:embed="rId1"/></p:pic><a:t>What is to be read</a:t></p:cSld></p:sld>`,
    "ppt/slides/_rels/slide1.xml.rels": relationships(
      ["rId1", "image", "../media/image1.jpeg"],
      ["rId2", "comments", "../comments/comment1.xml"],
    ),
    "ppt/comments/comment1.xml": `${XML}<p:cmLst ${P}><p:cm authorId="1" dt="2024-03-01T10:00:00.000" idx="1"><p:text>the remark</p:text></p:cm></p:cmLst>`,
    "ppt/commentAuthors.xml": `${XML}<p:cmAuthorLst ${P}><p:cmAuthor id="1" name="CANARY Ali" initials="CANARYA" lastIdx="1" clrIdx="0"/></p:cmAuthorLst>`,
    "ppt/changesInfos/changesInfo1.xml": "<chgInfo>CANARYCHANGES</chgInfo>",
    "ppt/revisionInfo.xml": "<revInfo>CANARYREVISION</revInfo>",
    "ppt/media/image1.jpeg": photo,
    "customXml/item1.xml": "<x>CANARY</x>",
  })
}

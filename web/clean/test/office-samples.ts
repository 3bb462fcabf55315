// Documents with next to nothing in them: what a test puts in is all there is.

import { zip } from "./support"

const XML = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n`
const RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
const MAIN = {
  word: "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
  excel: "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
  powerpoint: "http://schemas.openxmlformats.org/presentationml/2006/main",
}
const COMMON =
  `xmlns:r="${OFFICE}" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:v="urn:schemas-microsoft-com:vml" ` +
  `xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"`

export type Link = [id: string, type: string, target: string, isExternal?: boolean]

export function links(list: Link[]): string {
  const items = list.map(
    ([id, type, target, isExternal]) =>
      `<Relationship Id="${id}" Type="${type.startsWith("http") ? type : `${OFFICE}/${type}`}" Target="${target}"${isExternal ? ' TargetMode="External"' : ""}/>`,
  )
  return `${XML}<Relationships xmlns="${RELS}">${items.join("")}</Relationships>`
}

function types(main: string, type: string): string {
  return (
    `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
    `<Default Extension="xml" ContentType="application/xml"/><Override PartName="/${main}" ContentType="application/vnd.openxmlformats-officedocument.${type}.main+xml"/></Types>`
  )
}

/** `more` are further parts; `list` what the main part leads to besides. */
function office(main: string, type: string, content: string, list: Link[], more: Record<string, string | Buffer>): Buffer {
  const folder = main.slice(0, main.lastIndexOf("/") + 1)
  return zip({
    "[Content_Types].xml": types(main, type),
    "_rels/.rels": links([["rId1", "officeDocument", main]]),
    [main]: XML + content,
    [`${folder}_rels/${main.slice(folder.length)}.rels`]: links(list),
    ...more,
  })
}

export function word(body: string, options: { styles?: string; links?: Link[]; parts?: Record<string, string | Buffer> } = {}): Buffer {
  const list: Link[] = [...(options.links ?? [])]
  const parts = { ...options.parts }
  if (options.styles !== undefined) {
    list.push(["styles", "styles", "styles.xml"])
    parts["word/styles.xml"] = `${XML}<w:styles xmlns:w="${MAIN.word}">${options.styles}</w:styles>`
  }
  const content = `<w:document xmlns:w="${MAIN.word}" ${COMMON}><w:body>${body}</w:body></w:document>`
  return office("word/document.xml", "wordprocessingml.document", content, list, parts)
}

interface SheetOptions {
  sheetState?: string
  workbook?: string
  names?: string
  styles?: string
  strings?: string
}

export function sheet(content: string, options: SheetOptions = {}): Buffer {
  const parts: Record<string, string> = {
    "xl/worksheets/sheet1.xml": `${XML}<worksheet xmlns="${MAIN.excel}" ${COMMON}>${content}</worksheet>`,
  }
  if (options.styles !== undefined) parts["xl/styles.xml"] = `${XML}<styleSheet xmlns="${MAIN.excel}">${options.styles}</styleSheet>`
  if (options.strings !== undefined) parts["xl/sharedStrings.xml"] = `${XML}<sst xmlns="${MAIN.excel}">${options.strings}</sst>`
  return workbook(parts, options)
}

export function workbook(parts: Record<string, string | Buffer>, options: SheetOptions = {}): Buffer {
  const list = Object.keys(parts).map((name, i): Link => {
    const type = /(worksheet|styles|sharedStrings|pivotCacheDefinition|pivotCacheRecords|externalLink)/.exec(name)?.[1] ?? "other"
    return [`rId${i + 1}`, type, `/${name}`]
  })
  const state = options.sheetState ? ` state="${options.sheetState}"` : ""
  const content =
    `<workbook xmlns="${MAIN.excel}" ${COMMON}>${options.workbook ?? ""}<sheets><sheet name="S" sheetId="1"${state} r:id="rId1"/></sheets>` +
    `<definedNames>${options.names ?? ""}</definedNames></workbook>`
  return office("xl/workbook.xml", "spreadsheetml.sheet", content, list, parts)
}

export function powerpoint(
  shapes: string,
  options: { slide?: string; notes?: string; links?: Link[]; parts?: Record<string, string | Buffer> } = {},
): Buffer {
  const space = `xmlns:p="${MAIN.powerpoint}" ${COMMON}`
  const slideLinks: Link[] = [...(options.links ?? [])]
  const parts: Record<string, string | Buffer> = { ...options.parts }
  if (options.notes !== undefined) {
    slideLinks.push(["notes", "notesSlide", "../notesSlides/notesSlide1.xml"])
    parts["ppt/notesSlides/notesSlide1.xml"] = `${XML}<p:notes ${space}><p:cSld>${options.notes}</p:cSld></p:notes>`
  }
  parts["ppt/slides/slide1.xml"] = `${XML}<p:sld ${space}${options.slide ?? ""}><p:cSld><p:spTree>${shapes}</p:spTree></p:cSld></p:sld>`
  parts["ppt/slides/_rels/slide1.xml.rels"] = links(slideLinks)
  const content = `<p:presentation ${space}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst><p:sldSz cx="4000" cy="3000"/></p:presentation>`
  return office("ppt/presentation.xml", "presentationml.presentation", content, [["rId1", "slide", "slides/slide1.xml"]], parts)
}

const ODF = [
  ["office", "office"],
  ["table", "table"],
  ["text", "text"],
  ["style", "style"],
  ["draw", "drawing"],
  ["presentation", "presentation"],
  ["form", "form"],
  ["script", "script"],
]
  .map(([prefix, name]) => `xmlns:${prefix}="urn:oasis:names:tc:opendocument:xmlns:${name}:1.0"`)
  .join(" ")
export const ODF_SPACES =
  `${ODF} xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" ` +
  `xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:config="urn:oasis:names:tc:opendocument:xmlns:config:1.0"`

export type OdfBody = "text" | "spreadsheet" | "presentation" | "drawing"

export function odf(kind: OdfBody, body: string, styles = "", parts: Record<string, string | Buffer> = {}): Buffer {
  const type = `application/vnd.oasis.opendocument.${kind === "drawing" ? "graphics" : kind}`
  const listed = ["content.xml", ...Object.keys(parts)]
  const entries = listed.map((name) => `<manifest:file-entry manifest:full-path="${name}" manifest:media-type=""/>`).join("")
  return zip(
    {
      mimetype: type,
      "content.xml":
        `${XML}<office:document-content ${ODF_SPACES} office:version="1.3"><office:automatic-styles>${styles}</office:automatic-styles>` +
        `<office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
      ...parts,
      "META-INF/manifest.xml":
        `${XML}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">` +
        `<manifest:file-entry manifest:full-path="/" manifest:media-type="${type}"/>${entries}</manifest:manifest>`,
    },
    { stored: ["mimetype"] },
  )
}

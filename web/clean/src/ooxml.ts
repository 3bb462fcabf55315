// Office Open XML (ECMA-376): .docx, .xlsx, .pptx. A ZIP of XML parts tied together by relationships. Property parts become
// empty, parts that only serve to trace go with their relationships, names and dates inside the others become neutral, and
// pictures are cleaned like any other picture.

import { Damaged, type Findings, NotPossible } from "./cleaned"
import { HiddenContent } from "./hidden"
import type { Budget } from "./inflate"
import { cleanEmbedded, decode, MAX_XML_BYTES, type Nested } from "./nested"
import { contentTypeRules, partDropReason, readPlan, relationshipRules, type Plan } from "./ooxml-package"
import { cleanXml, SharedStrings, type Document } from "./ooxml-parts"
import { People } from "./people"
import type { Output, Source } from "./source"
import { rewriteXml } from "./xml"
import { trimTails, unpack, ZipWriter, type Entry, type Zip } from "./zip"

/** A sheet beyond this is copied unread. */
const MAX_SHEET_BYTES = 16 * 1024 * 1024

const CORE = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>`
const EXTENDED = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>`
const CUSTOM = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>`

export async function cleanOoxml(source: Source, zip: Zip, found: Findings, nested: Nested): Promise<Output> {
  if (zip.entries.some((entry) => entry.name.startsWith("_xmlsignatures/"))) throw new NotPossible("digital-signature")
  const parts = new Map(zip.entries.map((entry) => [entry.name.toLowerCase(), entry]))
  if (parts.size !== zip.entries.length) throw new Damaged("part named twice")
  if (await trimTails(source, zip)) found.removed.add("trailing-data")
  if (zip.hasExtra) found.removed.add("trailing-data")
  if (zip.entries.some((entry) => entry.hasTraces)) found.removed.add("timestamps")

  const plan = await readPlan(source, zip, parts, nested.budget, found)
  const has = (folder: string): boolean => [...parts.keys()].some((name) => name.startsWith(folder))
  const hidden = new HiddenContent(has("word/") ? "word" : has("ppt/") ? "powerpoint" : "excel", found)
  const package_: Package = { source, plan, parts, nested, document: { people: new People(), hidden, strings: new SharedStrings(), found } }
  const writer = new ZipWriter(source)
  // A workbook's texts come last, when it is known which of them a cell shows.
  const isLate = (entry: Entry): boolean => /^xl\/sharedstrings\.xml$/i.test(entry.name)
  for (const entry of [...zip.entries.filter((entry) => !isLate(entry)), ...zip.entries.filter(isLate)]) {
    await cleanEntry(entry, package_, writer)
  }
  hidden.finish()
  // Nothing says which part is the first, so nothing says which are needed.
  if (plan.reached === null) found.remains.add("metadata")
  return writer.finish()
}

interface Package {
  source: Source
  plan: Plan
  parts: Map<string, Entry>
  nested: Nested
  document: Document
}

async function cleanEntry(entry: Entry, package_: Package, writer: ZipWriter): Promise<void> {
  const { source, plan, nested, document } = package_
  const { found, hidden } = document
  const name = entry.name.toLowerCase()
  const what = entry.name.endsWith("/") ? "unknown-data" : partDropReason(name, plan)
  if (what) {
    found.removed.add(what)
    return
  }
  if (/vbaproject\.bin$|\/activex\/|\/macrosheets\//.test(name)) found.remains.add("macros")
  if (/^xl\/(?:connections\.(?:xml|bin)|querytables\/|externallinks\/|model\/)/.test(name)) found.remains.add("data-connections")
  hidden.part(name)
  const properties = plan.properties.get(name)
  if (properties) await replaceProperties(source, entry, properties, writer, found, nested)
  else if (/\.(?:xml|rels|vml)$/.test(name)) await cleanPart(entry, name, package_, writer)
  else if (/^xl\/[^]*\.bin$/.test(name) && package_.parts.has("xl/workbook.bin")) {
    // Workbooks of binary records: what is said in them about people stays.
    found.remains.add("metadata")
    writer.copy(entry)
  } else await cleanEmbedded(source, entry, writer, found, nested)
}

async function cleanPart(entry: Entry, name: string, package_: Package, writer: ZipWriter): Promise<void> {
  const { source, plan, parts, nested, document } = package_
  const { found, strings } = document
  const droppedIds = plan.dropped.get(name)
  const isSheet = /^xl\/worksheets\/[^/]*\.xml$/.test(name)
  if ((isSheet || /^xl\/sharedstrings\.xml$/.test(name)) && !droppedIds && entry.uncompressed > MAX_SHEET_BYTES) {
    // Beside what a reader sees, a sheet holds links, and the list of texts may hold some that no cell shows any more.
    found.remains.add("metadata")
    strings.isKnown = false
    writer.copy(entry)
    return
  }
  const text = decode(await unpack(source, entry, MAX_XML_BYTES, nested.budget))
  const rewritten =
    name === "[content_types].xml"
      ? rewriteXml(text, contentTypeRules(plan, parts, found))
      : name.endsWith(".rels")
        ? rewriteXml(text, relationshipRules(name, plan, parts, found))
        : cleanXml(text, name, droppedIds, document)
  if (rewritten === text) writer.copy(entry)
  else await writer.replace(entry, new TextEncoder().encode(rewritten))
}

/** Content types of the main part. Word refuses a document whose extension says anything else. */
const KINDS: [type: RegExp, kind: string, macroKind: string][] = [
  [/wordprocessingml\.document\.main|ms-word\.document\.macroEnabled/i, "docx", "docm"],
  [/wordprocessingml\.template\.main|ms-word\.template\.macroEnabledTemplate/i, "dotx", "dotm"],
  [/spreadsheetml\.sheet\.main|ms-excel\.sheet\.macroEnabled/i, "xlsx", "xlsm"],
  [/ms-excel\.sheet\.binary\.macroEnabled/i, "xlsb", "xlsb"],
  [/spreadsheetml\.template\.main|ms-excel\.template\.macroEnabled/i, "xltx", "xltm"],
  [/presentationml\.presentation\.main|ms-powerpoint\.presentation\.macroEnabled/i, "pptx", "pptm"],
  [/presentationml\.slideshow\.main|ms-powerpoint\.slideshow\.macroEnabled/i, "ppsx", "ppsm"],
  [/presentationml\.template\.main|ms-powerpoint\.template\.macroEnabled/i, "potx", "potm"],
]

/** Extension and media type of a document of Word, Excel or PowerPoint; null for another ZIP. */
export async function ooxmlKind(source: Source, zip: Zip, budget: Budget): Promise<{ extension: string; type: string } | null> {
  const entry = zip.entries.find((entry) => entry.name === "[Content_Types].xml")
  if (!entry) return null
  const text = decode(await unpack(source, entry, MAX_XML_BYTES, budget))
  for (const [pattern, plainKind, macroKind] of KINDS) {
    const match = pattern.exec(text)
    if (!match) continue
    if (/macroEnabled/i.test(match[0])) return { extension: macroKind, type: `application/vnd.${match[0]}.12` }
    return { extension: plainKind, type: `application/vnd.openxmlformats-officedocument.${match[0].replace(/\.main$/i, "")}` }
  }
  return null
}

async function replaceProperties(
  source: Source,
  entry: Entry,
  kind: "core" | "extended" | "custom",
  writer: ZipWriter,
  found: Findings,
  nested: Nested,
): Promise<void> {
  const neutral = { core: CORE, extended: EXTENDED, custom: CUSTOM }[kind]
  const text = decode(await unpack(source, entry, MAX_XML_BYTES, nested.budget))
  if (text === neutral) {
    writer.copy(entry)
    return
  }
  rewriteXml(text, {
    removed: () => found.removed.add("unknown-data"),
    tag(tag) {
      if (tag.attributes.some(({ name, local }) => !/^(?:xmlns|xml|xsi)\b/.test(name) && local !== "pid")) found.removed.add("properties")
      return "keep"
    },
    text(content, parents) {
      const element = parents.at(-1)!
      if (content.trim() !== "") {
        if (/^(?:creator|lastModifiedBy|Manager)$/.test(element)) found.removed.add("author")
        else if (/^(?:created|modified|lastPrinted)$/.test(element)) found.removed.add("timestamps")
        else if (/^(?:Application|AppVersion)$/.test(element)) found.removed.add("software")
        else if (/^(?:revision|TotalTime)$/.test(element)) found.removed.add("history")
        else found.removed.add("properties")
      }
      return content
    },
  })
  // Even a part without a word in it is replaced: it counts only if something else does.
  await writer.replace(entry, new TextEncoder().encode(neutral))
}

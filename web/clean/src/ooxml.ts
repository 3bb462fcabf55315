// Office Open XML (ECMA-376): .docx, .xlsx, .pptx. A ZIP of XML parts tied together by relationships. Property parts become
// empty, parts that only serve to trace go with their relationships, names and dates inside the others become neutral, and
// pictures are cleaned like any other picture.

import { type Cleaned, Damaged, type Findings, NotPossible } from "./cleaned"
import type { Budget } from "./inflate"
import { isFileName, isLocalPath, withoutFolders } from "./local-path"
import { People } from "./people"
import type { Output, Source } from "./source"
import { attribute, dropAttributes, escaped, plain, rewriteXml, setAttribute, type Rules, type Tag } from "./xml"
import { unpack, unpackBlob, ZipWriter, type Entry, type Zip } from "./zip"

/** Larger parts do not fit into a phone's memory as text. */
export const MAX_XML_BYTES = 48 * 1024 * 1024
const MAX_SHEET_BYTES = 16 * 1024 * 1024
export const MAX_EMBEDDED_BYTES = 64 * 1024 * 1024

/** What a cleaner of containers needs from outside. */
export interface Nested {
  budget: Budget
  /** Cleans a file that stands inside this one. */
  clean(blob: Blob): Promise<Cleaned>
}

const CORE = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties"/>`
const EXTENDED = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"/>`
const CUSTOM = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/custom-properties"/>`

/** A date where the schema demands one. */
const NEUTRAL_TIME = "2000-01-01T00:00:00.00"

export async function cleanOoxml(source: Source, zip: Zip, found: Findings, nested: Nested): Promise<Output> {
  if (zip.entries.some((entry) => entry.name.startsWith("_xmlsignatures/"))) throw new NotPossible("digital-signature")
  const parts = new Map(zip.entries.map((entry) => [entry.name.toLowerCase(), entry]))
  if (parts.size !== zip.entries.length) throw new Damaged("part named twice")
  if (zip.hasExtra) found.removed.add("trailing-data")
  if (zip.entries.some((entry) => entry.hasTraces)) found.removed.add("timestamps")

  const plan = await readRelationships(source, zip, parts, nested)
  const people = new People()
  const writer = new ZipWriter(source)
  for (const entry of zip.entries) {
    const name = entry.name.toLowerCase()
    const what = droppedMeaning(name) ?? (plan.thumbnails.has(name) ? "thumbnail" : null)
    if (what) {
      found.removed.add(what)
      continue
    }
    noteName(name, found)
    const properties = plan.properties.get(name)
    if (properties) await replaceProperties(source, entry, properties, writer, found, nested)
    else if (/\.(?:xml|rels|vml)$/.test(name)) await cleanPart(source, entry, name, plan, people, writer, found, nested)
    else await cleanEmbedded(source, entry, writer, found, nested)
  }
  return writer.finish()
}

/** Content types of the main part. Word refuses a document whose extension says anything else. */
const KINDS: [type: RegExp, kind: string, macroKind: string][] = [
  [/wordprocessingml\.document\.main|ms-word\.document\.macroEnabled/i, "docx", "docm"],
  [/wordprocessingml\.template\.main|ms-word\.template\.macroEnabledTemplate/i, "dotx", "dotm"],
  [/spreadsheetml\.sheet\.main|ms-excel\.sheet\.macroEnabled/i, "xlsx", "xlsm"],
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

// ---- which parts there are

interface Plan {
  properties: Map<string, "core" | "extended" | "custom">
  thumbnails: Set<string>
  /** For each part: the ids of its relationships that go. */
  dropped: Map<string, Set<string>>
}

function droppedMeaning(name: string): "thumbnail" | "custom-data" | "history" | "printer" | "identifiers" | null {
  if (/^docprops\/thumbnail\./.test(name)) return "thumbnail"
  if (/^customxml\//.test(name)) return "custom-data"
  if (/^docmetadata\//.test(name)) return "identifiers"
  if (/^(?:ppt\/changesinfos\/|ppt\/revisioninfo\.xml|xl\/revisions\/|word\/documenttasks\/|\[trash\]\/)/.test(name)) return "history"
  if (/(?:^|\/)printersettings\d*(?:\/|\.bin$)/.test(name)) return "printer"
  return null
}

async function readRelationships(source: Source, zip: Zip, parts: Map<string, Entry>, nested: Nested): Promise<Plan> {
  const plan: Plan = {
    properties: new Map([
      ["docprops/core.xml", "core"],
      ["docprops/app.xml", "extended"],
      ["docprops/custom.xml", "custom"],
    ]),
    thumbnails: new Set(),
    dropped: new Map(),
  }
  for (const entry of zip.entries) {
    const match = /^(.*?)_rels\/([^/]*)\.rels$/.exec(entry.name.toLowerCase())
    if (!match) continue
    const [, folder = "", base = ""] = match
    const owner = folder + base
    rewriteXml(decode(await unpack(source, entry, MAX_XML_BYTES, nested.budget)), {
      tag(tag) {
        if (tag.local !== "Relationship" || attribute(tag, "TargetMode")?.value === "External") return "keep"
        const target = resolve(folder, plain(attribute(tag, "Target")?.value ?? ""))
        const type = attribute(tag, "Type")?.value ?? ""
        if (owner === "" && parts.has(target)) {
          if (type.endsWith("/core-properties")) plan.properties.set(target, "core")
          else if (type.endsWith("/extended-properties")) plan.properties.set(target, "extended")
          else if (type.endsWith("/custom-properties")) plan.properties.set(target, "custom")
          else if (type.endsWith("/thumbnail")) plan.thumbnails.add(target)
        }
        if (droppedMeaning(target) || plan.thumbnails.has(target)) {
          const ids = plan.dropped.get(owner) ?? new Set()
          ids.add(attribute(tag, "Id")?.value ?? "")
          plan.dropped.set(owner, ids)
        }
        return "keep"
      },
    })
  }
  return plan
}

/** The part that a relationship leads to, in small letters as the standard compares them. */
function resolve(folder: string, target: string): string {
  const path: string[] = []
  for (const step of (target.startsWith("/") ? target : folder + target).split("/")) {
    if (step === "..") path.pop()
    else if (step !== "" && step !== ".") path.push(step)
  }
  return path.join("/").toLowerCase()
}

function noteName(name: string, found: Findings): void {
  if (/vbaproject\.bin$|\/activex\//.test(name)) found.remains.add("macros")
  if (/^xl\/(?:connections\.xml|querytables\/|externallinks\/)/.test(name)) found.remains.add("data-connections")
  // Speaker's notes, and rows which a pivot table remembers after they were deleted.
  if (/^(?:ppt\/notesslides\/[^/]*\.xml|xl\/pivotcache\/pivotcacherecords)/.test(name)) found.remains.add("hidden-content")
}

// ---- the parts

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

async function cleanPart(
  source: Source,
  entry: Entry,
  name: string,
  plan: Plan,
  people: People,
  writer: ZipWriter,
  found: Findings,
  nested: Nested,
): Promise<void> {
  const droppedIds = plan.dropped.get(name)
  const isSheet = /^xl\/worksheets\/[^/]*\.xml$/.test(name)
  if (/^xl\/(?:sharedstrings|calcchain)\.xml$/.test(name) || (isSheet && !droppedIds && entry.uncompressed > MAX_SHEET_BYTES)) {
    // The texts of cells are what a reader sees. Of a large sheet only its links could tell more.
    if (isSheet) found.remains.add("metadata")
    writer.copy(entry)
    return
  }
  const text = decode(await unpack(source, entry, MAX_XML_BYTES, nested.budget))
  const rewritten = rewriteXml(text, rulesFor(name, plan, droppedIds, people, found))
  if (rewritten === text) writer.copy(entry)
  else await writer.replace(entry, new TextEncoder().encode(rewritten))
}

function rulesFor(name: string, plan: Plan, droppedIds: Set<string> | undefined, people: People, found: Findings): Rules {
  if (name === "[content_types].xml") {
    return {
      tag(tag) {
        const part = (attribute(tag, "PartName")?.value ?? "").replace(/^\//, "").toLowerCase()
        return tag.local === "Override" && (droppedMeaning(part) || plan.thumbnails.has(part)) ? "drop" : "keep"
      },
    }
  }
  if (name.endsWith(".rels")) {
    const owner = name.replace(/_rels\/([^/]*)\.rels$/, "$1")
    const dropped = plan.dropped.get(owner)
    return {
      tag(tag) {
        if (tag.local !== "Relationship") return "keep"
        if (dropped?.has(attribute(tag, "Id")?.value ?? "")) return "drop"
        return shortenPaths(tag, found) ? "changed" : "keep"
      },
    }
  }
  return {
    tag(tag) {
      if (droppedIds && tag.local === "custDataLst" && name.startsWith("ppt/")) return "drop"
      const element = cleanElement(tag, name, people, found)
      if (element !== "keep") return element
      let changed = cleanPeople(tag, people, found)
      if (dropAttributes(tag, (a) => a.local.startsWith("rsid"))) changed = note(found, "history")
      if (droppedIds && dropAttributes(tag, (a) => /^r(?:elationships)?:/.test(a.name) && droppedIds.has(a.value))) changed = true
      if (cleanNames(tag, found)) changed = true
      if (shortenPaths(tag, found)) changed = true
      return changed ? "changed" : "keep"
    },
    text(text, parents) {
      return cleanText(text, parents, name, people, found)
    },
  }
}

/** Elements which go, and those which tell that something remains. */
function cleanElement(tag: Tag, name: string, people: People, found: Findings): "keep" | "changed" | "drop" {
  switch (tag.local) {
    case "rsids":
      note(found, "history")
      return "drop"
    case "docId":
    case "revisionPtr":
    case "docVars":
      if (!/^(?:word\/(?:glossary\/)?settings|xl\/workbook)\.xml$/.test(name)) return "keep"
      note(found, tag.local === "docVars" ? "custom-data" : "identifiers")
      return "drop"
    case "fileVersion":
      note(found, "software")
      return "drop"
    case "mailMerge":
      note(found, "local-path")
      return "drop"
    case "absPath":
      return setAttribute(tag, "url", "") && note(found, "local-path") ? "changed" : "keep"
    case "vanish":
      if (/^word\/(?:document|header|footer|footnotes|endnotes)/.test(name)) found.remains.add("hidden-content")
      return "keep"
    case "sheet":
      if (/hidden/i.test(attribute(tag, "state")?.value ?? "")) found.remains.add("hidden-content")
      return "keep"
    case "sld":
      if (attribute(tag, "show")?.value === "0") found.remains.add("hidden-content")
      return "keep"
    // Of a cropped picture the whole is kept.
    case "srcRect":
      if (tag.attributes.some((item) => /[1-9]/.test(item.value))) found.remains.add("hidden-content")
      return "keep"
    case "comment":
    case "threadedComment":
    case "cm":
      found.remains.add("comments")
      return "keep"
    case "pivotCacheDefinition":
      return dropAttributes(tag, (a) => /^refreshed(?:By|Date|DateIso)$/.test(a.local)) && note(found, "author") ? "changed" : "keep"
    case "customWorkbookView":
      return neutralise(tag, "name", people) && note(found, "author") ? "changed" : "keep"
    case "scenario": {
      const user = neutralise(tag, "user", people)
      return (setAttribute(tag, "comment", "") || user) && note(found, "author") ? "changed" : "keep"
    }
    default:
      return "keep"
  }
}

/** Names, initials, accounts and dates of people, wherever the three programs write them. */
function cleanPeople(tag: Tag, people: People, found: Findings): boolean {
  let changed = false
  const author = attribute(tag, "author")
  if (author) {
    if (tag.local !== "comment" && tag.local !== "person") found.remains.add("tracked-changes")
    if (neutralise(tag, "author", people)) changed = note(found, "author")
    if (setAttribute(tag, "initials", "")) changed = note(found, "author")
    if (dropAttributes(tag, (a) => a.local === "date")) changed = note(found, "timestamps")
  }
  if (dropAttributes(tag, (a) => a.local === "dateUtc")) changed = note(found, "timestamps")
  switch (tag.local) {
    case "presenceInfo":
      if (setAttribute(tag, "providerId", "None")) changed = note(found, "author")
      if (neutralise(tag, "userId", people)) changed = note(found, "author")
      break
    case "person":
    case "cmAuthor":
    case "author":
      for (const key of ["displayName", "name", "userId"]) if (neutralise(tag, key, people)) changed = note(found, "author")
      if (setAttribute(tag, "providerId", "None")) changed = note(found, "author")
      if (tag.local !== "person" && setAttribute(tag, "initials", "A")) changed = note(found, "author")
      break
    case "cm":
    case "reply":
      if (dropAttributes(tag, (a) => a.name === "dt")) changed = note(found, "timestamps")
      if (setAttribute(tag, "created", NEUTRAL_TIME)) changed = note(found, "timestamps")
      break
    case "threadedComment":
      if (setAttribute(tag, "dT", NEUTRAL_TIME)) changed = note(found, "timestamps")
      break
    case "fileSharing":
      if (neutralise(tag, "userName", people)) changed = note(found, "author")
      break
    case "permStart":
      if (neutralise(tag, "ed", people)) changed = note(found, "author")
      break
  }
  return changed
}

/** Names of pictures' files, which Office keeps as names and descriptions of shapes. */
function cleanNames(tag: Tag, found: Findings): boolean {
  let changed = false
  if (tag.local === "cNvPr" || tag.local === "docPr" || tag.local === "imagedata" || tag.local === "shape") {
    for (const item of tag.attributes) {
      const value = plain(item.value)
      if (item.local === "name" && (isFileName(value) || isLocalPath(value))) item.value = "Picture"
      else if (/^(?:descr|title|alt)$/.test(item.local) && (isFileName(value) || isLocalPath(value) || item.name === "o:title")) {
        if (item.value === "") continue
        item.value = ""
      } else continue
      changed = note(found, "embedded-name")
    }
  }
  return changed
}

function shortenPaths(tag: Tag, found: Findings): boolean {
  let changed = false
  for (const item of tag.attributes) {
    // A path begins with a letter and a colon, two backslashes, "file:" or a folder of people's folders.
    if (!/[\\/]/.test(item.value)) continue
    if (item.local === "instr") {
      const shortened = shortenInstruction(item.value, found)
      changed ||= shortened !== item.value
      item.value = shortened
      continue
    }
    const value = plain(item.value)
    // Targets inside the package begin with a slash as well.
    if (tag.local === "Relationship" && attribute(tag, "TargetMode")?.value !== "External") continue
    const short = withoutFolders(value)
    if (short === value) continue
    item.value = escaped(short)
    changed = note(found, "local-path")
  }
  return changed
}

function cleanText(text: string, parents: readonly string[], name: string, people: People, found: Findings): string {
  const element = parents.at(-1)
  if (element === "instrText") return shortenInstruction(text, found)
  if (!/^xl\/.*comments/.test(name)) return text
  if (element === "author" && parents.at(-2) === "authors") {
    const neutral = escaped(people.neutral(plain(text)))
    if (neutral !== text) note(found, "author")
    return neutral
  }
  if (element === "t") {
    const value = plain(text)
    const unsigned = people.withoutSignature(value)
    if (unsigned !== value) return escaped(unsigned)
  }
  return text
}

/** A field's instruction holds paths between quotation marks, with every backslash doubled. */
function shortenInstruction(instruction: string, found: Findings): string {
  return instruction.replace(/(&quot;|")(.{1,2000}?)\1/g, (whole, quote: string, path: string) => {
    const value = plain(path).replace(/\\\\/g, "\\")
    const short = withoutFolders(value)
    if (short === value) return whole
    note(found, "local-path")
    return quote + escaped(short) + quote
  })
}

function neutralise(tag: Tag, key: string, people: People): boolean {
  const item = attribute(tag, key)
  return item !== undefined && setAttribute(tag, key, escaped(people.neutral(plain(item.value))))
}

function note(found: Findings, what: Parameters<Findings["removed"]["add"]>[0]): boolean {
  found.removed.add(what)
  return true
}

// ---- what is embedded

/** Formats in which nothing is written about people: fonts. */
const HARMLESS = /\.(?:odttf|fntdata|ttf|otf)$/i

/** Cleans a picture, a recording or a document inside a package, or says that it stays as it is. */
export async function cleanEmbedded(source: Source, entry: Entry, writer: ZipWriter, found: Findings, nested: Nested): Promise<void> {
  if (entry.name.endsWith("/") || HARMLESS.test(entry.name) || entry.uncompressed === 0 || /vbaproject\.bin$/i.test(entry.name)) {
    writer.copy(entry)
    return
  }
  if (entry.uncompressed > MAX_EMBEDDED_BYTES && entry.method !== 0) {
    found.remains.add("embedded-files")
    writer.copy(entry)
    return
  }
  const inner = await nested.clean(await unpackBlob(source, entry, MAX_EMBEDDED_BYTES, nested.budget))
  for (const what of inner.removed) found.removed.add(what)
  for (const what of inner.remains) found.remains.add(what)
  if (inner.outcome === "not-possible" || inner.outcome === "damaged") found.remains.add("embedded-files")
  if (inner.removed.length > 0) await writer.replace(entry, inner.blob)
  else writer.copy(entry)
}

export function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    // UTF-16 is allowed, and hardly ever written.
    throw new NotPossible("unsupported-variant")
  }
}

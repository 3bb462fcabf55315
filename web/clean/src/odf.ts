// OpenDocument (ISO/IEC 26300): .odt, .ods, .odp. A ZIP with a few large XML parts and a manifest that lists them.

import { type Findings, NotPossible } from "./cleaned"
import { isFileName, isLocalPath, withoutFolders } from "./local-path"
import { cleanEmbedded, decode, MAX_XML_BYTES, type Nested } from "./ooxml"
import { People } from "./people"
import type { Output, Source } from "./source"
import { attribute, dropAttributes, escaped, plain, rewriteXml, setAttribute, type Rules } from "./xml"
import { unpack, ZipWriter, type Entry, type Zip } from "./zip"

const META = `<?xml version="1.0" encoding="UTF-8"?>\n<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.2"><office:meta/></office:document-meta>`
const NEUTRAL_TIME = "2000-01-01T00:00:00"

/** Settings that name a printer, a session or a place on a computer. */
const DROPPED_SETTINGS: Record<string, "printer" | "history" | "data-source"> = {
  PrinterName: "printer",
  PrinterSetup: "printer",
  PrinterFaxName: "printer",
  Rsid: "history",
  RsidRoot: "history",
  CurrentDatabaseDataSource: "data-source",
  CurrentDatabaseCommand: "data-source",
}

export type OdfKind = "odt" | "ods" | "odp" | "odg"

export async function cleanOdf(source: Source, zip: Zip, found: Findings, nested: Nested): Promise<Output> {
  const names = new Set(zip.entries.map((entry) => entry.name))
  if (names.has("META-INF/documentsignatures.xml")) throw new NotPossible("digital-signature")
  if (zip.hasExtra) found.removed.add("trailing-data")
  if (zip.entries.some((entry) => entry.hasTraces)) found.removed.add("timestamps")
  const people = new People()
  const writer = new ZipWriter(source)
  for (const entry of zip.entries) {
    const what = droppedMeaning(entry.name)
    if (what) found.removed.add(what)
    else if (/(?:^|\/)meta\.xml$/.test(entry.name)) await replaceMeta(source, entry, writer, found, nested)
    else if (entry.name.endsWith(".xml")) await cleanPart(source, entry, people, writer, found, nested)
    else if (/^(?:mimetype$|layout-cache$|manifest\.rdf$|Configurations2\/)/.test(entry.name)) writer.copy(entry)
    else await cleanEmbedded(source, entry, writer, found, nested)
    if (/^(?:Basic|Scripts)\/[^/]+\//.test(entry.name)) found.remains.add("macros")
  }
  return writer.finish()
}

/** The kind of document, by its first entry. */
export async function odfKind(source: Source, zip: Zip, nested: Pick<Nested, "budget">): Promise<OdfKind | null> {
  const [first] = zip.entries
  if (first?.name !== "mimetype") return null
  const type = decode(await unpack(source, first, 200, nested.budget))
  const match = /^application\/vnd\.oasis\.opendocument\.(text|spreadsheet|presentation|graphics)(?:-template)?\s*$/.exec(type)
  return match && ({ text: "odt", spreadsheet: "ods", presentation: "odp", graphics: "odg" } as const)[match[1] as "text"]
}

function droppedMeaning(name: string): "thumbnail" | "history" | null {
  if (/^Thumbnails\//.test(name)) return "thumbnail"
  if (/^(?:VersionList\.xml$|Versions\/)/.test(name)) return "history"
  return null
}

async function replaceMeta(source: Source, entry: Entry, writer: ZipWriter, found: Findings, nested: Nested): Promise<void> {
  const text = decode(await unpack(source, entry, MAX_XML_BYTES, nested.budget))
  if (text === META) {
    writer.copy(entry)
    return
  }
  rewriteXml(text, {
    text(content, parents) {
      const element = parents.at(-1)!
      if (content.trim() !== "") {
        if (/creator|printed-by/.test(element)) found.removed.add("author")
        else if (/date/.test(element)) found.removed.add("timestamps")
        else if (element === "generator") found.removed.add("software")
        else if (/^editing-/.test(element)) found.removed.add("history")
        else found.removed.add("properties")
      }
      return content
    },
  })
  await writer.replace(entry, new TextEncoder().encode(META))
}

async function cleanPart(source: Source, entry: Entry, people: People, writer: ZipWriter, found: Findings, nested: Nested): Promise<void> {
  const text = decode(await unpack(source, entry, MAX_XML_BYTES, nested.budget))
  const rewritten = rewriteXml(text, entry.name === "META-INF/manifest.xml" ? MANIFEST : contentRules(people, found))
  if (rewritten === text) writer.copy(entry)
  else await writer.replace(entry, new TextEncoder().encode(rewritten))
}

const MANIFEST: Rules = {
  tag(tag) {
    if (tag.local === "encryption-data") throw new NotPossible("encrypted")
    return tag.local === "file-entry" && droppedMeaning(plain(attribute(tag, "full-path")?.value ?? "")) ? "drop" : "keep"
  },
}

function contentRules(people: People, found: Findings): Rules {
  return {
    tag(tag) {
      if (tag.local === "config-item") {
        const what = DROPPED_SETTINGS[attribute(tag, "name")?.value ?? ""]
        if (!what) return "keep"
        found.removed.add(what === "data-source" ? "local-path" : what)
        return "drop"
      }
      if (tag.local === "annotation") found.remains.add("comments")
      if (tag.local === "tracked-changes") found.remains.add("tracked-changes")
      if (tag.local === "hidden-text" || tag.local === "hidden-paragraph") found.remains.add("hidden-content")
      if (tag.local === "table-properties" && attribute(tag, "display")?.value === "false") found.remains.add("hidden-content")
      // Of a cropped picture the whole is kept.
      if (/[1-9]/.test(tag.attributes.find((item) => item.name === "fo:clip")?.value ?? "")) found.remains.add("hidden-content")
      let changed = false
      if (dropAttributes(tag, (item) => /^officeooo:(?:paragraph-)?rsid$/.test(item.name))) {
        found.removed.add("history")
        changed = true
      }
      const name = attribute(tag, "name")
      if (name?.name === "draw:name" && (isFileName(plain(name.value)) || isLocalPath(plain(name.value)))) {
        found.removed.add("embedded-name")
        changed = setAttribute(tag, "name", "Picture") || changed
      }
      const link = attribute(tag, "href")
      if (link && isLocalPath(plain(link.value))) {
        found.removed.add("local-path")
        link.value = escaped(withoutFolders(plain(link.value)))
        changed = true
      }
      return changed ? "changed" : "keep"
    },
    text(text, parents) {
      const element = parents.at(-1)!
      if (text.trim() === "") return text
      // Of a remark or of a change; the document's own properties stand elsewhere.
      if (element === "creator" && /^(?:annotation|change-info)$/.test(parents.at(-2) ?? "")) {
        const neutral = escaped(people.neutral(plain(text)))
        if (neutral !== text) found.removed.add("author")
        return neutral
      }
      if (element === "date" && /^(?:annotation|change-info)$/.test(parents.at(-2) ?? "")) {
        if (text !== NEUTRAL_TIME) found.removed.add("timestamps")
        return NEUTRAL_TIME
      }
      if (element === "creator-initials" || (element === "sender-initials" && parents.at(-2) === "annotation")) {
        found.removed.add("author")
        return ""
      }
      if (parents.includes("annotation")) {
        const value = plain(text)
        const unsigned = people.withoutSignature(value)
        return unsigned === value ? text : escaped(unsigned)
      }
      if ((element === "title" || element === "desc") && (isFileName(plain(text)) || isLocalPath(plain(text)))) {
        found.removed.add("embedded-name")
        return ""
      }
      return text
    },
  }
}

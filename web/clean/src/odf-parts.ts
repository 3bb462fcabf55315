// What goes from the XML parts of an OpenDocument, and what is said of them.

import type { Findings } from "./cleaned"
import type { HiddenContent } from "./hidden"
import { isAccount, isAddress, isFileName, isLocalPath, lastPart, shortenQuoted, withoutFolders } from "./local-path"
import { Namespaces } from "./namespaces"
import type { People } from "./people"
import { attribute, dropAttributes, escaped, plain, rewriteXml, setAttribute, type Place, type Rules, type Tag } from "./xml"

const NEUTRAL_TIME = "2000-01-01T00:00:00"

/** Settings that name a printer, a session or a place on a computer. */
const DROPPED_SETTINGS: Record<string, "printer" | "history" | "local-path"> = {
  PrinterName: "printer",
  PrinterSetup: "printer",
  PrinterFaxName: "printer",
  Rsid: "history",
  RsidRoot: "history",
  CurrentDatabaseDataSource: "local-path",
  CurrentDatabaseCommand: "local-path",
  TemplateURL: "local-path",
}
/** Of settings that are words, the few that say how a document is shown. */
const SHOWN_SETTINGS = /^(?:ViewId|ActiveTable|VisibleLayers|PrintableLayers|LockedLayers|Language|Country|Variant|BeginLine|EndLine)$/
/** Elements which hold others, and no text of their own. */
const CONTAINERS = new Set(
  (
    "document document-content document-styles document-settings body text spreadsheet presentation drawing chart image database table table-row " +
    "table-rows table-header-rows table-row-group table-cell covered-table-cell table-column section list list-item list-header frame text-box page " +
    "g notes annotation styles automatic-styles master-styles font-face-decls settings forms form shapes sequence-decls user-field-decls " +
    "variable-decls tracked-changes changed-region insertion deletion note-body config-item-set manifest file-entry scripts index-body"
  ).split(" "),
)

/** What the parts of one document have in common. */
export interface OdfDocument {
  people: People
  hidden: HiddenContent
  found: Findings
  /** Of everything in the package. */
  names: ReadonlySet<string>
}

export function cleanManifest(xml: string, dropped: ReadonlySet<string>, { found, names }: OdfDocument): string {
  const namespaces = new Namespaces()
  return rewriteXml(xml, {
    removed: () => found.removed.add("unknown-data"),
    tag(tag) {
      namespaces.enter(tag)
      if (namespaces.isForeign(tag.name)) return unknown(found)
      const changed = namespaces.scrub(tag)
      if (changed) unknown(found)
      if (tag.local !== "file-entry") return changed ? "changed" : "keep"
      const path = plain(attribute(tag, "full-path")?.value ?? "")
      if (dropped.has(path)) return "drop"
      if (path === "/" || names.has(path)) return changed ? "changed" : "keep"
      // A folder, or the folder of a document inside this one.
      if (path.endsWith("/") && [...names].some((name) => name.startsWith(path) && !dropped.has(name))) return changed ? "changed" : "keep"
      // Programs list folders that are empty, and caches which they do not write.
      return /^(?:Configurations2\/|Thumbnails\/|ObjectReplacements\/|layout-cache)/.test(path) ? "drop" : unknown(found)
    },
    text: (text) => (text.trim() === "" ? text : (unknown(found), "")),
  })
}

export function cleanContent(xml: string, name: string, document: OdfDocument): string {
  return rewriteXml(xml, new ContentRules(name, document))
}

class ContentRules implements Rules {
  readonly #namespaces = new Namespaces()

  constructor(
    private readonly part: string,
    private readonly document: OdfDocument,
  ) {}

  removed(): void {
    unknown(this.document.found)
  }

  tag(tag: Tag): "keep" | "changed" | "drop" | "empty" {
    const { found, hidden } = this.document
    this.#namespaces.enter(tag)
    if (this.#namespaces.isForeign(tag.name)) {
      unknown(found)
      if (tag.parents.length > 0) return "drop"
      tag.attributes = tag.attributes.filter(({ name }) => name.startsWith("xmlns"))
      return "empty"
    }
    let changed = this.#namespaces.scrub(tag)
    // Attributes of OpenDocument all have a prefix.
    const isOpen = this.#namespaces.uri(tag.name).startsWith("urn:oasis:")
    if (isOpen && dropAttributes(tag, ({ name }) => !name.includes(":") && name !== "xmlns")) changed = true
    if (changed) unknown(found)
    if (tag.local === "config-item") return cleanSetting(tag, found) ? "drop" : changed ? "changed" : "keep"
    hidden.tag(tag, this.part)
    noteRemains(tag, found)
    if (dropAttributes(tag, (item) => /^officeooo:(?:paragraph-)?rsid$/.test(item.name))) {
      found.removed.add("history")
      changed = true
    }
    const name = attribute(tag, "name")
    if (name?.name === "draw:name" && (isFileName(plain(name.value)) || isLocalPath(plain(name.value)))) {
      found.removed.add("embedded-name")
      changed = setAttribute(tag, "name", "Picture") || changed
    }
    return this.#cleanLinks(tag) || changed ? "changed" : "keep"
  }

  /** Links as such, and the folders in formulas and in names of tables that come from other files. */
  #cleanLinks(tag: Tag): boolean {
    const { found } = this.document
    let changed = false
    for (const item of tag.attributes) {
      if (!/[\\/:%]/.test(item.value) || item.name.startsWith("xmlns")) continue
      const value = plain(item.value)
      let short = value
      if (item.local === "href") short = this.#outward(tag, value)
      else if (isLocalPath(value) && !/^(?:path|viewBox|transform|points|d|enhanced-path|data-style-name)$/.test(item.local))
        short = lastPart(value)
      else if (/file:|[a-z]:\\|\\\\|\/(?:users|home)\//i.test(value)) short = shortenQuoted(value)
      if (short === value) continue
      item.value = escaped(short)
      found.removed.add("local-path")
      changed = true
    }
    return changed
  }

  #outward(tag: Tag, link: string): string {
    const { found, names } = this.document
    const path = link.replace(/^\.\//, "").replace(/#[^]*$/, "")
    if (link === "" || link.startsWith("#") || names.has(path) || [...names].some((name) => name.startsWith(`${path}/`))) return link
    const isLink = /^(?:a|event-listener)$/.test(tag.local)
    if (!isAddress(link)) return isLocalPath(link) || /[\\/]/.test(link) ? lastPart(link) : link
    if (isLink ? isAccount(link) : !isAccount(link)) found.remains.add("data-connections")
    return !isLink && isAccount(link) ? lastPart(link) : link
  }

  text(text: string, parents: readonly string[], place: Place): string {
    const { found, hidden, people } = this.document
    const element = parents.at(-1)!
    if (text.trim() === "") return text
    const isParagraph = parents.some((parent) => parent === "p" || parent === "h")
    if (!isParagraph && (CONTAINERS.has(element) || !place.isAlone)) {
      unknown(found)
      return ""
    }
    hidden.text(text, parents)
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
    if (element === "file-name" || element === "template-name") {
      const short = escaped(withoutFolders(plain(text)))
      if (short !== text) found.removed.add("local-path")
      return short
    }
    return text
  }

  end(local: string): void {
    this.document.hidden.end(local, this.part)
  }
}

function noteRemains(tag: Tag, found: Findings): void {
  if (tag.local === "annotation") found.remains.add("comments")
  if (tag.local === "tracked-changes") found.remains.add("tracked-changes")
  if (tag.name === "text:script" || tag.name === "script:event-listener") found.remains.add("macros")
  if (
    /^(?:dde-source|dde-connection-decl|connection-resource|database-row-select|database-source-sql|database-source-table)$/.test(tag.local)
  )
    found.remains.add("data-connections")
}

/** A setting goes when it names something, or is a word that no program needs to show the document. */
function cleanSetting(tag: Tag, found: Findings): boolean {
  const name = attribute(tag, "name")?.value ?? ""
  const type = attribute(tag, "type")?.value ?? ""
  const what = DROPPED_SETTINGS[name]
  if (what) found.removed.add(what)
  else if (/^(?:boolean|short|int|long|double|datetime)$/.test(type) || SHOWN_SETTINGS.test(name) || tag.selfClosing) return false
  else found.removed.add("custom-data")
  return true
}

function unknown(found: Findings): "drop" {
  found.removed.add("unknown-data")
  return "drop"
}

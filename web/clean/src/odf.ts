// OpenDocument (ISO/IEC 26300): .odt, .ods, .odp. A ZIP with a few large XML parts and a manifest that lists them.

import { type Findings, NotPossible, type Removed } from "./cleaned"
import { HiddenContent } from "./hidden"
import { cleanContent, cleanManifest } from "./odf-parts"
import { cleanEmbedded, decode, MAX_XML_BYTES, type Nested } from "./nested"
import { People } from "./people"
import type { Output, Source } from "./source"
import { attribute, plain, rewriteXml } from "./xml"
import { trimTails, unpack, ZipWriter, type Entry, type Zip } from "./zip"

const META = `<?xml version="1.0" encoding="UTF-8"?>\n<office:document-meta xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" office:version="1.2"><office:meta/></office:document-meta>`
/** What every document of LibreOffice says of its own parts. */
const PLAIN_RDF =
  /^(?:\s|<\?xml[^>]*>|<\/?rdf:(?:RDF|Description)\b[^>]*>|<rdf:type rdf:resource="http:\/\/docs\.oasis-open\.org\/[\w./#-]*"\/>|<ns0:hasPart xmlns:ns0="http:\/\/docs\.oasis-open\.org\/[\w./#-]*" rdf:resource="(?:content|styles)\.xml"\/>)*$/
/** Of the document, or of one inside it. */
const PART = /^(?:[^/]+\/)*(?:content|styles|settings|meta)\.xml$/
const MANIFEST = "META-INF/manifest.xml"

/** Extensions by the media type; those that are not cleaned are null. */
// prettier-ignore
const KINDS: Record<string, { extension: string; isCleaned: boolean }> = {
  text: { extension: "odt", isCleaned: true }, "text-template": { extension: "ott", isCleaned: true },
  "text-master": { extension: "odm", isCleaned: true }, "text-web": { extension: "oth", isCleaned: true },
  spreadsheet: { extension: "ods", isCleaned: true }, "spreadsheet-template": { extension: "ots", isCleaned: true },
  presentation: { extension: "odp", isCleaned: true }, "presentation-template": { extension: "otp", isCleaned: true },
  graphics: { extension: "odg", isCleaned: true }, "graphics-template": { extension: "otg", isCleaned: true },
  chart: { extension: "odc", isCleaned: true }, formula: { extension: "odf", isCleaned: true },
  image: { extension: "odi", isCleaned: true }, base: { extension: "odb", isCleaned: false }, database: { extension: "odb", isCleaned: false },
}

export interface OdfKind {
  extension: string
  type: string
  isCleaned: boolean
}

/** The kind of document, by its first entry. */
export async function odfKind(source: Source, zip: Zip, nested: Pick<Nested, "budget">): Promise<OdfKind | null> {
  const entry = zip.entries.find(({ name }) => name === "mimetype")
  if (!entry || entry.uncompressed > 200) return null
  const type = decode(await unpack(source, entry, 200, nested.budget)).trim()
  const kind = KINDS[/^application\/vnd\.oasis\.opendocument\.([a-z-]+)$/.exec(type)?.[1] ?? ""]
  return kind ? { ...kind, type } : null
}

export async function cleanOdf(source: Source, zip: Zip, found: Findings, nested: Nested): Promise<Output> {
  const read = async (entry: Entry): Promise<string> => decode(await unpack(source, entry, MAX_XML_BYTES, nested.budget))
  const manifest = zip.entries.find(({ name }) => name === MANIFEST)
  // A password first: nothing else can be read then.
  if (manifest) refuseEncrypted(await read(manifest))
  if (zip.entries.some(({ name }) => /^META-INF\/[^/]*signatures[^/]*$/i.test(name))) throw new NotPossible("digital-signature")
  if (await trimTails(source, zip)) found.removed.add("trailing-data")
  if (zip.hasExtra) found.removed.add("trailing-data")
  if (zip.entries.some((entry) => entry.hasTraces)) found.removed.add("timestamps")

  const links = await readLinks(zip, read)
  const document = {
    people: new People(),
    hidden: new HiddenContent("odf", found),
    found,
    names: new Set(zip.entries.map(({ name }) => name)),
  }
  const dropped = new Set<string>()
  for (const entry of zip.entries) {
    const what = dropReason(entry.name, links)
    if (!what) continue
    dropped.add(entry.name)
    if (what === "plain") continue
    if (entry.name !== "manifest.rdf" || !PLAIN_RDF.test(await read(entry))) found.removed.add(what)
  }
  const writer = new ZipWriter(source)
  for (const entry of zip.entries.filter(({ name }) => !dropped.has(name))) {
    const { name } = entry
    const isXml = /\.(?:xml|xlb)$/.test(name)
    if (/^(?:Basic|Scripts)\/[^/]+\//.test(name)) found.remains.add("macros")
    if (/(?:^|\/)meta\.xml$/.test(name)) await replaceMeta(entry, await read(entry), writer, found)
    else if (name === "mimetype") writer.copy(entry)
    else if (isXml) {
      const text = await read(entry)
      const rewritten = name === MANIFEST ? cleanManifest(text, dropped, document) : cleanContent(text, name, document)
      if (rewritten === text) writer.copy(entry)
      else await writer.replace(entry, new TextEncoder().encode(rewritten))
    } else await cleanEmbedded(source, entry, writer, found, nested)
  }
  document.hidden.finish()
  return writer.finish()
}

function refuseEncrypted(manifest: string): void {
  rewriteXml(manifest, {
    tag(tag) {
      if (tag.local === "encryption-data") throw new NotPossible("encrypted")
      return "keep"
    },
  })
}

/** All that the parts refer to, as far as it may stand in the package. */
async function readLinks(zip: Zip, read: (entry: Entry) => Promise<string>): Promise<Set<string>> {
  const links = new Set<string>()
  for (const entry of zip.entries) {
    if (!PART.test(entry.name)) continue
    const folder = entry.name.slice(0, entry.name.lastIndexOf("/") + 1)
    rewriteXml(await read(entry), {
      tag(tag) {
        const link = attribute(tag, "href")
        if (link) links.add(resolve(folder, plain(link.value)))
        return "keep"
      },
    })
  }
  return links
}

function resolve(folder: string, link: string): string {
  const path = folder.split("/").filter((step) => step !== "")
  for (const step of link.replace(/#[^]*$/, "").split("/")) {
    if (step === "..") path.pop()
    else if (step !== "" && step !== ".") path.push(step)
  }
  const text = path.join("/")
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Why an entry goes: it serves to trace, or nothing leads to it. Null if it stays, "plain" if there is nothing to say of it. */
function dropReason(name: string, links: Set<string>): Removed | "plain" | null {
  if (/^Thumbnails\//.test(name)) return "thumbnail"
  if (/^(?:VersionList\.xml$|Versions\/)/.test(name)) return "history"
  if (name === "manifest.rdf") return "custom-data"
  // What LibreOffice computes anew.
  if (/^(?:layout-cache$|ObjectReplacements\/$|Configurations2\/$|Configurations2\/[^/]+\/$)/.test(name)) return "plain"
  if (/^Configurations2\//.test(name)) return "custom-data"
  if (name === "mimetype" || name === MANIFEST || /^(?:Basic|Dialogs|Scripts)\//.test(name)) return null
  if (PART.test(name)) {
    const folder = name.slice(0, Math.max(0, name.lastIndexOf("/")))
    return folder === "" || links.has(folder) ? null : "unknown-data"
  }
  if (links.has(name)) return null
  return [...links].some((link) => link !== "" && name.startsWith(`${link}/`)) ? null : "unknown-data"
}

async function replaceMeta(entry: Entry, text: string, writer: ZipWriter, found: Findings): Promise<void> {
  if (text === META) {
    writer.copy(entry)
    return
  }
  rewriteXml(text, {
    removed: () => found.removed.add("unknown-data"),
    tag(tag) {
      const isPlain = ({ name, local }: { name: string; local: string }): boolean => name.startsWith("xmlns") || local === "version"
      if (tag.local === "generator" || tag.attributes.every(isPlain) || tag.local === "document-statistic") return "keep"
      found.removed.add("properties")
      return "keep"
    },
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

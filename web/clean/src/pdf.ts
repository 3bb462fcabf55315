// PDF (ISO 32000-2). The document is written anew from its catalogue on: only objects that the newest revision needs are
// copied, so earlier revisions, deleted objects and the information dictionary stay behind; coded data are copied byte for byte.

import { Damaged, type Findings, NotPossible, type Removed } from "./cleaned"
import { latin1 } from "./bytes"
import type { Nested } from "./nested"
import { PdfFile } from "./pdf-file"
import { noteMembership, readPages } from "./pdf-hidden"
import { isName, Name, type PdfObject, Plain, Ref, Text } from "./pdf-objects"
import { Roles, scrub } from "./pdf-scrub"
import { StreamCleaner } from "./pdf-streams"
import { PdfWriter } from "./pdf-writer"
import type { Output, Source } from "./source"

const INFO: Record<string, Removed> = {
  Author: "author",
  Creator: "software",
  Producer: "software",
  CreationDate: "timestamps",
  ModDate: "timestamps",
}
const TRAILER = /^(?:Size|Root|Info|ID|Prev|XRefStm|Type|W|Index|Length|Filter|DecodeParms|Encrypt)$/

export async function cleanPdf(source: Source, found: Findings, nested: Nested): Promise<Output> {
  const file = await PdfFile.open(source, nested.budget)
  if (file.trailer.has("Encrypt")) throw new NotPossible("encrypted")
  await noteTrailer(source, file, found)

  const root = file.trailer.get("Root")
  const catalogue = await file.dict(root)
  if (!(root instanceof Ref) || !catalogue) throw new Damaged("no catalogue")
  const streams = new StreamCleaner(source, file, found, nested)
  const pages = await readPages(file, catalogue, found, (stream) => streams.decode(stream))
  const roles = new Roles()
  const writer = new PdfWriter(source, file, await version(source, file, root))
  writer.number(root)
  for (let old = writer.next(); old !== null; old = writer.next()) {
    const object = await file.object(old)
    const dict = object?.value instanceof Map ? object.value : null
    if (!object || (isName(dict?.get("Type"), "Page") && !pages.numbers.has(old))) {
      // A page that was taken out, and that a bookmark or the like still leads to.
      if (object) found.removed.add("history")
      writer.value(new Plain("null"))
      continue
    }
    scrub(object.value, found, roles, 0, roles.keyOf(old))
    if (dict) noteMembership(dict, found)
    if (object.stream) writer.stream(object.stream, await streams.clean(old, object.stream, roles.of(old), pages))
    else writer.value(object.value)
  }
  // With nothing else to remove, objects that nothing leads to and what lies between the objects are the last places to look.
  if (found.removed.size === 0 && (await hasOrphans(file, writer))) found.removed.add("history")
  if (found.removed.size === 0 && (file.hasComments || (await hasSlack(source, file)))) found.removed.add("unknown-data")
  return writer.finish(root)
}

async function noteTrailer(source: Source, file: PdfFile, found: Findings): Promise<void> {
  const info = await file.dict(file.trailer.get("Info"))
  for (const key of info?.keys() ?? []) {
    const value = await file.resolve(info!.get(key))
    if (!(value instanceof Text) || value.decode() !== "") found.removed.add(INFO[key] ?? "properties")
  }
  if (file.trailer.has("ID")) found.removed.add("identifiers")
  if (file.hasHistory) found.removed.add("history")
  for (const key of file.trailer.keys()) if (!TRAILER.test(key)) found.removed.add(key === "DocChecksum" ? "identifiers" : "unknown-data")
  if (await hasTail(source)) found.removed.add("trailing-data")
}

// ---- around the objects

/** Later of the head's and the catalogue's version. */
async function version(source: Source, file: PdfFile, root: Ref): Promise<string> {
  const head = /%PDF-(\d\.\d)/.exec(latin1(await source.peek(0, 1024)))?.[1] ?? "1.7"
  const later = (await file.dict(root))?.get("Version")
  return later instanceof Name && /^\d\.\d$/.test(later.text) && later.text > head ? later.text : head
}

/** Bytes behind the last end mark. */
async function hasTail(source: Source): Promise<boolean> {
  const length = Math.min(source.size, 32 * 1024)
  const tail = latin1(await source.peek(source.size - length, length))
  return !/^%%EOF[\0\t\n\f\r ]*$/.test(tail.slice(Math.max(0, tail.lastIndexOf("%%EOF"))))
}

/** Objects in use that the catalogue does not lead to, other than those which hold the file together. */
async function hasOrphans(file: PdfFile, writer: PdfWriter): Promise<boolean> {
  for (const number of file.numbers()) {
    if (number === 0 || writer.reached(number) || file.lengths.has(number)) continue
    let object: PdfObject | null
    try {
      object = await file.object(number)
    } catch (error) {
      // Tables list objects which are not there; nobody can reach those either.
      if (error instanceof Damaged) continue
      throw error
    }
    const dict = object?.value
    if (!(dict instanceof Map)) return true
    if (!isName(dict.get("Type"), "ObjStm", "XRef") && !dict.has("Linearized")) return true
  }
  return false
}

/** Bytes that belong to no object, no table and no mark: nobody reads them, and they might be anything. */
async function hasSlack(source: Source, file: PdfFile): Promise<boolean> {
  const ranges = [...file.ranges].sort((a, b) => a[0] - b[0])
  let at = 0
  for (const [from, to] of [...ranges, [source.size, source.size] as const]) {
    if (from > at) {
      if (from - at > 4096) return true
      const gap = latin1(await source.peek(at, from - at))
      const bare = at === 0 ? gap.replace(/^%PDF-\d\.\d[ \t]*[\r\n]+(?:%[\x80-\xff]{4,8}[\r\n]+)?/, "") : gap
      if (bare.replace(/startxref[\s\0]+\d+|%%EOF|xref|trailer/g, "").replace(/[\s\0]/g, "") !== "") return true
    }
    at = Math.max(at, to)
  }
  return false
}

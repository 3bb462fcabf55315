// What lies open in a file that goes out as it is: a look for the marks of metadata in its raw bytes, so that the page can name
// them before the person decides. It understands no format, so it works on broken ones, too; what is packed or encrypted it does
// not see, so an empty answer proves nothing, and the page must never say that it does.

import type { Removed } from "./cleaned"
import { readExif } from "./exif"
import type { Source } from "./source"

/** Metadata stand at the ends of a file. A phone looks through this much in about a second. */
const HEAD_BYTES = 24 * 1024 * 1024
const TAIL_BYTES = 8 * 1024 * 1024
/** Longer than every mark below. */
const OVERLAP_BYTES = 64
const MAX_EXIF_BLOCKS = 64
const EXIF_BYTES = 64 * 1024

/** Marks of one or more formats and what a reader of the file would learn there. Each is too long to stand in a file by chance. */
// prettier-ignore
const MARKS: readonly (readonly [RegExp, readonly Removed[]])[] = [
  // XMP, in any container.
  [/<x:xmpmeta|<\?xpacket begin|XML:com\.adobe\.xmp/g, ["xmp"]],
  [/\b(?:exif|drone-dji|GPano):(?:GPS|Gps)(?:Latitude|Longitude|Lat)/g, ["gps"]],
  [/<dc:creator|photoshop:(?:AuthorsPosition|CaptionWriter)|xmpRights:Owner|aux:OwnerName/g, ["author"]],
  [/\btiff:(?:Make|Model)\b|\b(?:aux|exifEX):(?:Body)?SerialNumber/g, ["device"]],
  [/\bxmp:(?:Create|Modify|Metadata)Date|photoshop:DateCreated/g, ["timestamps"]],
  [/\bxmp:CreatorTool/g, ["software"]],
  [/Photoshop 3\.0\0/g, ["iptc"]],
  // PDF.
  [/\/Author ?[(<]/g, ["author"]],
  [/\/(?:CreationDate|ModDate) ?[(<]/g, ["timestamps"]],
  [/\/(?:Creator|Producer) ?[(<]/g, ["software"]],
  // Office documents, where their XML lies unpacked.
  [/<cp:lastModifiedBy|<meta:initial-creator|\\author /g, ["author"]],
  [/<dcterms:created|<meta:creation-date|\\creatim/g, ["timestamps"]],
  // Before 2007: the name of the stream of properties, in UTF-16.
  [/\x05\0S\0u\0m\0m\0a\0r\0y\0I\0n\0f\0o\0/g, ["properties", "author", "timestamps"]],
  // Films and recordings.
  [/\xa9xyz|com\.apple\.quicktime\.location|[+-]\d\d\.\d{3,}[+-]\d{3}\.\d{3,}/g, ["gps"]],
  [/\xa9(?:mak|mod)|com\.apple\.quicktime\.(?:make|model)/g, ["device"]],
  [/com\.apple\.quicktime\.creationdate/g, ["timestamps"]],
  [/\xa9(?:ART|aut)|IART[\0-\xff]{2}\0\0/g, ["author"]],
  [/APETAGEX|LYRICSBEGIN|ID3[\x02-\x04]\0[\0-\xff][\0-\x7f]{4}[A-Z]/g, ["tags"]],
  [/\bbext[\0-\xff]{4}/g, ["author", "timestamps"]],
  [/<BWFXML>|<SonyXML|<NonRealTimeMeta/g, ["tags"]],
]

const EXIF_MARK = /Exif\0\0(?:II\*\0|MM\0\*)|(?:II\*\0|MM\0\*)/g

/** Total: what cannot be read is not seen. */
export async function seenIn(source: Source): Promise<Removed[]> {
  const seen = new Set<Removed>()
  try {
    const head = Math.min(source.size, HEAD_BYTES)
    await look(source, 0, head, seen)
    await look(source, Math.max(head - OVERLAP_BYTES, source.size - TAIL_BYTES), source.size, seen)
  } catch {
    // The browser can no longer read the file: what was seen until then is still true.
  }
  return [...seen]
}

async function look(source: Source, from: number, to: number, seen: Set<Removed>): Promise<void> {
  // Windows-1252 gives one character for each byte, and the browser's decoder is many times faster than a loop.
  const decoder = new TextDecoder("windows-1252")
  let before = ""
  let exifBlocks = 0
  for await (const { at, bytes } of source.chunks(from, to)) {
    const text = before + decoder.decode(bytes)
    for (const [mark, meanings] of MARKS) {
      if (text.search(mark) >= 0) for (const meaning of meanings) seen.add(meaning)
    }
    for (const match of text.matchAll(EXIF_MARK)) {
      if (++exifBlocks > MAX_EXIF_BLOCKS) break
      const isNamed = match[0].startsWith("Exif")
      await lookAtExif(source, at - before.length + match.index + (isNamed ? 6 : 0), isNamed, seen)
    }
    before = text.slice(-OVERLAP_BYTES)
  }
}

/** Four bytes that look like the head of a TIFF stand in other data by chance: those count only with fields that we know. */
async function lookAtExif(source: Source, at: number, isNamed: boolean, seen: Set<Removed>): Promise<void> {
  const { meanings } = readExif((await source.peek(at, EXIF_BYTES)).slice())
  if (!isNamed && meanings.size < 2) return
  for (const meaning of meanings) if (meaning !== "thumbnail" || isNamed) seen.add(meaning)
}

// Documents that no cleaner reads: what they are, so that they go out with an extension with which their program opens them.

import { latin1, startsWith } from "./bytes"
import type { Reason } from "./cleaned"
import type { Zip } from "./zip"

export interface PassedOn {
  type: string
  extension: string
  /** What the name's own extension may be instead; a fixed list, so that it tells nothing more. */
  choices?: RegExp
  reason?: Reason
}

/** Kinds of text that nothing but the name tells apart. */
const TEXTS =
  /^(?:txt|csv|tsv|log|md|json|xml|svg|html?|mht|mhtml|eml|vcf|ics|kml|gpx|tex|srt|vtt|sql|yaml|yml|ini|fb2|dxf|ps|eps|fodt|fods|fodp|fodg)$/
const ZIPS = /^(?:zip|cbz|kmz|epub|pages|numbers|key|sketch|xps|oxps|vsdx|vsdm|vstx|vssx|thmx|jar|apk|ora|kra|idml|3mf|odb|mmap|xmind)$/

const SIGNS: [sign: string, type: string, extension: string, choices?: RegExp][] = [
  ["{\\rtf", "application/rtf", "rtf", /^doc$/],
  ["AT&TFORM", "image/vnd.djvu", "djvu", /^djv$/],
  ["%!PS", "application/postscript", "ps", /^(?:eps|ai)$/],
  ["SQLite format 3\0", "application/vnd.sqlite3", "sqlite", /^(?:db|sqlite3|gpkg)$/],
  ["\0\x01\0\0Standard Jet DB", "application/vnd.ms-access", "mdb", /^mde$/],
  ["\0\x01\0\0Standard ACE DB", "application/vnd.ms-access", "accdb", /^accde$/],
  ["!BDN", "application/vnd.ms-outlook", "pst", /^ost$/],
  ["\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", "application/onenote", "one"],
  ["\xffWPC", "application/vnd.wordperfect", "wpd", /^wp$/],
  ["\xdb\xa5\x2d\0", "application/msword", "doc"],
]

export function passedOnDocument(head: Uint8Array): PassedOn | null {
  for (const [sign, type, extension, choices] of SIGNS) {
    if (!startsWith(head, sign)) continue
    const reason: Reason = /^(?:rtf|doc|wpd)$/.test(extension) ? "old-office-format" : "unknown-format"
    return choices ? { type, extension, choices, reason } : { type, extension, reason }
  }
  if (!isText(head)) return null
  const text = latin1(head)
  const flat = /office:mimetype="application\/vnd\.oasis\.opendocument\.(text|spreadsheet|presentation|graphics)"/.exec(text)
  if (flat) {
    const extension = { text: "fodt", spreadsheet: "fods", presentation: "fodp", graphics: "fodg" }[flat[1] as "text"]
    return { type: "application/xml", extension, reason: "unsupported-variant" }
  }
  if (/^\s*(?:<!doctype html|<html)/i.test(text.replace(/^\xef\xbb\xbf/, "")))
    return { type: "text/html", extension: "html", choices: /^(?:htm|mht|xls|doc)$/ }
  if (/^(?:\xef\xbb\xbf)?<\?xml/.test(text)) return { type: "application/xml", extension: "xml", choices: TEXTS }
  return { type: "text/plain", extension: "txt", choices: TEXTS }
}

/** Words and no bytes: UTF-8, UTF-16 with its mark, or an old alphabet without control characters. */
function isText(head: Uint8Array): boolean {
  if (head.length === 0) return false
  if (startsWith(head, "\xff\xfe") || startsWith(head, "\xfe\xff")) return true
  for (const byte of head) if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27) || byte === 127) return false
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}

/** A ZIP that cannot be read, by its first bytes: Office repairs more than we do. */
export function brokenZip(head: Uint8Array): PassedOn {
  const text = latin1(head)
  const odf = /mimetypeapplication\/vnd\.oasis\.opendocument\.(text|spreadsheet|presentation|graphics)/.exec(text)
  if (odf) {
    const extension = { text: "odt", spreadsheet: "ods", presentation: "odp", graphics: "odg" }[odf[1] as "text"]
    return { type: "application/octet-stream", extension, choices: /^(?:ott|ots|otp|otg)$/ }
  }
  const office = "application/octet-stream"
  if (text.includes("word/")) return { type: office, extension: "docx", choices: /^(?:docm|dotx|dotm)$/ }
  if (text.includes("xl/workbook.bin")) return { type: office, extension: "xlsb" }
  if (text.includes("xl/")) return { type: office, extension: "xlsx", choices: /^(?:xlsm|xltx|xltm|xlsb)$/ }
  if (text.includes("ppt/")) return { type: office, extension: "pptx", choices: /^(?:pptm|ppsx|ppsm|potx|potm)$/ }
  if (text.includes("[Content_Types].xml"))
    return { type: office, extension: "docx", choices: /^(?:docm|dot[xm]|xls[xmb]|xlt[xm]|ppt[xm]|pps[xm]|pot[xm]|vsd[xm])$/ }
  if (text.includes("mimetypeapplication/epub")) return { type: "application/epub+zip", extension: "epub" }
  return { type: "application/zip", extension: "zip", choices: ZIPS }
}

const PACKAGES: [name: RegExp, extension: string, choices?: RegExp][] = [
  [/^visio\/document\.xml$/, "vsdx", /^(?:vsdm|vstx|vstm|vssx|vssm)$/],
  [/^FixedDoc(?:ument)?Seq(?:uence)?\.fdseq$/i, "xps", /^oxps$/],
  [/^META-INF\/container\.xml$/, "epub"],
  [/^3D\/3dmodel\.model$/i, "3mf"],
  [/^theme\/theme\/themeManager\.xml$/, "thmx"],
  [/^AndroidManifest\.xml$/, "apk"],
  [/^META-INF\/MANIFEST\.MF$/, "jar"],
  [/^[^/]*\.kml$/, "kmz"],
  [/^(?:index\.apxl|Index\/Slide[^/]*\.iwa)$/, "key"],
]

/** A ZIP that is no document which we read. */
export function packageKind(zip: Zip): PassedOn {
  for (const [name, extension, choices] of PACKAGES) {
    if (!zip.entries.some((entry) => name.test(entry.name))) continue
    const type = extension === "epub" ? "application/epub+zip" : "application/octet-stream"
    return choices ? { type, extension, choices } : { type, extension }
  }
  return { type: "application/zip", extension: "zip", choices: ZIPS }
}

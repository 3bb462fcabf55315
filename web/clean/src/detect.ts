// What a file is, by its first bytes. Its name has no say, except for the extension of formats that we only pass on.

import { latin1, startsWith } from "./bytes"
import type { Format, Reason } from "./cleaned"
import { compoundKind, isCompound } from "./compound"
import { ADTS_FRAME, beginsWithFrames, MP3_FRAME } from "./frames"
import { passedOnDocument } from "./passed-on"
import type { Source } from "./source"
import { afterTags } from "./tags"

export interface Kind {
  format: Format | "zip"
  type: string
  extension: string
  /** Of a file that is passed on: what the name's own extension may be instead, and why nothing is done. */
  choices?: RegExp
  reason?: Reason
}

const UNKNOWN: Kind = { format: "other", type: "application/octet-stream", extension: "bin" }

export async function detect(source: Source): Promise<Kind> {
  const head = await source.peek(0, 1024)
  const is = (text: string, at = 0): boolean => startsWith(head, text, at)
  if (is("\xff\xd8\xff")) return kind("jpeg", "image/jpeg", "jpg")
  if (is("\x89PNG\r\n\x1a\n")) return kind("png", "image/png", "png")
  if (is("II*\0") || is("MM\0*") || is("II+\0") || is("MM\0+")) return kind("tiff", "image/tiff", "tif")
  if (is("GIF87a") || is("GIF89a")) return kind("gif", "image/gif", "gif")
  if (is("RIFF") && is("WEBP", 8)) return kind("webp", "image/webp", "webp")
  if ((is("RIFF") || is("RF64") || is("BW64")) && is("WAVE", 8)) return kind("wav", "audio/wav", "wav")
  if (is("RIFF") && is("AVI ", 8)) return kind("avi", "video/x-msvideo", "avi")
  if (is("ftyp", 4)) return brand(latin1(head.subarray(8, 12)), latin1(head.subarray(16, Math.min(head.length, 64))))
  if (["moov", "mdat", "wide", "free", "skip", "pnot"].some((type) => is(type, 4))) return kind("mp4", "video/quicktime", "mov")
  if (is("OggS")) return kind("ogg", "audio/ogg", "ogg")
  if (is("fLaC")) return kind("flac", "audio/flac", "flac")
  if (is("\x1a\x45\xdf\xa3"))
    return latin1(head).includes("webm") ? kind("matroska", "video/webm", "webm") : kind("matroska", "video/x-matroska", "mkv")
  if (is("#!AMR")) return kind("amr", "audio/amr", "amr")
  if (is("PK\x03\x04")) return { format: "zip", type: "application/zip", extension: "zip" }
  if (latin1(head).includes("%PDF-")) return kind("pdf", "application/pdf", "pdf")

  const tag = await afterTags(source)
  const sound = await source.peek(tag, 12)
  if (tag > 0 && startsWith(sound, "fLaC")) return kind("flac", "audio/flac", "flac")
  if (tag > 0 && startsWith(sound, "OggS")) return kind("ogg", "audio/ogg", "ogg")
  if (tag > 0 && startsWith(sound, "#!AMR")) return kind("amr", "audio/amr", "amr")
  if (tag > 0 && /^(?:RIFF|RF64|BW64)/.test(latin1(sound)) && startsWith(sound, "WAVE", 8)) return kind("wav", "audio/wav", "wav")
  if (await beginsWithFrames(source, tag, MP3_FRAME)) return kind("mp3", "audio/mpeg", "mp3")
  if (await beginsWithFrames(source, tag, ADTS_FRAME)) return kind("aac", "audio/aac", "aac")
  // After its tag a recording may have some padding before the first frame.
  if (tag > 0) return kind("mp3", "audio/mpeg", "mp3")
  if (isCompound(head)) return { format: "other", type: "application/octet-stream", ...(await compoundKind(source)) }
  const other = passedOn(head)
  if (other) return other
  const document = passedOnDocument(head)
  return document ? { format: "other", ...document } : UNKNOWN
}

/** Extensions that an inspector needs to open a file which we cannot clean; a fixed list, so that it tells nothing more. */
export function extensionOf(name: string, kind: Kind): string {
  const choices = kind.choices ?? (kind.format === "other" && kind.extension === "bin" ? PASSED_ON : null)
  const extension = name.slice(name.lastIndexOf(".") + 1).toLowerCase()
  return choices?.test(extension) === true ? extension : kind.extension
}

const PASSED_ON =
  /^(?:txt|csv|tsv|html?|xml|json|svg|eml|vcf|md|aac|wma|wmv|flv|3ga|dwg|dxf|psd|ai|eps|indd|mpe?g|ts|djvu|one|pst|mdb|accdb|wpd|hwp|pages|numbers|key|sqlite|db|dat)$/

function brand(major: string, compatible: string): Kind {
  const brands = major + compatible
  if (/^(?:avif|avis)/.test(major)) return kind("avif", "image/avif", "avif")
  if (/^(?:hei[cxms]|hev[cxms])/.test(major)) return kind("heic", "image/heic", "heic")
  if (/^(?:mif1|msf1|miaf|mif2)/.test(major))
    return brands.includes("avif") ? kind("avif", "image/avif", "avif") : kind("heic", "image/heic", "heic")
  if (major === "qt  ") return kind("mp4", "video/quicktime", "mov")
  if (/^M4[AB] /.test(major)) return kind("mp4", "audio/mp4", "m4a")
  if (/^3g[p2rseh]/.test(major)) return kind("mp4", "video/3gpp", "3gp")
  if (/^(?:crx |jp2 |jpx |jxl )/.test(major)) return { ...UNKNOWN }
  return kind("mp4", "video/mp4", "mp4")
}

function passedOn(head: Uint8Array): Kind | null {
  const is = (text: string, at = 0): boolean => startsWith(head, text, at)
  const other = (type: string, extension: string): Kind => ({ format: "other", type, extension })
  if (is("BM") && is("\0\0\0\0", 6)) return other("image/bmp", "bmp")
  if (is("Rar!\x1a\x07")) return other("application/vnd.rar", "rar")
  if (is("7z\xbc\xaf\x27\x1c")) return other("application/x-7z-compressed", "7z")
  if (is("\x1f\x8b")) return other("application/gzip", "gz")
  if (is("caff")) return other("audio/x-caf", "caf")
  return null
}

function kind(format: Format, type: string, extension: string): Kind {
  return { format, type, extension }
}

// Compound files ([MS-CFB]): what Office wrote before 2007, and what it still wraps a document in that has a password. Only the
// directory is read: its names tell whose file it is.

import { latin1, view } from "./bytes"
import type { Reason } from "./cleaned"
import type { Source } from "./source"

const HEADER_BYTES = 512
const ENTRY_BYTES = 128
const MAX_ENTRIES = 4_000
const MAX_FAT_SECTORS = 109
const END_OF_CHAIN = 0xfffffffa

export interface OldKind {
  extension: string
  /** What the name's own extension may be instead. */
  choices: RegExp
  reason: Reason
}

interface DirectoryEntry {
  name: string
  /** Where its data begin, if they do not lie among the small ones. */
  at: number
}

const TODAY = /^(?:docx|docm|dotx|dotm|xlsx|xlsm|xlsb|xltx|xltm|xlam|pptx|pptm|ppsx|ppsm|potx|potm|ppam|vsdx|vsdm|vstx)$/
const ANY = /^(?:doc|dot|xls|xlt|ppt|pps|pot|msg|oft|pub|vsd|vss|vst|mpp|mpt|wps|hwp|db|msi|max|rvt|sldprt|sldasm|slddrw|mdi|fla)$/

const OLD: [stream: RegExp, extension: string, choices: RegExp][] = [
  [/^WordDocument$/, "doc", /^(?:dot|wbk|wiz|wps)$/],
  [/^(?:Workbook|Book)$/, "xls", /^(?:xlt|xla|xlw|et)$/],
  [/^(?:PowerPoint Document|PP40)$/, "ppt", /^(?:pps|pot|ppa|dps)$/],
  [/^__(?:properties_version1\.0|nameid_version1\.0)$/, "msg", /^oft$/],
  [/^Quill$/, "pub", /^pub$/],
  [/^VisioDocument$/, "vsd", /^(?:vss|vst)$/],
  [/^(?:BodyText|HwpSummaryInformation|\x05HwpSummaryInformation)$/, "hwp", /^hwt$/],
  [/^(?:Props\d{0,2}| {3}1\d\d)$/, "mpp", /^mpt$/],
  [/^MatOST$/, "wps", /^wps$/],
]

export async function compoundKind(source: Source): Promise<OldKind> {
  const entries = await readDirectory(source).catch(() => [])
  const has = (name: RegExp): DirectoryEntry | undefined => entries.find((entry) => name.test(entry.name))
  if (has(/^(?:EncryptedPackage|EncryptionInfo|\x09DRMContent|DRMContent)$/))
    return { extension: "docx", choices: TODAY, reason: "encrypted" }
  for (const [stream, extension, choices] of OLD) {
    const entry = has(stream)
    if (entry)
      return { extension, choices, reason: (await isLocked(source, extension, entry, entries)) ? "encrypted" : "old-office-format" }
  }
  if (entries.length === 0) return { extension: "doc", choices: ANY, reason: "old-office-format" }
  return { extension: "bin", choices: ANY, reason: "unknown-format" }
}

async function readDirectory(source: Source): Promise<DirectoryEntry[]> {
  const head = view((await source.bytes(0, HEADER_BYTES)).slice())
  const shift = head.getUint16(30, true)
  if (shift !== 9 && shift !== 12) return []
  const sectorBytes = 2 ** shift
  const at = (sector: number): number => (sector + 1) * sectorBytes
  const next = async (sector: number): Promise<number> => {
    const perSector = sectorBytes / 4
    const index = Math.floor(sector / perSector)
    // Beyond what the head lists, the directory is taken to lie in one piece.
    const fat = index < MAX_FAT_SECTORS ? head.getUint32(76 + 4 * index, true) : END_OF_CHAIN
    if (fat >= END_OF_CHAIN) return sector + 1
    return view(await source.bytes(at(fat) + 4 * (sector % perSector), 4)).getUint32(0, true)
  }
  const entries: DirectoryEntry[] = []
  const smallest = head.getUint32(56, true)
  let read = 0
  for (let sector = head.getUint32(48, true); sector < END_OF_CHAIN && read < MAX_ENTRIES; sector = await next(sector)) {
    const bytes = await source.peek(at(sector), sectorBytes)
    for (let from = 0; from + ENTRY_BYTES <= bytes.length; from += ENTRY_BYTES, read++) {
      const entry = view(bytes.subarray(from, from + ENTRY_BYTES))
      const length = entry.getUint16(64, true)
      const type = entry.getUint8(66)
      if (length < 2 || length > 64 || (type !== 1 && type !== 2)) continue
      let name = ""
      for (let i = 0; i + 2 < length; i += 2) name += String.fromCharCode(entry.getUint16(i, true))
      const isSmall = entry.getUint32(120, true) < smallest
      entries.push({ name, at: isSmall ? -1 : at(entry.getUint32(116, true)) })
    }
    if (bytes.length < sectorBytes) break
  }
  return entries
}

/** Old documents say it in their own heads that they have a password. */
async function isLocked(source: Source, extension: string, entry: DirectoryEntry, entries: DirectoryEntry[]): Promise<boolean> {
  if (extension === "ppt") return entries.some(({ name }) => name === "EncryptedSummary")
  if (entry.at < 0) return false
  const bytes = (await source.peek(entry.at, 4096)).slice()
  const data = view(bytes)
  if (extension === "doc") return bytes.length > 12 && (data.getUint16(10, true) & 0x0100) !== 0
  if (extension !== "xls") return false
  // Records: FilePass stands among the first.
  for (let at = 0, count = 0; at + 4 <= bytes.length && count < 20; at += 4 + data.getUint16(at + 2, true), count++) {
    if (data.getUint16(at, true) === 0x2f) return true
  }
  return false
}

/** The first bytes of a compound file. */
export function isCompound(head: Uint8Array): boolean {
  return latin1(head.subarray(0, 8)) === "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
}

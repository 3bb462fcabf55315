// What a Matroska file may have where (RFC 9559): a list keeps the elements that its rules name, with values that make sense.

import type { Findings, Removed } from "./cleaned"
import { blank, CRC, type Element, elements, isNumber, isSigned, uint, VOID, wipeVoid } from "./ebml"

export const EBML = 0x1a45dfa3,
  SEGMENT = 0x18538067,
  SEEK_HEAD = 0x114d9b74,
  INFO = 0x1549a966,
  TRACKS = 0x1654ae6b,
  CLUSTER = 0x1f43b675,
  CUES = 0x1c53bb6b,
  TAGS = 0x1254c367,
  CHAPTERS = 0x1043a770,
  ATTACHMENTS = 0x1941a469
/** The parts of a segment. */
export const TOP = new Set([SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES, TAGS, CHAPTERS, ATTACHMENTS])
const SEEKABLE = new Set([SEEK_HEAD, INFO, TRACKS, CLUSTER, CUES])
/** What may be in an element: other elements, or a value of some kind. */
export type Rule = "uint" | "signed" | "float" | "program" | "id" | "short" | "any" | Rules
export interface Rules {
  [id: number]: Rule
}

/** How a sphere is projected, what was cut from the beginning of every frame, four letters of a format. */
const MAX_SHORT_BYTES = 24

/** Lists of equals. */
const REPEATED = new Set([0x4dbb, 0xbb, 0xb7, 0xae, 0x6240])

export const MEANINGS: Record<number, Removed> = {
  0x7ba9: "tags",
  0x4461: "timestamps",
  0x73a4: "identifiers",
  0x7384: "embedded-name",
  0x3c83ab: "embedded-name",
  0x3e83bb: "embedded-name",
  0x4444: "identifiers",
  0x536e: "tags",
  0x22b59c: "tags",
  0x22b59d: "tags",
  0x258688: "software",
  [TAGS]: "tags",
  [CHAPTERS]: "tags",
  [ATTACHMENTS]: "extra-images",
}

/** Keeps in a list what the rules name; all else becomes filling. */
export function cleanMaster(bytes: Uint8Array, from: number, to: number, rules: Rules, found: Findings): void {
  const seen = new Set<number>()
  for (const element of elements(bytes, from, to, found)) {
    const rule = rules[element.id]
    const isNeeded = rule !== undefined && (REPEATED.has(element.id) || !seen.has(element.id))
    seen.add(element.id)
    if (element.id === VOID) {
      if (wipeVoid(bytes, element)) found.removed.add("unknown-data")
    } else if (element.id === CRC && element.end - element.body === 4) {
      // It would have to be made anew, and may be left out.
      blank(bytes, element)
    } else if (isNeeded && typeof rule === "object") {
      cleanMaster(bytes, element.body, element.end, rule, found)
    } else if (isNeeded && rule === "program") {
      if (!bytes.subarray(element.body, element.end).every((byte) => byte === 0)) found.removed.add("software")
      bytes.fill(0, element.body, element.end)
    } else if (!isNeeded || !fits(bytes, element, rule as string)) {
      if (!(element.id === 0x53ab && isDroppedSeek(bytes, element))) found.removed.add(MEANINGS[element.id] ?? "unknown-data")
      blank(bytes, element)
    }
  }
}

function fits(bytes: Uint8Array, element: Element, rule: string): boolean {
  const length = element.end - element.body
  if (rule === "uint") return isNumber(bytes, element)
  if (rule === "signed") return isSigned(bytes, element)
  if (rule === "float") return length === 0 || length === 4 || length === 8
  if (rule === "short") return length <= MAX_SHORT_BYTES
  if (rule === "id") return length === 4 && SEEKABLE.has(uint(bytes, element))
  return true
}

/** A place of something that goes itself. */
function isDroppedSeek(bytes: Uint8Array, element: Element): boolean {
  return element.end - element.body === 4 && TOP.has(uint(bytes, element))
}

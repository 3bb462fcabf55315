// Colour profiles (ICC.1:2022). The numbers stay, for the picture is drawn through them; names, dates and maker's
// private data go. A profile measured on somebody's own screen stays recognisable by its numbers: we say so.

import type { Findings } from "./cleaned"
import { isZero, latin1, startsWith, view } from "./bytes"

/** Longer ones are left out: the largest profiles of printers have a few megabytes. */
export const MAX_PROFILE_BYTES = 16 * 1024 * 1024

const HEADER_BYTES = 128
const MAX_TAGS = 200

/** Profiles which millions of files carry, by their whole description. */
// prettier-ignore
const COMMON = new Set([
  "srgb", "srgb iec61966-2.1", "srgb iec61966-2-1", "srgb built-in", "gimp built-in srgb", "artifex srgb", "rt_srgb",
  "srgb v4 icc preference", "c2", "c2ci", "urgb", "sgry", "sgray", "display p3", "sp3c", "dci-p3 d65 gamut with srgb transfer",
  "adobe rgb (1998)", "apple rgb", "colormatch rgb", "prophoto rgb", "romm rgb", "rec. itu-r bt.2020-1", "rec. itu-r bt.709-5",
  "itu-r bt. 709 reference display", "generic rgb profile", "generic gray profile", "generic gray gamma 2.2 profile",
  "generic cmyk profile", "dot gain 10%", "dot gain 15%", "dot gain 20%", "dot gain 25%", "dot gain 30%", "gray gamma 1.8",
  "gray gamma 2.2", "u.s. web coated (swop) v2", "coated fogra39 (iso 12647-2:2004)", "coated fogra27 (iso 12647-2:2004)",
  "japan color 2001 coated", "gray built-in", "artifex gray", "artifex cmyk swop", "artifex cmyk swop profile", "artifex ps gray profile",
  "artifex ps rgb profile", "display p3 gamut with srgb transfer", "srgb2014",
])

/** Tags that the ICC specification (or every calibration tool) defines; anything else is somebody's private data. */
// prettier-ignore
const KNOWN_TAGS = new Set((
  "A2B0 A2B1 A2B2 A2B3 B2A0 B2A1 B2A2 B2A3 B2D0 B2D1 B2D2 B2D3 D2B0 D2B1 D2B2 D2B3 bTRC bXYZ bfd  bkpt c2sp calt " +
  "chad chrm cicp clot clro cprt crdi desc dmdd dmnd gTRC gXYZ gamt gbd0 gbd1 gbd2 gbd3 kTRC lumi meas ncl2 ncol " +
  "pre0 pre1 pre2 ps2i ps2s psd0 psd1 psd2 psd3 psvm pseq rTRC rXYZ resp rig0 rig2 s2cp scrd scrn svcn targ tech " +
  "view vued wtpt aarg aagg aabg A2M0 M2A0"
).match(/.{4} ?/g)!.map((tag) => tag.slice(0, 4)))

/** Tags in which any text is a name or a date, never a number that the colours need. */
const NAMED_TAGS = new Set(["desc", "cprt", "dmnd", "dmdd", "vued", "targ", "scrd", "pseq", "psid", "calt", "crdi", "svcn"])

const MEANINGFUL_TEXT_TYPES = new Set(["text", "desc", "mluc", "ZXML", "dict", "utf8"])

/**
 * The profile with its names blanked, of the same length, or null when nothing had to change. Notes what it finds.
 * A profile that makes no sense is blanked as far as it does and reported as remaining.
 */
export function neutraliseProfile(profile: Uint8Array, found: Findings): Uint8Array | null {
  const tags = readTags(profile)
  if (tags !== null && COMMON.has(description(profile, tags)) && tags.every((tag) => KNOWN_TAGS.has(tag.name))) {
    return withoutGaps(profile, tags, found)
  }

  // No reader takes this for a profile.
  if (profile.length < HEADER_BYTES || !startsWith(profile, "acsp", 36)) {
    if (isZero(profile)) return null
    found.removed.add("unknown-data")
    return new Uint8Array(profile.length)
  }
  found.remains.add("colour-profile")
  if (tags === null) return null
  const blanked = (withoutGaps(profile, tags, found) ?? profile).slice()
  // Date, platform's flags stay out of it: creation date 24-35, device maker and model 48-55, creator 80-83, digest 84-99.
  for (const [from, to] of [
    [24, 36],
    [48, 56],
    [80, 100],
  ] as const)
    blanked.fill(0, from, to)
  const shared = numericRanges(tags)
  for (const tag of tags) {
    if (shared.some(([from, to]) => tag.at < to && from < tag.end)) continue
    if (!KNOWN_TAGS.has(tag.name)) blanked.fill(0, tag.at + 8, tag.end)
    else if (NAMED_TAGS.has(tag.name) || MEANINGFUL_TEXT_TYPES.has(tag.type)) blankText(blanked, tag)
  }
  if (blanked.every((byte, at) => byte === profile[at])) return null
  found.removed.add("colour-profile-name")
  return blanked
}

/** Bytes that belong to no tag, and the end of the head, which has no meaning: null where they are empty. */
function withoutGaps(profile: Uint8Array, tags: Tag[], found: Findings): Uint8Array | null {
  const copy = profile.slice()
  copy.fill(0, 100, HEADER_BYTES)
  let at = HEADER_BYTES + 4 + 12 * tags.length
  for (const tag of [...tags].sort((a, b) => a.at - b.at)) {
    if (tag.at > at) copy.fill(0, at, tag.at)
    at = Math.max(at, tag.end)
  }
  copy.fill(0, at)
  if (copy.every((byte, i) => byte === profile[i])) return null
  found.removed.add("unknown-data")
  return copy
}

interface Tag {
  name: string
  type: string
  at: number
  end: number
}

function readTags(profile: Uint8Array): Tag[] | null {
  if (profile.length < HEADER_BYTES + 4 || !startsWith(profile, "acsp", 36)) return null
  const data = view(profile)
  const count = data.getUint32(HEADER_BYTES)
  if (count > MAX_TAGS || HEADER_BYTES + 4 + 12 * count > profile.length) return null
  const tags: Tag[] = []
  for (let i = 0; i < count; i++) {
    const entry = HEADER_BYTES + 4 + 12 * i
    const at = data.getUint32(entry + 4)
    const end = at + data.getUint32(entry + 8)
    if (at < HEADER_BYTES + 4 + 12 * count || end > profile.length || end - at < 8) return null
    tags.push({ name: latin1(profile.subarray(entry, entry + 4)), type: latin1(profile.subarray(at, at + 4)), at, end })
  }
  return tags
}

/** Data that a colour tag uses is never blanked, even where another tag points to the same bytes. */
function numericRanges(tags: Tag[]): [number, number][] {
  return tags
    .filter((tag) => KNOWN_TAGS.has(tag.name) && !NAMED_TAGS.has(tag.name) && !MEANINGFUL_TEXT_TYPES.has(tag.type))
    .map((tag) => [tag.at, tag.end])
}

/** Blanks the letters and leaves the counts, so that the tag stays well-formed. */
function blankText(profile: Uint8Array, tag: Tag): void {
  const data = view(profile)
  const body = profile.subarray(tag.at, tag.end)
  if (tag.type === "text") {
    fillText(body.subarray(8), 1)
  } else if (tag.type === "desc" && body.length >= 12) {
    const length = Math.min(data.getUint32(tag.at + 8), body.length - 12)
    fillText(body.subarray(12, 12 + length), 1)
    body.fill(0, 12 + length)
  } else if (tag.type === "mluc" && body.length >= 16) {
    const records = Math.min(data.getUint32(tag.at + 8), MAX_TAGS)
    const from = 16 + 12 * records
    if (from < body.length) fillText(body.subarray(from), 2)
  } else {
    body.fill(0, 8)
  }
}

/** Spaces, and a final NUL where there was one. */
function fillText(text: Uint8Array, unit_bytes: 1 | 2): void {
  if (isZero(text)) return
  const terminated = text[text.length - 1] === 0 && unit_bytes === 1
  for (let at = 0; at < text.length; at++) text[at] = unit_bytes === 1 || at % 2 === 1 ? 0x20 : 0
  if (terminated) text[text.length - 1] = 0
}

function description(profile: Uint8Array, tags: Tag[]): string {
  const tag = tags.find((tag) => tag.name === "desc")
  if (!tag) return ""
  const body = profile.subarray(tag.at, tag.end)
  let text = ""
  if (tag.type === "desc" && body.length > 12) {
    text = latin1(body.subarray(12, 12 + Math.min(view(body).getUint32(8), 200)))
  } else if (tag.type === "mluc" && body.length > 28) {
    const data = view(body)
    const length = data.getUint32(20)
    const from = data.getUint32(24)
    for (let at = from; at + 1 < Math.min(from + length, from + 200, body.length); at += 2) text += String.fromCharCode(data.getUint16(at))
  } else if (tag.type === "text") {
    text = latin1(body.subarray(8, 208))
  }
  return text
    .replace(/\0[^]*$/, "")
    .trim()
    .toLowerCase()
}

/** The ASCII name that PNG puts before the profile is free text as well. */
export function profileName(name: string): string {
  return COMMON.has(name.trim().toLowerCase()) || name === "icc" ? name : "icc"
}

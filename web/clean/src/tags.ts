// Tags that programs hang before and behind any recording, whatever its format: ID3, APE and Lyrics3. Every cleaner of sound
// looks for them here, so that none knows a tag which its neighbour does not.

import { type Findings, type Removed } from "./cleaned"
import { indexOf, latin1, startsWith, view } from "./bytes"
import type { Source } from "./source"

/** Tags at the end stand in any order, and players add theirs without looking for the others'. */
const MAX_TAGS = 64
const MAX_LYRICS_BYTES = 32 * 1024

/** Length of an ID3v2 tag at this place, or 0. */
export async function id3Bytes(source: Source, at: number): Promise<number> {
  const head = await source.peek(at, 10)
  if (head.length < 10 || !startsWith(head, "ID3") || head[3] === 0xff || head.subarray(6, 10).some((byte) => byte > 127)) return 0
  const footer = head[3] === 4 && (head[5]! & 0x10) !== 0 ? 10 : 0
  return 10 + sevenBits(head, 6) + footer
}

/** Length of the tag that begins here, ID3v2 or APE, or 0. */
export async function tagBytesAt(source: Source, at: number): Promise<number> {
  const head = await source.peek(at, 32)
  if (head.length === 32 && startsWith(head, "APETAGEX") && (view(head).getUint32(20, true) & 0x20000000) !== 0) {
    return 32 + view(head).getUint32(12, true)
  }
  return id3Bytes(source, at)
}

/** Where the tags before the recording end. One that says to be longer than its file is none. */
export async function afterTags(source: Source, found?: Findings): Promise<number> {
  let at = 0
  for (;;) {
    const length = await tagBytesAt(source, at)
    if (length === 0 || at + length > source.size) return at
    if (found) await noteTag(source, at, length, found)
    at += length
  }
}

/** Where the tags behind the recording begin. */
export async function beforeTags(source: Source, from: number, found?: Findings): Promise<number> {
  let to = source.size
  for (let count = 0; count < MAX_TAGS; count++) {
    const length = await tagBytesBefore(source, to)
    if (length === 0 || to - length < from) break
    to -= length
    found?.removed.add("tags").add("author")
  }
  return to
}

/** Length of the tag that ends here, or 0: ID3v1 with its extension, APEv2, Lyrics3, ID3v2 with a footer. */
async function tagBytesBefore(source: Source, to: number): Promise<number> {
  const at = async (back: number, length: number): Promise<Uint8Array> => (to >= back ? source.bytes(to - back, length) : new Uint8Array(0))
  if (startsWith(await at(128, 3), "TAG")) return 128
  if (startsWith(await at(227, 4), "TAG+")) return 227
  const ape = await at(32, 32)
  if (startsWith(ape, "APETAGEX")) {
    const hasHeader = (view(ape).getUint32(20, true) & 0x80000000) !== 0
    const length = Math.max(32, view(ape).getUint32(12, true))
    return length + (hasHeader && startsWith(await at(length + 32, 8), "APETAGEX") ? 32 : 0)
  }
  const lyrics = latin1(await at(15, 15))
  if (/^\d{6}LYRICS200$/.test(lyrics)) {
    const length = Number(lyrics.slice(0, 6)) + 15
    if (startsWith(await at(length, 11), "LYRICSBEGIN")) return length
    // A length that is wrong must not cost any sound.
    return (await sinceLyricsBegin(source, to)) || 15
  }
  if (lyrics.endsWith("LYRICSEND")) return (await sinceLyricsBegin(source, to)) || 9
  const footer = await at(10, 10)
  if (footer.length === 10 && startsWith(footer, "3DI") && footer.subarray(6).every((byte) => byte < 128)) {
    return 20 + sevenBits(footer, 6)
  }
  return 0
}

async function sinceLyricsBegin(source: Source, to: number): Promise<number> {
  const length = Math.min(to, MAX_LYRICS_BYTES)
  const start = latin1(await source.bytes(to - length, length)).lastIndexOf("LYRICSBEGIN")
  return start < 0 ? 0 : length - start
}

async function noteTag(source: Source, at: number, length: number, found: Findings): Promise<void> {
  const text = await source.peek(at, Math.min(length, 64 * 1024))
  const says = (...names: string[]): boolean => names.some((name) => indexOf(text, name) >= 0)
  found.removed.add("tags")
  const notes: [Removed, string[]][] = [
    ["author", ["TPE1", "TPE2", "TCOM", "TEXT", "TOWN", "TP1\0", "Artist"]],
    ["timestamps", ["TDRC", "TDEN", "TDTG", "TYER", "TDAT", "TIME"]],
    ["software", ["TSSE", "TENC"]],
    ["thumbnail", ["APIC", "PIC\0"]],
  ]
  for (const [meaning, names] of notes) if (says(...names)) found.removed.add(meaning)
}

/** What bytes between frames are: a tag, or nothing that anybody knows. */
export async function noteGap(source: Source, from: number, to: number, found: Findings): Promise<void> {
  if (to <= from) return
  const text = await source.peek(from, Math.min(to - from, 4096))
  found.removed.add(/ID3|APETAGEX|LYRICSBEGIN|^TAG/.test(latin1(text)) ? "tags" : "unknown-data")
}

function sevenBits(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 21) | (bytes[at + 1]! << 14) | (bytes[at + 2]! << 7) | bytes[at + 3]!
}

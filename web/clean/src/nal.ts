// H.264 and H.265 (ITU-T H.264, H.265): the units of a coded picture. Slices and parameters stay. Messages that a decoder does
// without (SEI) and units that the standard leaves to anybody are overwritten where they stand, in their own length.

import type { Findings, Removed } from "./cleaned"
import { concat, equal, latin1, startsWith } from "./bytes"

export type NalCodec = "h264" | "h265"

interface Rules {
  /** Bytes before a unit's payload. */
  headBytes: number
  type: (first: number) => number
  kept: ReadonlySet<number>
  /** Units that say nothing but that they are there, by their whole length. */
  empty: Readonly<Record<number, number>>
  sei: ReadonlySet<number>
  filler: number
  /** Messages which change what is seen, by the number of bytes that they may have. */
  messages: Readonly<Record<number, number>>
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)
/** Recovery point, packing of stereo frames, orientation, luminance and colours of the mastering display, transfer, surroundings. */
const SEEN = { 6: 4, 45: 16, 47: 5, 137: 24, 144: 4, 147: 1, 148: 8 }
const RULES: Record<NalCodec, Rules> = {
  h264: {
    headBytes: 1,
    type: (first) => first & 31,
    kept: new Set([...range(1, 5), 7, 8, 13, 14, 15, 19, 20, 21]),
    empty: { 9: 2, 10: 1, 11: 1 },
    sei: new Set([6]),
    filler: 12,
    // Timing of pictures may hold the time of the day; so short, it only says how fields become frames.
    messages: { ...SEEN, 1: 2 },
  },
  h265: {
    headBytes: 2,
    type: (first) => (first >> 1) & 63,
    kept: new Set([...range(0, 9), ...range(16, 21), 32, 33, 34]),
    empty: { 35: 3, 36: 2, 37: 2 },
    sei: new Set([39, 40]),
    filler: 38,
    // Active parameters; what the transparent layer means.
    messages: { ...SEEN, 1: 2, 129: 5, 165: 5 },
  },
}
/** H.265: data of Dolby Vision, where the track says that it has them. */
const DOLBY = 62
/** Beyond this no message is. */
export const MAX_NAL_BYTES = 4 * 1024 * 1024
const UNREGISTERED = 5,
  REGISTERED = 4,
  FILLER_MESSAGE = 3
/** A number that says whose the data of an unregistered message are. */
const UUID_BYTES = 16

/** Is this unit, by its first byte and length, one that has to be looked into? */
export function isSuspect(codec: NalCodec, first: number, length: number, isDolby: boolean): boolean {
  const rules = RULES[codec]
  const type = rules.type(first)
  if (rules.kept.has(type) || (isDolby && codec === "h265" && type === DOLBY)) return false
  return rules.empty[type] !== length
}

/** What takes the place of a suspect unit, in the same length; null if it may stay. */
export function neutralNal(nal: Uint8Array, codec: NalCodec, found: Findings): Uint8Array | null {
  const rules = RULES[codec]
  const neutral = rules.sei.has(rules.type(nal[0]!)) ? neutralSei(nal, rules, found) : fillerUnit(nal, rules)
  if (neutral === null || equal(neutral, nal)) return null
  const messages = rules.sei.has(rules.type(nal[0]!)) ? readMessages(unescaped(nal.subarray(rules.headBytes))) : null
  for (const { bytes } of messages ?? [{ bytes: nal }]) for (const meaning of meanings(bytes)) found.removed.add(meaning)
  return neutral
}

interface Message {
  type: number
  /** With its type and length. */
  bytes: Uint8Array
}

/** The messages that matter, and filling in the place of the others. */
function neutralSei(nal: Uint8Array, rules: Rules, found: Findings): Uint8Array | null {
  const messages = readMessages(unescaped(nal.subarray(rules.headBytes)))
  if (messages === null) return filledSei(nal, rules)
  const kept: Uint8Array[] = []
  for (const { type, bytes } of messages) {
    const payload = bytes.subarray(headLength(bytes))
    if (type === REGISTERED && isCaption(payload)) {
      found.remains.add("text-track")
      kept.push(bytes)
    } else if (payload.length <= (rules.messages[type] ?? -1) || isFilling(type, payload)) {
      kept.push(bytes)
    }
  }
  if (kept.length === messages.length) return null
  const real = kept.filter((bytes) => !isFilling(bytes[0]!, bytes.subarray(headLength(bytes))))
  if (real.length === 0) return filledSei(nal, rules)
  // Bytes that keep start codes out depend on their neighbours: the length that fits is looked for.
  const room = nal.length - rules.headBytes - 1 - escaped(concat(...real)).length
  for (const length of [room, room - 1, room - 2, room + 1]) {
    const filling = length < 0 ? null : length === 0 ? new Uint8Array(0) : fillingMessages(length)
    if (!filling) continue
    const neutral = concat(nal.subarray(0, rules.headBytes), escaped(concat(...real, filling, new Uint8Array([0x80]))))
    if (neutral.length === nal.length) return neutral
  }
  return filledSei(nal, rules)
}

/** A message of no meaning that fills the whole unit; a unit too short for one becomes filling itself. */
function filledSei(nal: Uint8Array, rules: Rules): Uint8Array {
  const filling = fillingMessages(nal.length - rules.headBytes - 1)
  if (!filling) return fillerUnit(nal, rules)
  return concat(nal.subarray(0, rules.headBytes), filling, new Uint8Array([0x80]))
}

/** Messages of just this many bytes, of ones alone. One length in 256 takes two of them. */
function fillingMessages(length: number): Uint8Array | null {
  if (length < 2) return null
  const payload = length - 2 - Math.floor((length - 2) / 256)
  const sizes = Math.floor(payload / 255) + 1
  if (1 + sizes + payload !== length) return concat(fillingMessages(length - 2)!, new Uint8Array([FILLER_MESSAGE, 0]))
  const bytes = new Uint8Array(length).fill(0xff)
  bytes[0] = payload >= UUID_BYTES ? UNREGISTERED : FILLER_MESSAGE
  bytes[sizes] = payload % 255
  return bytes
}

function fillerUnit(nal: Uint8Array, rules: Rules): Uint8Array {
  const bytes = new Uint8Array(nal.length).fill(0xff)
  bytes.set(nal.subarray(0, rules.headBytes))
  if (rules.headBytes === 1) bytes[0] = rules.filler
  else bytes[0] = (nal[0]! & 0x01) | (rules.filler << 1)
  if (bytes.length > rules.headBytes) bytes[bytes.length - 1] = 0x80
  return bytes
}

function isFilling(type: number, payload: Uint8Array): boolean {
  return (type === FILLER_MESSAGE || type === UNREGISTERED) && payload.every((byte) => byte === 0xff)
}

/** Captions of television (ANSI/SCTE 128) are text that is seen. */
function isCaption(payload: Uint8Array): boolean {
  return startsWith(payload, "\xb5\x00\x31GA94\x03") && payload.length === 11 + 3 * (payload[8]! & 31)
}

function headLength(message: Uint8Array): number {
  let at = 0
  while (message[at] === 0xff) at++
  at++
  while (message[at] === 0xff) at++
  return at + 1
}

/** Null if the unit is no row of messages and their end. */
function readMessages(rbsp: Uint8Array): Message[] | null {
  const list: Message[] = []
  let at = 0
  const number = (): number => {
    let value = 0
    while (rbsp[at] === 0xff) value += rbsp[at++]!
    return value + (rbsp[at++] ?? Infinity)
  }
  while (at + 1 < rbsp.length) {
    const from = at
    const type = number()
    const length = number()
    if (!(at + length < rbsp.length)) return null
    at += length
    list.push({ type, bytes: rbsp.subarray(from, at) })
  }
  return list.length > 0 && rbsp[at] === 0x80 ? list : null
}

function unescaped(bytes: Uint8Array): Uint8Array {
  const plain = new Uint8Array(bytes.length)
  let length = 0
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    plain[length++] = byte
  }
  return plain.subarray(0, length)
}

function escaped(bytes: Uint8Array): Uint8Array {
  const list: number[] = []
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      list.push(3)
      zeros = 0
    }
    list.push(byte)
    zeros = byte === 0 ? zeros + 1 : 0
  }
  return Uint8Array.from(list)
}

function meanings(message: Uint8Array): Removed[] {
  const text = latin1(message.subarray(0, 4096))
  if (/x26[45] |encoder|Lavc/i.test(text)) return ["software"]
  const list: Removed[] = ["metadata-track"]
  if (text.includes("MDPM")) list.push("timestamps")
  if (/\blat|\blon|gps/i.test(text)) list.push("gps")
  return list
}

// EBML (RFC 8794): elements in elements, each with an identity and a length. Lengths are part of places that other elements name,
// so nothing is ever moved: what has to go becomes filling of zeros, of the same length.

import { Damaged, type Findings } from "./cleaned"
import { isZero, view } from "./bytes"
import { wipe } from "./boxes"
import type { Patches, Source } from "./source"

export interface Element {
  id: number
  start: number
  body: number
  /** Infinity where the length is not known, as in a recording that is still going on. */
  end: number
}

const HEAD_BYTES = 12
const MAX_ELEMENTS = 1_000_000
export const VOID = 0xec,
  CRC = 0xbf

/** The head of an element; null if there is none. */
export function readHead(bytes: Uint8Array, start: number): Element | null {
  const idBytes = Math.clz32(bytes[start] ?? 0) - 23
  if (idBytes > 4 || start + idBytes >= bytes.length) return null
  let id = 0
  for (let i = 0; i < idBytes; i++) id = id * 256 + bytes[start + i]!
  const at = start + idBytes
  const lengthBytes = Math.clz32(bytes[at]!) - 23
  if (lengthBytes > 8 || at + lengthBytes > bytes.length) return null
  let length = bytes[at]! & (0xff >> lengthBytes)
  let isUnknown = length === 0xff >> lengthBytes
  for (let i = 1; i < lengthBytes; i++) {
    length = length * 256 + bytes[at + i]!
    isUnknown &&= bytes[at + i] === 0xff
  }
  const body = at + lengthBytes
  return { id, start, body, end: isUnknown ? Infinity : body + length }
}

/** The head of an element of the file. */
export async function readElement(source: Source, at: number, to: number): Promise<Element | null> {
  const element = readHead((await source.peek(at, Math.min(HEAD_BYTES, to - at))).slice(), 0)
  return element && { id: element.id, start: at, body: at + element.body, end: at + element.end }
}

/** The elements of a list in memory. What is none, at its end, becomes filling. */
export function elements(bytes: Uint8Array, from: number, to: number, found: Findings): Element[] {
  const list: Element[] = []
  for (let at = from; at < to;) {
    const element = readHead(bytes, at)
    if (!element || element.end > to) {
      if (to - at < 2) throw new Damaged("element")
      found.removed.add("unknown-data")
      blank(bytes, { start: at, end: to })
      break
    }
    list.push(element)
    if (list.length > MAX_ELEMENTS) throw new Damaged("too many elements")
    at = element.end
  }
  return list
}

/** Turns an element in memory into filling. */
export function blank(bytes: Uint8Array, { start, end }: { start: number; end: number }): void {
  bytes.fill(0, start, end)
  bytes.set(voidHead(end - start), start)
}

/** Turns a part of the file into filling. */
export function blankInFile(patches: Patches, start: number, end: number): void {
  const head = voidHead(end - start)
  patches.write(start, head)
  patches.zero(start + head.length, end)
}

/** Zeroes filling; says whether anything was in it. */
export function wipeVoid(bytes: Uint8Array, element: Element): boolean {
  return wipe(bytes, element.body, element.end)
}

function voidHead(total: number): Uint8Array {
  if (total < 2) throw new Damaged("element")
  if (total - 2 < 127) return new Uint8Array([VOID, 0x80 | (total - 2)])
  if (total - 3 < 16383) return new Uint8Array([VOID, 0x40 | ((total - 3) >> 8), (total - 3) & 0xff])
  const head = new Uint8Array(9)
  head.set([VOID, 1])
  const length = total - 9
  view(head).setUint8(4, Math.floor(length / 2 ** 32))
  view(head).setUint32(5, length % 2 ** 32)
  return head
}

export function uint(bytes: Uint8Array, { body, end }: Element): number {
  let value = 0
  for (let at = body; at < end; at++) value = value * 256 + bytes[at]!
  return value
}

/** A number as this format has them, and one that a recording needs: none is near this. */
export function isNumber(bytes: Uint8Array, element: Element): boolean {
  return element.end - element.body <= 8 && uint(bytes, element) < 2 ** 40
}

export function isSigned(bytes: Uint8Array, { body, end }: Element): boolean {
  if (end - body < 6) return true
  const high = bytes.subarray(body, end - 5)
  return end - body <= 8 && (isZero(high) || high.every((byte) => byte === 0xff))
}

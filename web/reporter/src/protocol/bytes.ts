// Bytes and the ways they travel as text: hex, UTF-8 and Base64.

import { Malformed } from "./malformed"

export type Bytes = Uint8Array<ArrayBuffer>

export function concat(...parts: Uint8Array[]): Bytes {
  return join(parts)
}

/** One array of many pieces; as arguments, very many would not fit the stack. */
export function join(pieces: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

export function encodeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}

/** Lowercase hex of exactly so many bytes. */
export function decodeHex(text: string, sizeBytes: number): Bytes {
  if (!isHex(text, sizeBytes)) throw new Malformed(`not ${sizeBytes} bytes in lowercase hex`)
  return Uint8Array.from({ length: sizeBytes }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16))
}

export function isHex(text: unknown, sizeBytes: number): text is string {
  return typeof text === "string" && text.length === 2 * sizeBytes && /^[0-9a-f]*$/.test(text)
}

export function encodeUtf8(text: string): Bytes {
  return new TextEncoder().encode(text)
}

export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Malformed("not UTF-8")
  }
}

/** Base64 (RFC 4648, with padding). */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

/** The bytes that encode to exactly this. atob alone would skip white space and take what is not padded. */
export function decodeBase64(text: string): Bytes {
  try {
    const binary = atob(text)
    if (btoa(binary) === text) return Uint8Array.from(binary, (character) => character.charCodeAt(0))
  } catch {
    // Told below, in the same words.
  }
  throw new Malformed("not base64")
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

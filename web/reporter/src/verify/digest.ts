// SHA-256 with this protocol's labels, and the ids that follow from keys.

import { sha256 } from "@noble/hashes/sha2.js"
import { concat, decodeHex, encodeHex, encodeUtf8, type Bytes } from "../protocol/bytes"
import type { Root } from "../protocol/profile"

/** H(label, data) = SHA-256("mohr/v1/" ‖ label ‖ 0x00 ‖ data) */
export function hashLabelled(label: string, ...data: Uint8Array[]): Bytes {
  return sha256(concat(encodeUtf8(`mohr/v1/${label}\0`), ...data)) as Bytes
}

/** SHA-256 in lowercase hex, as messages and listings name digests. */
export function digestOf(bytes: Uint8Array): string {
  return encodeHex(sha256(bytes))
}

/** office id = H("office", key ‖ next of the first root)[0..16], in hex */
export function officeIdOf(root: Root): string {
  return encodeHex(hashLabelled("office", bytesOf(root)).subarray(0, 16))
}

/** What commits one root to the next: the `next` of the root before this one. */
export function rootCommitment(root: Root): string {
  return digestOf(bytesOf(root))
}

/** case id = H("case", reporter's signing public key)[0..16], in hex */
export function caseIdOf(signer: Uint8Array): string {
  return encodeHex(hashLabelled("case", signer).subarray(0, 16))
}

/** All that a server keeps of the right to write into a case, in hex. */
export function writeHashOf(write: Uint8Array): string {
  return encodeHex(hashLabelled("write", write))
}

function bytesOf({ key, next }: Root): Bytes {
  return concat(decodeHex(key, 32), decodeHex(next, 32))
}

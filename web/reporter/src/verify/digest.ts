// SHA-256 with this protocol's labels, and the two ids that follow from a key.

import { sha256 } from "@noble/hashes/sha2.js"
import { concat, encodeHex, encodeUtf8, type Bytes } from "../protocol/bytes"

/** H(label, data) = SHA-256("mohr/v1/" ‖ label ‖ 0x00 ‖ data) */
export function hashLabelled(label: string, ...data: Uint8Array[]): Bytes {
  return sha256(concat(encodeUtf8(`mohr/v1/${label}\0`), ...data)) as Bytes
}

/** SHA-256 in lowercase hex, as messages and listings name digests. */
export function digestOf(bytes: Uint8Array): string {
  return encodeHex(sha256(bytes))
}

/** office id = H("office", root public key)[0..16], in hex */
export function officeIdOf(root: Uint8Array): string {
  return encodeHex(hashLabelled("office", root).subarray(0, 16))
}

/** case id = H("case", reporter's signing public key)[0..16], in hex */
export function caseIdOf(signer: Uint8Array): string {
  return encodeHex(hashLabelled("case", signer).subarray(0, 16))
}

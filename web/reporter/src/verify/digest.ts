// SHA-256 with this protocol's labels, and what follows from keys. The office id stands in profile.ts, which a light page loads.

import { sha256 } from "@noble/hashes/sha2.js"
import { encodeHex, type Bytes } from "../protocol/bytes"
import { labelled } from "./label"

/** H(label, data) */
export function hashLabelled(label: string, ...data: Uint8Array[]): Bytes {
  return sha256(labelled(label, ...data)) as Bytes
}

/** SHA-256 in lowercase hex, as messages and listings name digests. */
export function digestOf(bytes: Uint8Array): string {
  return encodeHex(sha256(bytes))
}

/** case id = H("case", reporter's signing public key)[0..16], in hex */
export function caseIdOf(signer: Uint8Array): string {
  return encodeHex(hashLabelled("case", signer).subarray(0, 16))
}

/** All that a server keeps of the right to write into a case, in hex. */
export function writeHashOf(write: Uint8Array): string {
  return encodeHex(hashLabelled("write", write))
}

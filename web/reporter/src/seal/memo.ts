// Memos: what travels beside each message of the reporter, for her own eyes (PROTOCOL 2.10).

import { chacha20poly1305 } from "@noble/ciphers/chacha.js"
import { concat, decodeBase64, encodeBase64 } from "../protocol/bytes"
import { Malformed } from "../protocol/malformed"
import { decodeMemo, encodeMemo, memoAssociatedData, MEMO_NONCE_BYTES, MEMO_SEALED_BYTES, type Memo } from "../protocol/memo"

/** What a memo is bound to. */
export interface MemoPlace {
  office: string
  caseId: string
  /** SHA-256 of the sealed message, in hex. */
  blobDigest: string
}

/** The memo as it travels, in base64. A nonce is random and never used twice; only vectors give one. */
export function sealMemo(
  key: Uint8Array,
  place: MemoPlace,
  memo: Memo,
  nonce: Uint8Array = crypto.getRandomValues(new Uint8Array(MEMO_NONCE_BYTES)),
): string {
  return encodeBase64(concat(nonce, cipher(key, nonce, place).encrypt(encodeMemo(memo))))
}

/** What it says, or undefined: made with another key, for another message, or damaged. Total. */
export function openMemo(key: Uint8Array, place: MemoPlace, sealed: string): Memo | undefined {
  try {
    const bytes = decodeBase64(sealed)
    if (bytes.length !== MEMO_SEALED_BYTES) return undefined
    const plaintext = openBytes(cipher(key, bytes.subarray(0, MEMO_NONCE_BYTES), place), bytes.subarray(MEMO_NONCE_BYTES))
    return plaintext && decodeMemo(plaintext)
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}

function cipher(key: Uint8Array, nonce: Uint8Array, { office, caseId, blobDigest }: MemoPlace) {
  return chacha20poly1305(key, nonce, memoAssociatedData(office, caseId, blobDigest))
}

function openBytes(opener: ReturnType<typeof cipher>, ciphertext: Uint8Array): Uint8Array | undefined {
  try {
    return opener.decrypt(ciphertext)
  } catch {
    // noble throws where the tag is wrong.
    return undefined
  }
}

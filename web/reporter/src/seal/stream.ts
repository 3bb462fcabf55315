// The payload of an age file (C2SP age.md, "Payload"): chunks of 64 KiB, each sealed by itself with ChaCha20-Poly1305 under the
// payload key. Chunk by chunk, because several may then be sealed at once, and by the browser itself where it can: noble's
// JavaScript is what there is everywhere.

import { chacha20poly1305 } from "@noble/ciphers/chacha.js"
import { hkdf } from "@noble/hashes/hkdf.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { encodeUtf8, equalBytes, type Bytes } from "../protocol/bytes"

export const CHUNK_BYTES = 65_536
export const TAG_BYTES = 16
export const NONCE_BYTES = 16

/** Seals the chunks of one payload. */
export interface ChunkCipher {
  /** Writes the sealed chunk, TAG_BYTES longer than `chunk`, to `sealed`. No index is sealed twice, and nothing after the last. */
  seal(chunk: Bytes, index: number, isLast: boolean, sealed: Bytes): Promise<void> | void
  /** Lets go of the key. */
  wipe(): void
}

/** payload key = HKDF-SHA-256(file key, salt = nonce, info = "payload", 32 bytes) */
export function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Bytes {
  return hkdf(sha256, fileKey, nonce, encodeUtf8("payload"), 32) as Bytes
}

/** 11 bytes of counter, big-endian, and one byte that is 1 for the last chunk alone. */
export function chunkNonce(index: number, isLast: boolean): Bytes {
  // A counter that wraps would seal two chunks under one nonce. Four bytes of it are far beyond the largest blob.
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** 32) throw new Error("a chunk beyond the counter")
  const nonce = new Uint8Array(12)
  new DataView(nonce.buffer).setUint32(7, index)
  nonce[11] = isLast ? 1 : 0
  return nonce
}

/** The fastest there is for this payload key, which it takes: `wipe` clears it. */
export async function createChunkCipher(key: Bytes): Promise<ChunkCipher> {
  return (await nativeCipher(key)) ?? nobleCipher(key)
}

export function nobleCipher(key: Bytes): ChunkCipher {
  let isGone = false
  return {
    seal(chunk, index, isLast, sealed) {
      // Zeros are a key, too.
      if (isGone) throw new Error("the key is gone")
      chacha20poly1305(key, chunkNonce(index, isLast)).encrypt(chunk, sealed)
    },
    wipe() {
      isGone = true
      key.fill(0)
    },
  }
}

type Encrypt = (nonce: Bytes, chunk: Bytes) => Promise<ArrayBuffer>

/** The browser's own ChaCha20-Poly1305, or undefined where it has none, or another one by that name. */
export async function nativeCipher(key: Bytes): Promise<ChunkCipher | undefined> {
  try {
    if (!(await isTrue(await importNative(SAMPLE_KEY.slice())))) return undefined
    let encrypt: Encrypt | undefined = await importNative(key)
    // From here on the browser has it, where no script reads it.
    key.fill(0)
    return {
      async seal(chunk, index, isLast, sealed) {
        if (encrypt === undefined) throw new Error("the key is gone")
        sealed.set(new Uint8Array(await encrypt(chunkNonce(index, isLast), chunk)))
      },
      wipe() {
        encrypt = undefined
      },
    }
  } catch {
    return undefined
  }
}

const SAMPLE_KEY = new Uint8Array(32).fill(7)

/** Whether it seals as noble does. Told by what it does, not by its name: names came before the standard did. */
async function isTrue(encrypt: Encrypt): Promise<boolean> {
  const [sample, nonce] = [encodeUtf8("a sample that is longer than one block of the cipher, which has 64 bytes"), chunkNonce(258, true)]
  return equalBytes(new Uint8Array(await encrypt(nonce, sample)), chacha20poly1305(SAMPLE_KEY, nonce).encrypt(sample))
}

/** Throws where the browser does not know it. */
async function importNative(raw: Bytes): Promise<Encrypt> {
  const name = "ChaCha20-Poly1305"
  const { subtle } = globalThis.crypto
  // The format has this name since the newer algorithms came, later than TypeScript's list of formats.
  const key = await subtle.importKey("raw-secret" as "raw", raw, { name }, false, ["encrypt"])
  return (iv, chunk) => subtle.encrypt({ name, iv }, key, chunk)
}

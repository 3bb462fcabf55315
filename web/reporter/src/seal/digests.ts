// SHA-256 of what is too large to be hashed at once. Browsers hash ten times faster than JavaScript does, where it has no JIT a
// hundred times, but only what lies in memory as a whole: so that is done as far as a device has room for it.

import { sha256 } from "@noble/hashes/sha2.js"
import { encodeHex, type Bytes } from "../protocol/bytes"

export type Pause = () => Promise<void>

/** In a worker nobody waits for a turn. */
export const NO_PAUSE: Pause = () => Promise.resolve()

/** What is hashed without a pause: where there is no JIT, this takes some 20 ms. */
const STEP_BYTES = 32_768

/** Of bytes that lie here whole, in hex: by the browser, or where it refuses, step by step. */
export async function digestWhole(bytes: Bytes, pause: Pause): Promise<string> {
  try {
    return encodeHex(new Uint8Array(await globalThis.crypto.subtle.digest("SHA-256", bytes)))
  } catch {
    const hash = new StepwiseDigest()
    await hash.update(bytes, pause)
    return hash.digest()
  }
}

/** Of bytes that come one after the other. */
export interface RunningDigest {
  update(bytes: Bytes, pause: Pause): Promise<void>
  /** In hex, once all have come. */
  digest(pause: Pause): Promise<string> | string
}

/** Keeps up to `wholeBytesMax` for the browser. */
export function runningDigest(sizeBytes: number, wholeBytesMax: number): RunningDigest {
  if (sizeBytes > wholeBytesMax) return new StepwiseDigest()
  try {
    return new GatheringDigest(new Uint8Array(sizeBytes))
  } catch {
    // No room for so much.
    return new StepwiseDigest()
  }
}

class GatheringDigest implements RunningDigest {
  readonly #whole: Bytes
  #used = 0

  constructor(whole: Bytes) {
    this.#whole = whole
  }

  update(bytes: Bytes): Promise<void> {
    this.#whole.set(bytes, this.#used)
    this.#used += bytes.length
    return Promise.resolve()
  }

  digest(pause: Pause): Promise<string> {
    return digestWhole(this.#whole.subarray(0, this.#used), pause)
  }
}

export class StepwiseDigest implements RunningDigest {
  readonly #hash = sha256.create()

  async update(bytes: Bytes, pause: Pause): Promise<void> {
    for (let at = 0; at < bytes.length; at += STEP_BYTES) {
      await pause()
      this.#hash.update(bytes.subarray(at, at + STEP_BYTES))
    }
  }

  digest(): string {
    return encodeHex(this.#hash.digest())
  }
}

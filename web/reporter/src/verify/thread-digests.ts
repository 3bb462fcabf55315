// The thread: the messages of a case in the order in which the server took them, and what a sender says it saw of
// them (PROTOCOL 2.5).

import type { Thread } from "../protocol/message"
import { decodeHex, encodeHex, type Bytes } from "../protocol/bytes"
import { hashLabelled } from "./digest"

/** The digests T₀ … Tₙ over the messages of one case, as this reader sees them. */
export class ThreadDigests {
  readonly #digests: Bytes[]

  /** T₀ = H("thread", office id ‖ case id) */
  constructor(officeId: string, caseId: string) {
    this.#digests = [hashLabelled("thread", decodeHex(officeId, 16), decodeHex(caseId, 16))]
  }

  /** Tᵢ₊₁ = H("thread", Tᵢ ‖ Bᵢ), with Bᵢ the SHA-256 of the sealed blob, in hex. */
  append(blobDigest: string): void {
    this.#digests.push(hashLabelled("thread", this.#last, decodeHex(blobDigest, 32)))
  }

  /** The thread so far, as the next message states it. */
  get thread(): Thread {
    return { length: this.#digests.length - 1, digest: encodeHex(this.#last) }
  }

  /** Whether a sender who states this thread saw the same messages, none of them later than `position`. */
  agreesWith(stated: Thread, position: number): boolean {
    const own = this.#digests[stated.length]
    return stated.length <= position && own !== undefined && encodeHex(own) === stated.digest
  }

  get #last(): Bytes {
    return this.#digests[this.#digests.length - 1] as Bytes
  }
}

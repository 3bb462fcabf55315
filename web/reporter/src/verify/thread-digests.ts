// The threads of a case: its messages in the order in which the server took them, and what a sender says it saw of
// them (PROTOCOL 2.5).

import { decodeHex, encodeHex, type Bytes } from "../protocol/bytes"
import { THREAD_NAMES, type ThreadName } from "../protocol/erasure"
import type { ThreadPoint } from "../protocol/message"
import { kindByte, type MessageKind } from "../protocol/upload"
import { hashLabelled } from "./digest"

/** The digests T₀ … Tₙ over the messages of one thread, as this reader sees them. */
export class ThreadDigests {
  readonly #digests: Bytes[]

  /** T₀ = H("thread", office id ‖ case id ‖ t) */
  constructor(officeId: string, caseId: string, thread: ThreadName = "mailbox") {
    const t = Uint8Array.of(THREAD_NAMES.indexOf(thread))
    this.#digests = [hashLabelled("thread", decodeHex(officeId, 16), decodeHex(caseId, 16), t)]
  }

  /** Tᵢ₊₁ = H("thread", Tᵢ ‖ kᵢ ‖ Bᵢ), with kᵢ the listed kind and Bᵢ the SHA-256 of the sealed blob, in hex. */
  append(kind: MessageKind, blobDigest: string): void {
    this.#digests.push(hashLabelled("thread", this.#last, kindByte(kind), decodeHex(blobDigest, 32)))
  }

  /** The thread so far, as the next message states it. */
  get end(): ThreadPoint {
    return { length: this.#digests.length - 1, digest: encodeHex(this.#last) }
  }

  /** Whether who states this at a position saw what this reader finds, and nothing behind the own message. */
  holds(stated: ThreadPoint, position: number): boolean {
    const found = this.#digests[stated.length]
    return stated.length <= position && found !== undefined && encodeHex(found) === stated.digest
  }

  get #last(): Bytes {
    return this.#digests[this.#digests.length - 1] as Bytes
  }
}

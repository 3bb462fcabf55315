// A case read from its first message to its last, by the reporter: which reply is an inspector's word, and whether
// anything was dropped, swapped, replayed or reordered on the way (PROTOCOL 2.5 to 2.7).

import { directionOf, type Direction, type Outcome, type Reply, type Status, type Thread } from "../protocol/message"
import type { Inspector, OfficeProfile } from "../protocol/profile"
import type { Unverified } from "./message"
import { ThreadDigests } from "./thread-digests"

export type Warning =
  /** The sender saw other messages before this one than we do. */
  | "thread-differs"
  /** A message of this sender is missing or out of order. */
  | "sequence-gap"

/** What is known of a message once it is read. Only an authentic one has content. */
export type Reading =
  | { authenticity: "authentic"; reply: Reply; inspector: Inspector; warnings: readonly Warning[] }
  /** Well formed, but not signed by the sender whom it names, or for another place. */
  | { authenticity: "not-authentic" }
  /** The same message once more. */
  | { authenticity: "replayed" }
  /** It does not open or does not decode. */
  | { authenticity: "unreadable" }

/** Reads the messages of one case in the order of their positions. Give it every message that the server lists. */
export class ThreadReader {
  readonly #profile: OfficeProfile
  readonly #caseId: string
  readonly #digests: ThreadDigests
  readonly #seen = new Set<string>()
  /** Authentic messages by sender. */
  readonly #counts = new Map<string, number>()
  #status: Status = "received"
  #outcome: Outcome | undefined
  #leftOut: readonly string[] | undefined

  constructor(profile: OfficeProfile, caseId: string) {
    this.#profile = profile
    this.#caseId = caseId
    this.#digests = new ThreadDigests(profile.office, caseId)
  }

  /**
   * The next message, one of the reporter's own. It is sealed to the office alone, so the server's word must do; an
   * inspector, who opens it, notices if that was a lie.
   */
  skipOwn(blobDigest: string): void {
    this.#count("reporter")
    this.#digests.append(blobDigest)
  }

  /** The next message, a reply that does not open or does not decode. */
  skipUnreadable(blobDigest: string): Reading {
    this.#digests.append(blobDigest)
    return { authenticity: "unreadable" }
  }

  /** The next message, a reply that was opened. */
  read(blobDigest: string, opened: Unverified, listed: Direction = "to-reporter"): Reading {
    const reading = this.#judge(opened, listed)
    if (reading.authenticity === "authentic") {
      this.#seen.add(opened.digest)
      this.#count(reading.reply.sender)
      // All of them: an inspector who repeats too few must not bring anybody back.
      this.#leftOut = [...new Set([...(this.#leftOut ?? []), ...reading.reply.left_out])]
      if (reading.reply.status !== undefined) {
        this.#status = reading.reply.status
        this.#outcome = reading.reply.outcome
      }
    }
    this.#digests.append(blobDigest)
    return reading
  }

  /** The thread so far, as the next message states it. */
  get thread(): Thread {
    return this.#digests.thread
  }

  /** How many messages of this sender there are: the sequence of its next one. */
  sequence(sender: string): number {
    return this.#counts.get(sender) ?? 0
  }

  /** Of the last authentic reply that has one. */
  get status(): Status {
    return this.#status
  }

  get outcome(): Outcome | undefined {
    return this.#outcome
  }

  /** Whom the report left out, as any authentic reply repeats it; unknown before the first. */
  get leftOut(): readonly string[] | undefined {
    return this.#leftOut
  }

  #judge(opened: Unverified, listed: Direction): Reading {
    const { message } = opened
    // Step 4: the reader's own office and case, and a kind that is right for the position.
    const position = this.thread.length
    const inPlace = message.office === this.#profile.office && message.case === this.#caseId && directionOf(message) === listed
    if (!inPlace || message.kind !== "reply" || position === 0) return { authenticity: "not-authentic" }
    // Step 5: the signature of the inspector whom it names, by the key that the office profile lists.
    const inspector = this.#profile.inspectors.find(({ id }) => id === message.sender)
    if (inspector === undefined || !opened.isSignedBy(inspector.signer)) return { authenticity: "not-authentic" }
    // Step 6. What was not authentic does not count: else a forged copy, sent first, could silence the true message.
    if (this.#seen.has(opened.digest)) return { authenticity: "replayed" }

    const warnings: Warning[] = []
    if (!this.#digests.agreesWith(message.thread, position)) warnings.push("thread-differs")
    if (message.sequence !== this.sequence(message.sender)) warnings.push("sequence-gap")
    return { authenticity: "authentic", reply: message, inspector, warnings }
  }

  #count(sender: string): void {
    this.#counts.set(sender, this.sequence(sender) + 1)
  }
}

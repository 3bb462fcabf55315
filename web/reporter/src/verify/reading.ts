// What is listed of a case, and what its reporter makes of each message (PROTOCOL 2.7).

import type { Memo } from "../protocol/memo"
import type { Reply } from "../protocol/message"
import type { MessageKind } from "../protocol/upload"
import type { Unverified } from "./message"
import type { VerifiedProfile } from "./profile"

export interface CaseContext {
  profile: VerifiedProfile
  /** The one that the reporter's code gives. */
  caseId: string
}

/** A message as it is listed, and what this reader found in it. Its position is that in the list. */
export interface ThreadEntry {
  kind: MessageKind
  /** Of the sealed blob, in hex. */
  sha256: string
  day: string
  found: Found
}

export type Found =
  /** A reply that opened and decoded. */
  | Unverified
  /** An own message, which its sender cannot open, with its memo. */
  | Memo
  /** Listed as her own, and its memo does not open for it. */
  | "not-hers"
  /** Listed as her own, without a memo. */
  | "no-memo"
  /** It does not open or does not decode, or is not what was listed. */
  | "unreadable"
  /** The server says that it was erased. */
  | "gone"
  /** The server lists it and does not give it. */
  | "missing"

/** Whose word a message is. */
export type Authenticity =
  /** Signed by the sender it names, for this place, by somebody who may say it; or an own message with its memo. */
  | "authentic"
  /** Not signed by the sender it names, or for another place; or listed as the reporter's own, and its memo does not open. */
  | "not-authentic"
  /** Listed as the reporter's own, without a memo. */
  | "unverifiable"
  /** The same message once more. */
  | "replayed"
  /** Signed with a former key too late, or with a stolen one and nobody vouches for it. */
  | "doubtful"
  /** Signed by somebody who is left out. */
  | "not-from-a-reader"
  /** Signed, but this program is too old to judge what it says. */
  | "newer-version"
  /** Nothing is known of it. */
  | "unreadable"
  /** Erased, by an order that holds. */
  | "gone"
  /** Not there, and no order that holds says why. */
  | "missing"

/** Something is wrong around a message. */
export type Warning =
  /** The sender saw other messages before this one than we do. */
  | "thread-differs"
  /** Sealed by a newer profile than this reader's: it must be fetched. */
  | "profile-older"
  /** Sealed by another text of the same version of the profile. */
  | "profile-differs"
  /** An outcome that waits for a second person. */
  | "second-missing"

/** What a reader makes of one message. Only an authentic reply has content. */
export interface MessageReading {
  authenticity: Authenticity
  warnings: readonly Warning[]
  authentic: { text: Unverified; reply: Reply } | undefined
}

// What travels beside each message of the reporter, so that whoever comes back with nothing but the code knows what she has
// sent (PROTOCOL 2.10). Here its lengths and its plaintext; seal/memo.ts seals it.

import { encodeUtf8, equalBytes } from "./bytes"
import { parseJson } from "./json"
import { asThreadPoint, type ThreadPoint } from "./message"
import { asReaders } from "./person"
import { asDay, asMembers, asVersion, require } from "./values"

export const MEMO_PLAINTEXT_BYTES = 612
export const MEMO_NONCE_BYTES = 12
export const MEMO_SEALED_BYTES = 640

/** What a memo says of the message beside it. */
export interface Memo {
  day: string
  /** Version of the profile by which the message was sealed. */
  profile: number
  readers: readonly string[]
  /** The mailbox thread that the message states. */
  thread: ThreadPoint
}

/** Canonical JSON, filled with spaces. Twelve of the longest ids fit. */
export function encodeMemo({ day, profile, readers, thread }: Memo): Uint8Array<ArrayBuffer> {
  const { length, digest } = thread
  const json = encodeUtf8(JSON.stringify({ day, profile, readers, thread: { length, digest } }))
  require(json.length <= MEMO_PLAINTEXT_BYTES, "a memo is too long")
  const plaintext = new Uint8Array(MEMO_PLAINTEXT_BYTES).fill(0x20)
  plaintext.set(json)
  return plaintext
}

/** The memo that encodes to exactly these bytes. Throws Malformed when there is none. */
export function decodeMemo(plaintext: Uint8Array): Memo {
  const members = asMembers(parseJson(plaintext), "memo")
  const memo = {
    day: asDay(members["day"], "memo"),
    profile: asVersion(members["profile"]),
    readers: asReaders(members["readers"]),
    thread: asThreadPoint(members["thread"]),
  }
  require(equalBytes(encodeMemo(memo), plaintext), "a memo is not in canonical form")
  return memo
}

/** What a memo is bound to. */
export function memoAssociatedData(office: string, caseId: string, blobDigest: string): Uint8Array<ArrayBuffer> {
  return encodeUtf8(`mohr/v1 memo\n${office}\n${caseId}\n${blobDigest}\n`)
}

// From a note that a server sent to a profile that its office signed (PROTOCOL 3).

import { sha256 } from "@noble/hashes/sha2.js"
import { concat, decodeHex, decodeUtf8, encodeUtf8, equalBytes, type Bytes } from "../protocol/bytes"
import { decodeNote } from "../protocol/note"
import { decodeProfile, type OfficeProfile } from "../protocol/profile"
import { require } from "../protocol/values"
import { officeIdOf } from "./digest"

/** Of the whole note. */
export const PROFILE_BYTES_MAX = 262_144
/** The type of a key in a note. */
const ED25519 = 0x01

/** What a reader knows before it sees the profile. */
export interface Expectation {
  /** From a poster's or link's fragment; absent for who comes without. */
  office?: string | undefined
  /** The highest version of this office's profile seen in this visit, 0 when none. */
  newest?: (office: string) => number
  today: string
}

export type ProfileFault = "foreign" | "expired" | "older"

/** Whether a signer signed exactly these bytes: Ed25519, by whichever implementation. */
export type Verifier = (signer: Bytes, signature: Bytes, bytes: Bytes) => boolean | Promise<boolean>

/**
 * Verifies a note against what is expected. Throws Malformed when it is no profile or not signed by its own root key; says
 * which when it is signed, but of another office, over, or older than one seen.
 */
export async function openProfile(note: Uint8Array, expected: Expectation, isSignedBy: Verifier): Promise<OfficeProfile | ProfileFault> {
  const profile = await verifyProfile(note, isSignedBy)
  if (expected.office !== undefined && expected.office !== profile.office) return "foreign"
  if (profile.expires < expected.today) return "expired"
  if (profile.version < (expected.newest?.(profile.office) ?? 0)) return "older"
  return profile
}

/** The profile, signed by the root key for which its office id stands. */
export async function verifyProfile(bytes: Uint8Array, isSignedBy: Verifier): Promise<OfficeProfile> {
  require(bytes.length <= PROFILE_BYTES_MAX, "the profile is too long")
  const note = decodeNote(decodeUtf8(bytes))
  const profile = decodeProfile(note.text)
  const root = decodeHex(profile.root, 32)
  require(officeIdOf(root) === profile.office && note.keyName === profile.office, "the office id does not follow from the root key")
  require(equalBytes(note.keyHash, keyHashOf(note.keyName, root)), "another key's signature")
  require(await isSignedBy(root, note.signature, encodeUtf8(note.text)), "the profile is not signed by its root key")
  return profile
}

/** Tells the keys of a note apart: SHA-256(name ‖ "\n" ‖ type ‖ public key)[0..4] */
export function keyHashOf(keyName: string, publicKey: Uint8Array): Uint8Array {
  return sha256(concat(encodeUtf8(`${keyName}\n`), Uint8Array.of(ED25519), publicKey)).subarray(0, 4)
}

// From a note that a server sent to a profile that its office signed (PROTOCOL 3).

import { sha256 } from "@noble/hashes/sha2.js"
import { concat, decodeHex, decodeUtf8, encodeUtf8, type Bytes } from "../protocol/bytes"
import type { ProfileStamp } from "../protocol/message"
import { decodeNote, signatureIn } from "../protocol/note"
import { decodeProfile, type OfficeProfile, type Root } from "../protocol/profile"
import { require } from "../protocol/values"
import { digestOf, officeIdOf, rootCommitment } from "./digest"

/** Of the whole note. */
export const PROFILE_BYTES_MAX = 262_144
export const ROOTS_APART = "a root that the one before it does not commit to"
/** The type of a key in a note. */
const ED25519 = 0x01

/** A profile that its office signed. */
export interface VerifiedProfile extends OfficeProfile {
  /** As messages that are sealed by it state it. */
  readonly stamp: ProfileStamp
}

/** What a reader knows before it sees the profile. */
export interface Expectation {
  /** From a poster's or link's fragment; absent for who comes without. */
  office?: string | undefined
  /** The newest profile of an office that was seen in this visit. */
  seen?: (office: string) => SeenProfile | undefined
  today: string
  /** What was answered before stays readable under an expired profile. Nothing may be sealed under it. */
  isForReading?: boolean
}

export interface SeenProfile {
  version: number
  /** Absent where the version is known and not its text. */
  digest?: string | undefined
  roots: number
}

export type ProfileFault = "foreign" | "expired" | "older" | "other-text" | "fewer-roots" | "newer"

/** Whether a signer signed exactly these bytes: Ed25519, by whichever implementation. */
export type Verifier = (signer: Bytes, signature: Bytes, bytes: Bytes) => boolean | Promise<boolean>

/**
 * Verifies a note against what is expected. Throws Malformed when it is no profile or not signed by its own root key; says
 * which when it is signed, but of another office, over, not what was seen before, or for a newer program.
 */
export async function openProfile(
  note: Uint8Array,
  { office, seen, today, isForReading = false }: Expectation,
  isSignedBy: Verifier,
): Promise<VerifiedProfile | ProfileFault> {
  const profile = await verifyProfile(note, isSignedBy)
  if (profile.isOfNewerVersion) return "newer"
  if (office !== undefined && office !== profile.office) return "foreign"
  const before = seen?.(profile.office)
  if (before !== undefined) {
    if (profile.roots.length < before.roots) return "fewer-roots"
    if (profile.version < before.version) return "older"
    const isSameText = before.digest === undefined || before.digest === profile.stamp.digest
    if (profile.version === before.version && !isSameText) return "other-text"
  }
  return !isForReading && isExpired(profile, today) ? "expired" : profile
}

/** Whether nothing is sealed under it any more. */
export function isExpired(profile: OfficeProfile, today: string): boolean {
  return profile.expires < today
}

/** The profile, signed by the last of the roots for which its office id stands. */
export async function verifyProfile(bytes: Uint8Array, isSignedBy: Verifier): Promise<VerifiedProfile> {
  require(bytes.length <= PROFILE_BYTES_MAX, "the profile is too long")
  const note = decodeNote(decodeUtf8(bytes))
  const profile = decodeProfile(note.text)
  const root = decodeHex(lastRoot(profile).key, 32)
  const signature = signatureIn(note, profile.office, keyHashOf(profile.office, root))
  const text = encodeUtf8(note.text)
  require(signature !== undefined && (await isSignedBy(root, signature, text)), "the profile is not signed by its root key")
  return { ...profile, stamp: { version: profile.version, digest: digestOf(text) } }
}

/** Tells the keys of a note apart: SHA-256(name ‖ "\n" ‖ type ‖ public key)[0..4] */
export function keyHashOf(keyName: string, publicKey: Uint8Array): Uint8Array {
  return sha256(concat(encodeUtf8(`${keyName}\n`), Uint8Array.of(ED25519), publicKey)).subarray(0, 4)
}

/** The end of a chain that begins at the office id, each root committed to by the one before it. */
function lastRoot({ office, roots: [first, ...later] }: OfficeProfile): Root {
  require(first !== undefined && officeIdOf(first) === office, "the office id does not follow from the first root")
  let last = first
  for (const root of later) {
    require(rootCommitment(root) === last.next, ROOTS_APART)
    last = root
  }
  return last
}

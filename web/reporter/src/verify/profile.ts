// From a note that a server sent to a profile that its office signed (PROTOCOL 3).

import { concat, decodeHex, decodeUtf8, encodeHex, encodeUtf8, type Bytes } from "../protocol/bytes"
import type { ProfileStamp } from "../protocol/message"
import { decodeNote, signatureIn } from "../protocol/note"
import { decodeProfile, type OfficeProfile, type Root } from "../protocol/profile"
import { require } from "../protocol/values"
import { labelled } from "./label"

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
}

export type ProfileFault = "foreign" | "expired" | "older" | "other-text" | "newer"

/** By whichever implementation a page brings. */
export interface Primitives {
  sha256: (bytes: Bytes) => Bytes | Promise<Bytes>
  /** Whether a signer signed exactly these bytes: Ed25519. */
  isSignedBy: (signer: Bytes, signature: Bytes, bytes: Bytes) => boolean | Promise<boolean>
}

/**
 * Verifies a note against what is expected. Throws Malformed when it is no profile or not signed by its own root key; says
 * which when it is signed, but of another office, over, not what was seen before, or for a newer program.
 */
export async function openProfile(
  note: Uint8Array,
  { office, seen, today, isForReading = false }: Expectation,
  primitives: Primitives,
): Promise<VerifiedProfile | ProfileFault> {
  const profile = await verifyProfile(note, primitives)
  if (profile.isOfNewerVersion) return "newer"
  if (office !== undefined && office !== profile.office) return "foreign"
  const before = seen?.(profile.office)
  if (before !== undefined) {
    // Who has seen more roots has seen a higher version, too: those of a root are all below those of the next.
    if (profile.version < before.version) return "older"
    const isSameText = before.digest === undefined || before.digest === profile.stamp.digest
    if (profile.version === before.version && !isSameText) return "other-text"
  }
  return !isForReading && isExpired(profile, today) ? "expired" : profile
}

/** Whether nothing is sealed under it any more. */
function isExpired(profile: OfficeProfile, today: string): boolean {
  return profile.expires < today
}

/** The profile, signed by the last of the roots for which its office id stands. */
export async function verifyProfile(bytes: Uint8Array, primitives: Primitives): Promise<VerifiedProfile> {
  require(bytes.length <= PROFILE_BYTES_MAX, "the profile is too long")
  const note = decodeNote(decodeUtf8(bytes))
  const profile = decodeProfile(note.text)
  const root = decodeHex((await lastRoot(profile, primitives)).key, 32)
  const keyHash = (await primitives.sha256(keyHashInput(profile.office, root))).subarray(0, 4)
  const signature = signatureIn(note, profile.office, keyHash)
  const text = encodeUtf8(note.text)
  const isSigned = signature !== undefined && (await primitives.isSignedBy(root, signature, text))
  require(isSigned, "the profile is not signed by its root key")
  return { ...profile, stamp: { version: profile.version, digest: encodeHex(await primitives.sha256(text)) } }
}

/** Of its SHA-256 the first 4 bytes tell the keys of a note apart: name ‖ "\n" ‖ type ‖ public key */
export function keyHashInput(keyName: string, publicKey: Uint8Array): Bytes {
  return concat(encodeUtf8(`${keyName}\n`), Uint8Array.of(ED25519), publicKey)
}

/** office id = H("office", key ‖ next of the first root)[0..16], in hex */
export async function officeIdOf(root: Root, { sha256 }: Pick<Primitives, "sha256">): Promise<string> {
  return encodeHex((await sha256(labelled("office", rootBytes(root)))).subarray(0, 16))
}

/** Of its SHA-256, the `next` of the root before it is made. */
export function rootBytes({ key, next }: Root): Bytes {
  return concat(decodeHex(key, 32), decodeHex(next, 32))
}

/** The end of a chain that begins at the office id, each root committed to by the one before it. */
async function lastRoot({ office, roots: [first, ...later] }: OfficeProfile, primitives: Primitives): Promise<Root> {
  require(first !== undefined && (await officeIdOf(first, primitives)) === office, "the office id does not follow from the first root")
  let last = first
  for (const root of later) {
    require(encodeHex(await primitives.sha256(rootBytes(root))) === last.next, ROOTS_APART)
    last = root
  }
  return last
}

// The office to which a page reports: fetched and verified, with whichever primitives the page brings.

import { fetchWhole } from "../api/fetching"
import { ReporterError, type Reason } from "../errors"
import type { Bytes } from "../protocol/bytes"
import { Malformed } from "../protocol/malformed"
import { todayUtc } from "../protocol/values"
import {
  openProfile,
  PROFILE_BYTES_MAX,
  type ProfileFault,
  type SeenProfile,
  type VerifiedProfile,
  type Primitives,
} from "../verify/profile"

/** Where the server's interface stands, seen from any page. */
export const API = "/api/v1"

/** The newest seen in this visit, by office: nothing outlives the page. */
const seen = new Map<string, SeenProfile>()

const REASONS: Readonly<Record<ProfileFault, Reason>> = {
  foreign: "profile-foreign",
  expired: "profile-expired",
  older: "profile-older",
  "other-text": "profile-differs",
  "fewer-roots": "profile-differs",
  newer: "profile-newer",
}

export interface LoadOptions {
  /** The fingerprint that a poster or link gave: 32 hex digits. */
  readonly expectedOffice?: string
  /** YYYY-MM-DD in UTC. */
  readonly today?: string
  /** Whether one that has expired will do: for reading, and never for sealing. */
  readonly isForReading?: boolean
}

/** Throws ReporterError: profile-invalid or another fault of the profile, or why the server gave none. */
export async function fetchOffice(
  { expectedOffice, today = todayUtc(), isForReading = false }: LoadOptions,
  primitives: Primitives,
): Promise<VerifiedProfile> {
  const expected = { office: expectedOffice, seen: (office: string) => seen.get(office), today, isForReading }
  let profile: VerifiedProfile | ProfileFault | undefined
  for (let before: Bytes | undefined; profile === undefined;) {
    const note = (await fetchWhole({ method: "GET", url: `${API}/profile` }, PROFILE_BYTES_MAX)) as Bytes
    try {
      profile = await openProfile(note, expected, primitives)
    } catch (error) {
      if (!(error instanceof Malformed)) throw error
      // Half an answer on a bad line is no forgery, and browsers do not always tell: what comes twice is the server's own word.
      if (before !== undefined && isSame(before, note)) throw new ReporterError("profile-invalid", error.message)
      if (before !== undefined) throw new ReporterError("server-away", "no two answers are the same")
      before = note
    }
  }
  if (typeof profile === "string") throw new ReporterError(REASONS[profile])
  seen.set(profile.office, { ...profile.stamp, roots: profile.roots.length })
  return profile
}

function isSame(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

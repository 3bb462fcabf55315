// The office to which a page reports: fetched and verified, with whichever primitives the page brings.

import { fetchWhole } from "../api/fetching"
import { ReporterError, type Reason } from "../errors"
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
  const note = await fetchWhole({ method: "GET", url: `${API}/profile` }, PROFILE_BYTES_MAX)
  try {
    const expected = { office: expectedOffice, seen: (office: string) => seen.get(office), today, isForReading }
    const profile = await openProfile(note, expected, primitives)
    if (typeof profile === "string") throw new ReporterError(REASONS[profile])
    seen.set(profile.office, profile.stamp)
    return profile
  } catch (error) {
    throw error instanceof Malformed ? new ReporterError("profile-invalid", error.message) : error
  }
}

// The office to which a page reports: fetched and verified, with whichever Ed25519 the page brings.

import { fetchWhole } from "../api/fetching"
import { ReporterError } from "../errors"
import { Malformed } from "../protocol/malformed"
import type { OfficeProfile } from "../protocol/profile"
import { todayUtc } from "../protocol/values"
import { openProfile, PROFILE_BYTES_MAX, type Verifier } from "../verify/profile"

/** Where the server's interface stands, seen from any page. */
export const API = "/api/v1"

/** The highest version seen in this visit, by office: nothing outlives the page. */
const newest = new Map<string, number>()

export interface LoadOptions {
  /** The fingerprint that a poster or link gave: 32 hex digits. */
  readonly expectedOffice?: string
  /** YYYY-MM-DD in UTC. */
  readonly today?: string
}

/** Throws ReporterError: profile-invalid, -foreign, -expired, -older, or why the server gave none. */
export async function fetchOffice({ expectedOffice, today = todayUtc() }: LoadOptions, isSignedBy: Verifier): Promise<OfficeProfile> {
  const note = await fetchWhole({ method: "GET", url: `${API}/profile` }, PROFILE_BYTES_MAX)
  try {
    const profile = await openProfile(note, { office: expectedOffice, today, newest: (office) => newest.get(office) ?? 0 }, isSignedBy)
    if (typeof profile === "string") throw new ReporterError(`profile-${profile}`)
    newest.set(profile.office, profile.version)
    return profile
  } catch (error) {
    throw error instanceof Malformed ? new ReporterError("profile-invalid", error.message) : error
  }
}

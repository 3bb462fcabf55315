// The office to which a page reports: fetched and verified, with whichever primitives the page brings.

import { fetchWhole } from "../api/fetching"
import { ReporterError, type Reason } from "../errors"
import { Malformed } from "../protocol/malformed"
import {
  openProfile,
  PROFILE_BYTES_MAX,
  type ProfileFault,
  type SeenProfile,
  type VerifiedProfile,
  type Primitives,
} from "../verify/profile"
import { daysNow, faultOfDay, readClock, type ClockReading } from "./day"

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

/** With the device's clock as it was when the profile came. */
export interface LoadedProfile extends VerifiedProfile {
  readonly clock: ClockReading
}

/** Throws ReporterError: profile-invalid or another fault of the profile, or why the server gave none. */
export async function fetchOffice(
  { expectedOffice, today, isForReading = false }: LoadOptions,
  primitives: Primitives,
): Promise<LoadedProfile> {
  const note = await fetchWhole({ method: "GET", url: `${API}/profile` }, PROFILE_BYTES_MAX)
  try {
    const days = daysNow(today)
    // Whether it has expired, two clocks say and not one.
    const expected = { office: expectedOffice, seen: (office: string) => seen.get(office), today: days.device, isForReading: true }
    const profile = await openProfile(note, expected, primitives)
    if (typeof profile === "string") throw new ReporterError(REASONS[profile])
    const fault = isForReading ? undefined : faultOfDay(profile, days)
    if (fault !== undefined) throw new ReporterError(fault)
    seen.set(profile.office, { ...profile.stamp, roots: profile.roots.length })
    return { ...profile, clock: readClock(profile, days) }
  } catch (error) {
    throw error instanceof Malformed ? new ReporterError("profile-invalid", error.message) : error
  }
}

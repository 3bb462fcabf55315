// The office to which a page reports: fetched and verified, with whichever primitives the page brings.

import { fetchWhole } from "../api/fetching"
import { ReporterError, type Reason } from "../errors"
import type { Bytes } from "../protocol/bytes"
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
  let profile: VerifiedProfile | ProfileFault | undefined
  let days = daysNow(today)
  for (let before: Bytes | undefined; profile === undefined;) {
    const note = (await fetchWhole({ method: "GET", url: `${API}/profile` }, PROFILE_BYTES_MAX)) as Bytes
    days = daysNow(today)
    // Whether it has expired, two clocks say and not one.
    const expected = { office: expectedOffice, seen: (office: string) => seen.get(office), today: days.device, isForReading: true }
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
  const fault = isForReading ? undefined : faultOfDay(profile, days)
  if (fault !== undefined) throw new ReporterError(fault)
  seen.set(profile.office, profile.stamp)
  return { ...profile, clock: readClock(profile, days) }
}

function isSame(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

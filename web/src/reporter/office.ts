// The office to which a page reports.

import { fetchProfile } from "../api/mailbox"
import { Malformed, ReporterError } from "../errors"
import { openProfile, type OfficeProfile } from "../protocol/profile"
import { todayUtc } from "../protocol/values"

/** Where the server's interface stands, seen from any page. */
export const API = "/api/v1"

/** The highest version seen in this visit, by office: nothing outlives the page. */
const newest = new Map<string, number>()

/**
 * Fetches the office profile and verifies it. `expectedOffice` is the fingerprint that a poster or link gave. Throws
 * ReporterError: profile-invalid, -foreign, -expired, -older, or why the server gave none.
 */
export async function loadProfile({ expectedOffice, today = todayUtc() }: { expectedOffice?: string; today?: string } = {}): Promise<OfficeProfile> {
  const note = await fetchProfile(API)
  try {
    const profile = openProfile(note, { office: expectedOffice, today, newest: (office) => newest.get(office) ?? 0 })
    if (typeof profile === "string") throw new ReporterError(`profile-${profile}`)
    newest.set(profile.office, profile.version)
    return profile
  } catch (error) {
    throw error instanceof Malformed ? new ReporterError("profile-invalid", error.message) : error
  }
}

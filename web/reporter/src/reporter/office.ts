// The office for a page that seals or opens.

import type { OfficeProfile } from "../protocol/profile"
import { isSignedBy } from "../verify/signature"
import { fetchOffice, type LoadOptions } from "./loading"

/** The office profile, verified as strictly as everything else. Throws ReporterError. */
export function loadProfile(options: LoadOptions = {}): Promise<OfficeProfile> {
  return fetchOffice(options, isSignedBy)
}

// The office for a page that seals or opens.

import type { VerifiedProfile } from "../verify/profile"
import { STRICT } from "../verify/primitives"
import { fetchOffice, type LoadOptions } from "./loading"

/** For a page that shows an office in a browser without primitives of its own. */
export { STRICT }

/** The office profile, verified as strictly as everything else. Throws ReporterError. */
export function loadProfile(options: LoadOptions = {}): Promise<VerifiedProfile> {
  return fetchOffice(options, STRICT)
}

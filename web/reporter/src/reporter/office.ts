// The office for a page that seals or opens.

import { STRICT } from "../verify/primitives"
import { fetchOffice, type LoadedProfile, type LoadOptions } from "./loading"

/** For a page that shows an office in a browser without primitives of its own. */
export { STRICT }

/** The office profile, verified as strictly as everything else. Throws ReporterError. */
export function loadProfile(options: LoadOptions = {}): Promise<LoadedProfile> {
  return fetchOffice(options, STRICT)
}

// The office for a page that only shows it, and must be light: seven kilobytes of curve arithmetic are loaded only where the browser
// has no Ed25519. Nothing is sealed to a profile that was verified here, and engines differ only over keys and signatures
// that no honest office makes.

import type { Bytes } from "../protocol/bytes"
import type { OfficeProfile } from "../protocol/profile"
import { fetchOffice, type LoadOptions } from "./loading"

/** The office profile, verified by the browser's own Ed25519 where it has one. Throws ReporterError. */
export function loadShownProfile(options: LoadOptions = {}): Promise<OfficeProfile> {
  return fetchOffice(options, isSignedByBrowser)
}

async function isSignedByBrowser(signer: Bytes, signature: Bytes, bytes: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", signer, "Ed25519", false, ["verify"])
    return await crypto.subtle.verify("Ed25519", key, signature, bytes)
  } catch {
    const { isSignedBy } = await import("../verify/signature")
    return isSignedBy(signer, signature, bytes)
  }
}

// The office for a page that only shows it, and must be light: twelve kilobytes of hashing and curve arithmetic are loaded only where
// the browser has no SHA-256 or no Ed25519. Nothing is sealed to a profile that was verified here, and engines differ only over keys and signatures
// that no honest office makes.

import type { Bytes } from "../protocol/bytes"
import { fetchOffice, type LoadedProfile, type LoadOptions } from "./loading"

/** The office profile, verified by the browser's own primitives where it has them. Throws ReporterError. */
export function loadShownProfile(options: LoadOptions = {}): Promise<LoadedProfile> {
  return fetchOffice(options, { sha256: sha256ByBrowser, isSignedBy: isSignedByBrowser })
}

async function sha256ByBrowser(bytes: Bytes): Promise<Bytes> {
  try {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
  } catch {
    return (await import("../verify/primitives")).STRICT.sha256(bytes)
  }
}

async function isSignedByBrowser(signer: Bytes, signature: Bytes, bytes: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey("raw", signer, "Ed25519", false, ["verify"])
    return await crypto.subtle.verify("Ed25519", key, signature, bytes)
  } catch {
    return (await import("../verify/primitives")).STRICT.isSignedBy(signer, signature, bytes)
  }
}

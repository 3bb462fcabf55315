// The office for a page that only shows it, and must be light: our own hashing and curve arithmetic are loaded only where the
// browser has no SHA-256 or no Ed25519. Nothing is sealed to a profile that was verified here, and engines differ only over keys
// and signatures that no honest office makes.

import type { Bytes } from "../protocol/bytes"
import type { Primitives } from "../verify/profile"
import { fetchOffice, type LoadedProfile, type LoadOptions } from "./loading"

/** The office profile, verified by the browser's own primitives where it has them, else by `strict` ones. Throws ReporterError. */
export function loadShownProfile(options: LoadOptions, strict: () => Promise<Primitives>): Promise<LoadedProfile> {
  return fetchOffice(options, {
    sha256: async (bytes) => (await sha256ByBrowser(bytes)) ?? (await strict()).sha256(bytes),
    isSignedBy: async (signer, signature, bytes) =>
      (await isSignedByBrowser(signer, signature, bytes)) ?? (await strict()).isSignedBy(signer, signature, bytes),
  })
}

async function sha256ByBrowser(bytes: Bytes): Promise<Bytes | undefined> {
  try {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))
  } catch {
    return undefined
  }
}

async function isSignedByBrowser(signer: Bytes, signature: Bytes, bytes: Bytes): Promise<boolean | undefined> {
  try {
    const key = await crypto.subtle.importKey("raw", signer, "Ed25519", false, ["verify"])
    return await crypto.subtle.verify("Ed25519", key, signature, bytes)
  } catch {
    return undefined
  }
}

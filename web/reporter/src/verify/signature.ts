// Ed25519 (RFC 8032), public half. One implementation for every browser, since WebCrypto's is missing from phones
// and Firefox releases that are still in use, and engines differ in what they accept.

import { ed25519 } from "@noble/curves/ed25519.js"

/**
 * Whether `signer` signed exactly these bytes. Strict as libsodium, which inspectors' machines use, and a little more:
 * non-canonical encodings and points outside the prime-order subgroup are refused, for the key and for R alike. With
 * both points inside it, the equation with and without cofactor is the same one, and no two readers can disagree.
 */
export function isSignedBy(signer: Uint8Array, signature: Uint8Array, bytes: Uint8Array): boolean {
  try {
    return (
      signature.length === 64 &&
      isOfPrimeOrder(signer) &&
      isOfPrimeOrder(signature.subarray(0, 32)) &&
      ed25519.verify(signature, bytes, signer, { zip215: false })
    )
  } catch {
    // noble throws on what does not even decode.
    return false
  }
}

function isOfPrimeOrder(encoded: Uint8Array): boolean {
  const point = ed25519.Point.fromBytes(encoded)
  return !point.is0() && point.isTorsionFree()
}

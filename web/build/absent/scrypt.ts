// Stands in for @noble/hashes/scrypt.js in every bundle (build/bundling.mjs): no file of this protocol that a page opens or
// makes has a passphrase.

export function scrypt(): never {
  throw new Error("there is no scrypt here")
}

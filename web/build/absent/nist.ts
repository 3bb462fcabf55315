// Stands in for @noble/curves/nist.js in every bundle (build/bundling.mjs). age-encryption knows recipients on P-256
// (age1tag1…, age1tagpq1…), which this protocol refuses before they reach it; the curve would cost each page 6 KB and be
// set up each time one loads. What is read at load is here, whatever computes refuses.

function refuse(): never {
  throw new Error("there is no P-256 here")
}

const lengths = { secretKey: 32, publicKey: 33, publicKeyUncompressed: 65, seed: 48 }

export const p256 = {
  lengths,
  Point: { Fn: {}, fromBytes: refuse },
  utils: { randomSecretKey: refuse },
  getPublicKey: refuse,
  getSharedSecret: refuse,
}
export const p384 = p256

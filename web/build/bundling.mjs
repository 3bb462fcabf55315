// What the build and the unit tests bundle alike, so that tests run what pages run.

/** Parts of libraries that no page can reach, and their weight: see build/absent. */
export const alias = {
  "@noble/curves/nist.js": "./build/absent/nist.ts",
  "@noble/hashes/scrypt.js": "./build/absent/scrypt.ts",
}

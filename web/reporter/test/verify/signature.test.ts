import assert from "node:assert/strict"
import { test } from "node:test"
import { ed25519 } from "@noble/curves/ed25519.js"
import { sha512 } from "@noble/hashes/sha2.js"
import { decodeHex } from "../../src/protocol/bytes"
import { isSignedBy } from "../../src/verify/signature"

const message = new TextEncoder().encode("mohr")
const { Point } = ed25519
const L = Point.Fn.ORDER

/** The eight points of small order, among them their encodings that are not canonical. */
const SMALL_ORDER = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
].map((hex) => decodeHex(hex, 32))

test("a signature of RFC 8032 verifies, and no other byte does", () => {
  // RFC 8032, section 7.1, test 3.
  const signer = decodeHex("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", 32)
  const signature = decodeHex(
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    64,
  )
  const bytes = Uint8Array.of(0xaf, 0x82)
  assert.ok(isSignedBy(signer, signature, bytes))
  for (let at = 0; at < 64; at += 1) {
    const flipped = Uint8Array.from(signature)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    assert.ok(!isSignedBy(signer, flipped, bytes))
  }
  assert.ok(!isSignedBy(signer, signature, Uint8Array.of(0xaf, 0x83)))
  assert.ok(!isSignedBy(signer, signature.subarray(1), bytes))
  assert.ok(!isSignedBy(signer.subarray(1), signature, bytes))
})

test("keys and points R of small order are refused, in every encoding", () => {
  const zero = new Uint8Array(32)
  for (const key of SMALL_ORDER) {
    for (const point of SMALL_ORDER) {
      for (let byte = 0; byte < 8; byte += 1) assert.ok(!isSignedBy(key, Uint8Array.of(...point, ...zero), Uint8Array.of(byte)))
    }
  }
  const secret = ed25519.utils.randomSecretKey()
  for (const point of SMALL_ORDER) assert.ok(!isSignedBy(ed25519.getPublicKey(secret), Uint8Array.of(...point, ...zero), message))
})

test("S that is not below the order is refused", () => {
  const secret = ed25519.utils.randomSecretKey()
  const signature = ed25519.sign(message, secret)
  const s = signature.subarray(32).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n) + L
  const malleated = Uint8Array.from(signature)
  for (let i = 0; i < 32; i += 1) malleated[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn)
  assert.ok(isSignedBy(ed25519.getPublicKey(secret), signature, message))
  assert.ok(!isSignedBy(ed25519.getPublicKey(secret), malleated, message))
})

test("a key or R with a part of small order is refused: verifiers with and without cofactor would differ", () => {
  const torsion = Point.fromBytes(SMALL_ORDER[4] ?? new Uint8Array())
  const secret = ed25519.utils.randomSecretKey()
  const { scalar, prefix, pointBytes } = ed25519.utils.getExtendedPublicKey(secret)
  const mixedKey = Point.BASE.multiply(scalar).add(torsion).toBytes()
  const nonce = Point.Fn.create(prefix.reduce((sum, byte) => sum * 256n + BigInt(byte), 1n))
  for (const [key, R] of [
    [mixedKey, Point.BASE.multiply(nonce)],
    [pointBytes, Point.BASE.multiply(nonce).add(torsion)],
  ] as const) {
    const k = challenge(R.toBytes(), key)
    const S = Point.Fn.toBytes(Point.Fn.create(nonce + k * scalar))
    const signature = Uint8Array.of(...R.toBytes(), ...S)
    assert.ok(ed25519.verify(signature, message, key, { zip215: true }), "with the cofactor it holds")
    assert.ok(!isSignedBy(key, signature, message))
  }
})

function challenge(R: Uint8Array, key: Uint8Array): bigint {
  const hash = sha512(Uint8Array.of(...R, ...key, ...message))
  return Point.Fn.create(hash.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n))
}

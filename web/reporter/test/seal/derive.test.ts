import assert from "node:assert/strict"
import { hkdfSync, pbkdf2Sync } from "node:crypto"
import { test } from "node:test"
import { inspect } from "node:util"
import { ed25519 } from "@noble/curves/ed25519.js"
import { identityToRecipient } from "age-encryption"
import { decodeHex, encodeHex } from "../../src/protocol/bytes"
import { caseIdOf } from "../../src/verify/digest"
import { isSignedBy } from "../../src/verify/signature"
import { expander, ReporterKeys } from "../../src/seal/derive"

const DIGITS = "00001111222233334444555566667709"
const OFFICE = "00112233445566778899aabbccddeeff"

test("the derivations are those of the protocol, by another implementation", async () => {
  const salt = Buffer.concat([Buffer.from("mohr/v1/receipt\0"), Buffer.from(OFFICE, "hex")])
  const root = pbkdf2Sync(DIGITS, salt, 210_000, 32, "sha512")
  const derive = await expander(DIGITS, OFFICE)
  for (const label of ["mailbox", "identity", "signature", "log"] as const) {
    assert.deepEqual(Buffer.from(await derive(label)), Buffer.from(hkdfSync("sha256", root, "", `mohr/v1/${label}`, 32)))
  }
})

test("keys are of one code and one office, and belong together", async () => {
  const keys = await ReporterKeys.derive(DIGITS, OFFICE)
  const derive = await expander(DIGITS, OFFICE)
  assert.equal(keys.token(), encodeHex(await derive("mailbox")))
  assert.equal(keys.signer, encodeHex(ed25519.getPublicKey(await derive("signature"))))
  assert.equal(keys.caseId, caseIdOf(decodeHex(keys.signer, 32)))
  assert.match(keys.identity(), /^AGE-SECRET-KEY-PQ-1[0-9A-Z]{58}$/)
  assert.equal(keys.recipient, await identityToRecipient(keys.identity()))
  const bytes = new TextEncoder().encode("x")
  assert.ok(isSignedBy(decodeHex(keys.signer, 32), decodeHex(keys.sign(bytes), 64), bytes))
  const elsewhere = await ReporterKeys.derive(DIGITS, `${OFFICE.slice(1)}0`)
  assert.notEqual(elsewhere.token(), keys.token())
  assert.notEqual(elsewhere.caseId, keys.caseId)
})

test("keys do not print themselves", async () => {
  const keys = await ReporterKeys.derive(DIGITS, OFFICE)
  // eslint-disable-next-line @typescript-eslint/no-base-to-string -- what that shows is the question
  const shown = inspect(keys, { depth: 9, showHidden: true }) + JSON.stringify(keys) + String(keys)
  for (const secret of [keys.token(), keys.identity(), DIGITS]) assert.ok(!shown.includes(secret))
})

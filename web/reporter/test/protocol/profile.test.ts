import assert from "node:assert/strict"
import { test } from "node:test"
import { ed25519 } from "@noble/curves/ed25519.js"
import { decodeUtf8, encodeHex, encodeUtf8 } from "../../src/protocol/bytes"
import { parseStrictJson } from "../../src/protocol/json"
import { Malformed } from "../../src/protocol/malformed"
import { decodeNote } from "../../src/protocol/note"
import { decodeProfile } from "../../src/protocol/profile"
import { officeIdOf } from "../../src/verify/digest"
import { openProfile, verifyProfile } from "../../src/verify/profile"
import { isSignedBy } from "../../src/verify/signature"
import { assertTotal } from "../support/decoders"
import { createOffice, signNote } from "../support/office"

const office = await createOffice(3)
const today = "2026-06-01"
const verify = (note: Uint8Array) => verifyProfile(note, isSignedBy)

/** The profile with some members altered, signed by the true root key. */
function altered(change: (document: any) => unknown): Uint8Array {
  const document = structuredClone(office.document)
  const other = change(document)
  return signNote(typeof other === "string" ? other : `${JSON.stringify(document)}\n`, office.rootKey)
}

test("a signed profile verifies", async () => {
  const profile = await verify(office.note)
  assert.equal(profile.office, officeIdOf(ed25519.getPublicKey(office.rootKey)))
  assert.equal(profile.inspectors.length, 3)
  assert.deepEqual(profile.deadlines.informationWorkingDays, 10)
  assert.deepEqual(await openProfile(office.note, { office: profile.office, today }, isSignedBy), profile)
})

test("a foreign, expired or older profile is said to be so", async () => {
  assert.equal(await openProfile(office.note, { office: "0".repeat(32), today }, isSignedBy), "foreign")
  assert.equal(await openProfile(office.note, { today: "2027-03-21" }, isSignedBy), "expired")
  assert.equal(typeof (await openProfile(office.note, { today: "2027-03-20" }, isSignedBy)), "object")
  assert.equal(await openProfile(office.note, { today, newest: () => 4 }, isSignedBy), "older")
  assert.equal(typeof (await openProfile(office.note, { today, newest: () => 3 }, isSignedBy)), "object")
})

test("no altered byte survives", async () => {
  const step = Math.ceil(office.note.length / 1500)
  for (let at = 0; at < office.note.length; at += step) {
    const flipped = Uint8Array.from(office.note)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    await assert.rejects(verify(flipped), Malformed, String(at))
  }
})

test("another key cannot sign, whatever it writes", async () => {
  const other = ed25519.utils.randomSecretKey()
  const text = `${JSON.stringify(office.document)}\n`
  await assert.rejects(verify(signNote(text, other)), Malformed)
  // The office id of the true office, with the root key of another.
  const swapped = { ...office.document, root: encodeHex(ed25519.getPublicKey(other)) }
  await assert.rejects(verify(signNote(`${JSON.stringify(swapped)}\n`, other)), Malformed)
  // A note whose key name or hash is another's.
  const note = decodeUtf8(office.note)
  await assert.rejects(verify(encodeUtf8(note.replace(/\u2014 [0-9a-f]{32}/, `\u2014 ${"0".repeat(32)}`))), Malformed)
})

test("a note has one signature, one empty line before it and no control characters", async () => {
  const note = decodeUtf8(office.note)
  const line = note.slice(note.lastIndexOf("\u2014"))
  for (const wrong of [
    note + line,
    note.slice(0, -1),
    `${note}\n`,
    note.replace("\u2014 ", "\u2014"),
    note.replace("\u2014", "-"),
    note.replace("\n\n\u2014", "\n\u2014"),
    note.replace(/=+\n$/, "\n"),
    note.replaceAll("\n", "\r\n"),
    `\ufeff${note}`,
  ]) {
    assert.notEqual(wrong, note)
    await assert.rejects(verify(encodeUtf8(wrong)), Malformed, JSON.stringify(wrong.slice(-200)))
  }
  await assert.rejects(verify(altered(() => `${JSON.stringify(office.document, null, "\t")}\n`)), Malformed)
})

test("members that are missing, unknown, double or out of bounds are refused, though signed", async () => {
  const text = JSON.stringify(office.document)
  const wrong: ((document: any) => unknown)[] = [
    ...Object.keys(office.document).map((name) => (document: any) => void delete document[name]),
    (document) => void (document.extra = 1),
    (document) => void (document.contacts.extra = ""),
    (document) => void delete document.contacts.phone,
    (document) => void (document.inspectors[0].extra = ""),
    () => `${text.replace("{", '{"version":9,')}\n`,
    () => `${text.replace('"phone":', '"ph\\u006fne":"1","phone":')}\n`,
    () => `${text.replace('"version":3', '"version":3.0')}\n`,
    () => `${text.replace('"version":3', '"version":3e0')}\n`,
    (document) => void (document.version = 0),
    (document) => void (document.version = 2 ** 53),
    (document) => void (document.format = "mohr/v2"),
    (document) => void (document.expires = "2027-02-30"),
    (document) => void (document.languages = []),
    (document) => void (document.languages = ["fa", "en", "fa"]),
    (document) => void (document.languages = ["fa"]),
    (document) => void (document.name = { fa: "x" }),
    (document) => void (document.name = { fa: "x", en: "y", ar: "z" }),
    (document) => void (document.name.fa = "x".repeat(4097)),
    (document) => void (document.name.fa = "\ud800"),
    (document) => void (document.inspectors = []),
    (document) => void (document.inspectors = Array(13).fill(document.inspectors[0])),
    (document) => void (document.inspectors[1].id = document.inspectors[0].id),
    (document) => void (document.inspectors[1].recipient = document.inspectors[0].recipient),
    (document) => void (document.inspectors[1].signer = document.inspectors[0].signer),
    (document) => void (document.inspectors[0].id = "reporter"),
    (document) => void (document.inspectors[0].recipient = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg"),
    (document) => void (document.kinds = Array.from({ length: 201 }, (_, i) => ({ id: `k${i}`, name: document.name }))),
    (document) => void document.kinds.push(document.kinds[0]),
    (document) => void (document.deadlines.progress_days = -1),
    (document) => void (document.contacts.neutral_page = "http://example.org/"),
    (document) => void (document.contacts.neutral_page = "javascript:alert(1)"),
    (document) => void (document.contacts.neutral_page = "https://"),
    (document) => void (document.contacts.neutral_page = "https://["),
    (document) => void (document.contacts.neutral_page = "https://a b/"),
    (document) => void (document.contacts.neutral_page = "https://Example.org/"),
    (document) => void (document.contacts.neutral_page = "https://user@example.org/"),
    (document) => void (document.contacts.neutral_page = "https://example.org:99999/"),
    (document) => void (document.contacts.neutral_page = "https://example.org/\u0646"),
    (document) => void (document.contacts.neutral_page = "https://-/"),
    (document) => void (document.limits.files_bytes = 251_658_241),
    (document) => void (document.legal_note.fa = "x".repeat(262_144)),
  ]
  for (const change of wrong) await assert.rejects(verify(altered(change)), Malformed, change.toString())
  // The same ways of writing, without a fault.
  assert.equal(
    (await verify(altered((document) => `${JSON.stringify(Object.fromEntries(Object.entries(document).reverse()), null, 1)}\n`))).version,
    3,
  )
})

test("strict JSON notices a double member at any depth, and nothing else", async () => {
  for (const text of [
    '{"a":{"a":[{"b":1},{"b":2}]},"b":"{\\"a\\":1,\\"a\\":1}"}',
    '["a","a",{"a":"a"}]',
    '{"a":[],"b":{},"":{"":0}}',
    ' { "a" : [ 1 , 2 ] } ',
  ]) {
    assert.deepEqual(parseStrictJson(text), JSON.parse(text))
  }
  for (const text of [
    '{"a":1,"a":1}',
    '{"b":[{"a":1,"c":{},"a":2}]}',
    '{"a":1,"\\u0061":1}',
    '{"a":{},"b":[],"a":0}',
    '{"__proto__":1,"__proto__":2}',
    "[1.5]",
    "[-1]",
    "[1e3]",
    '{"a":-0}',
  ]) {
    assert.throws(() => parseStrictJson(text), Malformed, text)
  }
})

test("the decoders of note and document are total", async () => {
  assertTotal((bytes) => decodeNote(decodeUtf8(bytes)), office.note)
  assertTotal((bytes) => decodeProfile(decodeUtf8(bytes)), encodeUtf8(JSON.stringify(office.document)))
})

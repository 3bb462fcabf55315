import assert from "node:assert/strict"
import { test } from "node:test"
import { ed25519 } from "@noble/curves/ed25519.js"
import { decodeUtf8, encodeUtf8 } from "../../src/protocol/bytes"
import { parseStrictJson } from "../../src/protocol/json"
import { Malformed } from "../../src/protocol/malformed"
import { decodeNote } from "../../src/protocol/note"
import { decodeProfile } from "../../src/protocol/profile"
import { digestOf } from "../../src/verify/digest"
import { openProfile, verifyProfile } from "../../src/verify/profile"
import { STRICT } from "../../src/verify/primitives"
import { assertTotal } from "../support/decoders"
import {
  createInspector,
  createOffice,
  createRoots,
  former,
  noteLine,
  NOBODY,
  officeIdOf,
  publicKeyOf,
  signNote,
  todayPlus,
} from "../support/office"

const office = await createOffice(3)
const today = todayPlus(0)
const verify = (note: Uint8Array) => verifyProfile(note, STRICT)

/** The profile with some members altered, signed by the true root key. */
function altered(change: (document: any) => unknown): Uint8Array {
  const document = structuredClone(office.document)
  const other = change(document)
  return signNote(typeof other === "string" ? other : `${JSON.stringify(document)}\n`, office.rootKey, office.profile.office)
}

test("a signed profile verifies", async () => {
  const profile = await verify(office.note)
  assert.equal(profile.office, officeIdOf({ key: publicKeyOf(office.rootKey), next: NOBODY }))
  assert.deepEqual(profile.stamp, { version: 3, digest: digestOf(encodeUtf8(decodeNote(decodeUtf8(office.note)).text)) })
  assert.equal(profile.inspectors.length, 3)
  assert.deepEqual(profile.deadlines.informationWorkingDays, 10)
  assert.deepEqual(await openProfile(office.note, { office: profile.office, today }, STRICT), profile)
})

test("a foreign, expired or older profile is said to be so", async () => {
  const { stamp } = office.profile
  const opened = (expected: object) => openProfile(office.note, { today, ...expected }, STRICT)
  assert.equal(await opened({ office: "0".repeat(32) }), "foreign")
  assert.equal(await opened({ today: todayPlus(31) }), "expired")
  assert.equal(typeof (await opened({ today: todayPlus(30) })), "object")
  assert.equal(typeof (await opened({ today: todayPlus(31), isForReading: true })), "object", "what was answered stays readable")
  const after = (fields: object) => opened({ seen: () => ({ version: 3, digest: stamp.digest, ...fields }) })
  assert.equal(await after({ version: 4 }), "older")
  assert.equal(typeof (await after({})), "object")
  assert.equal(await after({ digest: "0".repeat(64) }), "other-text")
  assert.equal(typeof (await after({ version: 2, digest: "0".repeat(64) })), "object")
})

test("a later root signs when the one before it commits to it, and the office stays the same", async () => {
  const { keys, roots } = createRoots(3)
  const id = officeIdOf(roots[0] as never)
  const signedBy = (key: number, listed: unknown[], version = Math.max(0, listed.length - 1) * 10_000 + 1) =>
    signNote(`${JSON.stringify({ ...office.document, version, office: id, roots: listed })}\n`, keys[key] as Uint8Array, id)
  for (const count of [1, 2, 3]) {
    const of = roots.slice(0, count)
    const [first, last] = [(count - 1) * 10_000 + 1, count * 10_000]
    for (const version of [first, last]) assert.equal((await verify(signedBy(count - 1, of, version))).office, id)
    for (const version of [first - 1, last + 1, 0]) await assert.rejects(verify(signedBy(count - 1, of, version)), Malformed)
  }
  // The thief of a root signs no version that whoever has seen the next one would take.
  const seen = () => ({ version: 10_001, digest: "0".repeat(64) })
  assert.equal(await openProfile(signedBy(0, roots.slice(0, 1), 10_000), { seen, today }, STRICT), "older")
  const stranger = createRoots(1).roots
  for (const wrong of [
    signedBy(0, roots.slice(0, 2)),
    signedBy(1, roots),
    signedBy(2, [roots[0], roots[2]]),
    signedBy(2, [...roots].reverse()),
    signedBy(2, [{ ...roots[0], next: NOBODY }, roots[1], roots[2]]),
    signedBy(1, [roots[0], { ...roots[1], next: NOBODY }]),
    signedBy(0, [roots[0], ...stranger]),
    signedBy(0, []),
    signedBy(0, Array(5).fill(roots[0])),
  ])
    await assert.rejects(verify(wrong), Malformed)
})

test("a profile with an extension that must be understood asks for a newer program, once it is signed", async () => {
  const key = former(await createInspector("gone"), { until: today, why: "left" })
  for (const change of [
    (document: any) => void (document.extensions = { "must-threshold": "1" }),
    (document: any) => void (document.inspectors[1].extensions = { "must-see": "" }),
    (document: any) => void (document.former = [{ ...key, extensions: { "must-x": "" } }]),
  ])
    assert.equal(await openProfile(altered(change), { today }, STRICT), "newer")
  const other = (document: any) => void (document.extensions = { constructor: "x", musty: "", "ml-dsa": "y" })
  assert.equal(typeof (await openProfile(altered(other), { today }, STRICT)), "object")
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
  await assert.rejects(verify(signNote(text, other, office.profile.office)), Malformed)
  // The office id of the true office, with the root key of another.
  const swapped = { ...office.document, roots: [{ key: publicKeyOf(other), next: NOBODY }] }
  await assert.rejects(verify(signNote(`${JSON.stringify(swapped)}\n`, other, office.profile.office)), Malformed)
  // A note whose key name or hash is another's.
  const note = decodeUtf8(office.note)
  await assert.rejects(verify(encodeUtf8(note.replace(/\u2014 [0-9a-f]{32}/, `\u2014 ${"0".repeat(32)}`))), Malformed)
})

test("a note has one empty line before its signatures and no control characters", async () => {
  const note = decodeUtf8(office.note)
  for (const wrong of [
    note.slice(0, -1),
    `${note}\n`,
    note.replace("\u2014 ", "\u2014"),
    note.replace("\u2014", "-"),
    note.replace("\n\n\u2014", "\n\u2014"),
    note.replace(/=+\n$/, "\n"),
    note.replaceAll("\n", "\r\n"),
    `\ufeff${note}`,
    `${note}\u2014 x AAAA\n`,
    `${note}no signature\n`,
  ]) {
    assert.notEqual(wrong, note)
    await assert.rejects(verify(encodeUtf8(wrong)), Malformed, JSON.stringify(wrong.slice(-200)))
  }
  await assert.rejects(verify(altered(() => `${JSON.stringify(office.document, null, "\t")}\n`)), Malformed)
})

test("up to 15 lines of other keys are passed over, whatever they hold", async () => {
  const note = decodeUtf8(office.note)
  const text = note.slice(0, note.lastIndexOf("\n\n") + 1)
  const own = note.slice(text.length + 1)
  const long = btoa("x".repeat(3313))
  const other = noteLine(text, ed25519.utils.randomSecretKey(), office.profile.office)
  const foreign = noteLine(text, office.rootKey, "0".repeat(32))
  for (const lines of [`${own}\u2014 ml-dsa ${long}\n`, other + own + foreign, other.repeat(15) + own])
    assert.equal((await verify(encodeUtf8(`${text}\n${lines}`))).version, 3)
  for (const lines of [other.repeat(16) + own, other, foreign, `\u2014 ${office.profile.office} ${btoa("x".repeat(68))}\n`])
    await assert.rejects(verify(encodeUtf8(`${text}\n${lines}`)), Malformed)
})

test("members that are missing, unknown, double or out of bounds are refused, though signed", async () => {
  const text = JSON.stringify(office.document)
  const person = await createInspector("gone")
  const gone = (fields: object = {}) => former(person, { until: today, why: "left", ...fields })
  const hexOf = (number: number) => String(number).padStart(64, "0")
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
    (document) => void (document.expires = todayPlus(161)),
    (document) => void (document.expires = todayPlus(-31)),
    (document) => void (document.roots[0].extra = ""),
    (document) => void (document.addresses = []),
    ...[
      "report.example.org",
      "https://Report.example.org",
      "https://report.example.org/",
      "https://report.example.org:443",
      "http://report.example.org:80",
      "http://report.example.org:080",
      "http://report.example.org:65536",
      "http://user@report.example.org",
      "http://[::1",
      "http://[zz]",
      "ftp://report.example.org",
      `https://${"a".repeat(250)}`,
    ].map((address) => (document: any) => void (document.addresses = [address])),
    (document) => void (document.addresses = ["https://a.example", "https://a.example"]),
    (document) => void (document.inspectors[0].joined = 0),
    (document) => void (document.inspectors[0].joined = 4),
    (document) => void (document.inspectors[0].epoch = 0),
    (document) => void (document.inspectors[0].extensions = { A: "" }),
    (document) => void (document.inspectors[0].signer = document.roots[0].key),
    (document) => void (document.former = Array.from({ length: 65 }, (_, i) => gone({ epoch: i + 1, signer: hexOf(i) }))),
    (document) => void (document.former = [gone(), gone({ signer: hexOf(1) })]),
    (document) => void (document.former = [gone({ signer: document.inspectors[0].signer })]),
    (document) => void (document.former = [gone({ signer: document.roots[0].key })]),
    (document) => void (document.former = [gone({ id: "reporter" })]),
    (document) => void (document.former = [gone({ role: undefined })]),
    (document) => void (document.former = [gone({ joined: undefined })]),
    (document) => void (document.former = [gone(), gone({ epoch: 2, signer: hexOf(2), joined: 2 })]),
    (document) => void (document.former = [gone({ joined: 4 })]),
    (document) => void (document.former = [gone({ id: "inspector-1" })]),
    (document) => void (document.former = [gone({ id: "inspector-1", role: undefined, joined: undefined })]),
    (document) => void (document.former = [gone({ why: "tired" })]),
    (document) => void (document.former = [gone({ until: "2026-02-30" })]),
    (document) => void (document.services[0].unit = "nowhere"),
    (document) => void document.services.push(document.services[0]),
    (document) => void (document.holidays = ["2026-03-22", "2026-03-21"]),
    (document) => void (document.holidays = ["2026-03-22", "2026-03-22"]),
    (document) => void (document.retention.closed_days = 0),
    (document) => void (document.retention.unanswered_days = 36_501),
    (document) => void (document.two_persons = [{ id: "lunch", since: today }]),
    (document) => void (document.two_persons = Array(2).fill({ id: "erase", since: today })),
    (document) => void (document.extensions = { a: "x".repeat(8193) }),
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
  const right: ((document: any) => void)[] = [
    (document) => void (document.former = [gone(), gone({ epoch: 2, signer: hexOf(2), why: "stolen" })]),
    (document) => {
      document.former = [gone({ id: "inspector-1", why: "replaced", role: undefined, joined: undefined })]
      document.inspectors[0].epoch = 2
    },
    (document) => void (document.expires = todayPlus(160)),
    (document) => void (document.addresses = ["http://[::1]:8080", "https://10.0.0.7", "http://abcdefghij234567.onion"]),
    (document) =>
      void (document.two_persons = ["erase", "full-export", "publication", "knowingly-false"].map((id) => ({ id, since: today }))),
  ]
  for (const change of right) assert.equal((await verify(altered(change))).version, 3, change.toString())
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

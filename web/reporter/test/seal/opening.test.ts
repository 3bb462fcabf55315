import assert from "node:assert/strict"
import { test } from "node:test"
import { Encrypter, generateX25519Identity, identityToRecipient, Stanza } from "age-encryption"
import { encodeHeader, paddingBytes } from "../../src/protocol/archive"
import { concat, join } from "../../src/protocol/bytes"
import { Malformed } from "../../src/protocol/malformed"
import { encodeMessage } from "../../src/protocol/message"
import { encodeSeal } from "../../src/protocol/seal-json"
import { digestOf } from "../../src/verify/digest"
import { ThreadDigests } from "../../src/verify/thread-digests"
import { open } from "../../src/seal/opening"
import { createOffice, reply, sealMessage } from "../support/office"
import { bytesFrom, generator, mutations } from "../support/random"

const office = await createOffice(1)
const [inspector] = office.inspectors
const identity = inspector?.identity ?? ""
const recipient = office.profile.inspectors[0]?.recipient ?? ""
const CASE = "c".repeat(32)
const message = reply(office, { case: CASE, thread: new ThreadDigests(office.profile.office, CASE).thread })
const sealed = await sealMessage(message, [], inspector?.signingKey ?? new Uint8Array(), [recipient])

test("damaged and random bytes give Malformed and nothing else", async () => {
  const inputs = [
    new Uint8Array(),
    bytesFrom(generator(1), 40_000),
    ...mutations(sealed, 150, 3),
    ...[10, 22, 70, 1_627, 1_643, 32_767].map((length) => sealed.subarray(0, length)),
  ]
  for (const input of inputs) await assert.rejects(open([Uint8Array.from(input)], identity), Malformed)
})

test("pieces of any size are taken, and taken away", async () => {
  for (const size of [1_000, 65_536, 7]) {
    const pieces = Array.from({ length: Math.ceil(sealed.length / size) }, (_, i) => sealed.slice(i * size, (i + 1) * size))
    assert.deepEqual((await open([new Uint8Array(), ...pieces], identity)).message, message)
  }
  const pieces = [sealed.slice()]
  await open(pieces, identity)
  assert.equal(pieces.length, 0)
})

test("a header that never ends, or has very many stanzas, is refused at once", async () => {
  const version = new TextEncoder().encode("age-encryption.org/v1\n")
  const start = performance.now()
  await assert.rejects(open([concat(version, new Uint8Array(60_000_000).fill(0x61))], identity), Malformed)
  const stanza = new TextEncoder().encode("-> x-grease y\n\n")
  await assert.rejects(open([join([version, ...Array<Uint8Array>(1_000_000).fill(stanza)])], identity), Malformed)
  assert.ok(performance.now() - start < 3_000)
})

test("stanzas of other kinds are refused, GREASE is not", async () => {
  const encrypt = async (...more: (string | Stanza)[]) => {
    const encrypter = new Encrypter()
    encrypter.addRecipient(recipient)
    for (const extra of more) encrypter.addRecipient(typeof extra === "string" ? extra : { wrapFileKey: () => [extra] })
    return encrypter.encrypt(archive())
  }
  assert.deepEqual((await open([await encrypt(new Stanza(["joint-grease", "a"], new Uint8Array(20)))], identity)).message, message)
  await assert.rejects(open([await encrypt(await identityToRecipient(await generateX25519Identity()))], identity), Malformed)
  await assert.rejects(open([await encrypt(new Stanza(["scrypt", "a", "1"], new Uint8Array(32)))], identity), Malformed)
  await assert.rejects(open([await encrypt(new Stanza(["grease-not"], new Uint8Array(3)))], identity), Malformed)
})

test("digests, sizes, paths and files that do not agree are refused", async () => {
  const good = { path: "message.json", size_bytes: encodeMessage(message).length, sha256: digestOf(encodeMessage(message)) }
  const file = new TextEncoder().encode("file")
  const entry = { path: "files/01", size_bytes: 4, sha256: digestOf(file) }
  const listed = { ...message, files: [{ name: "a", type: "a/b", size_bytes: 4 }] }
  const listedGood = { path: "message.json", size_bytes: encodeMessage(listed).length, sha256: digestOf(encodeMessage(listed)) }
  const openArchive = async (plaintext: Uint8Array) => {
    const encrypter = new Encrypter()
    encrypter.addRecipient(recipient)
    return open([await encrypter.encrypt(plaintext)], identity)
  }
  await openArchive(archive())
  await openArchive(archive([listedGood, entry], listed, [file]))
  const wrong = [
    archive([{ ...good, sha256: "0".repeat(64) }]),
    archive([{ ...good, size_bytes: good.size_bytes + 1 }]),
    archive([{ ...good, path: "message" }]),
    archive([good, entry]),
    archive([good, entry], message, [file]),
    archive([listedGood], listed, []),
    archive([listedGood], listed, [file]),
    archive([listedGood, { ...entry, sha256: "0".repeat(64) }], listed, [file]),
    archive([listedGood, { ...entry, path: "files/02" }], listed, [file]),
    archive([{ ...listedGood, size_bytes: 1 }, entry], { ...listed, files: [{ name: "a", type: "a/b", size_bytes: 5 }] }, [file]),
  ]
  for (const plaintext of wrong) await assert.rejects(openArchive(plaintext), Malformed)
})

function archive(
  entries = [{ path: "message.json", size_bytes: encodeMessage(message).length, sha256: digestOf(encodeMessage(message)) }],
  said = message,
  files: Uint8Array[] = [],
) {
  const parts: [string, Uint8Array][] = [
    ["message.json", encodeMessage(said)],
    ...files.map((file, i): [string, Uint8Array] => [`files/0${i + 1}`, file]),
    ["seal.json", encodeSeal({ entries, signature: "0".repeat(128) })],
  ]
  return concat(
    ...parts.flatMap(([path, content]) => [encodeHeader(path, content.length), content, new Uint8Array(paddingBytes(content.length))]),
    new Uint8Array(1024),
  )
}

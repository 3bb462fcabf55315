import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { Decrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption"
import { ReporterError } from "../../src/errors"
import { Malformed } from "../../src/protocol/malformed"
import { encodeMessage, type FollowUp } from "../../src/protocol/message"
import { isSizeClass } from "../../src/protocol/limits"
import { ArchiveReader, contentOf } from "../../src/verify/archive-reader"
import { digestOf } from "../../src/verify/digest"
import { ThreadDigests } from "../../src/verify/thread-digests"
import { open } from "../../src/seal/opening"
import { recipientsOf } from "../../src/seal/recipients"
import { planSealing, sealBytes } from "../../src/seal/sealing"
import { createOffice, reply, sealMessage } from "../support/office"
import { bytesFrom, generator } from "../support/random"

const office = await createOffice(3)
const CASE = "c".repeat(32)
const thread = new ThreadDigests(office.profile.office, CASE).thread
const random = generator(11)
const files = [0, 1, 65_535, 65_536, 65_537, 300_000].map((length) => bytesFrom(random, length))
const message = reply(office, {
  case: CASE,
  thread,
  text: "متن با نیم‌فاصله\n",
  files: files.map((file, i) => ({ name: `پرونده ${i}.bin`, type: "application/octet-stream", size_bytes: file.length })),
})
const recipients = office.profile.inspectors.map(({ recipient }) => recipient)
const signingKey = office.inspectors[0]?.signingKey ?? new Uint8Array()
const blobs = files.map((file) => new Blob([file]))

test("what was sealed is opened by every recipient, to the byte, and is signed", async () => {
  const sealed = await sealMessage(message, blobs, signingKey, recipients)
  assert.ok(isSizeClass(sealed.length))
  for (const inspector of office.inspectors) {
    const opened = await open([sealed.slice()], inspector.identity)
    assert.deepEqual(opened.message, message)
    assert.equal(opened.digest, digestOf(encodeMessage(message)))
    assert.deepEqual(
      opened.files.map((file) => contentOf({ path: "", ...file })),
      files,
    )
    assert.deepEqual(
      opened.files.map(({ sha256 }) => sha256),
      files.map(digestOf),
    )
    assert.ok(opened.isSignedBy(office.profile.inspectors[0]?.signer ?? ""))
    assert.ok(!opened.isSignedBy(office.profile.inspectors[1]?.signer ?? ""))
  }
})

test("age and tar give back the bytes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mohr-sealing-"))
  try {
    const decrypter = new Decrypter()
    decrypter.addIdentity(office.inspectors[1]?.identity ?? "")
    writeFileSync(join(folder, "opened.tar"), await decrypter.decrypt(await sealMessage(message, blobs, signingKey, recipients)))
    execFileSync("tar", ["-xf", "opened.tar"], { cwd: folder })
    assert.deepEqual(readdirSync(join(folder, "files")), ["01", "02", "03", "04", "05", "06"])
    for (const [i, file] of files.entries()) assert.ok(readFileSync(join(folder, "files", `0${i + 1}`)).equals(file))
    assert.ok(readFileSync(join(folder, "message.json")).equals(encodeMessage(message)))
    const seal = JSON.parse(readFileSync(join(folder, "seal.json"), "utf8"))
    assert.deepEqual(
      seal.entries.map(({ sha256 }: { sha256: string }) => sha256),
      [digestOf(encodeMessage(message)), ...files.map(digestOf)],
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("a blob has exactly its class, for 1 to 13 stanzas and lengths around every border", async () => {
  const identity = await generateHybridIdentity()
  const one = await identityToRecipient(identity)
  for (const [stanzas, fileBytes] of [
    [1, 1],
    [2, 20_000],
    [3, 58_000],
    [4, 59_000],
    [5, 59_500],
    [8, 111_000],
    [9, 114_700],
    [12, 503_000],
    [13, 506_000],
    [6, 2_070_000],
    [7, 2_090_000],
    [13, 3_000_000],
  ] as const) {
    const file = new Blob([new Uint8Array(fileBytes)])
    const listed = [{ name: "a", type: "a/b", size_bytes: fileBytes }]
    const sealed = await sealMessage({ ...message, files: listed }, [file], signingKey, Array<string>(stanzas).fill(one))
    assert.ok(isSizeClass(sealed.length), `${stanzas} ${fileBytes} ${sealed.length}`)
    assert.equal((await open([sealed], identity)).files[0]?.size_bytes, fileBytes)
  }
})

test("a message without files is of 32 KiB up to the last byte, and refused beyond it", async () => {
  const base = { ...message, files: [], text: "" }
  const fits = (length: number) => {
    try {
      planSealing(encodeMessage({ ...base, text: "x".repeat(length) }).length, [], 3)
      return true
    } catch (error) {
      assert.ok(error instanceof ReporterError && error.reason === "text-too-long")
      return false
    }
  }
  let [least, most] = [0, 40_000]
  while (most - least > 1) {
    const middle = (least + most) >> 1
    if (fits(middle)) least = middle
    else most = middle
  }
  const sealed = await sealMessage({ ...base, text: "x".repeat(least) }, [], signingKey, recipients)
  assert.equal(sealed.length, 32_768)
  await assert.rejects(sealMessage({ ...base, text: "x".repeat(most) }, [], signingKey, recipients), { reason: "text-too-long" })
  assert.equal((await sealMessage(base, [], signingKey, recipients)).length, 32_768)
})

test("files over the largest blob are refused before anything is sealed", () => {
  assert.throws(() => planSealing(1000, [200_000_000, 68_400_000], 3), { reason: "too-large" })
  assert.ok(planSealing(1000, [200_000_000, 51_658_240], 13))
})

test("seal.json is as long as it was reckoned", async () => {
  const decrypter = new Decrypter()
  decrypter.addIdentity(office.inspectors[1]?.identity ?? "")
  const reader = new ArchiveReader()
  reader.push(await decrypter.decrypt(await sealMessage(message, blobs, signingKey, recipients)))
  assert.equal(
    reader.finish().seal.size_bytes,
    sealBytes(
      encodeMessage(message).length,
      files.map(({ length }) => length),
    ),
  )
})

test("in the place of whoever is left out stands a key that nobody has", async () => {
  const chosen = await recipientsOf(office.profile, ["inspector-2", "stranger"])
  assert.deepEqual([chosen[0], chosen[2]], [recipients[0], recipients[2]])
  assert.notEqual(chosen[1], recipients[1])
  assert.notEqual((await recipientsOf(office.profile, ["inspector-2"]))[1], chosen[1], "a fresh one each time")
  const followUp: FollowUp = {
    office: office.profile.office,
    case: CASE,
    kind: "follow-up",
    sender: "reporter",
    sequence: 1,
    thread,
    day: "2026-03-21",
    language: "fa",
    text: "x",
    left_out: ["inspector-2"],
    files: [],
  }
  const sealed = await sealMessage(followUp, [], signingKey, chosen)
  const full = await sealMessage(followUp, [], signingKey, recipients)
  assert.equal(stanzasOf(sealed), stanzasOf(full))
  await open([sealed.slice()], office.inspectors[0]?.identity ?? "")
  await open([sealed.slice()], office.inspectors[2]?.identity ?? "")
  await assert.rejects(open([sealed.slice()], office.inspectors[1]?.identity ?? ""), Malformed)
  await assert.rejects(recipientsOf(office.profile, ["inspector-1", "inspector-2", "inspector-3"]), { reason: "nobody-left" })
})

function stanzasOf(sealed: Uint8Array): number {
  return new TextDecoder("latin1").decode(sealed.subarray(0, 32_768)).split("-> mlkem768x25519 ").length - 1
}

test("no other kind of recipient is sealed to", async () => {
  for (const recipient of [
    await identityToRecipient(await generateX25519Identity()),
    `age1pq1${"q".repeat(1952)}`,
    "",
    "age1pq1",
    recipients[0]?.toUpperCase() ?? "",
  ]) {
    await assert.rejects(sealMessage({ ...message, files: [] }, [], signingKey, [recipients[0] ?? "", recipient]))
  }
})

test("a file that changes on the way is noticed", async () => {
  const blob = new Blob([new Uint8Array(100)])
  const shrinking = { size: 200, slice: (start: number, end: number) => blob.slice(start, end) } as Blob
  const gone = {
    size: 200,
    slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException("gone", "NotReadableError")) }),
  } as unknown as Blob
  const listed = { ...message, files: [{ name: "a", type: "a/b", size_bytes: 200 }] }
  await assert.rejects(sealMessage(listed, [shrinking], signingKey, recipients), { reason: "file-unreadable" })
  await assert.rejects(sealMessage(listed, [gone], signingKey, recipients), { reason: "file-unreadable" })
})

test("sealing gives the page a turn between steps", async () => {
  let turns = 0
  const timer = setInterval(() => (turns += 1), 1)
  const file = new Blob([new Uint8Array(20_000_000)])
  await sealMessage({ ...message, files: [{ name: "a", type: "a/b", size_bytes: file.size }] }, [file], signingKey, recipients.slice(0, 1))
  clearInterval(timer)
  assert.ok(turns > 10, `${turns} turns`)
})

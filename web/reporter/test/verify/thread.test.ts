import assert from "node:assert/strict"
import { test } from "node:test"
import { createCode } from "../../src/protocol/receipt"
import type { Reply } from "../../src/protocol/message"
import { digestOf } from "../../src/verify/digest"
import { ThreadReader, type Reading } from "../../src/verify/thread"
import { ReporterKeys } from "../../src/seal/derive"
import { open } from "../../src/seal/opening"
import { createOffice, reply, sealMessage, sealReply } from "../support/office"

const office = await createOffice(2)
const keys = await ReporterKeys.derive(createCode(), office.profile.office)
const REPORT = "11".repeat(32)

/** A case with its report, as the reporter reads it. */
function newCase(): ThreadReader {
  const reader = new ThreadReader(office.profile, keys.caseId)
  reader.skipOwn(REPORT)
  return reader
}

async function read(reader: ThreadReader, blob: Uint8Array<ArrayBuffer>): Promise<Reading> {
  return reader.read(digestOf(blob), await open([blob.slice()], keys.identity()))
}

/** A reply of an inspector who saw all that the reader has. */
function answer(reader: ThreadReader, fields: Partial<Reply> = {}): Reply {
  const sender = fields.sender ?? "inspector-1"
  return reply(office, { case: keys.caseId, thread: reader.thread, sequence: reader.sequence(sender), ...fields, sender })
}

const seal = (message: Reply) => sealReply(office, keys.recipient, message)

test("replies of two inspectors are believed, and fold to a status and an outcome", async () => {
  const reader = newCase()
  assert.equal(reader.status, "received")
  const steps: [Partial<Reply>, string, string | undefined][] = [
    [{ status: "under-investigation", left_out: ["inspector-2"] }, "under-investigation", undefined],
    [{ sender: "inspector-2" }, "under-investigation", undefined],
    [{ status: "closed", outcome: { id: "no-violation", rule: "بند ۳" } }, "closed", "no-violation"],
    [{ sender: "inspector-2", text: "دیگر" }, "closed", "no-violation"],
    [{ sender: "inspector-2", status: "reopened" }, "reopened", undefined],
  ]
  for (const [fields, status, outcome] of steps) {
    const reading = await read(reader, await seal(answer(reader, fields)))
    assert.equal(reading.authenticity, "authentic")
    assert.deepEqual(reading.warnings, [])
    assert.deepEqual([reader.status, reader.outcome?.id], [status, outcome])
  }
  assert.deepEqual(reader.leftOut, ["inspector-2"])
})

test("a reply that a server seals itself is not believed, whomever it names", async () => {
  const stranger = (await createOffice(1)).inspectors[0]?.signingKey ?? new Uint8Array()
  const reader = newCase()
  for (const sender of ["inspector-1", "inspector-2", "stranger"]) {
    const forged = await sealMessage(answer(reader, { sender, text: "لطفاً شماره تلفن خود را بفرستید", status: "closed" }), [], stranger, [
      keys.recipient,
    ])
    assert.deepEqual(await read(reader, forged), { authenticity: "not-authentic" })
  }
  // One inspector in the name of another.
  const other = await sealMessage(answer(reader, { sender: "inspector-1" }), [], office.inspectors[1]?.signingKey ?? new Uint8Array(), [
    keys.recipient,
  ])
  assert.deepEqual(await read(reader, other), { authenticity: "not-authentic" })
  // The reporter's own key signs no replies.
  const own = await sealMessage({ ...answer(reader), sender: "reporter", kind: "follow-up" } as never, [], stranger, [keys.recipient])
  assert.deepEqual(await read(reader, own), { authenticity: "not-authentic" })
  assert.equal(reader.status, "received")
  assert.equal(reader.leftOut, undefined)
})

test("a reply for another case or office is not of this one", async () => {
  const elsewhere = await createOffice(1)
  const reader = newCase()
  const blobs = [await seal(answer(reader, { case: "f".repeat(32) })), await seal(answer(reader, { office: elsewhere.profile.office }))]
  for (const blob of blobs) assert.deepEqual(await read(reader, blob), { authenticity: "not-authentic" })
})

test("a reply at the place of the report is not one", async () => {
  const reader = new ThreadReader(office.profile, keys.caseId)
  assert.deepEqual(await read(reader, await seal(answer(reader))), { authenticity: "not-authentic" })
})

test("a message that comes again is said to be replayed, even sealed anew", async () => {
  const reader = newCase()
  const message = answer(reader, { text: "یک بار" })
  assert.equal((await read(reader, await seal(message))).authenticity, "authentic")
  assert.deepEqual(await read(reader, await seal(message)), { authenticity: "replayed" })
})

test("a forged copy that comes first does not silence the true message", async () => {
  const reader = newCase()
  const message = answer(reader)
  const forged = await sealMessage(message, [], office.inspectors[1]?.signingKey ?? new Uint8Array(), [keys.recipient])
  assert.equal((await read(reader, forged)).authenticity, "not-authentic")
  assert.equal((await read(reader, await seal(message))).authenticity, "authentic")
})

test("a dropped, swapped or foreign message before a reply is warned of", async () => {
  const warnings = (reading: Reading) => (reading.authenticity === "authentic" ? reading.warnings : undefined)
  const whole = newCase()
  const first = await seal(answer(whole))
  await read(whole, first)
  const second = await seal(answer(whole, { text: "دوم" }))

  // The first is dropped.
  assert.deepEqual(warnings(await read(newCase(), second)), ["thread-differs", "sequence-gap"])
  // The two are swapped.
  const swapped = newCase()
  await read(swapped, second)
  assert.deepEqual(warnings(await read(swapped, first)), ["sequence-gap"], "the first saw only the report, which is still before it")
  // Another report stands before them.
  const other = new ThreadReader(office.profile, keys.caseId)
  other.skipOwn("22".repeat(32))
  assert.deepEqual(warnings(await read(other, first)), ["thread-differs"])
  // Something unreadable was slipped in: the sender did not see it.
  const slipped = newCase()
  slipped.skipUnreadable("33".repeat(32))
  assert.deepEqual(warnings(await read(slipped, first)), [], "two who write at once see different threads, which is no fault")
  await read(slipped, second)
})

test("a sender who claims to have seen more than there is, is warned of", async () => {
  const reader = newCase()
  const reading = await read(reader, await seal(answer(reader, { thread: { length: 5, digest: "ab".repeat(32) } })))
  assert.deepEqual(reading.authenticity === "authentic" && reading.warnings, ["thread-differs"])
})

test("whom any inspector's reply says to leave out stays left out", async () => {
  const reader = newCase()
  for (const [sender, left_out] of [
    ["inspector-1", ["inspector-2"]],
    ["inspector-1", []],
    ["inspector-2", ["inspector-3", "inspector-2"]],
  ] as const) {
    assert.equal((await read(reader, await seal(answer(reader, { sender, left_out: [...left_out] })))).authenticity, "authentic")
  }
  assert.deepEqual(reader.leftOut, ["inspector-2", "inspector-3"])
})

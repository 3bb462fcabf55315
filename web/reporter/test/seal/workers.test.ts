import assert from "node:assert/strict"
import { afterEach, test } from "node:test"
import { startWorkers, stopWorkers, WorkersBroke, type WorkerLike } from "../../src/seal/workers"
import { contentOf } from "../../src/verify/archive-reader"
import { encodeMessage } from "../../src/protocol/message"
import { ThreadDigests } from "../../src/verify/thread-digests"
import { open } from "../../src/seal/opening"
import { seal } from "../../src/seal/sealing"
import { createOffice, reply, sealMessage } from "../support/office"
import { bytesFrom, generator } from "../support/random"
import { TestWorker } from "../support/worker"

const office = await createOffice(2)
const recipients = office.profile.inspectors.map(({ recipient }) => recipient)
const signingKey = office.inspectors[0]?.signingKey ?? new Uint8Array()
const file = bytesFrom(generator(21), 1_500_000)
const CASE = "c".repeat(32)
const message = reply(office, new ThreadDigests(office.profile.office, CASE).end, {
  case: CASE,
  files: [{ name: "a", type: "a/b", size_bytes: file.length }],
})

const started = () => startWorkers(() => new TestWorker())
afterEach(() => {
  stopWorkers()
  TestWorker.all = []
  TestWorker.files = undefined
})

const sealable = (files: readonly Blob[]) => ({ messageJson: encodeMessage(message), files, recipients, sign: () => "0".repeat(128) })
const isOver = (worker: TestWorker) => worker.state !== "runs"
const soon = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

test("what workers sealed is opened by age-encryption, to the byte", async () => {
  const sealed = await sealMessage(message, [new Blob([file])], signingKey, recipients, started)
  const opened = await open([sealed], office.inspectors[1]?.identity ?? "")
  assert.deepEqual(opened.message, message)
  assert.deepEqual(contentOf({ path: "", ...opened.files[0]! }), file)
  assert.ok(opened.isSignedBy(office.profile.inspectors[0]?.signer ?? ""))
  assert.deepEqual(
    TestWorker.all.map(({ role }) => role),
    ["read", "seal", "digest"],
  )
})

test("at the end all workers are over, and the key is cleared", async () => {
  await sealMessage(message, [new Blob([file])], signingKey, recipients, started)
  await soon(50)
  assert.deepEqual(TestWorker.all.map(isOver), [true, true, true])
  assert.deepEqual([...TestWorker.all[1]!.payloadKey!], Array(32).fill(0))
})

test("the page keeps no copy of the key that it hands over", async () => {
  const crew = (await started())!
  const payloadKey = new Uint8Array(32).fill(9)
  const work = { header: new Uint8Array(200), payloadKey, archiveBytes: 1024, sizeBytes: 1240, wholeBytesMax: 0 }
  crew.seal({ start: new Uint8Array(512), files: [], archiveBytes: 1024, wholeBytesMax: 0 }, work, () => Promise.resolve(new Uint8Array(0)))
  assert.equal(payloadKey.length, 0)
})

test("who gives up in the middle leaves no worker and no key", async () => {
  const sealing = await seal(sealable([new Blob([file])]), started)
  await sealing.next(300_000)
  assert.ok(
    TestWorker.all[1]!.payloadKey!.some((byte) => byte !== 0),
    "it was at work",
  )
  sealing.end()
  await soon(50)
  assert.deepEqual(TestWorker.all.map(isOver), [true, true, true])
  assert.deepEqual([...TestWorker.all[1]!.payloadKey!], Array(32).fill(0))
})

test("leaving stops all workers there are", async () => {
  await Promise.all([started(), started()])
  assert.equal(TestWorker.all.length, 6)
  stopWorkers()
  await soon(50)
  assert.ok(TestWorker.all.every(isOver))
})

test("a file that vanishes is told as one, and a worker that breaks as a broken one", async () => {
  TestWorker.files = [{ size: file.length, slice: () => new Blob([new Uint8Array(3)]) } as unknown as Blob]
  const unreadable = await seal(sealable([new Blob([file])]), started)
  await assert.rejects(unreadable.next(1_000_000), { reason: "file-unreadable" })
  unreadable.end()

  TestWorker.files = undefined
  TestWorker.all = []
  const sealing = await seal(sealable([new Blob([file])]), started)
  const asked = sealing.next(1_000_000)
  TestWorker.all[1]!.crash()
  await assert.rejects(asked, WorkersBroke)
  await assert.rejects(sealing.next(1), WorkersBroke)
  await assert.rejects(sealing.digest(), WorkersBroke)
  sealing.end()
})

test("without workers, or with a script that does not come, the page seals by itself", async () => {
  const faults: Record<string, () => WorkerLike> = {
    "no workers": () => {
      throw new TypeError("Worker is not defined")
    },
    "the script breaks off": () => {
      const worker = silent()
      setTimeout(() => worker.onerror?.({ message: "", preventDefault() {} } as ErrorEvent), 5)
      return worker
    },
  }
  for (const [name, spawn] of Object.entries(faults)) {
    const sealed = await sealMessage(message, [new Blob([file])], signingKey, recipients, () => startWorkers(spawn))
    assert.deepEqual((await open([sealed], office.inspectors[0]?.identity ?? "")).message, message, name)
  }
  // Asked anew, they come.
  assert.ok((await started()) !== undefined)
})

test("a script that falls silent is waited for ten seconds and no more", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] })
  const worker = silent()
  const starting = startWorkers(() => worker)
  t.mock.timers.tick(9_999)
  assert.equal(await Promise.race([starting, Promise.resolve("waits")]), "waits")
  t.mock.timers.tick(1)
  assert.equal(await starting, undefined)
  t.mock.timers.tick(500)
  assert.equal(worker.terminated, true)
})

function silent() {
  return {
    onmessage: null as WorkerLike["onmessage"],
    onerror: null as WorkerLike["onerror"],
    terminated: false,
    postMessage() {},
    terminate() {
      this.terminated = true
    },
  }
}

import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { Upload, UploadLost, type Source, type UploadOptions } from "../../src/api/tus"
import { ReporterError } from "../../src/errors"
import { concat } from "../../src/protocol/bytes"
import { TestServer, type Fault, type Seen } from "../support/server"
import { bytesFrom, generator } from "../support/random"

let server: TestServer
beforeEach(async () => {
  server = await TestServer.start()
})
afterEach(() => server.close())

const TOKEN = "ab".repeat(32)
const CASE = "cd".repeat(16)
const MEMO = btoa("m".repeat(640))
const small = sealedBytes(32_768)
const large = sealedBytes(2_097_152)

function sealedBytes(length: number): Uint8Array<ArrayBuffer> {
  const start = new TextEncoder().encode("age-encryption.org/v1\n")
  return concat(start, bytesFrom(generator(length), length - start.length))
}

/** Gives out what it is asked for, a little later, and to one at a time. */
function sourceOf(bytes: Uint8Array<ArrayBuffer>): Source {
  let at = 0
  let isAsked = false
  return {
    sizeBytes: bytes.length,
    async next(pieceBytes) {
      assert.ok(!isAsked, "asked for while another piece is being made")
      assert.ok(pieceBytes > 0 && at + pieceBytes <= bytes.length, "asked for more than there is")
      isAsked = true
      await new Promise((resolve) => setTimeout(resolve, 1))
      isAsked = false
      return bytes.slice(at, (at += pieceBytes))
    },
    end() {},
  }
}

function uploadOf(bytes: Uint8Array<ArrayBuffer>, options: Partial<UploadOptions> = {}): Upload {
  return new Upload({
    url: `${server.base}/uploads`,
    token: TOKEN,
    kind: "report",
    caseId: CASE,
    writeHash: "ef".repeat(32),
    memo: () => Promise.resolve(MEMO),
    source: sourceOf(bytes),
    waitMsMax: 5,
    ...options,
  })
}

function assertArrived(bytes: Uint8Array): void {
  assert.deepEqual(
    server.cases.get(CASE)?.messages.map(({ blob, memo }) => [blob.equals(bytes), memo === MEMO]),
    [[true, true]],
  )
}

/** The fault at the first request of this kind, once. */
function once(matches: (request: Seen) => boolean, fault: Fault): TestServer["fault"] {
  let done = false
  return (request) => {
    if (done || !matches(request)) return undefined
    done = true
    return fault
  }
}

test("a text report is one request", async () => {
  await uploadOf(small).run()
  assert.deepEqual(server.seen, [{ method: "POST", path: "/api/v1/uploads", bodyBytes: 32_768 }])
  assertArrived(small)
})

test("the memo is asked for when the last byte is sealed, and goes with the request that brings it", async () => {
  let asked = 0
  const upload = uploadOf(large, {
    memo() {
      asked += 1
      assert.equal(server.seen.length, 3)
      return Promise.resolve(MEMO)
    },
  })
  await upload.run()
  assert.equal(asked, 1)
  assertArrived(large)
  assert.equal(server.cases.get(CASE)?.writeHash, "ef".repeat(32))
  await assert.rejects(uploadOf(small, { caseId: "ab".repeat(16), memo: () => Promise.resolve("AAAA") }).run(), {
    name: "Refusal",
    word: "malformed",
  })
})

test("a large blob goes in pieces that grow, and progress ends at its size", async () => {
  const acknowledged: number[] = []
  await uploadOf(large).run({ onAcknowledged: (bytes) => acknowledged.push(bytes) })
  assertArrived(large)
  assert.deepEqual(
    server.seen.map(({ method }) => method),
    ["POST", "PATCH", "PATCH", "PATCH"],
  )
  assert.deepEqual(
    server.seen.map(({ bodyBytes }) => bodyBytes),
    [262_144, 524_288, 1_048_576, 262_144],
  )
  assert.deepEqual(acknowledged, [262_144, 786_432, 1_835_008, 2_097_152])
})

test("a POST that breaks, or whose answer is lost, is sent again and counts once", async () => {
  for (const fault of [{ cutRequestAt: 0 }, { cutRequestAt: 10_000 }, "lose-answer"] as const) {
    server.cases.clear()
    server.fault = once(({ method }) => method === "POST", fault)
    await uploadOf(small).run()
    assertArrived(small)
  }
})

test("a connection that breaks in the middle is taken up where the server stands", async () => {
  server.fault = once(({ method }) => method === "PATCH", { cutRequestAt: 100_001 })
  await uploadOf(large).run()
  assertArrived(large)
  assert.deepEqual(
    server.seen.slice(0, 3).map(({ method }) => method),
    ["POST", "PATCH", "HEAD"],
  )
  assert.equal(
    server.seen.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
    large.length,
    "no byte twice",
  )
})

test("a lost last answer is learnt from HEAD", async () => {
  server.fault = once(({ method, bodyBytes }) => method === "PATCH" && bodyBytes === 0 && server.seen.length === 4, "lose-answer")
  await uploadOf(large).run()
  assertArrived(large)
  assert.deepEqual(
    server.seen.map(({ method }) => method),
    ["POST", "PATCH", "PATCH", "PATCH", "HEAD"],
  )
})

test("faults at random never lose or double a byte", async () => {
  for (let seed = 1; seed <= 8; seed += 1) {
    const random = generator(seed)
    server.cases.clear()
    server.fault = () => {
      const dice = random()
      if (dice < 0.15) return { cutRequestAt: Math.floor(random() * 300_000) }
      if (dice < 0.3) return "lose-answer"
      if (dice < 0.4) return { status: 503, word: "busy" }
      if (dice < 0.5) return { status: 502, body: "<html>" }
      return undefined
    }
    const upload = uploadOf(large)
    for (let tries = 0; ; tries += 1) {
      try {
        await upload.run()
        break
      } catch (error) {
        assert.ok(tries < 50, `seed ${seed}: ${String(error)}`)
      }
    }
    assertArrived(large)
  }
})

test("a server that stays away is given up after a while, and the upload goes on when it is back", async () => {
  server.fault = (_, index) => (index >= 1 ? { cutRequestAt: 0 } : undefined)
  const upload = uploadOf(large)
  await assert.rejects(upload.run(), { reason: "server-away" })
  assert.equal(server.seen.length, 1 + 6)
  server.fault = () => undefined
  server.seen.length = 0
  await upload.run()
  assertArrived(large)
  assert.equal(server.seen[0]?.method, "HEAD")
  assert.equal(
    server.seen.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0),
    large.length - 262_144,
  )
})

test("the caller's signal ends it at once, and it can go on", async () => {
  const controller = new AbortController()
  server.fault = ({ method }) => (method === "PATCH" ? "silence" : undefined)
  const upload = uploadOf(large)
  const running = upload.run({ signal: controller.signal, onAcknowledged: () => setTimeout(() => controller.abort(), 20) })
  await assert.rejects(running, { reason: "stopped" })
  await assert.rejects(upload.run({ signal: controller.signal }), { reason: "stopped" })
  server.fault = () => undefined
  await upload.run()
  assertArrived(large)
})

test("Retry-After is heeded, and a refusal for good is not repeated", async () => {
  server.fault = once(() => true, { status: 503, word: "busy", retryAfter: "0" })
  await uploadOf(small).run()
  assert.equal(server.seen.length, 2)
  for (const [status, word] of [
    [507, "storage-full"],
    [413, "too-large"],
    [409, "case-exists"],
    [401, "unauthorized"],
    [429, "puzzle"],
    [500, "internal"],
    [422, "not-sealed"],
  ] as const) {
    server.seen.length = 0
    server.fault = () => ({ status, word })
    await assert.rejects(uploadOf(small).run(), { name: "Refusal", word })
    assert.equal(server.seen.length, 1, word)
  }
})

test("an upload that the server lost or cut back says so", async () => {
  server.fault = once(({ method }) => method === "PATCH", "lose-answer")
  const upload = uploadOf(large)
  const before = server.fault
  server.fault = (request, index) => {
    if (request.method === "HEAD") server.uploads.clear()
    return before(request, index)
  }
  await assert.rejects(upload.run(), UploadLost)

  server.fault = (request) => {
    if (request.method !== "PATCH") return undefined
    for (const stored of server.uploads.values()) stored.bytes = stored.bytes.subarray(0, 10)
    return "lose-answer"
  }
  await assert.rejects(uploadOf(large).run(), UploadLost)
})

test("an answer that cannot be true is refused", async () => {
  const fetchTruly = globalThis.fetch
  const answers = [
    { Location: "/api/v1/uploads/zz", "Upload-Offset": "32768" },
    { Location: "https://example.org/", "Upload-Offset": "32768" },
    { Location: `/api/v1/uploads/${"0".repeat(32)}`, "Upload-Offset": "32769" },
    { Location: `/api/v1/uploads/${"0".repeat(32)}`, "Upload-Offset": "-1" },
    { Location: `/api/v1/uploads/${"0".repeat(32)}`, "Upload-Offset": "0x10" },
    { Location: `/api/v1/uploads/${"0".repeat(32)}` },
  ]
  try {
    for (const headers of answers) {
      globalThis.fetch = async () => new Response(null, { status: 201, headers: headers as Record<string, string> })
      await assert.rejects(uploadOf(small).run(), { reason: "server-wrong" })
    }
  } finally {
    globalThis.fetch = fetchTruly
  }
})

test("a server that takes everything and keeps nothing is given up", async () => {
  const fetchTruly = globalThis.fetch
  let requests = 0
  try {
    globalThis.fetch = async () => {
      requests += 1
      return new Response(null, { status: 200, headers: { Location: `/api/v1/uploads/${"0".repeat(32)}`, "Upload-Offset": "0" } })
    }
    await assert.rejects(uploadOf(small).run(), { reason: "server-wrong" })
    assert.ok(requests <= 12, `${requests} requests`)
  } finally {
    globalThis.fetch = fetchTruly
  }
})

test("an answer without an address loses no byte: the same POST goes out again", async () => {
  const fetchTruly = globalThis.fetch
  const upload = uploadOf(large)
  try {
    globalThis.fetch = async () => new Response(null, { status: 201, headers: { "Upload-Offset": "262144" } })
    await assert.rejects(upload.run(), { reason: "server-wrong" })
  } finally {
    globalThis.fetch = fetchTruly
  }
  await upload.run()
  assertArrived(large)
})

test("terminating drops what is unfinished, and says what is finished", async () => {
  const controller = new AbortController()
  const upload = uploadOf(large)
  await assert.rejects(upload.run({ signal: controller.signal, onAcknowledged: () => controller.abort() }), { reason: "stopped" })
  assert.equal(server.uploads.size, 1)
  assert.equal(await upload.terminate(), true)
  assert.deepEqual([server.uploads.size, server.cases.size], [0, 0])

  const whole = uploadOf(large)
  await whole.run()
  assert.equal(await whole.terminate(), false)
  server.seen.length = 0
  assert.equal(await uploadOf(small).terminate(), true, "nothing was begun")
  assert.equal(server.seen.length, 0)
})

test("while a piece is sent the next is made, and none beyond it", async () => {
  const source = sourceOf(large)
  const asked: number[] = []
  const counting = { ...source, next: (pieceBytes: number) => source.next((asked.push(pieceBytes), pieceBytes)) }
  const seen: number[][] = []
  server.fault = () => {
    seen.push([...asked])
    return undefined
  }
  await uploadOf(large, { source: counting }).run()
  assertArrived(large)
  // Before each request: what it brings, and one piece more.
  assert.deepEqual(seen, [
    [262_144, 524_288],
    [262_144, 524_288, 1_048_576],
    [262_144, 524_288, 1_048_576, 262_144],
    [262_144, 524_288, 1_048_576, 262_144],
  ])
})

test("who stops while a piece is being made is heard at once, and going on loses none", async () => {
  const source = sourceOf(large)
  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  const slow: Source = {
    ...source,
    async next(pieceBytes) {
      await held
      return source.next(pieceBytes)
    },
  }
  const controller = new AbortController()
  const upload = uploadOf(large, { source: slow })
  const running = upload.run({ signal: controller.signal })
  controller.abort()
  await assert.rejects(running, { reason: "stopped" })
  const again = upload.run()
  release()
  await again
  assertArrived(large)
})

test("what breaks while it is made is told when its turn has come", async () => {
  const source = sourceOf(large)
  const breaking: Source = {
    ...source,
    next: (pieceBytes) => (pieceBytes === 1_048_576 ? Promise.reject(new ReporterError("file-unreadable")) : source.next(pieceBytes)),
  }
  const upload = uploadOf(large, { source: breaking })
  await assert.rejects(upload.run(), { reason: "file-unreadable" })
  assert.equal(server.seen.length, 2, "the two before it were sent")
  await assert.rejects(upload.run(), { reason: "file-unreadable" })
})

import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { exchange } from "../../src/api/exchange"
import { fetchWhole } from "../../src/api/fetching"
import { decodePage, fetchListing, fetchMessage } from "../../src/api/mailbox"
import { Refusal } from "../../src/api/problems"
import { join } from "../../src/protocol/bytes"
import { Malformed } from "../../src/protocol/malformed"
import { assertTotal } from "../support/decoders"
import { bytesFrom, generator } from "../support/random"
import { TestServer } from "../support/server"

let server: TestServer
beforeEach(async () => {
  server = await TestServer.start()
})
afterEach(() => server.close())

const TOKEN = "ab".repeat(32)
const CASE = "cd".repeat(16)
const blob = bytesFrom(generator(5), 131_072)

function fill(): void {
  server.cases.set(CASE, { token: TOKEN, writeHash: "", messages: [] })
  server.add(CASE, "report", blob.subarray(0, 32_768))
  server.add(CASE, "reply", blob)
}

test("a mailbox is listed, and an unknown token has none", async () => {
  fill()
  const listing = await fetchListing(server.base, TOKEN)
  assert.equal(listing.caseId, CASE)
  assert.deepEqual(
    listing.messages.map(({ position, kind, sizeBytes, isGone }) => [position, kind, sizeBytes, isGone]),
    [
      [0, "report", 32_768, false],
      [1, "reply", 131_072, false],
    ],
  )
  assert.deepEqual(await fetchListing(server.base, "0".repeat(64)), { caseId: undefined, isDropped: false, messages: [], orders: [] })
  assert.deepEqual(
    server.seen.map(({ path }) => path),
    ["/api/v1/mailbox?from=0", "/api/v1/mailbox?from=0"],
  )
})

test("a long listing comes in pages of one length, to its end", async () => {
  fill()
  const memo = "A".repeat(856)
  for (let i = 0; i < 70; i += 1) {
    server.add(CASE, "follow-up", blob.subarray(i, i + 32_768))
    Object.assign(server.cases.get(CASE)?.messages.at(-1) ?? {}, { memo })
  }
  const { messages } = await fetchListing(server.base, TOKEN)
  assert.deepEqual(
    messages.map(({ position }) => position),
    Array.from({ length: 72 }, (_, i) => i),
  )
  assert.ok(server.seen.length >= 3)
  assert.equal(messages.at(-1)?.memo, memo)
  // A page of another case, or one that leads nowhere, ends it.
  server.lie = (page) => (page.messages[0]?.position > 0 ? { ...page, case: "0".repeat(32) } : page)
  await assert.rejects(fetchListing(server.base, TOKEN), { reason: "server-wrong" })
  server.lie = (page) => ({ ...page, next: 0 })
  await assert.rejects(fetchListing(server.base, TOKEN), { reason: "server-wrong" })
})

test("the decoder of a page is total and strict, and passes over what it does not know", () => {
  const message = { position: 0, kind: "report", size_bytes: 32_768, sha256: "ab".repeat(32), day: "2026-03-21", memo: "AAAA" }
  const order = {
    thread: "mailbox",
    day: "2026-03-21",
    messages: [{ position: 1, sha256: "ab".repeat(32) }],
    signatures: [{ sender: "inspector-1", epoch: 1, signature: "ab".repeat(64) }],
  }
  const gone = { position: 1, kind: "reply", gone: true, sha256: "ab".repeat(32), day: "2026-03-21" }
  const page = { case: CASE, dropped: false, messages: [message, gone], orders: [order], next: null }
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  const decode = (value: unknown, from = 0) => decodePage(encode(value), from)
  assertTotal((bytes) => decodePage(bytes, 0), encode(page))
  const decoded = decode({ ...page, mood: 1, messages: [{ ...message, mood: 1 }, gone] })
  assert.deepEqual(
    decoded.messages.map(({ isGone, memo }) => [isGone, memo]),
    [
      [false, "AAAA"],
      [true, undefined],
    ],
  )
  assert.deepEqual(decoded.orders, [order])
  assert.equal(decode({ ...page, messages: [{ ...message, position: 7 }], next: 8 }, 7).next, 8)
  for (const wrong of [
    { position: 1 },
    { kind: "up" },
    { size_bytes: 32_769 },
    { size_bytes: 2 ** 40 },
    { sha256: "AB".repeat(32) },
    { day: "2026-02-30" },
  ]) {
    assert.throws(() => decode({ ...page, messages: [{ ...message, ...wrong }] }), Malformed)
  }
  for (const wrong of [
    { ...page, case: "x" },
    { ...page, dropped: undefined },
    { ...page, messages: {} },
    { ...page, next: 1 },
    { ...page, next: 3 },
    { ...page, messages: [], next: 0 },
    [],
  ])
    assert.throws(() => decode(wrong), Malformed)
  // A broken order orders nothing, and costs no more than itself.
  for (const wrong of [
    { thread: "attic" },
    { day: "2026-02-30" },
    { messages: [] },
    { messages: [gone, gone] },
    { messages: Array.from({ length: 257 }, (_, position) => ({ position, sha256: "ab".repeat(32) })) },
    { signatures: [] },
    { signatures: Array(5).fill(order.signatures[0]) },
    { signatures: [{ sender: "inspector-1", epoch: 0, signature: "ab".repeat(64) }] },
  ])
    assert.deepEqual(decode({ ...page, orders: [{ ...order, ...wrong }, order] }).orders, [order])
})

test("a listing that is no listing is the server's fault", async () => {
  server.lie = () => ({ case: 1 })
  await assert.rejects(fetchListing(server.base, TOKEN), { reason: "server-wrong" })
})

test("a message that breaks off is taken up where it broke", async () => {
  fill()
  const [, listed] = (await fetchListing(server.base, TOKEN)).messages
  assert.ok(listed)
  let cuts = 0
  server.fault = () => (cuts++ < 2 ? { cutAnswerAt: 40_000 } : undefined)
  const received: number[] = []
  const pieces = await fetchMessage(server.base, TOKEN, listed, { onReceived: (bytes) => received.push(bytes) })
  assert.deepEqual(typeof pieces === "string" ? pieces : join(pieces), blob)
  assert.equal(received.at(-1), blob.length)
  assert.deepEqual(
    received,
    [...received].sort((a, b) => a - b),
  )
})

test("bytes that are not those listed are not given", async () => {
  fill()
  const [, listed] = (await fetchListing(server.base, TOKEN)).messages
  assert.ok(listed)
  assert.equal(await fetchMessage(server.base, TOKEN, { ...listed, sha256: "0".repeat(64) }), "unreadable")
  assert.equal(await fetchMessage(server.base, TOKEN, { ...listed, sizeBytes: 524_288 }), "unreadable")
  assert.equal(await fetchMessage(server.base, TOKEN, { ...listed, position: 9 }), "missing")
  await assert.rejects(fetchMessage(server.base, TOKEN, { ...listed, sizeBytes: 32_768 }), { reason: "server-wrong" })
})

test("an answer that is too long is not read to its end", async () => {
  server.profile = new Uint8Array(300_000)
  await assert.rejects(fetchWhole({ method: "GET", url: `${server.base}/profile` }, 262_144), { reason: "server-wrong" })
})

test("a server that is away, silent or broken has its reason", async () => {
  server.fault = () => "silence"
  await assert.rejects(exchange({ method: "GET", url: `${server.base}/profile`, silenceMs: 50 }), { reason: "server-away" })
  // A redirect is followed by nobody.
  server.fault = () => ({ status: 302, body: "" })
  await assert.rejects(exchange({ method: "GET", url: `${server.base}/profile` }), { reason: "server-away" })
  server.fault = () => ({ status: 404, body: "<html>" })
  await assert.rejects(fetchWhole({ method: "GET", url: `${server.base}/profile` }, 262_144), { reason: "server-wrong" })
  await assert.rejects(exchange({ method: "GET", url: "http://127.0.0.1:9/" }), { reason: "server-away" })
})

test("a refusal is read whatever its body is", () => {
  const bodies = ["", "null", "1", "[]", '{"type":1}', '{"type":"urn:mohr:problem:other"}', '{"type":"busy"}', "{", "\0".repeat(4096)]
  for (const body of bodies) assert.equal(Refusal.from(503, new Headers(), body).word, undefined)
  const refusal = Refusal.from(503, new Headers({ "Retry-After": "999999" }), '{"type":"urn:mohr:problem:busy"}')
  assert.deepEqual([refusal.word, refusal.reason, refusal.retrySeconds], ["busy", "busy", 60])
  // Only a proxy's word is tried again, and the server's own "busy".
  const statuses = [400, 404, 429, 500, 501, 502, 503, 504, 507]
  const temporary = (body: string) => statuses.filter((status) => Refusal.from(status, new Headers(), body).isTemporary)
  assert.deepEqual(temporary("<html>"), [429, 502, 503, 504])
  for (const word of ["puzzle", "internal", "storage-full", "of-tomorrow"])
    assert.deepEqual(temporary(`{"type":"urn:mohr:problem:${word}"}`), [])
  assert.deepEqual(temporary('{"type":"urn:mohr:problem:busy"}'), statuses)
  assert.equal(Refusal.from(503, new Headers({ "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" }), "").retrySeconds, undefined)
})

test("a body that ends before its stated length broke off, also where the browser takes it for whole", async () => {
  const { fetch } = globalThis
  const answer = (headers: Record<string, string>) => () => Promise.resolve(new Response("half", { headers }))
  const ask = (headers: Record<string, string>) => {
    globalThis.fetch = answer(headers)
    return exchange({ method: "GET", url: "http://office.test/" })
  }
  try {
    await assert.rejects(ask({ "Content-Length": "5" }), { reason: "server-away" })
    for (const headers of [{ "Content-Length": "4" }, { "Content-Length": "400", "Content-Encoding": "br" }, {}])
      assert.equal((await ask(headers as Record<string, string>)).status, 200)
  } finally {
    globalThis.fetch = fetch
  }
})

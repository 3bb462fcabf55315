import assert from "node:assert/strict"
import { afterEach, beforeEach, test } from "node:test"
import { exchange } from "../../src/api/exchange"
import { fetchWhole } from "../../src/api/fetching"
import { decodeListing, fetchListing, fetchMessage } from "../../src/api/mailbox"
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
  server.cases.set(CASE, { token: TOKEN, messages: [] })
  server.add(CASE, "to-office", blob.subarray(0, 32_768))
  server.add(CASE, "to-reporter", blob)
}

test("a mailbox is listed, and an unknown token has none", async () => {
  fill()
  const listing = await fetchListing(server.base, TOKEN)
  assert.equal(listing.caseId, CASE)
  assert.deepEqual(
    listing.messages.map(({ position, direction, sizeBytes }) => [position, direction, sizeBytes]),
    [
      [0, "to-office", 32_768],
      [1, "to-reporter", 131_072],
    ],
  )
  assert.deepEqual(await fetchListing(server.base, "0".repeat(64)), { caseId: undefined, messages: [] })
})

test("the decoder of a listing is total and strict", () => {
  const message = { position: 0, direction: "to-office", size_bytes: 32_768, sha256: "ab".repeat(32), day: "2026-03-21" }
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  assertTotal(decodeListing, encode({ case: CASE, messages: [message, { ...message, position: 1 }] }))
  for (const wrong of [
    { position: 1 },
    { direction: "up" },
    { size_bytes: 32_769 },
    { size_bytes: 2 ** 40 },
    { sha256: "AB".repeat(32) },
    { day: "2026-02-30" },
  ]) {
    assert.throws(() => decodeListing(encode({ case: CASE, messages: [{ ...message, ...wrong }] })), Malformed)
  }
  for (const wrong of [{ case: "x", messages: [] }, { case: CASE }, { case: CASE, messages: {} }, { messages: [] }, []])
    assert.throws(() => decodeListing(encode(wrong)), Malformed)
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
  assert.deepEqual(join(pieces ?? []), blob)
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
  assert.equal(await fetchMessage(server.base, TOKEN, { ...listed, sha256: "0".repeat(64) }), undefined)
  assert.equal(await fetchMessage(server.base, TOKEN, { ...listed, sizeBytes: 524_288 }), undefined)
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
  assert.equal(Refusal.from(503, new Headers({ "Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT" }), "").retrySeconds, undefined)
})

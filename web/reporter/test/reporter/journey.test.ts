import assert from "node:assert/strict"
import { after, afterEach, beforeEach, test } from "node:test"
import type { Report } from "../../src/protocol/message"
import { contentOf } from "../../src/verify/archive-reader"
import { digestOf } from "../../src/verify/digest"
import { ThreadDigests } from "../../src/verify/thread-digests"
import { followUpBytesLeft, openMailbox, prepareFollowUp, refreshMailbox, type AuthenticReply } from "../../src/reporter/mailbox"
import { decodeCode, loadProfile, prepareReport, sealingSpeed, textBytesLeft, type Draft, type Progress } from "../../src/reporter"
import { loadShownProfile } from "../../src/reporter/office-shown"
import { open } from "../../src/seal/opening"
import { createOffice, reply, sealMessage, sealReply, signNote } from "../support/office"
import { bytesFrom, generator } from "../support/random"
import { TestServer } from "../support/server"

const office = await createOffice(3)
const [first, second] = office.inspectors
const today = "2026-06-01"

// The pages say /api/v1; here it stands on a port of its own.
const fetchTruly = globalThis.fetch
let server: TestServer
globalThis.fetch = (url, init) => {
  assert.deepEqual([init?.cache, init?.credentials, init?.redirect, init?.referrerPolicy], ["no-store", "omit", "error", "no-referrer"])
  assert.ok(init?.body === undefined || init.body instanceof Uint8Array)
  return fetchTruly((url as string).replace(/^\/api\/v1/, server.base), init)
}
beforeEach(async () => {
  server = await TestServer.start()
  server.profile = office.note
})
afterEach(() => server.close())
after(() => {
  globalThis.fetch = fetchTruly
})

const draft: Draft = {
  door: "report",
  text: "نیم\u200cفاصله و «گیومه»\n",
  answers: [{ question: "what", answer: "نمی‌دانم" }],
  leftOut: [],
  language: "fa",
  files: [],
}

/** The messages of the only case, as an inspector opens them. */
async function opened(inspector = first) {
  const [[caseId, { messages }] = ["", { messages: [] }]] = server.cases
  return { caseId, messages: await Promise.all(messages.map(({ blob }) => open([Uint8Array.from(blob)], inspector?.identity ?? ""))) }
}

test("report, reply, follow-up: the whole way", async () => {
  const profile = await loadProfile({ expectedOffice: office.profile.office, today })
  const photo = bytesFrom(generator(9), 550_000)
  const progress: Progress[] = []
  const sending = prepareReport(profile, {
    ...draft,
    leftOut: ["inspector-3"],
    files: [{ name: "عکس.jpg", type: "image/jpeg", blob: new Blob([photo]) }],
  })
  const { code } = await sending.send({ onProgress: (step) => progress.push(step) })
  assert.deepEqual(decodeCode(code), { digits: code })
  assert.equal(progress[0]?.phase, "sealing")
  assert.deepEqual(progress.at(-1), { phase: "uploading", done: 2_097_152, total: 2_097_152 })
  assert.deepEqual(await sending.send(), { code }, "sent once, it stays sent")

  const { caseId, messages } = await opened()
  const report = messages[0]?.message as Report
  assert.ok(messages[0]?.isSignedBy(report.reporter.signer))
  assert.deepEqual([report.text, report.answers, report.left_out, report.case], [draft.text, draft.answers, ["inspector-3"], caseId])
  assert.deepEqual(contentOf({ path: "", ...(messages[0]?.files[0] as any) }), photo)
  await opened(second)
  await assert.rejects(opened(office.inspectors[2]))

  const empty = await openMailbox(profile, code)
  assert.deepEqual(
    [empty.caseId, empty.status, empty.outcome, empty.leftOut, empty.messages.length],
    [caseId, "received", undefined, undefined, 1],
  )
  assert.equal(empty.messages[0]?.direction, "to-office")

  const thread = new ThreadDigests(office.profile.office, caseId)
  thread.append(digestOf(server.cases.get(caseId)?.messages[0]?.blob ?? new Uint8Array()))
  const paper = bytesFrom(generator(10), 40_000)
  const answer = reply(office, {
    case: caseId,
    thread: thread.thread,
    text: "بفرمایید",
    status: "awaiting-your-reply",
    left_out: ["inspector-3"],
    files: [{ name: "نامه\u202e.pdf", type: "application/pdf", size_bytes: paper.length }],
  })
  server.add(caseId, "to-reporter", await sealReply(office, report.reporter.recipient, answer, [new Blob([paper])]))

  const mailbox = await refreshMailbox(empty)
  assert.deepEqual([mailbox.status, mailbox.leftOut], ["awaiting-your-reply", ["inspector-3"]])
  const received = mailbox.messages[1] as AuthenticReply
  assert.deepEqual(
    [received.authenticity, received.text, received.role, received.warnings, received.day],
    ["authentic", "بفرمایید", office.profile.inspectors[0]?.role, [], "2026-03-21"],
  )
  assert.deepEqual(
    [received.files[0]?.name, received.files[0]?.sizeBytes, received.files[0]?.sha256],
    ["نامه\u202e.pdf", 40_000, digestOf(paper)],
  )
  assert.deepEqual(new Uint8Array(await (received.files[0]?.blob as Blob).arrayBuffer()), paper)

  await prepareFollowUp(mailbox, { text: "پاسخ", leftOut: [], language: "fa", files: [] }).send()
  const followUp = (await opened(second)).messages[2]
  assert.ok(followUp !== undefined && followUp.isSignedBy(report.reporter.signer))
  assert.deepEqual(
    [followUp.message.kind, followUp.message.sequence, followUp.message.thread.length, followUp.message.left_out],
    ["follow-up", 1, 2, ["inspector-3"]],
  )
  thread.append(digestOf(server.cases.get(caseId)?.messages[1]?.blob ?? new Uint8Array()))
  assert.deepEqual(followUp.message.thread, thread.thread)
  assert.equal((await refreshMailbox(mailbox)).messages.length, 3)
})

test("a text report is one request, of 32 KiB", async () => {
  await prepareReport(office.profile, draft).send()
  assert.deepEqual(server.seen, [{ method: "POST", path: "/api/v1/uploads", bodyBytes: 32_768 }])
})

test("a server's own reply is not shown", async () => {
  const { code } = await prepareReport(office.profile, draft).send()
  const { caseId, messages } = await opened()
  const { recipient } = (messages[0]?.message as Report).reporter
  const stranger = await createOffice(1)
  const forged = reply(office, {
    case: caseId,
    thread: new ThreadDigests(office.profile.office, caseId).thread,
    text: "شماره تلفن خود را بفرستید",
    status: "closed",
  })
  server.add(caseId, "to-reporter", await sealMessage(forged, [], stranger.inspectors[0]?.signingKey ?? new Uint8Array(), [recipient]))
  server.add(caseId, "to-reporter", bytesFrom(generator(3), 32_768))
  const mailbox = await openMailbox(office.profile, code)
  assert.equal(mailbox.status, "received")
  assert.deepEqual(
    mailbox.messages.slice(1).map(
      (message) =>
        Object.entries(message)
          .filter(([name]) => name === "authenticity")
          .flat()[1],
    ),
    ["not-authentic", "unreadable"],
  )
  assert.ok(!JSON.stringify(mailbox).includes("شماره"))
})

test("blobs that are not those listed, and a listing of another case, are noticed", async () => {
  const { code } = await prepareReport(office.profile, draft).send()
  const { caseId, messages } = await opened()
  const { recipient } = (messages[0]?.message as Report).reporter
  server.add(
    caseId,
    "to-reporter",
    await sealReply(office, recipient, reply(office, { case: caseId, thread: new ThreadDigests(office.profile.office, caseId).thread })),
  )
  server.lie = (listing) => {
    listing.messages[1].sha256 = "0".repeat(64)
    return listing
  }
  assert.equal(((await openMailbox(office.profile, code)).messages[1] as { authenticity?: string }).authenticity, "unreadable")
  server.lie = (listing) => ({ ...listing, case: "0".repeat(32) })
  await assert.rejects(openMailbox(office.profile, code), { reason: "server-wrong" })
})

test("a code of nobody is unknown", async () => {
  await assert.rejects(openMailbox(office.profile, "0".repeat(30) + "01"), { reason: "unknown-code" })
})

test("a report whose answer was lost, and which was sealed anew, is found to have arrived", async () => {
  const file = { name: "a", type: "a/b", blob: new Blob([new Uint8Array(400_000)]) }
  // Everything arrives, the last answer and the server's memory of the upload are lost.
  server.fault = (request) => {
    if (request.method === "PATCH") return "lose-answer"
    if (request.method === "HEAD") server.uploads.clear()
    return undefined
  }
  const { code } = await prepareReport(office.profile, { ...draft, files: [file] }).send()
  assert.equal((await openMailbox(office.profile, code)).messages.length, 1)
})

test("another report under the same case is refused, not taken for ours", async () => {
  server.fault = ({ method }) => (method === "POST" ? { status: 409, word: "case-exists" } : undefined)
  await assert.rejects(prepareReport(office.profile, draft).send(), { reason: "case-exists" })
})

test("a double click sends once", async () => {
  const sending = prepareReport(office.profile, draft)
  const [one, two] = await Promise.all([sending.send(), sending.send()])
  assert.deepEqual(one, two)
  assert.equal(server.seen.length, 1)
})

test("a failed sending keeps its code and goes on", async () => {
  server.fault = () => ({ status: 507, word: "storage-full" })
  const sending = prepareReport(office.profile, draft)
  await assert.rejects(sending.send(), { reason: "storage-full" })
  server.fault = () => undefined
  const { code } = await sending.send()
  assert.equal((await openMailbox(office.profile, code)).messages.length, 1)
  const signal = AbortSignal.abort()
  await assert.rejects(prepareReport(office.profile, draft).send({ signal }), { reason: "stopped" })
})

test("a follow-up that arrived unheard is the same bytes when it is sent again", async () => {
  const { code } = await prepareReport(office.profile, draft).send()
  const mailbox = await openMailbox(office.profile, code)
  const blob = new Blob([new Uint8Array(400_000)])
  for (const [index, files] of [[], [{ name: "a", type: "a/b", blob }]].entries()) {
    const sending = prepareFollowUp(await refreshMailbox(mailbox), { text: "x", leftOut: [], language: "fa", files })
    // All of it arrives; a filter answers in the server's place, and the server forgets the upload.
    let arrived = false
    const fetchHere = globalThis.fetch
    globalThis.fetch = async (url, init) => {
      const answer = await fetchHere(url, init)
      if (arrived || (init?.method !== "POST" && init?.method !== "PATCH")) return answer
      arrived = server.cases.values().next().value?.messages.length === index + 2
      if (arrived) server.uploads.clear()
      return arrived ? new Response("<html>", { status: 403 }) : answer
    }
    try {
      await assert.rejects(sending.send(), { reason: "server-wrong" })
      assert.ok(arrived)
      await sending.send()
    } finally {
      globalThis.fetch = fetchHere
    }
    assert.equal((await refreshMailbox(mailbox)).messages.length, index + 2)
  }
})

test("a report that is taken back is gone, or its code is told", async () => {
  const file = { name: "a", type: "a/b", blob: new Blob([new Uint8Array(400_000)]) }
  for (const files of [[], [file]]) {
    // Before anything was sent.
    assert.equal(await prepareReport(office.profile, { ...draft, files }).withdraw(), undefined)
    // When all of it has arrived, and no answer has.
    const controller = new AbortController()
    server.cases.clear()
    server.fault = ({ method }) => {
      // 32 KiB go in one request, 512 KiB in two.
      if (method !== (files.length === 0 ? "POST" : "PATCH")) return undefined
      setTimeout(() => controller.abort(), 300)
      return "silence"
    }
    const sending = prepareReport(office.profile, { ...draft, files })
    await assert.rejects(sending.send({ signal: controller.signal }), { reason: "stopped" })
    server.fault = () => undefined
    assert.equal(server.cases.size, 1, "the report arrived")
    const told = await sending.withdraw()
    assert.equal((await openMailbox(office.profile, told?.code ?? "")).messages.length, 1)
  }
  // Half of it.
  server.cases.clear()
  server.uploads.clear()
  const controller = new AbortController()
  const sending = prepareReport(office.profile, { ...draft, files: [file] })
  const onProgress = ({ phase }: Progress) => phase === "uploading" && controller.abort()
  await assert.rejects(sending.send({ signal: controller.signal, onProgress }), { reason: "stopped" })
  assert.equal(server.uploads.size, 1)
  assert.equal(await sending.withdraw(), undefined)
  assert.deepEqual([server.uploads.size, server.cases.size], [0, 0])
})

test("what cannot be sent is refused before anything is", async () => {
  const file = (size: number) => ({ name: "a", type: "a/b", blob: { size } as Blob })
  const wrong: [Partial<Draft>, string][] = [
    [{ leftOut: ["inspector-1", "inspector-2", "inspector-3"] }, "nobody-left"],
    [{ text: "ن".repeat(20_000) }, "text-too-long"],
    [{ text: "ن".repeat(600_000), files: [file(1)] }, "text-too-long"],
    [{ files: [file(209_715_201)] }, "too-large"],
    [{ files: Array(100).fill(file(1)) }, "too-many-files"],
  ]
  for (const [change, reason] of wrong) await assert.rejects(prepareReport(office.profile, { ...draft, ...change }).send(), { reason })
  assert.deepEqual(server.seen, [])
})

test("the bytes left are exact", async () => {
  for (const inspectorCount of [1, 3, 12]) {
    const { profile } = inspectorCount === 3 ? office : await createOffice(inspectorCount)
    const left = textBytesLeft(profile, draft)
    assert.equal(textBytesLeft(profile, { ...draft, text: `${draft.text}ن"` }), left - 4)
    const full = { ...draft, text: draft.text + "x".repeat(left) }
    assert.equal(textBytesLeft(profile, full), 0)
    await prepareReport(profile, full).send()
    await assert.rejects(prepareReport(profile, { ...full, text: `${full.text}x` }).send(), { reason: "text-too-long" })
    assert.equal(textBytesLeft(profile, { ...full, text: `${full.text}xy` }), -2)
  }
  const { code } = await prepareReport(office.profile, draft).send()
  const mailbox = await openMailbox(office.profile, code)
  const followUp = { text: "", leftOut: [], language: "fa", files: [] }
  const text = "x".repeat(followUpBytesLeft(mailbox, followUp))
  await assert.rejects(prepareFollowUp(mailbox, { ...followUp, text: `${text}x` }).send(), { reason: "text-too-long" })
  await prepareFollowUp(mailbox, { ...followUp, text }).send()
})

test("names and types of files are made to fit, and text that is no UTF-8 too", async () => {
  const blob = new Blob(["x"])
  await prepareReport(office.profile, {
    ...draft,
    text: "\ud800",
    files: [
      { name: "ن".repeat(200) + ".jpeg", type: "image/JPEG", blob },
      { name: "", type: "", blob },
      { name: "a\udfff", type: "text/plain;charset=utf-8", blob },
    ],
  }).send()
  const { message } = (await opened()).messages[0] ?? {}
  assert.equal(message?.text, "\ufffd")
  assert.deepEqual(
    message.files.map(({ type }) => type),
    ["image/jpeg", "application/octet-stream", "application/octet-stream"],
  )
  assert.match(message.files[0]?.name ?? "", /^ن+\.jpeg$/)
  assert.deepEqual(
    message.files.slice(1).map(({ name }) => name),
    ["file", "a\ufffd"],
  )
})

test("a profile that is foreign, expired, older or altered is refused", async () => {
  await loadProfile({ today })
  await assert.rejects(loadProfile({ expectedOffice: "0".repeat(32), today }), { reason: "profile-foreign" })
  await assert.rejects(loadProfile({ today: "2030-01-01" }), { reason: "profile-expired" })
  server.profile = signNote(`${JSON.stringify({ ...office.document, version: 2 })}\n`, office.rootKey)
  await assert.rejects(loadProfile({ today }), { reason: "profile-older" })
  for (const bytes of [new Uint8Array(), office.note.subarray(1), new TextEncoder().encode("<!doctype html>")]) {
    server.profile = bytes
    await assert.rejects(loadProfile({ today }), { reason: "profile-invalid" })
  }
})

test("a page that only shows the office verifies it too, with the browser's Ed25519 and without", async () => {
  const forged = signNote(`${JSON.stringify(office.document)}\n`, (await createOffice(1)).rootKey)
  const importKey = crypto.subtle.importKey.bind(crypto.subtle)
  for (const there of [true, false]) {
    if (!there) crypto.subtle.importKey = (() => Promise.reject(new DOMException("no Ed25519", "NotSupportedError"))) as never
    try {
      server.profile = office.note
      assert.deepEqual(await loadShownProfile({ expectedOffice: office.profile.office, today }), office.profile)
      const altered = Uint8Array.from(office.note)
      altered[office.note.indexOf(0x31)] = 0x32
      for (const bytes of [altered, forged, new Uint8Array()]) {
        server.profile = bytes
        await assert.rejects(loadShownProfile({ today }), { reason: "profile-invalid" })
      }
    } finally {
      crypto.subtle.importKey = importKey
    }
  }
})

test("the speed of sealing is measured", async () => {
  const speed = await sealingSpeed()
  assert.ok(speed > 100_000 && speed < 10_000_000_000, `${speed} bytes/s`)
})

import assert from "node:assert/strict"
import { after, afterEach, beforeEach, test } from "node:test"
import type { Memo } from "../../src/protocol/memo"
import type { Reply, Report } from "../../src/protocol/message"
import { contentOf } from "../../src/verify/archive-reader"
import { digestOf } from "../../src/verify/digest"
import { ThreadDigests } from "../../src/verify/thread-digests"
import {
  followUpBytesLeft,
  openMailbox,
  prepareFollowUp,
  type AuthenticReply,
  type FollowUpDraft,
  type Mailbox,
} from "../../src/reporter/mailbox"
import {
  decodeCode,
  loadProfile,
  prepareReport,
  sealingSpeed,
  stopSealing,
  textBytesLeft,
  type Draft,
  type Progress,
} from "../../src/reporter"
import { STRICT } from "../../src/reporter/office"
import { loadShownProfile } from "../../src/reporter/office-shown"
import { ReporterKeys } from "../../src/seal/derive"
import { open } from "../../src/seal/opening"
import {
  createInspector,
  createOffice,
  former,
  listed,
  reply,
  sealMessage,
  sealReply,
  signNote,
  todayPlus,
  withProfile,
  type Office,
} from "../support/office"
import { bytesFrom, generator } from "../support/random"
import { TestServer } from "../support/server"
import { TestWorker } from "../support/worker"

const office = await createOffice(3)
const [first, second] = office.inspectors
const today = todayPlus(0)

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

const words: FollowUpDraft = { text: "ادامه", leftOut: [], joining: [], language: "fa", files: [] }

/** The messages of the only case, as an inspector opens them. */
async function opened(inspector = first) {
  const [[caseId, { messages }] = ["", { messages: [] }]] = server.cases
  return { caseId, messages: await Promise.all(messages.map(({ blob }) => open([Uint8Array.from(blob)], inspector?.identity ?? ""))) }
}

/** The last message that the reporter sent: its readers, and the memo beside it. */
async function lastSent(keys: ReporterKeys) {
  const stored = [...server.cases.values()][0]?.messages.filter(({ kind }) => kind !== "reply").at(-1)
  const memo = keys.openMemo(stored?.memo ?? "", digestOf(stored?.blob ?? new Uint8Array())) as Memo
  return { readers: memo.readers, memo }
}

/** The mailbox thread of the only case, as an honest server lists it. */
function threadNow(length = Infinity) {
  const [[caseId, { messages }] = ["", { messages: [] }]] = server.cases
  const digests = new ThreadDigests(office.profile.office, caseId)
  for (const { kind, blob } of messages.slice(0, length)) digests.append(kind as never, digestOf(blob))
  return digests.end
}

/** A case with its report, left out of it whom `draft` says, and its keys. */
async function reported(change: Partial<Draft> = {}, by = office) {
  const { code } = await prepareReport(by.profile, { ...draft, ...change }).send()
  return { code, caseId: [...server.cases.keys()][0] ?? "", keys: await ReporterKeys.derive(code, by.profile.office) }
}

/** An inspector answers, having seen all that there is. */
async function answer(keys: ReporterKeys, fields: Partial<Reply> = {}, by: Office = office, day?: string): Promise<void> {
  const message = reply(by, threadNow(), { case: keys.caseId, ...fields })
  server.add(keys.caseId, "reply", await sealReply(by, keys.recipient, message), day)
}

const shown = ({ messages }: Mailbox) => messages.map(({ authenticity, warnings }) => [authenticity, ...warnings].join(" "))

test("report, reply, follow-up: the whole way, and nobody is asked twice", async () => {
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
  assert.deepEqual(
    [report.text, report.answers, report.readers, report.case],
    [draft.text, draft.answers, ["inspector-1", "inspector-2"], caseId],
  )
  assert.deepEqual(report.profile, office.profile.stamp)
  assert.deepEqual(contentOf({ path: "", ...(messages[0]?.files[0] as any) }), photo)
  await opened(second)
  await assert.rejects(opened(office.inspectors[2]))
  const keys = await ReporterKeys.derive(code, profile.office)
  assert.deepEqual([report.reporter.secret, server.cases.get(caseId)?.writeHash], [keys.caseSecret(), keys.writeHash])
  const { day, readers, threads } = report
  assert.deepEqual((await lastSent(keys)).memo, { day, profile: 3, readers, thread: threads.mailbox })

  const empty = await openMailbox(profile, code)
  assert.deepEqual(
    [empty.caseId, empty.status, empty.outcome, empty.isDropped, empty.hindrance, empty.asksWhomToLeaveOut, empty.offered, shown(empty)],
    [caseId, "received", undefined, false, undefined, undefined, [], ["authentic"]],
  )
  // Before any answer, and the page already knows for whom it writes, and does not show it.
  assert.ok(!JSON.stringify({ ...empty, profile: undefined }).includes("inspector"))
  await prepareFollowUp(empty, words).send()
  assert.deepEqual((await lastSent(keys)).readers, ["inspector-1", "inspector-2"])

  const paper = bytesFrom(generator(10), 40_000)
  const message = reply(office, threadNow(), {
    case: caseId,
    text: "بفرمایید",
    status: "awaiting-your-reply",
    readers: ["inspector-1", "inspector-2"],
    files: [{ name: "نامه\u202e.pdf", type: "application/pdf", size_bytes: paper.length }],
  })
  server.add(caseId, "reply", await sealReply(office, report.reporter.recipient, message, [new Blob([paper])]))

  const mailbox = await openMailbox(profile, code)
  assert.deepEqual([mailbox.status, shown(mailbox)], ["awaiting-your-reply", ["authentic", "authentic", "authentic"]])
  const received = mailbox.messages[2] as AuthenticReply
  assert.deepEqual([received.text, received.role, received.day], ["بفرمایید", office.profile.inspectors[0]?.role, "2026-03-21"])
  assert.deepEqual(
    [received.files[0]?.name, received.files[0]?.sizeBytes, received.files[0]?.sha256],
    ["نامه\u202e.pdf", 40_000, digestOf(paper)],
  )
  assert.deepEqual(new Uint8Array(await (received.files[0]?.blob as Blob).arrayBuffer()), paper)

  await prepareFollowUp(mailbox, { ...words, text: "پاسخ" }).send()
  const followUp = (await opened(second)).messages[3]
  assert.ok(followUp !== undefined && followUp.isSignedBy(report.reporter.signer))
  assert.deepEqual(
    [followUp.message.kind, followUp.message.threads.mailbox, followUp.message.readers],
    ["follow-up", threadNow(3), ["inspector-1", "inspector-2"]],
  )
  assert.deepEqual(shown(await openMailbox(profile, code)), Array(4).fill("authentic"))
})

test("whoever is left out of the report or of a later message is not heard and not written to any more", async () => {
  const { code, keys } = await reported({ leftOut: ["inspector-3"] })
  await answer(keys, { sender: "inspector-3", text: "شماره تلفن خود را بفرستید" })
  await answer(keys, { sender: "inspector-2", text: "سلام", readers: ["inspector-1", "inspector-2"] })
  const mailbox = await openMailbox(office.profile, code)
  assert.deepEqual(shown(mailbox), ["authentic", "not-from-a-reader", "authentic"])
  assert.ok(!JSON.stringify(mailbox).includes("شماره"))
  assert.deepEqual(mailbox.offered, [])

  await prepareFollowUp(mailbox, { ...words, leftOut: ["inspector-2"], joining: ["inspector-3"] }).send()
  assert.deepEqual((await lastSent(keys)).readers, ["inspector-1"], "nobody joins who was not offered")
  await answer(keys, { sender: "inspector-2", text: "باز هم" })
  const later = await openMailbox(office.profile, code)
  assert.deepEqual(shown(later), ["authentic", "not-from-a-reader", "authentic", "authentic", "not-from-a-reader"])
  await prepareFollowUp(later, words).send()
  assert.deepEqual((await lastSent(keys)).readers, ["inspector-1"], "and stays so")
  assert.throws(() => prepareFollowUp(later, { ...words, leftOut: ["inspector-1"] }), { reason: "nobody-left" })
})

test("a person whom an answer names anew is offered once, joins when she agrees, and is left out for good when not", async () => {
  const newcomer = await createInspector("newcomer")
  const entry = await listed(newcomer, { joined: 4 })
  const now = await withProfile(office, (document) => document.inspectors.push(entry), [...office.inspectors, newcomer])
  for (const joining of [[], ["newcomer"]]) {
    server.cases.clear()
    server.profile = office.note
    const { code, keys } = await reported({ leftOut: ["inspector-3"] })
    server.profile = now.note
    const readers = ["inspector-1", "inspector-2", "newcomer"]
    await answer(keys, { readers }, now)
    const mailbox = await openMailbox(now.profile, code)
    assert.deepEqual(mailbox.offered, [{ id: "newcomer", role: entry.role }])
    await prepareFollowUp(mailbox, { ...words, joining }).send()
    assert.deepEqual((await lastSent(keys)).readers, joining.length === 0 ? ["inspector-1", "inspector-2"] : readers)
    await answer(keys, { readers, sender: "newcomer" }, now)
    const later = await openMailbox(now.profile, code)
    assert.deepEqual(later.offered, [])
    assert.equal(shown(later).at(-1), joining.length === 0 ? "not-from-a-reader" : "authentic")
  }
})

test("a follow-up states the thread that was on the screen, whatever has come since", async () => {
  const newcomer = await createInspector("newcomer")
  const entry = await listed(newcomer, { joined: 4 })
  const now = await withProfile(office, (document) => document.inspectors.push(entry), [...office.inspectors, newcomer])
  const { code, keys } = await reported()
  server.profile = now.note
  const mailbox = await openMailbox(now.profile, code)
  const onScreen = threadNow()
  const everybody = ["inspector-1", "inspector-2", "inspector-3", "newcomer"]
  await answer(keys, { readers: everybody }, now)
  await prepareFollowUp(mailbox, words).send()
  assert.deepEqual((await lastSent(keys)).memo.thread, onScreen)
  // Whom that answer names she has not refused: she had not read it.
  assert.deepEqual((await openMailbox(now.profile, code)).offered, [{ id: "newcomer", role: entry.role }])
})

test("where the memo of her last message is not there, she is asked again, and nothing comes back by it", async () => {
  const { code, keys } = await reported({ leftOut: ["inspector-3"] })
  await prepareFollowUp(await openMailbox(office.profile, code), { ...words, leftOut: ["inspector-2"] }).send()
  const stored = server.cases.get(keys.caseId)?.messages ?? []
  const [one, two] = stored.map(({ memo }) => memo)
  const cases: [string, (page: any) => void, string[], string][] = [
    ["no memo", (page) => void delete page.messages[1].memo, ["authentic", "unverifiable"], "server"],
    ["a memo of another blob", (page) => void (page.messages[1].memo = one), ["authentic", "not-authentic"], "server"],
    ["a memo that is none", (page) => void (page.messages[1].memo = "x"), ["authentic", "not-authentic"], "server"],
    ["said to be gone", (page) => void (page.messages[1] = goneOf(page.messages[1])), ["authentic", "missing"], "server"],
    ["no memo beside the report", (page) => void delete page.messages[0].memo, ["unverifiable", "authentic"], "server"],
    [
      "the memos swapped",
      (page) => void ([page.messages[0].memo, page.messages[1].memo] = [two, one]),
      ["not-authentic", "not-authentic"],
      "server",
    ],
  ]
  for (const [what, change, expected, asks] of cases) {
    server.lie = (page) => (change(page), page)
    const mailbox = await openMailbox(office.profile, code)
    assert.deepEqual([shown(mailbox), mailbox.asksWhomToLeaveOut], [expected, asks], what)
    assert.equal(mailbox.isReportKnown, expected[0] === "authentic", what)
    server.lie = (page) => page
    stored.length = 2
    await prepareFollowUp(mailbox, { ...words, leftOut: ["inspector-2"] }).send()
    // Whom the report left out is known from its memo, where that is there.
    const knows = expected[0] === "authentic"
    assert.deepEqual((await lastSent(keys)).readers, knows ? ["inspector-1"] : ["inspector-1", "inspector-3"], what)
    stored.length = 2
  }
})

test("a reply that a server lists as her own is not hers, and the next answer tells", async () => {
  const { code, keys } = await reported()
  await answer(keys, { text: "پنهان" })
  await answer(keys, { text: "پیدا" })
  server.lie = (page) => {
    page.messages[1].kind = "follow-up"
    page.messages[1].memo = page.messages[0].memo
    return page
  }
  assert.deepEqual(shown(await openMailbox(office.profile, code)), ["authentic", "not-authentic", "authentic thread-differs"])
})

test("an answer that she had seen when she wrote, and is hidden now, is missed", async () => {
  const { code, keys } = await reported()
  await answer(keys)
  await prepareFollowUp(await openMailbox(office.profile, code), words).send()
  server.cases.get(keys.caseId)?.messages.splice(1, 1)
  assert.deepEqual(shown(await openMailbox(office.profile, code)), ["authentic", "authentic thread-differs"])
})

test("what a former key signed counts in time, and a stolen one only where somebody had seen it", async () => {
  const [, , third] = office.inspectors
  const after = (why: string) =>
    withProfile(office, (document) => {
      document.inspectors.pop()
      document.former = [former(third as never, { until: "2026-03-21", why })]
    })
  const { code, keys } = await reported()
  await answer(keys, { sender: "inspector-3" })
  await answer(keys, { sender: "inspector-3", text: "دیر", day: "2026-03-22" })
  await answer(keys, { sender: "inspector-3", text: "دیر" }, office, "2026-03-22")
  for (const [why, first] of [
    ["left", "authentic"],
    ["stolen", "doubtful"],
  ] as const) {
    const { note, profile } = await after(why)
    server.profile = note
    const mailbox = await openMailbox(profile, code)
    assert.deepEqual(shown(mailbox), ["authentic", first, "doubtful", "doubtful"])
    assert.deepEqual(mailbox.profile, profile)
  }
  // Inspector 1 had seen all of it, and says so on the last day on which the key was trusted.
  await answer(keys)
  assert.deepEqual(shown(await openMailbox((await after("stolen")).profile, code)), [
    "authentic",
    "authentic",
    "doubtful",
    "doubtful",
    "authentic",
  ])
  assert.deepEqual(
    ((await openMailbox((await after("left")).profile, code)).messages[1] as AuthenticReply).role,
    office.document.inspectors[2].role,
  )
})

test("a profile older than an answer's is fetched again, and where it stays old nothing is sealed", async () => {
  const now = await withProfile(office, () => {})
  const { code, keys } = await reported()
  await answer(keys, {}, now)
  server.seen.length = 0
  const old = await openMailbox(office.profile, code)
  assert.deepEqual([old.hindrance, shown(old)], ["profile-older", ["authentic", "authentic profile-older"]])
  assert.throws(() => prepareFollowUp(old, words), { reason: "profile-older" })
  const asked = () => server.seen.filter(({ path }) => path === "/api/v1/profile").length
  assert.equal(asked(), 1)

  server.profile = now.note
  const mailbox = await openMailbox(office.profile, code)
  assert.deepEqual([mailbox.hindrance, mailbox.profile.version, shown(mailbox)], [undefined, 4, ["authentic", "authentic"]])
  await openMailbox(office.profile, code)
  assert.equal(asked(), 2, "once is enough")
  await prepareFollowUp(mailbox, words).send()
  assert.equal((await lastSent(keys)).memo.profile, 4)
  // And her own memo is a floor, too.
  server.cases.get(keys.caseId)?.messages.splice(1, 1)
  server.profile = office.note
  await assert.rejects(loadProfile({ today }), { reason: "profile-older" })
})

test("two texts of one version stop the sealing", async () => {
  const { code, keys } = await reported()
  await answer(keys, { profile: { version: 3, digest: "0".repeat(64) } })
  const mailbox = await openMailbox(office.profile, code)
  assert.deepEqual([mailbox.hindrance, shown(mailbox)], ["profile-differs", ["authentic", "authentic profile-differs"]])
})

test("under an expired profile answers are read and nothing is sealed", async () => {
  const { code, keys } = await reported()
  await answer(keys)
  const past = await withProfile(office, (document) => {
    document.version = 3
    document.issued = todayPlus(-100)
    document.expires = todayPlus(-1)
  })
  const mailbox = await openMailbox(past.profile, code)
  assert.equal(mailbox.hindrance, "profile-expired")
  assert.equal((mailbox.messages[1] as AuthenticReply).text, "رسید")
  assert.throws(() => prepareFollowUp(mailbox, words), { reason: "profile-expired" })
  const requests = server.seen.length
  await assert.rejects(prepareReport(past.profile, draft).send(), { reason: "profile-expired" })
  assert.equal(server.seen.length, requests)
})

test("where nobody for whom she wrote is listed any more, nothing is sealed", async () => {
  const { code } = await reported({ leftOut: ["inspector-2", "inspector-3"] })
  const now = await withProfile(office, (document) => {
    const [gone] = document.inspectors.splice(0, 1)
    document.former = [former(first as never, { until: today, why: "left", role: gone.role })]
  })
  const mailbox = await openMailbox(now.profile, code)
  assert.equal(mailbox.hindrance, "nobody-listed")
  assert.throws(() => prepareFollowUp(mailbox, words), { reason: "nobody-listed" })
})

test("an outcome for which two persons are asked waits, and what two set at once stands side by side", async () => {
  const now = await withProfile(office, (document) => void (document.two_persons = [{ id: "knowingly-false", since: "2026-01-01" }]))
  const { code, keys } = await reported({}, now)
  const thread = threadNow()
  for (const fields of [
    { status: "referred" },
    { status: "under-investigation", sender: "inspector-2" },
    { status: "closed", outcome: { id: "knowingly-false" } },
  ] as Partial<Reply>[])
    server.add(keys.caseId, "reply", await sealReply(now, keys.recipient, reply(now, thread, { case: keys.caseId, ...fields })))
  const mailbox = await openMailbox(now.profile, code)
  assert.deepEqual(shown(mailbox), ["authentic", "authentic", "authentic", "authentic second-missing"])
  assert.deepEqual([mailbox.status, mailbox.outcome], ["under-investigation", undefined])
  assert.deepEqual(mailbox.concurrent, [{ role: now.profile.inspectors[0]?.role, status: "referred", outcome: undefined }])
})

test("a case that the operator dropped says so, and a mailbox without its report is no mailbox", async () => {
  const { code } = await reported()
  server.lie = (page) => ({ ...page, dropped: true, messages: [], next: null })
  const mailbox = await openMailbox(office.profile, code)
  assert.deepEqual([mailbox.isDropped, mailbox.messages], [true, []])
  server.lie = (page) => ({ ...page, messages: [], next: null })
  await assert.rejects(openMailbox(office.profile, code), { reason: "server-wrong" })
})

test("a message that is listed and not given costs itself alone", async () => {
  const { code, keys } = await reported()
  await answer(keys)
  await answer(keys, { text: "دوم" })
  server.fault = ({ path }) => (path === "/api/v1/mailbox/1" ? { status: 404, word: "not-found" } : undefined)
  assert.deepEqual(shown(await openMailbox(office.profile, code)), ["authentic", "missing", "authentic"])
})

function goneOf({ position, kind, sha256, day }: any) {
  return { position, kind, gone: true, sha256, day }
}

test("a text report is one request, of 32 KiB", async () => {
  await prepareReport(office.profile, draft).send()
  assert.deepEqual(server.seen, [{ method: "POST", path: "/api/v1/uploads", bodyBytes: 32_768 }])
})

test("a server's own reply is not shown", async () => {
  const { code, keys } = await reported()
  const stranger = await createOffice(1)
  const forged = reply(office, threadNow(), { case: keys.caseId, text: "شماره تلفن خود را بفرستید", status: "closed" })
  server.add(keys.caseId, "reply", await sealMessage(forged, [], stranger.inspectors[0]?.signingKey ?? new Uint8Array(), [keys.recipient]))
  server.add(keys.caseId, "reply", bytesFrom(generator(3), 32_768))
  const mailbox = await openMailbox(office.profile, code)
  assert.equal(mailbox.status, "received")
  assert.deepEqual(shown(mailbox), ["authentic", "not-authentic", "unreadable"])
  assert.ok(!JSON.stringify(mailbox).includes("شماره"))
})

test("blobs that are not those listed, and a listing of another case, are noticed", async () => {
  const { code, keys } = await reported()
  await answer(keys)
  server.lie = (page) => {
    page.messages[1].sha256 = "0".repeat(64)
    return page
  }
  assert.equal((await openMailbox(office.profile, code)).messages[1]?.authenticity, "unreadable")
  server.lie = (page) => ({ ...page, case: "0".repeat(32) })
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

/** As a browser that has workers. */
async function withWorkers(use: () => Promise<void>): Promise<void> {
  const page = globalThis as { Worker?: unknown }
  page.Worker = TestWorker
  try {
    await use()
  } finally {
    delete page.Worker
    stopSealing()
    TestWorker.all = []
  }
}

test("a large file is sealed by workers, and their end in the midst of it costs nothing", async () => {
  const file = bytesFrom(generator(5), 3_000_000)
  const large = { ...draft, files: [{ name: "a", type: "a/b", blob: new Blob([file]) }] }
  for (const faults of [[], [0], [1], [2]]) {
    await withWorkers(async () => {
      let requests = 0
      server.fault = () => {
        requests += 1
        for (const index of requests === 2 ? faults : []) TestWorker.all[index]?.crash()
        return undefined
      }
      const { code } = await prepareReport(office.profile, large).send()
      server.fault = () => undefined
      assert.equal(TestWorker.all.length, 3, "asked for once")
      assert.equal((await openMailbox(office.profile, code)).messages.length, 1)
      const blob = [...server.cases.values()].at(-1)?.messages[0]?.blob
      const { files } = await open([Uint8Array.from(blob ?? [])], first?.identity ?? "")
      assert.equal(files[0]?.sha256, digestOf(file))
    })
  }
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
    const sending = prepareFollowUp(mailbox, { ...words, files })
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
    assert.equal((await openMailbox(office.profile, code)).messages.length, index + 2)
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
  const followUp = { ...words, text: "" }
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
  const office = await createOffice(1)
  server.profile = office.note
  await loadProfile({ today })
  await assert.rejects(loadProfile({ expectedOffice: "0".repeat(32), today }), { reason: "profile-foreign" })
  await assert.rejects(loadProfile({ today: "2090-01-01" }), { reason: "profile-expired" })
  assert.equal((await loadProfile({ today: "2090-01-01", isForReading: true })).version, 3)
  const signed = (change: object) =>
    signNote(`${JSON.stringify({ ...office.document, ...change })}\n`, office.rootKey, office.profile.office)
  server.profile = signed({ version: 2 })
  await assert.rejects(loadProfile({ today }), { reason: "profile-older" })
  server.profile = signed({ name: office.document.legal_note })
  await assert.rejects(loadProfile({ today }), { reason: "profile-differs" })
  server.profile = signed({ version: 4, extensions: { "must-threshold": "" } })
  await assert.rejects(loadProfile({ today }), { reason: "profile-newer" })
  for (const bytes of [new Uint8Array(), office.note.subarray(1), new TextEncoder().encode("<!doctype html>")]) {
    server.profile = bytes
    await assert.rejects(loadProfile({ today }), { reason: "profile-invalid" })
  }
})

test("half a profile is asked for once more, and what comes twice is believed to be the server's own", async () => {
  const office = await createOffice(1)
  const answers = (notes: Uint8Array[]) => {
    server.fault = () => {
      server.profile = notes.shift() ?? office.note
      return undefined
    }
    return loadProfile({ today })
  }
  const half = office.note.subarray(0, office.note.length / 2)
  const { clock, ...profile } = await answers([half])
  assert.deepEqual(profile, office.profile)
  assert.equal(clock.isDoubtful, false)
  await assert.rejects(answers([half, half]), { reason: "profile-invalid" })
  await assert.rejects(answers([half, office.note.subarray(0, 100)]), { reason: "server-away" })
})

test("a page that only shows the office verifies it too, with the browser's primitives and without", async () => {
  const office = await createOffice(1)
  const forged = signNote(`${JSON.stringify(office.document)}\n`, (await createOffice(1)).rootKey, office.profile.office)
  const importKey = crypto.subtle.importKey.bind(crypto.subtle)
  const digest = crypto.subtle.digest.bind(crypto.subtle)
  let asked = 0
  const strict = () => {
    asked += 1
    return Promise.resolve(STRICT)
  }
  const refuse = (() => Promise.reject(new DOMException("not here", "NotSupportedError"))) as never
  for (const there of [true, false]) {
    if (!there) Object.assign(crypto.subtle, { importKey: refuse, digest: refuse })
    try {
      server.profile = office.note
      const { clock, ...profile } = await loadShownProfile({ expectedOffice: office.profile.office, today }, strict)
      assert.deepEqual(profile, office.profile)
      assert.deepEqual(clock, { device: today, server: today, isDoubtful: false })
      const altered = Uint8Array.from(office.note)
      altered[office.note.indexOf(0x31)] = 0x32
      for (const bytes of [altered, forged, new Uint8Array()]) {
        server.profile = bytes
        await assert.rejects(loadShownProfile({ today }, strict), { reason: "profile-invalid" })
      }
    } finally {
      Object.assign(crypto.subtle, { importKey, digest })
    }
    assert.equal(asked > 0, !there, "nothing heavy is fetched where the browser can do without")
  }
})

test("the speed of sealing is measured", async () => {
  const speed = await sealingSpeed()
  assert.ok(speed > 100_000 && speed < 10_000_000_000, `${speed} bytes/s`)
})

test("who takes a report back while workers are on their way need not wait for them, and leaves none", async () => {
  const file = new Blob([bytesFrom(generator(6), 1_000_000)])
  await withWorkers(async () => {
    let release: () => void = () => {}
    TestWorker.script = new Promise((resolve) => (release = resolve))
    const stop = new AbortController()
    const sending = prepareReport(office.profile, { ...draft, files: [{ name: "a", type: "a/b", blob: file }] })
    const running = sending.send({ signal: stop.signal })
    while (TestWorker.all.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    stop.abort()
    await assert.rejects(running, { reason: "stopped" })
    assert.equal(await sending.withdraw(), undefined)
    release()
    while (TestWorker.all.length < 3) await new Promise((resolve) => setTimeout(resolve, 5))
    await new Promise((resolve) => setTimeout(resolve, 700))
    assert.ok(
      TestWorker.all.every(({ state }) => state !== "runs"),
      TestWorker.all.map(({ state }) => state).join(),
    )
  })
})

// A whole case of tests/vectors/case, as its reporter reads it.

import assert from "node:assert/strict"
import { encodeUtf8 } from "../../src/protocol/bytes"
import { Malformed } from "../../src/protocol/malformed"
import type { OpenedEntry } from "../../src/verify/archive-reader"
import { readCase, type CaseReading } from "../../src/verify/case"
import type { Standing } from "../../src/verify/case-state"
import { digestOf } from "../../src/verify/digest"
import { Unverified } from "../../src/verify/message"
import { verifyProfile, type VerifiedProfile } from "../../src/verify/profile"
import type { Found, MessageReading, ThreadEntry } from "../../src/verify/reading"
import { STRICT } from "../../src/verify/primitives"
import { keyOf, secondsOf } from "../../src/verify/trust"
import { ReporterKeys } from "../../src/seal/derive"

/** All cases are of a few codes, each of which takes its time. */
const derived = new Map<string, Promise<ReporterKeys>>()

function keysOf(digits: string, office: string): Promise<ReporterKeys> {
  const known = derived.get(`${digits} ${office}`) ?? ReporterKeys.derive(digits, office)
  derived.set(`${digits} ${office}`, known)
  return known
}

export async function caseVector(vector: Record<string, any>): Promise<undefined> {
  const profile = await verifyProfile(encodeUtf8(vector["note"]), STRICT)
  const keys = await keysOf(vector["digits"], profile.office)
  // The journal is nobody's mailbox.
  const caseId = vector["mailbox"].length === 0 ? vector["case"] : keys.caseId
  assert.equal(caseId, vector["case"])
  const entries = vector["mailbox"].map((listed: any) => entryOf(listed, keys))
  const reading = readCase({ profile, caseId }, entries, vector["orders"])
  const { mailbox, state, threads } = vector["reporter"]
  assert.deepEqual(
    reading.messages.map((message, at) => messageOf(message, entries[at], profile, reading.state.own.leftOut)),
    // A page asks for everything; what it did not get it would call missing.
    mailbox.map((expected: any) => (expected.authenticity === "not-fetched" ? { ...expected, authenticity: "missing" } : expected)),
  )
  assert.deepEqual({ mailbox: reading.thread }, threads)
  // Whom she has been told of is a step on the way to who is left out.
  const { told: _told, ...expected } = state
  assert.deepEqual(stateOf(reading), expected)
}

/** Text and seal without their files, whose digests are taken from the seal (PROTOCOL 2.7, the text before the files). */
export function unverifiedOf(messageJson: string, sealJson: string): Unverified {
  const bytes = (path: string, text: string): OpenedEntry => {
    const content = encodeUtf8(text)
    return { path, size_bytes: content.length, sha256: digestOf(content), pieces: [content] }
  }
  let entries: OpenedEntry[] = []
  try {
    entries = JSON.parse(sealJson).entries.map((entry: object) => ({ ...entry, pieces: [] }))
  } catch {
    // Decoding it says so.
  }
  return Unverified.from({ message: bytes("message.json", messageJson), files: entries.slice(1), seal: bytes("seal.json", sealJson) })
}

function entryOf(listed: any, keys: ReporterKeys): ThreadEntry {
  const { kind, sha256, day } = listed
  return { kind, sha256, day, found: foundOf(listed, keys) }
}

function foundOf(listed: any, keys: ReporterKeys): Found {
  if (listed.gone === true) return "gone"
  if (listed.kind === "report" || listed.kind === "follow-up")
    return listed.memo === null ? "no-memo" : (keys.openMemo(listed.memo, listed.sha256) ?? "not-hers")
  if (listed.found === "missing" || listed.found === "not-fetched") return "missing"
  try {
    return unverifiedOf(listed.message_json, listed.seal_json)
  } catch (error) {
    assert.ok(error instanceof Malformed)
    return "unreadable"
  }
}

/** As the vector says it. `former` and `seconds` are no page's business, and follow from the same functions. */
function messageOf({ authenticity, warnings }: MessageReading, entry: ThreadEntry, profile: VerifiedProfile, leftOut: ReadonlySet<string>) {
  const isOwn = entry.kind === "report" || entry.kind === "follow-up"
  const own = isOwn && authenticity === "not-authentic" ? ["not-hers"] : isOwn && authenticity === "unverifiable" ? ["memo-missing"] : []
  const passed = ["authentic", "newer-version", "not-from-a-reader"].includes(authenticity)
  const text = passed && entry.found instanceof Unverified ? entry.found : undefined
  const reply = text?.message.kind === "reply" ? text.message : undefined
  const key = reply && keyOf(profile, reply.sender, reply.epoch)
  const seconds = text && reply && authenticity === "authentic" ? secondsOf(profile, text, reply, entry.day, (id) => leftOut.has(id)) : []
  return {
    authenticity,
    former: key !== undefined && "why" in key ? key.why : null,
    seconds: [...new Set(seconds)].sort(),
    warnings: [...own, ...warnings],
  }
}

function stateOf({ messages, state, askAgain, profileDiffers }: CaseReading) {
  const { standing, concurrent, own, profileFloor } = state
  const outcome = (value: Standing | undefined) => value?.outcome ?? null
  const waiting = messages.flatMap(({ warnings }, at) =>
    warnings.includes("second-missing") && at > (standing?.position ?? -1) ? [at] : [],
  )
  return {
    status: standing?.status ?? "received",
    outcome: outcome(standing),
    concurrent: concurrent.map((other) => ({ position: other.position, status: other.status, outcome: outcome(other) })),
    waiting,
    left_out: [...own.leftOut].sort(),
    profile_floor: profileFloor,
    profile_differs: profileDiffers,
    next_readers: own.nextReaders,
    offered: own.offered,
    ask_again: askAgain ?? null,
  }
}

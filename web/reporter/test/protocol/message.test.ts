import assert from "node:assert/strict"
import { test } from "node:test"
import { Malformed } from "../../src/protocol/malformed"
import { decodeMessage, encodeMessage, type FollowUp, type Message, type Reply, type Report } from "../../src/protocol/message"
import { assertTotal } from "../support/decoders"

const HEX16 = "0123456789abcdef0123456789abcdef"
const HEX32 = HEX16 + HEX16
const RECIPIENT = `age1pq1${"q".repeat(1952)}`
const common = {
  office: HEX16,
  case: HEX16,
  sequence: 0,
  thread: { length: 0, digest: HEX32 },
  day: "2026-03-21",
  language: "fa",
  text: 'سلام\u200cها\n"\\\u0007😀\u2028',
  left_out: [],
  files: [],
}
const report: Report = {
  ...common,
  kind: "report",
  sender: "reporter",
  door: "report",
  answers: [{ question: "what", answer: "نمی‌دانم" }],
  reporter: { recipient: RECIPIENT, signer: HEX32 },
  left_out: ["a", "inspector-2"],
  files: [{ name: "عکس.jpg", type: "image/jpeg", size_bytes: 5 }],
}
const followUp: FollowUp = { ...common, kind: "follow-up", sender: "reporter", sequence: 3, thread: { length: 4, digest: HEX32 } }
const reply: Reply = { ...common, kind: "reply", sender: "inspector-1", status: "closed", outcome: { id: "no-violation", rule: "بند ۳" } }

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const refused = (value: unknown) => assert.throws(() => decodeMessage(encode(value)), Malformed)
/** message.json as an object in its order, to be altered. */
const members = (message: Message) => JSON.parse(text(encodeMessage(message))) as Record<string, unknown>

test("every kind encodes and decodes, and what was typed comes back to the letter", () => {
  for (const message of [report, followUp, reply, { ...reply, status: "referred", outcome: undefined } as unknown as Reply]) {
    const bytes = encodeMessage(message)
    const decoded = decodeMessage(bytes)
    assert.deepEqual(encodeMessage(decoded), bytes)
    assert.equal(decoded.text, message.text)
  }
  assert.equal(
    text(encodeMessage(followUp)),
    `{"format":"mohr/v1","office":"${HEX16}","case":"${HEX16}","direction":"to-office","kind":"follow-up","sender":"reporter","sequence":3,` +
      `"thread":{"length":4,"digest":"${HEX32}"},"day":"2026-03-21","language":"fa","text":"سلام\u200cها\\n\\"\\\\\\u0007😀\u2028","left_out":[],"files":[]}`,
  )
})

test("the decoder is total, and takes nothing that it would not write", () => {
  for (const message of [report, followUp, reply]) {
    assertTotal(decodeMessage, encodeMessage(message), (value, bytes) =>
      assert.deepEqual(encodeMessage(value as Message), Uint8Array.from(bytes)),
    )
  }
})

test("another order, white space, escapes, numbers or a double member are refused", () => {
  const bytes = text(encodeMessage(reply))
  const variants = [
    ` ${bytes}`,
    `${bytes}\n`,
    bytes.replace('","office"', '", "office"'),
    bytes.replace("سلام", "\\u0633لام"),
    bytes.replace("\\u0007", "\\u0007".toUpperCase()),
    bytes.replace('"sequence":0', '"sequence":0.0'),
    bytes.replace('"sequence":0', '"sequence":-0'),
    bytes.replace('"sequence":0', '"sequence":0e1'),
    bytes.replace('"sequence":0', '"sequence":0,"sequence":0'),
    bytes.replace('"sequence":0,', "").replace('"files"', '"sequence":0,"files"'),
    bytes.replace("}", ',"extra":1}'),
    bytes.replace("/v1", "\\/v1"),
  ]
  for (const variant of variants) {
    assert.notEqual(variant, bytes)
    assert.throws(() => decodeMessage(new TextEncoder().encode(variant)), Malformed, variant)
  }
  // Bytes that are no UTF-8, and a byte order mark.
  assert.throws(() => decodeMessage(Uint8Array.from([...encodeMessage(reply), 0xff])), Malformed)
  assert.throws(() => decodeMessage(Uint8Array.from([0xef, 0xbb, 0xbf, ...encodeMessage(reply)])), Malformed)
  // A lone surrogate can be written in JSON and not in UTF-8.
  assert.throws(() => decodeMessage(new TextEncoder().encode(bytes.replace("سلام", "\\ud800"))), Malformed)
})

test("members of another kind, or missing ones, are refused", () => {
  for (const message of [report, followUp, reply]) {
    for (const name of Object.keys(members(message))) {
      if (name === "status" || name === "outcome") continue
      const { [name]: _, ...rest } = members(message)
      refused(rest)
    }
  }
  refused({ ...members(followUp), status: "closed" })
  refused({ ...members(reply), door: "report" })
})

test("values outside their bounds are refused", () => {
  const reports: Record<string, unknown[]> = {
    format: ["mohr/v2"],
    office: [HEX16.toUpperCase(), HEX16.slice(2), `${HEX16}00`, 1],
    direction: ["to-reporter"],
    kind: ["note", "reply"],
    sender: ["inspector-1", ""],
    sequence: [1, -1, 0.5, "0", null, 2 ** 53],
    thread: [{ length: 1, digest: HEX32 }, { digest: HEX32, length: 0 }, { length: 0 }, null, []],
    day: ["2026-02-29", "2026-13-01", "1999-12-31", "2026-3-21", "2026-03-21T00:00:00Z", "٢٠٢٦-03-21", "2026-00-10", "2026-04-31"],
    language: ["f", "fars", "FA", ""],
    door: ["window"],
    answers: [
      Array(65).fill({ question: "a", answer: "" }),
      [{ question: "A", answer: "" }],
      [{ answer: "", question: "a" }],
      [{ question: "a", answer: "", more: 1 }],
    ],
    reporter: [
      { recipient: RECIPIENT.slice(1), signer: HEX32 },
      { recipient: `age1pq1${"Q".repeat(1952)}`, signer: HEX32 },
      { recipient: RECIPIENT, signer: HEX16 },
    ],
    left_out: [Array(13).fill("a"), ["1a"], ["a".repeat(33)], [""], "a"],
    files: [
      Array(100).fill({ name: "a", type: "a/b", size_bytes: 1 }),
      [{ name: "", type: "a/b", size_bytes: 1 }],
      [{ name: "ن".repeat(128), type: "a/b", size_bytes: 1 }],
      [{ name: "a", type: "a", size_bytes: 1 }],
      [{ name: "a", type: "A/b", size_bytes: 1 }],
      [{ name: "a", type: `a/${"b".repeat(126)}`, size_bytes: 1 }],
      [{ name: "a", type: "a/b", size_bytes: -1 }],
      [{ name: "a", type: "a/b", size_bytes: 1.5 }],
    ],
  }
  for (const [name, values] of Object.entries(reports)) for (const value of values) refused({ ...members(report), [name]: value })
  for (const value of ["open", 1]) refused({ ...members(reply), status: value })
  for (const value of [{ id: "won" }, { id: "no-violation" }, { id: "no-violation", rule: "" }, { id: "duplicate", rule: 1 }])
    refused({ ...members(reply), outcome: value })
  refused({ ...members(reply), sender: "reporter" })
  refused({ ...members({ ...reply, outcome: { id: "duplicate" } }), status: "referred" })
})

test("values at their bounds are taken", () => {
  const message: Report = {
    ...report,
    text: "",
    answers: Array.from({ length: 64 }, () => ({ question: "a".repeat(32), answer: "" })),
    left_out: Array.from({ length: 12 }, (_, i) => `i${i}`),
    files: Array.from({ length: 99 }, () => ({ name: `${"ن".repeat(127)}a`, type: `a/${"b".repeat(125)}`, size_bytes: 2 ** 53 - 1 })),
    day: "2024-02-29",
  }
  assert.deepEqual(encodeMessage(decodeMessage(encodeMessage(message))), encodeMessage(message))
  const longest = { ...followUp, text: "x".repeat(1_048_576 - encodeMessage({ ...followUp, text: "" }).length) }
  assert.equal(decodeMessage(encodeMessage(longest)).text, longest.text)
  assert.throws(() => encodeMessage({ ...longest, text: `${longest.text}x` }), Malformed)
})

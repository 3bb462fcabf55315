import assert from "node:assert/strict"
import { test } from "node:test"
import { Malformed } from "../../src/protocol/malformed"
import {
  decodeMessage,
  earlierBytes,
  encodeMessage,
  type FollowUp,
  type Message,
  type OfficeRecord,
  type Reply,
  type Report,
} from "../../src/protocol/message"
import { assertTotal } from "../support/decoders"

const HEX16 = "0123456789abcdef0123456789abcdef"
const HEX32 = HEX16 + HEX16
const RECIPIENT = `age1pq1${"q".repeat(1952)}`
const SIGNATURE = HEX32 + HEX32
const point = (length: number) => ({ length, digest: HEX32 })
const common = {
  office: HEX16,
  case: HEX16,
  threads: { mailbox: point(0) },
  day: "2026-03-21",
  language: "fa",
  profile: { version: 3, digest: HEX32 },
  readers: ["a", "inspector-2"],
  text: 'سلام\u200cها\n"\\\u0007😀\u2028',
  files: [],
  extensions: {},
}
const report: Report = {
  ...common,
  kind: "report",
  sender: "reporter",
  door: "consultation",
  answers: [{ question: "what", answer: "نمی‌دانم" }],
  reporter: { recipient: RECIPIENT, signer: HEX32, secret: HEX32 },
  earlier: { case: HEX16, signature: SIGNATURE },
  files: [{ name: "عکس.jpg", type: "image/jpeg", size_bytes: 5 }],
  extensions: { constructor: "x", "to-come": "y" },
}
const followUp: FollowUp = { ...common, kind: "follow-up", sender: "reporter", answers: [], threads: { mailbox: point(4) } }
const person = { sender: "inspector-1", epoch: 2, seconds: [{ sender: "b", epoch: 1, signature: SIGNATURE }] }
const reply: Reply = { ...common, ...person, kind: "reply", status: "closed", outcome: { id: "no-violation", rule: "بند ۳" } }
const record: OfficeRecord = {
  ...common,
  ...person,
  kind: "record",
  threads: { mailbox: point(1), office: point(0) },
  acts: [{ act: "assign", owner: "b" }],
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const refused = (value: unknown) => assert.throws(() => decodeMessage(encode(value)), Malformed)
/** message.json as an object in its order, to be altered. */
const members = (message: Message) => JSON.parse(text(encodeMessage(message))) as Record<string, unknown>

test("every kind encodes and decodes, and what was typed comes back to the letter", () => {
  for (const message of [report, followUp, reply, record, { ...reply, status: "referred", outcome: undefined } as unknown as Reply]) {
    const bytes = encodeMessage(message)
    const decoded = decodeMessage(bytes)
    assert.deepEqual(encodeMessage(decoded), bytes)
    assert.equal(decoded.text, message.text)
  }
  assert.equal(
    text(encodeMessage(followUp)),
    `{"format":"mohr/v1","office":"${HEX16}","case":"${HEX16}","kind":"follow-up","sender":"reporter","threads":{"mailbox":` +
      `{"length":4,"digest":"${HEX32}"}},"day":"2026-03-21","language":"fa","profile":{"version":3,"digest":"${HEX32}"},` +
      `"readers":["a","inspector-2"],"text":"سلام\u200cها\\n\\"\\\\\\u0007😀\u2028","answers":[],"files":[],"extensions":{}}`,
  )
  assert.ok(text(encodeMessage(record)).includes(`"threads":{"mailbox":${JSON.stringify(point(1))},"office":${JSON.stringify(point(0))}}`))
})

test("the decoder is total, and takes nothing that it would not write", () => {
  for (const message of [report, followUp, reply, record]) {
    assertTotal(decodeMessage, encodeMessage(message), (value, bytes) =>
      assert.deepEqual(encodeMessage(value as Message), Uint8Array.from(bytes)),
    )
  }
})

test("an extension may have any id as its name, in one order, and nothing is looked up by it", () => {
  const extended = decodeMessage(encodeMessage({ ...followUp, extensions: { zebra: "", constructor: "x" } }))
  assert.deepEqual(Object.entries(extended.extensions), [
    ["constructor", "x"],
    ["zebra", ""],
  ])
  const bytes = text(encodeMessage({ ...followUp, extensions: { a: "1", b: "2" } }))
  for (const wrong of [
    '{"b":"2","a":"1"}',
    '{"a":"1","a":"1"}',
    '{"A":"1"}',
    '{"__proto__":"1"}',
    '{"a":1}',
    "[]",
    "null",
    `{"a":"${"ن".repeat(4097)}"}`,
    JSON.stringify(Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`e${String(i).padStart(2, "0")}`, ""]))),
  ]) {
    assert.throws(() => decodeMessage(new TextEncoder().encode(bytes.replace('{"a":"1","b":"2"}', wrong))), Malformed, wrong)
  }
})

test("the earlier case is signed with both cases and the office", () => {
  assert.equal(
    text(earlierBytes(HEX16, "a".repeat(32), "b".repeat(32))),
    `mohr/v1 earlier\n${HEX16}\n${"a".repeat(32)}\n${"b".repeat(32)}\n`,
  )
})

test("another order, white space, escapes, numbers or a double member are refused", () => {
  const bytes = text(encodeMessage(reply))
  const variants = [
    ` ${bytes}`,
    `${bytes}\n`,
    bytes.replace('","office"', '", "office"'),
    bytes.replace("سلام", "\\u0633لام"),
    bytes.replace("\\u0007", "\\u0007".toUpperCase()),
    bytes.replace('"epoch":2', '"epoch":2.0'),
    bytes.replace('"epoch":2', '"epoch":-2'),
    bytes.replace('"epoch":2', '"epoch":2e0'),
    bytes.replace('"epoch":2', '"epoch":2,"epoch":2'),
    bytes.replace('"epoch":2,', "").replace('"files"', '"epoch":2,"files"'),
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
  for (const message of [report, followUp, reply, record]) {
    for (const name of Object.keys(members(message))) {
      if (["status", "outcome", "earlier"].includes(name)) continue
      const { [name]: _, ...rest } = members(message)
      refused(rest)
    }
  }
  refused({ ...members(followUp), status: "closed" })
  refused({ ...members(reply), door: "report" })
  refused({ ...members(reply), acts: [] })
  refused({ ...members(followUp), epoch: 1 })
  for (const message of [report, followUp, reply]) refused({ ...members(message), threads: { mailbox: point(0), office: point(0) } })
  refused({ ...members(record), threads: { mailbox: point(0) } })
})

test("values outside their bounds are refused", () => {
  const reports: Record<string, unknown[]> = {
    format: ["mohr/v2"],
    office: [HEX16.toUpperCase(), HEX16.slice(2), `${HEX16}00`, 1],
    kind: ["note", "reply"],
    sender: ["inspector-1", ""],
    threads: [{ mailbox: point(1) }, { mailbox: { digest: HEX32, length: 0 } }, { mailbox: { length: 0 } }, {}, null, []],
    profile: [{ version: 0, digest: HEX32 }, { version: 2 ** 53, digest: HEX32 }, { version: 1, digest: HEX16 }, null],
    readers: [[], Array(13).fill("a"), ["b", "a"], ["a", "a"], ["1a"], ["a".repeat(33)], ["a", "reporter"], "a"],
    earlier: [{ case: HEX16 }, { case: HEX32, signature: SIGNATURE }, { signature: SIGNATURE, case: HEX16 }, null],
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
      { recipient: RECIPIENT.slice(1), signer: HEX32, secret: HEX32 },
      { recipient: `age1pq1${"Q".repeat(1952)}`, signer: HEX32, secret: HEX32 },
      { recipient: RECIPIENT, signer: HEX16, secret: HEX32 },
      { recipient: RECIPIENT, signer: HEX32, secret: HEX16 },
      { recipient: RECIPIENT, signer: HEX32 },
    ],
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
  for (const value of [0, -1, "1", 2 ** 53]) refused({ ...members(reply), epoch: value })
  for (const value of [
    Array(5).fill(person.seconds[0]),
    [{ sender: "b", epoch: 0, signature: SIGNATURE }],
    [{ sender: "b", epoch: 1 }],
    {},
  ])
    refused({ ...members(reply), seconds: value })
  for (const value of [Array(65).fill({ act: "x" }), ["x"], {}]) refused({ ...members(record), acts: value })
  for (const message of [reply, record]) refused({ ...members(message), sender: "reporter" })
  refused({ ...members({ ...reply, outcome: { id: "duplicate" } }), status: "referred" })
})

test("values at their bounds are taken", () => {
  const message: Report = {
    ...report,
    text: "",
    answers: Array.from({ length: 64 }, () => ({ question: "a".repeat(32), answer: "" })),
    readers: Array.from({ length: 12 }, (_, i) => `i${String(i).padStart(31, "0")}`),
    extensions: Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`e${String(i).padStart(31, "0")}`, "x".repeat(8192)])),
    files: Array.from({ length: 99 }, () => ({ name: `${"ن".repeat(127)}a`, type: `a/${"b".repeat(125)}`, size_bytes: 2 ** 53 - 1 })),
    day: "2024-02-29",
  }
  assert.deepEqual(encodeMessage(decodeMessage(encodeMessage(message))), encodeMessage(message))
  const longest = { ...followUp, text: "x".repeat(1_048_576 - encodeMessage({ ...followUp, text: "" }).length) }
  assert.equal(decodeMessage(encodeMessage(longest)).text, longest.text)
  assert.throws(() => encodeMessage({ ...longest, text: `${longest.text}x` }), Malformed)
})

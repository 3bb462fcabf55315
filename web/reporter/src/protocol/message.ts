// message.json: what is said (PROTOCOL 2.2). One encoding for each message; the decoder refuses every other.
// The members have their names of the format, so that the table in the protocol can be read beside this.

import { encodeUtf8, equalBytes, isHex } from "./bytes"
import { parseJson } from "./json"
import { ANSWERS_MAX, FILE_NAME_BYTES_MAX, FILES_MAX, LEFT_OUT_MAX, MESSAGE_BYTES_MAX } from "./limits"
import { FORMAT, asArray, asDay, asId, asInteger, asLanguage, asMembers, asRecipient, asText, asWord, require } from "./values"

export const DOORS = ["report", "complaint", "suggestion", "information-request"] as const
export type Door = (typeof DOORS)[number]

export const STATUSES = [
  "received",
  "initial-assessment",
  "awaiting-your-reply",
  "under-investigation",
  "referred",
  "awaiting-corrective-action",
  "closed",
  "reopened",
] as const
export type Status = (typeof STATUSES)[number]

export const OUTCOMES = [
  "substantiated",
  "partly-substantiated",
  "not-substantiated",
  "insufficient-information",
  "no-violation",
  "service-fixed",
  "process-corrected",
  "referred",
  "out-of-scope",
  "duplicate",
  "withdrawn",
  "knowingly-false",
] as const
export type OutcomeId = (typeof OUTCOMES)[number]

export interface Outcome {
  id: OutcomeId
  /** The rule that explains the outcome; always there with "no-violation". */
  rule?: string
}

/** The thread as the sender saw it: how many messages, and the digest over them (PROTOCOL 2.5). */
export interface Thread {
  length: number
  digest: string
}

export interface Answer {
  question: string
  answer: string
}

export interface ListedFile {
  /** Any characters: hostile until shown isolated and saved under a safe name. */
  name: string
  type: string
  size_bytes: number
}

interface Common {
  office: string
  case: string
  /** How many messages this sender had sent in this case before, as the sender knew it. */
  sequence: number
  thread: Thread
  day: string
  language: string
  text: string
  left_out: readonly string[]
  files: readonly ListedFile[]
}

export interface Report extends Common {
  kind: "report"
  sender: "reporter"
  door: Door
  answers: readonly Answer[]
  reporter: { recipient: string; signer: string }
}

export interface FollowUp extends Common {
  kind: "follow-up"
  sender: "reporter"
}

export interface Reply extends Common {
  kind: "reply"
  /** Id of an inspector. */
  sender: string
  status?: Status
  outcome?: Outcome
}

export type Message = Report | FollowUp | Reply

/** The one encoding of this message. Throws Malformed when it breaks a rule. */
export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  const bytes = encodeUnbounded(message)
  require(bytes.length <= MESSAGE_BYTES_MAX, "message.json is too long")
  return bytes
}

/** Bytes of the encoding, for a page that says how much room is left; it may be more than a message can have. */
export function measureMessage(message: Message): number {
  return encodeUnbounded(message).length
}

function encodeUnbounded(message: Message): Uint8Array<ArrayBuffer> {
  return encodeUtf8(JSON.stringify(inOrder(asMessage(message))))
}

/** The message that encodes to exactly these bytes. Throws Malformed when there is none. */
export function decodeMessage(bytes: Uint8Array): Message {
  require(bytes.length <= MESSAGE_BYTES_MAX, "message.json is too long")
  const members = asMembers(parseJson(bytes), "message.json")
  const message = asMessage(members)
  require(members["format"] === FORMAT && members["direction"] === directionOf(message), "another format or direction")
  // Unknown and double members, white space, another order, other escapes: all show here.
  require(equalBytes(encodeMessage(message), bytes), "message.json is not in canonical form")
  return message
}

export type Direction = "to-office" | "to-reporter"

export function directionOf(message: Message): Direction {
  return message.kind === "reply" ? "to-reporter" : "to-office"
}

/** The members in the order of the table; what a kind does not have is undefined, and JSON.stringify leaves it out. */
function inOrder(message: Message): object {
  const report = message.kind === "report" ? message : undefined
  const reply = message.kind === "reply" ? message : undefined
  return {
    format: FORMAT,
    office: message.office,
    case: message.case,
    direction: directionOf(message),
    kind: message.kind,
    sender: message.sender,
    sequence: message.sequence,
    thread: { length: message.thread.length, digest: message.thread.digest },
    day: message.day,
    language: message.language,
    text: message.text,
    door: report?.door,
    answers: report?.answers,
    reporter: report?.reporter,
    left_out: message.left_out,
    status: reply?.status,
    outcome: reply?.outcome,
    files: message.files,
  }
}

/** Checks every member that the kind has and builds a message of nothing else. */
function asMessage(value: object): Message {
  const all = asMembers(value, "message.json")
  const thread = asMembers(all["thread"], "thread")
  require(isHex(all["office"], 16) && isHex(all["case"], 16) && isHex(thread["digest"], 32), "office, case or thread")
  const common: Common = {
    office: all["office"],
    case: all["case"],
    sequence: asInteger(all["sequence"], "sequence"),
    thread: { length: asInteger(thread["length"], "thread"), digest: thread["digest"] },
    day: asDay(all["day"], "day"),
    language: asLanguage(all["language"], "language"),
    text: asText(all["text"], "text"),
    left_out: asArray(all["left_out"], 0, LEFT_OUT_MAX, "left_out").map((id) => asId(id, "left_out")),
    files: asArray(all["files"], 0, FILES_MAX, "files").map(asFile),
  }
  const kind = asWord(all["kind"], ["report", "follow-up", "reply"] as const, "kind")
  const sender = asId(all["sender"], "sender")
  if (kind === "reply") {
    require(sender !== "reporter", "a reply comes from an inspector")
    const status = all["status"] === undefined ? undefined : asWord(all["status"], STATUSES, "status")
    const outcome = all["outcome"] === undefined ? undefined : asOutcome(all["outcome"])
    require(outcome === undefined || status === "closed", "only a closed case has an outcome")
    return { ...common, kind, sender, ...(status && { status }), ...(outcome && { outcome }) }
  }
  require(sender === "reporter", "a report and a follow-up come from the reporter")
  if (kind === "follow-up") return { ...common, kind, sender }

  require(common.sequence === 0 && common.thread.length === 0, "a report comes first")
  const reporter = asMembers(all["reporter"], "reporter")
  require(isHex(reporter["signer"], 32), "reporter's signer")
  return {
    ...common,
    kind,
    sender,
    door: asWord(all["door"], DOORS, "door"),
    answers: asArray(all["answers"], 0, ANSWERS_MAX, "answers").map(asAnswer),
    reporter: { recipient: asRecipient(reporter["recipient"], "reporter's recipient"), signer: reporter["signer"] },
  }
}

function asFile(value: unknown): ListedFile {
  const file = asMembers(value, "file")
  const name = asText(file["name"], "a file's name", FILE_NAME_BYTES_MAX)
  const type = file["type"]
  require(name !== "", "a file's name is empty")
  require(isMediaType(type), "a file's type")
  return { name, type, size_bytes: asInteger(file["size_bytes"], "a file's size") }
}

export function isMediaType(type: unknown): type is string {
  return typeof type === "string" && type.length <= 127 && /^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(type)
}

function asAnswer(value: unknown): Answer {
  const answer = asMembers(value, "answer")
  return { question: asId(answer["question"], "question"), answer: asText(answer["answer"], "answer") }
}

function asOutcome(value: unknown): Outcome {
  const outcome = asMembers(value, "outcome")
  const id = asWord(outcome["id"], OUTCOMES, "outcome")
  const rule = outcome["rule"] === undefined ? undefined : asText(outcome["rule"], "rule")
  require(id !== "no-violation" || (rule !== undefined && rule !== ""), '"no-violation" names the rule')
  return rule === undefined ? { id } : { id, rule }
}

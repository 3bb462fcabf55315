// message.json: what is said (PROTOCOL 2.2). One encoding for each message; the decoder refuses every other.
// The members have their names of the format, so that the table in the protocol can be read beside this.

import { encodeUtf8, equalBytes, isHex } from "./bytes"
import { asExtensions, type Extensions } from "./extensions"
import { parseJson } from "./json"
import { ACTS_MAX, ANSWERS_MAX, FILE_NAME_BYTES_MAX, FILES_MAX, MESSAGE_BYTES_MAX, SECONDS_MAX } from "./limits"
import { asPersonSignature, asReaders, type PersonSignature } from "./person"
import { MESSAGE_KINDS } from "./upload"
import {
  FORMAT,
  REPORTER,
  asArray,
  asDay,
  asEpoch,
  asId,
  asInteger,
  asLanguage,
  asMembers,
  asRecipient,
  asText,
  asVersion,
  asWord,
  require,
  type Members,
} from "./values"

export const DOORS = ["report", "complaint", "suggestion", "information-request", "consultation"] as const
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

/** A thread as a sender saw it: how many messages, and the digest over them (PROTOCOL 2.5). */
export interface ThreadPoint {
  length: number
  digest: string
}

/** One version of the office profile. */
export interface ProfileStamp {
  version: number
  /** SHA-256 of the note's text, in hex. */
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

/** The case that a report goes back to, signed by that case's reporter key (PROTOCOL 2.11). */
export interface EarlierCase {
  case: string
  signature: string
}

interface Common {
  office: string
  case: string
  /** The threads as the sender saw them. A record states the office's, too. */
  threads: { mailbox: ThreadPoint; office?: ThreadPoint }
  day: string
  language: string
  /** The profile by which it is sealed. */
  profile: ProfileStamp
  /** The persons for whom it is sealed: ascending, none twice. */
  readers: readonly string[]
  text: string
  files: readonly ListedFile[]
  extensions: Extensions
}

export interface Report extends Common {
  kind: "report"
  sender: typeof REPORTER
  door: Door
  answers: readonly Answer[]
  /** The public halves of the keys that a receipt code gives, and the secret that reporter and readers share. */
  reporter: { recipient: string; signer: string; secret: string }
  earlier?: EarlierCase
}

export interface FollowUp extends Common {
  kind: "follow-up"
  sender: typeof REPORTER
  answers: readonly Answer[]
}

/** From a person, by the key of an epoch. */
interface FromPerson extends Common {
  sender: string
  epoch: number
  seconds: readonly PersonSignature[]
}

export interface Reply extends FromPerson {
  kind: "reply"
  status?: Status
  outcome?: Outcome
}

/** What inspectors note among themselves. No page sees one: it is known for what it is, and its acts are not looked into. */
export interface OfficeRecord extends FromPerson {
  kind: "record"
  acts: readonly Members[]
}

export type Message = Report | FollowUp | Reply | OfficeRecord

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
  return encodeUtf8(JSON.stringify(inOrder(asMessage(message as unknown as Members))))
}

/** The message that encodes to exactly these bytes. Throws Malformed when there is none. */
export function decodeMessage(bytes: Uint8Array): Message {
  require(bytes.length <= MESSAGE_BYTES_MAX, "message.json is too long")
  const members = asMembers(parseJson(bytes), "message.json")
  require(members["format"] === FORMAT, "another format")
  const message = asMessage(members)
  // Unknown and double members, white space, another order, other escapes: all show here.
  require(equalBytes(encodeMessage(message), bytes), "message.json is not in canonical form")
  return message
}

/** What the earlier case's reporter key signs. */
export function earlierBytes(office: string, newCase: string, earlierCase: string): Uint8Array<ArrayBuffer> {
  return encodeUtf8(`${FORMAT} earlier\n${office}\n${newCase}\n${earlierCase}\n`)
}

/** In the order of the table. What a kind does not have is not there. */
const MEMBERS = [
  ...["office", "case", "kind", "sender", "epoch", "threads", "day", "language", "profile", "readers", "text", "door", "answers"],
  ...["reporter", "earlier", "status", "outcome", "acts", "seconds", "files", "extensions"],
]

function inOrder(message: Message): object {
  const members = message as unknown as Members
  return { format: FORMAT, ...Object.fromEntries(MEMBERS.map((name) => [name, members[name]])) }
}

/** Checks every member that the kind has and builds a message of nothing else. */
function asMessage(all: Members): Message {
  const threads = asMembers(all["threads"], "threads")
  const profile = asMembers(all["profile"], "profile")
  require(isHex(all["office"], 16) && isHex(all["case"], 16) && isHex(profile["digest"], 32), "office, case or profile")
  const kind = asWord(all["kind"], MESSAGE_KINDS, "kind")
  const mailbox = asThreadPoint(threads["mailbox"])
  const common: Common = {
    office: all["office"],
    case: all["case"],
    threads: kind === "record" ? { mailbox, office: asThreadPoint(threads["office"]) } : { mailbox },
    day: asDay(all["day"], "day"),
    language: asLanguage(all["language"], "language"),
    profile: { version: asVersion(profile["version"]), digest: profile["digest"] },
    readers: asReaders(all["readers"]),
    text: asText(all["text"], "text"),
    files: asArray(all["files"], 0, FILES_MAX, "files").map(asFile),
    extensions: asExtensions(all["extensions"]),
  }
  const sender = asId(all["sender"], "sender")
  require((sender === REPORTER) === (kind === "report" || kind === "follow-up"), "another sender")
  if (kind === "reply" || kind === "record") return asPersonsMessage(all, common, kind, sender)
  const answers = asArray(all["answers"], 0, ANSWERS_MAX, "answers").map(asAnswer)
  if (kind === "follow-up") return { ...common, kind, sender: REPORTER, answers }

  require(mailbox.length === 0, "a report comes first")
  const reporter = asMembers(all["reporter"], "reporter")
  require(isHex(reporter["signer"], 32) && isHex(reporter["secret"], 32), "reporter's signer or secret")
  const recipient = asRecipient(reporter["recipient"], "reporter's recipient")
  return {
    ...common,
    kind,
    sender: REPORTER,
    door: asWord(all["door"], DOORS, "door"),
    answers,
    reporter: { recipient, signer: reporter["signer"], secret: reporter["secret"] },
    ...(all["earlier"] !== undefined && { earlier: asEarlier(all["earlier"]) }),
  }
}

function asPersonsMessage(all: Members, common: Common, kind: "reply" | "record", sender: string): Reply | OfficeRecord {
  const seconds = asArray(all["seconds"], 0, SECONDS_MAX, "seconds").map(asPersonSignature)
  const from = { ...common, sender, epoch: asEpoch(all["epoch"]), seconds }
  if (kind === "record") return { ...from, kind, acts: asArray(all["acts"], 0, ACTS_MAX, "acts").map((act) => asMembers(act, "act")) }
  const status = all["status"] === undefined ? undefined : asWord(all["status"], STATUSES, "status")
  const outcome = all["outcome"] === undefined ? undefined : asOutcome(all["outcome"])
  require(outcome === undefined || status === "closed", "only a closed case has an outcome")
  return { ...from, kind, ...(status && { status }), ...(outcome && { outcome }) }
}

export function asThreadPoint(value: unknown): ThreadPoint {
  const point = asMembers(value, "thread")
  require(isHex(point["digest"], 32), "a thread's digest")
  return { length: asInteger(point["length"], "thread"), digest: point["digest"] }
}

function asEarlier(value: unknown): EarlierCase {
  const earlier = asMembers(value, "earlier")
  require(isHex(earlier["case"], 16) && isHex(earlier["signature"], 64), "earlier")
  return { case: earlier["case"], signature: earlier["signature"] }
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

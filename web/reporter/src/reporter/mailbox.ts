// Coming back with a code: what the office answered, what of it is to be believed, and writing on. Beside index.ts, not in
// it, so that whoever reports does not load it.

import { fetchListing, fetchMessage, type ListedMessage } from "../api/mailbox"
import { ReporterError, type Reason } from "../errors"
import type { Bytes } from "../protocol/bytes"
import { Malformed } from "../protocol/malformed"
import type { Outcome, Status } from "../protocol/message"
import { sortedPersons } from "../protocol/person"
import type { Texts } from "../protocol/profile"
import type { OwnKind } from "../protocol/upload"
import { readCase, type AskAgain, type CaseReading } from "../verify/case"
import type { Standing } from "../verify/case-state"
import { Unverified, type OpenedFile } from "../verify/message"
import type { VerifiedProfile } from "../verify/profile"
import type { Authenticity, Found, MessageReading, ThreadEntry, Warning } from "../verify/reading"
import { roleOf } from "../verify/trust"
import { ReporterKeys } from "../seal/derive"
import { open } from "../seal/opening"
import { faultOfDay } from "./day"
import { bytesLeft, followUpMessage, readersBut, type Unfinished, type Words } from "./drafts"
import { API } from "./loading"
import { loadProfile } from "./office"
import { BlobSending, sealableOf, type Sending } from "./sending"

export interface Mailbox {
  readonly caseId: string
  /** By which it was read: that of the page, or a newer one that a message stated. */
  readonly profile: VerifiedProfile
  /** The operator has dropped the case. */
  readonly isDropped: boolean
  readonly status: Status
  /** Of a closed case. */
  readonly outcome: Outcome | undefined
  /** What others set without knowledge of the status above, nor it of them. */
  readonly concurrent: readonly ConcurrentStatus[]
  readonly messages: readonly MailboxMessage[]
  /** Whether the page knows whom the report left out, and so from whom an answer must not come. */
  readonly isReportKnown: boolean
  /** Why nothing more can be sealed here. */
  readonly hindrance: Reason | undefined
  /** Why she must be asked again whom to leave out: the server owes what the page knows it by, or it was erased. */
  readonly asksWhomToLeaveOut: AskAgain | undefined
  /** Whom an answer names beyond those for whom she wrote last. Each joins only when she agrees. */
  readonly offered: readonly { readonly id: string; readonly role: Texts }[]
}

export interface ConcurrentStatus {
  readonly role: Texts
  readonly status: Status
  readonly outcome: Outcome | undefined
}

export type MailboxMessage = OwnMessage | AuthenticReply | UnbelievedReply

interface Place {
  readonly position: number
  /** Of an authentic reply its sender's day, else the day that the server lists. */
  readonly day: string
  readonly warnings: readonly Warning[]
}

/** Listed as the reporter's own. Sealed to the office alone, it cannot be read back; its memo says whether it is hers. */
export interface OwnMessage extends Place {
  readonly kind: OwnKind
  readonly authenticity: Authenticity
}

export interface AuthenticReply extends Place {
  readonly kind: "reply"
  readonly authenticity: "authentic"
  /** The inspector's public role, in each language of the profile. */
  readonly role: Texts
  readonly text: string
  readonly language: string
  readonly status: Status | undefined
  readonly outcome: Outcome | undefined
  readonly files: readonly ReceivedFile[]
}

/** It is not to be shown as anybody's word; nothing of its content is here. */
export interface UnbelievedReply extends Place {
  readonly kind: "reply" | "record"
  readonly authenticity: Exclude<Authenticity, "authentic">
}

export interface ReceivedFile {
  /** Any characters, bidi controls among them: show it isolated, save it under a safe name. */
  readonly name: string
  readonly type: string
  readonly sizeBytes: number
  readonly sha256: string
  /** Made when it is asked for: browsers write large Blobs to disk, and nothing is written unless it is saved. */
  readonly blob: Blob
}

/** What a further message says, and whom it is for beside those for whom the last one was. */
export interface FollowUpDraft extends Words {
  /** Left out from now on; or, where she was asked again, everybody whom she leaves out. */
  readonly leftOut: readonly string[]
  /** Of those offered: on whom she agreed. */
  readonly joining: readonly string[]
}

export interface MailboxProgress {
  readonly phase: "deriving" | "fetching"
  /** Bytes. */
  readonly done: number
  readonly total: number
}

export { stopSealing } from "./sending"
export type { Authenticity, Warning }

type OnProgress = (progress: MailboxProgress) => void

/** What stays behind a Mailbox: keys, what was opened, by the digest of its blob, and the newest profile. */
interface Visit {
  readonly digits: string
  readonly keys: ReporterKeys
  readonly opened: Map<string, Unverified | "unreadable">
  profile: VerifiedProfile
}

/** From a Mailbox that a page holds to what it must not hold: for whom she wrote, above all. */
const behind = new WeakMap<Mailbox, { visit: Visit; reading: CaseReading }>()
/** Of the last code that was entered: what a dropped connection cut short is not fetched twice. */
let lastVisit: Visit | undefined

/**
 * Opens the mailbox of a code (32 ASCII digits, its check right). Throws ReporterError: "unknown-code" when this office has
 * no mailbox for it. Called again, it goes on with what it has.
 */
export async function openMailbox(
  profile: VerifiedProfile,
  digits: string,
  onProgress: OnProgress = () => {},
  signal?: AbortSignal,
): Promise<Mailbox> {
  if (lastVisit?.digits !== digits || lastVisit.profile.office !== profile.office) {
    onProgress({ phase: "deriving", done: 0, total: 0 })
    lastVisit = { digits, profile, keys: await ReporterKeys.derive(digits, profile.office), opened: new Map() }
  }
  // A message may have led to a newer one than the page holds.
  if (profile.version >= lastVisit.profile.version) lastVisit.profile = profile
  return readMailbox(lastVisit, onProgress, signal)
}

/** A further message in the case. Throws ReporterError where nothing may be sealed. */
export function prepareFollowUp(mailbox: Mailbox, draft: FollowUpDraft): Sending<void, boolean> {
  const { visit } = visitOf(mailbox)
  if (mailbox.hindrance !== undefined) throw new ReporterError(mailbox.hindrance)
  const readers = readersOf(mailbox, draft)
  if (readers.length === 0) throw new ReporterError("nobody-left")
  const message = messageOf(mailbox, draft, readers)
  const sending = new BlobSending("follow-up", () => sealableOf(mailbox.profile, visit.keys, message, draft.files))
  return {
    send: (options) => sending.send(options),
    withdraw: () => sending.withdraw(),
  }
}

/** Bytes that a further message may still grow by. */
export function followUpBytesLeft(mailbox: Mailbox, draft: Unfinished<FollowUpDraft>): number {
  const readers = readersOf(mailbox, draft)
  // Where nobody is left, another rule refuses it.
  return bytesLeft(mailbox.profile, messageOf(mailbox, draft, readers.length > 0 ? readers : readersBut(mailbox.profile, [])))
}

function messageOf(mailbox: Mailbox, draft: Unfinished<FollowUpDraft>, readers: readonly string[]) {
  return followUpMessage(mailbox.profile, mailbox.caseId, draft, readers, visitOf(mailbox).reading.thread)
}

/** For whom the next message is. Whoever is left out stays so, whatever the page says. */
function readersOf(mailbox: Mailbox, { leftOut, joining }: Pick<FollowUpDraft, "leftOut" | "joining">): string[] {
  const { own } = visitOf(mailbox).reading.state
  if (mailbox.asksWhomToLeaveOut !== undefined) return readersBut(mailbox.profile, [...own.leftOut, ...leftOut])
  const agreed = own.offered.filter((id) => joining.includes(id))
  return sortedPersons([...own.nextReaders, ...agreed].filter((id) => !leftOut.includes(id)))
}

function visitOf(mailbox: Mailbox) {
  const found = behind.get(mailbox)
  if (found === undefined) throw new TypeError("not a mailbox of openMailbox")
  return found
}

async function readMailbox(visit: Visit, onProgress: OnProgress, signal: AbortSignal | undefined): Promise<Mailbox> {
  const { keys, opened } = visit
  const listing = await fetchListing(API, keys.token(), signal)
  if (listing.caseId === undefined) throw new ReporterError("unknown-code")
  if (listing.caseId !== keys.caseId) throw new ReporterError("server-wrong", "another case under this token")
  if (listing.messages.length === 0 && !listing.isDropped) throw new ReporterError("server-wrong", "a mailbox without its report")
  const missing = await fetchReplies(visit, listing.messages, onProgress, signal)

  const entries = listing.messages.map((listed) =>
    entryOf(listed, keys, missing.has(listed.sha256) ? "missing" : opened.get(listed.sha256)),
  )
  const read = () => readCase({ profile: visit.profile, caseId: keys.caseId }, entries, listing.orders)
  let reading = read()
  if (reading.state.profileFloor > visit.profile.version) {
    visit.profile = await newerThan(visit.profile)
    reading = read()
  }
  const mailbox = mailboxOf(visit, listing.isDropped, reading, entries)
  behind.set(mailbox, { visit, reading })
  return mailbox
}

/** The profile as it is now. A server that does not give it leaves us with the old one: then nothing is sealed, and that is said. */
async function newerThan(profile: VerifiedProfile): Promise<VerifiedProfile> {
  try {
    return await loadProfile({ expectedOffice: profile.office, isForReading: true })
  } catch (error) {
    if (error instanceof ReporterError) return profile
    throw error
  }
}

/** Fetches and opens the replies that are not yet known. Gives the digests of those that the server lists and does not have. */
async function fetchReplies(
  { keys, opened }: Visit,
  listed: readonly ListedMessage[],
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<Set<string>> {
  const wanted = listed.filter(({ kind, isGone, sha256 }) => kind === "reply" && !isGone && !opened.has(sha256))
  const total = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const missing = new Set<string>()
  let before = 0
  for (const message of wanted) {
    const onReceived = (bytes: number) => onProgress({ phase: "fetching", done: before + bytes, total })
    const pieces = await fetchMessage(API, keys.token(), message, { signal, onReceived })
    if (pieces === "missing") missing.add(message.sha256)
    // Not the bytes that were listed: the next visit fetches them again, since they may have been damaged on the way.
    else if (pieces !== "unreadable") opened.set(message.sha256, await openOrNot(pieces, keys))
    before += message.sizeBytes
  }
  return missing
}

async function openOrNot(pieces: Uint8Array[], keys: ReporterKeys): Promise<Unverified | "unreadable"> {
  try {
    return await open(pieces, keys.identity())
  } catch (error) {
    if (error instanceof Malformed) return "unreadable"
    throw error
  }
}

function entryOf({ kind, sha256, day, isGone, memo }: ListedMessage, keys: ReporterKeys, reply: Found = "unreadable"): ThreadEntry {
  const own = (): Found => (memo === undefined ? "no-memo" : (keys.openMemo(memo, sha256) ?? "not-hers"))
  return { kind, sha256, day, found: isGone ? "gone" : isOwn(kind) ? own() : reply }
}

function isOwn(kind: ThreadEntry["kind"]): kind is OwnKind {
  return kind === "report" || kind === "follow-up"
}

function mailboxOf({ profile, keys }: Visit, isDropped: boolean, reading: CaseReading, entries: readonly ThreadEntry[]): Mailbox {
  const { messages, state, askAgain: asksWhomToLeaveOut } = reading
  const { standing, concurrent, own } = state
  return {
    caseId: keys.caseId,
    profile,
    isDropped,
    status: standing?.status ?? "received",
    outcome: standing?.outcome,
    concurrent: concurrent.map((other) => concurrentOf(profile, messages, other)),
    messages: messages.map((reading, position) => messageShown(profile, reading, position, entries[position] as ThreadEntry)),
    isReportKnown: own.isReportKnown,
    hindrance: hindranceOf(profile, reading),
    asksWhomToLeaveOut,
    offered: asksWhomToLeaveOut === undefined ? own.offered.map((id) => ({ id, role: roleOf(profile, id) ?? {} })) : [],
  }
}

function hindranceOf(profile: VerifiedProfile, { state, askAgain, profileDiffers }: CaseReading): Reason | undefined {
  const { own, profileFloor } = state
  const fault = faultOfDay(profile)
  if (fault !== undefined) return fault
  if (profileFloor > profile.version) return "profile-older"
  if (profileDiffers) return "profile-differs"
  return askAgain === undefined && own.nextReaders.length + own.offered.length === 0 ? "nobody-listed" : undefined
}

function concurrentOf(profile: VerifiedProfile, messages: readonly MessageReading[], other: Standing): ConcurrentStatus {
  const sender = messages[other.position]?.authentic?.reply.sender ?? ""
  return { role: roleOf(profile, sender) ?? {}, status: other.status, outcome: other.outcome }
}

function messageShown(
  profile: VerifiedProfile,
  { authenticity, warnings, authentic }: MessageReading,
  position: number,
  { kind, day }: ThreadEntry,
): MailboxMessage {
  const place = { position, day, warnings }
  if (isOwn(kind)) return { ...place, kind, authenticity }
  if (authenticity !== "authentic" || authentic === undefined)
    return { ...place, kind, authenticity: authenticity === "authentic" ? "unreadable" : authenticity }
  const { reply, text } = authentic
  return {
    ...place,
    kind: "reply",
    authenticity,
    day: reply.day,
    role: roleOf(profile, reply.sender) ?? {},
    text: reply.text,
    language: reply.language,
    status: reply.status,
    outcome: reply.outcome,
    files: text.files.map(receivedFile),
  }
}

function receivedFile({ name, type, size_bytes, sha256, pieces }: OpenedFile): ReceivedFile {
  return {
    name,
    type,
    sizeBytes: size_bytes,
    sha256,
    get blob() {
      return new Blob(pieces as Bytes[], { type })
    },
  }
}

// Coming back with a code: what the office answered, what of it is to be believed, and writing on. Beside index.ts, not in
// it, so that whoever reports does not load it.

import { fetchListing, fetchMessage, type ListedMessage } from "../api/mailbox"
import { ReporterError } from "../errors"
import type { Bytes } from "../protocol/bytes"
import { Malformed } from "../protocol/malformed"
import type { Message, Outcome, Status } from "../protocol/message"
import type { OfficeProfile, Texts } from "../protocol/profile"
import { Unverified, type OpenedFile } from "../verify/message"
import { ThreadReader, type Reading, type Warning } from "../verify/thread"
import { ReporterKeys } from "../seal/derive"
import { open } from "../seal/opening"
import { bytesLeft, followUpMessage, type FollowUpDraft, type Unfinished } from "./drafts"
import { API } from "./loading"
import { BlobSending, sealableOf, type Sending } from "./sending"

export interface Mailbox {
  readonly caseId: string
  readonly status: Status
  /** Of a closed case. */
  readonly outcome: Outcome | undefined
  /** Whom the report left out, once an authentic reply repeats it; before that the page must ask again. */
  readonly leftOut: readonly string[] | undefined
  readonly messages: readonly MailboxMessage[]
}

export type MailboxMessage = OwnMessage | AuthenticReply | UnbelievedReply

interface Place {
  readonly position: number
  /** Of an authentic reply its sender's day, else the day that the server lists. */
  readonly day: string
}

/** The reporter's own: sealed to the office alone, it cannot be read back. */
export interface OwnMessage extends Place {
  readonly direction: "to-office"
}

export interface AuthenticReply extends Place {
  readonly direction: "to-reporter"
  readonly authenticity: "authentic"
  /** The inspector's public role, in each language of the profile. */
  readonly role: Texts
  readonly text: string
  readonly language: string
  readonly status: Status | undefined
  readonly outcome: Outcome | undefined
  readonly files: readonly ReceivedFile[]
  readonly warnings: readonly Warning[]
}

/** It claims to be a reply and is not to be shown as one; nothing of its content is here. */
export interface UnbelievedReply extends Place {
  readonly direction: "to-reporter"
  readonly authenticity: Exclude<Reading["authenticity"], "authentic">
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

export interface MailboxProgress {
  readonly phase: "deriving" | "fetching"
  /** Bytes. */
  readonly done: number
  readonly total: number
}

export type { Warning }

type OnProgress = (progress: MailboxProgress) => void

/** What stays behind a Mailbox: keys, and what was opened, by the digest of its blob. */
interface Visit {
  readonly digits: string
  readonly office: string
  readonly keys: ReporterKeys
  readonly opened: Map<string, Unverified | "unreadable">
}

/** From a Mailbox that a page holds to what it must not hold. */
const behind = new WeakMap<Mailbox, { visit: Visit; profile: OfficeProfile; reader: ThreadReader }>()
/** Of the last code that was entered: what a dropped connection cut short is not fetched twice. */
let lastVisit: Visit | undefined

/**
 * Opens the mailbox of a code (32 ASCII digits, its check right). Throws ReporterError: "unknown-code" when this office has
 * no mailbox for it. Called again after a failure, it goes on with what it has.
 */
export async function openMailbox(
  profile: OfficeProfile,
  digits: string,
  onProgress: OnProgress = () => {},
  signal?: AbortSignal,
): Promise<Mailbox> {
  if (lastVisit?.digits !== digits || lastVisit.office !== profile.office) {
    onProgress({ phase: "deriving", done: 0, total: 0 })
    lastVisit = { digits, office: profile.office, keys: await ReporterKeys.derive(digits, profile.office), opened: new Map() }
  }
  return readMailbox(profile, lastVisit, onProgress, signal)
}

/** The same mailbox as it stands now. */
export function refreshMailbox(mailbox: Mailbox, onProgress: OnProgress = () => {}, signal?: AbortSignal): Promise<Mailbox> {
  const { visit, profile } = visitOf(mailbox)
  return readMailbox(profile, visit, onProgress, signal)
}

/** A further message in the case. It leaves out whom the report left out, and whom the draft names besides. */
export function prepareFollowUp(mailbox: Mailbox, draft: FollowUpDraft): Sending<void, boolean> {
  const { visit, profile } = visitOf(mailbox)
  const message = messageOf(mailbox, draft)
  const sending = new BlobSending("follow-up", () => sealableOf(profile, visit.keys, message, draft.files))
  return {
    send: (options) => sending.send(options),
    withdraw: () => sending.withdraw(),
  }
}

/** Bytes that a further message may still grow by. */
export function followUpBytesLeft(mailbox: Mailbox, draft: Unfinished<FollowUpDraft>): number {
  return bytesLeft(visitOf(mailbox).profile, messageOf(mailbox, draft))
}

function messageOf(mailbox: Mailbox, draft: Unfinished<FollowUpDraft>): Message {
  const { profile, reader } = visitOf(mailbox)
  const leftOut = [...new Set([...(mailbox.leftOut ?? []), ...draft.leftOut])]
  return followUpMessage(profile, mailbox.caseId, { sequence: reader.sequence("reporter"), thread: reader.thread }, { ...draft, leftOut })
}

function visitOf(mailbox: Mailbox) {
  const found = behind.get(mailbox)
  if (found === undefined) throw new TypeError("not a mailbox of openMailbox")
  return found
}

async function readMailbox(
  profile: OfficeProfile,
  visit: Visit,
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<Mailbox> {
  const { keys } = visit
  const listing = await fetchListing(API, keys.token(), signal)
  if (listing.caseId === undefined) throw new ReporterError("unknown-code")
  if (listing.caseId !== keys.caseId) throw new ReporterError("server-wrong", "another case under this token")
  await fetchReplies(visit, listing.messages, onProgress, signal)

  const reader = new ThreadReader(profile, keys.caseId)
  const messages = listing.messages.map((listed) => believe(reader, listed, visit.opened.get(listed.sha256)))
  const mailbox: Mailbox = { caseId: keys.caseId, status: reader.status, outcome: reader.outcome, leftOut: reader.leftOut, messages }
  behind.set(mailbox, { visit, profile, reader })
  return mailbox
}

/** Fetches and opens the replies that are not yet known. */
async function fetchReplies(
  { keys, opened }: Visit,
  listed: readonly ListedMessage[],
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
): Promise<void> {
  const missing = listed.filter(({ direction, sha256 }) => direction === "to-reporter" && !opened.has(sha256))
  const total = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let before = 0
  for (const message of missing) {
    const onReceived = (bytes: number) => onProgress({ phase: "fetching", done: before + bytes, total })
    const pieces = await fetchMessage(API, keys.token(), message, { signal, onReceived })
    // Undefined: not the bytes that were listed. The next visit fetches them again, since they may have been damaged on the way.
    if (pieces !== undefined) opened.set(message.sha256, await openOrNot(pieces, keys))
    before += message.sizeBytes
  }
}

async function openOrNot(pieces: Uint8Array[], keys: ReporterKeys): Promise<Unverified | "unreadable"> {
  try {
    return await open(pieces, keys.identity())
  } catch (error) {
    if (error instanceof Malformed) return "unreadable"
    throw error
  }
}

function believe(
  reader: ThreadReader,
  { position, direction, day, sha256 }: ListedMessage,
  opened: Unverified | "unreadable" | undefined,
): MailboxMessage {
  if (direction === "to-office") {
    reader.skipOwn(sha256)
    return { position, day, direction }
  }
  const reading = opened === undefined || opened === "unreadable" ? reader.skipUnreadable(sha256) : reader.read(sha256, opened)
  if (reading.authenticity !== "authentic" || !(opened instanceof Unverified)) {
    return { position, day, direction, authenticity: reading.authenticity === "authentic" ? "unreadable" : reading.authenticity }
  }
  const { reply, inspector, warnings } = reading
  return {
    position,
    day: reply.day,
    direction,
    authenticity: "authentic",
    role: inspector.role,
    text: reply.text,
    language: reply.language,
    status: reply.status,
    outcome: reply.outcome,
    files: opened.files.map(receivedFile),
    warnings,
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

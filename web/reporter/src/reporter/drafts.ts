// From what a person wrote and chose to a message of the format, and how much room it has.

import { ReporterError } from "../errors"
import { archiveBytes, BLOCK } from "../protocol/archive"
import { encodeUtf8 } from "../protocol/bytes"
import {
  isMediaType,
  measureMessage,
  type Answer,
  type Door,
  type FollowUp,
  type ListedFile,
  type Message,
  type Report,
  type ThreadPoint,
} from "../protocol/message"
import { archiveBytesIn, FILE_NAME_BYTES_MAX, FILES_MAX, headerBytes, MESSAGE_BYTES_MAX, TEXT_SEALED_BYTES } from "../protocol/limits"
import { sortedPersons } from "../protocol/person"
import type { OfficeProfile } from "../protocol/profile"
import type { VerifiedProfile } from "../verify/profile"
import { ThreadDigests } from "../verify/thread-digests"
import { messageDay } from "./day"
import { sealBytes } from "../seal/sealing"

export interface Attachment {
  /** As it is to be shown to the inspector: the page decides whether that is the file's own name. */
  readonly name: string
  readonly type: string
  readonly blob: Blob
}

/** What a message says. Strings go as they are; only halves of surrogate pairs, which UTF-8 has not, are replaced. */
export interface Words {
  readonly text: string
  /** Of the page: two or three letters. */
  readonly language: string
  readonly files: readonly Attachment[]
}

export interface Draft extends Words {
  readonly door: Door
  readonly answers: readonly Answer[]
  /** Ids of inspectors to whom the report is not sealed. */
  readonly leftOut: readonly string[]
}

/** A draft whose files are not chosen yet has none. */
export type Unfinished<Kind extends Words> = Omit<Kind, "files"> & Partial<Pick<Kind, "files">>

/** What of a reporter's keys goes into the report. */
export interface ReportKeys {
  readonly recipient: string
  readonly signer: string
  readonly caseId: string
  readonly secret: string
}

export function reportMessage(profile: VerifiedProfile, keys: ReportKeys, draft: Unfinished<Draft>, readers: readonly string[]): Report {
  return {
    ...commonOf(profile, keys.caseId, draft, readers, new ThreadDigests(profile.office, keys.caseId).end),
    kind: "report",
    door: draft.door,
    answers: draft.answers.map(({ question, answer }) => ({ question, answer: wellFormed(answer) })),
    reporter: { recipient: keys.recipient, signer: keys.signer, secret: keys.secret },
  }
}

export function followUpMessage(
  profile: VerifiedProfile,
  caseId: string,
  words: Unfinished<Words>,
  readers: readonly string[],
  thread: ThreadPoint,
): FollowUp {
  return { ...commonOf(profile, caseId, words, readers, thread), kind: "follow-up", answers: [] }
}

/** The persons of the profile but those who are left out, in the order in which a message names them. */
export function readersBut(profile: OfficeProfile, leftOut: Iterable<string>): string[] {
  const out = new Set(leftOut)
  return sortedPersons(profile.inspectors.map(({ id }) => id).filter((id) => !out.has(id)))
}

function commonOf(profile: VerifiedProfile, caseId: string, words: Unfinished<Words>, readers: readonly string[], thread: ThreadPoint) {
  return {
    office: profile.office,
    case: caseId,
    sender: "reporter" as const,
    threads: { mailbox: thread },
    day: messageDay(profile),
    language: words.language,
    profile: profile.stamp,
    readers,
    text: wellFormed(words.text),
    files: (words.files ?? []).map(listedFile),
    extensions: {},
  }
}

/** Refuses what the format or the office does not take, before anything is sealed. */
export function checkFiles(profile: OfficeProfile, files: readonly Attachment[]): void {
  if (files.length > FILES_MAX) throw new ReporterError("too-many-files")
  if (files.reduce((sum, { blob }) => sum + blob.size, 0) > profile.limits.filesBytes) throw new ReporterError("too-large")
}

/**
 * Bytes that a message may still grow by, in UTF-8 and with JSON's escapes; less than none when it is too long already. Without
 * files it must fit the 32 KiB class exactly as sealing reckons it, with files only message.json's own bound counts.
 */
export function bytesLeft(profile: OfficeProfile, message: Message): number {
  const used = measureMessage(message)
  if (message.files.length > 0) return MESSAGE_BYTES_MAX - used
  const room = archiveBytesIn(headerBytes(profile.inspectors.length), TEXT_SEALED_BYTES) ?? 0
  const others = archiveBytes(0, [], sealBytes(TEXT_SEALED_BYTES, []))
  // Whatever part of a block is left over, no entry can use.
  return room - others - ((room - others) % BLOCK) - used
}

/** Bytes that a report may still grow by. */
export function textBytesLeft(profile: VerifiedProfile, draft: Unfinished<Draft>): number {
  const readers = readersBut(profile, draft.leftOut)
  // Where nobody is left, another rule refuses it.
  return bytesLeft(profile, reportMessage(profile, STAND_IN_KEYS, draft, readers.length > 0 ? readers : readersBut(profile, [])))
}

/** As long as real ones, and no one's. */
const STAND_IN_KEYS: ReportKeys = {
  recipient: `age1pq1${"q".repeat(1952)}`,
  signer: "0".repeat(64),
  caseId: "0".repeat(32),
  secret: "0".repeat(64),
}

function listedFile({ name, type, blob }: Attachment): ListedFile {
  const plainType = type.toLowerCase()
  return {
    name: fittingName(wellFormed(name)),
    type: isMediaType(plainType) ? plainType : "application/octet-stream",
    size_bytes: blob.size,
  }
}

/** A name of 1 to 255 bytes: what is too long loses its middle, so that beginning and ending stay. */
function fittingName(name: string): string {
  if (name === "") return "file"
  const characters = [...name]
  while (encodeUtf8(characters.join("")).length > FILE_NAME_BYTES_MAX) characters.splice(characters.length >> 1, 1)
  return characters.join("")
}

function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, "\ufffd")
}

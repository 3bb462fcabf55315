// From what a person wrote and chose to a message of the format, and how much room it has.

import { ReporterError } from "../errors"
import { archiveBytes, BLOCK } from "../protocol/archive"
import { encodeUtf8 } from "../protocol/bytes"
import { isMediaType, measureMessage, type Answer, type Door, type ListedFile, type Message } from "../protocol/message"
import { archiveBytesIn, FILE_NAME_BYTES_MAX, FILES_MAX, headerBytes, MESSAGE_BYTES_MAX, TEXT_SEALED_BYTES } from "../protocol/limits"
import type { OfficeProfile } from "../protocol/profile"
import { ThreadDigests } from "../verify/thread-digests"
import { todayUtc } from "../protocol/values"
import { sealBytes } from "../seal/sealing"

export interface Attachment {
  /** As it is to be shown to the inspector: the page decides whether that is the file's own name. */
  readonly name: string
  readonly type: string
  readonly blob: Blob
}

/** What a report says. Strings go as they are; only halves of surrogate pairs, which UTF-8 has not, are replaced. */
export interface Draft {
  readonly door: Door
  readonly text: string
  readonly answers: readonly Answer[]
  /** Ids of inspectors to whom the report is not sealed. */
  readonly leftOut: readonly string[]
  /** Of the page: two or three letters. */
  readonly language: string
  readonly files: readonly Attachment[]
}

/** What a later message says. */
export type FollowUpDraft = Pick<Draft, "text" | "leftOut" | "language" | "files">

/** A draft whose files are not chosen yet has none. */
export type Unfinished<Kind extends FollowUpDraft> = Omit<Kind, "files"> & Partial<Pick<Kind, "files">>

/** The public side of a reporter's keys. */
export interface PublicKeys {
  readonly recipient: string
  readonly signer: string
  readonly caseId: string
}

export function reportMessage(profile: OfficeProfile, keys: PublicKeys, draft: Unfinished<Draft>): Message {
  return {
    ...commonOf(profile, keys.caseId, draft),
    kind: "report",
    sequence: 0,
    thread: new ThreadDigests(profile.office, keys.caseId).thread,
    door: draft.door,
    answers: draft.answers.map(({ question, answer }) => ({ question, answer: wellFormed(answer) })),
    reporter: { recipient: keys.recipient, signer: keys.signer },
  }
}

export function followUpMessage(
  profile: OfficeProfile,
  caseId: string,
  place: { sequence: number; thread: Message["thread"] },
  draft: Unfinished<FollowUpDraft>,
): Message {
  return { ...commonOf(profile, caseId, draft), kind: "follow-up", sequence: place.sequence, thread: place.thread }
}

function commonOf(profile: OfficeProfile, caseId: string, draft: Unfinished<FollowUpDraft>) {
  return {
    office: profile.office,
    case: caseId,
    sender: "reporter" as const,
    day: todayUtc(),
    language: draft.language,
    text: wellFormed(draft.text),
    left_out: draft.leftOut,
    files: (draft.files ?? []).map(listedFile),
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
export function textBytesLeft(profile: OfficeProfile, draft: Unfinished<Draft>): number {
  return bytesLeft(profile, reportMessage(profile, STAND_IN_KEYS, draft))
}

/** As long as real ones, and no one's. */
const STAND_IN_KEYS: PublicKeys = { recipient: `age1pq1${"q".repeat(1952)}`, signer: "0".repeat(64), caseId: "0".repeat(32) }

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

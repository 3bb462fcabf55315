// What is sent: which kind of message an upload becomes, and how `Upload-Metadata` says so (PROTOCOL 2.2 and 4.2).

import { encodeBase64, encodeUtf8 } from "./bytes"

/** In the order of their bytes, as the thread's digest binds them (PROTOCOL 2.5). */
export const MESSAGE_KINDS = ["report", "follow-up", "reply", "record"] as const
export type MessageKind = (typeof MESSAGE_KINDS)[number]

/** What a reporter sends. */
export type OwnKind = "report" | "follow-up"

/** The value of `kind` is filled to this, so that its length tells nothing. */
const KIND_CHARACTERS = 12

export function kindByte(kind: MessageKind): Uint8Array {
  return Uint8Array.of(MESSAGE_KINDS.indexOf(kind))
}

/** The value of `Upload-Metadata`. The write hash goes with a report, and only then. */
export function encodeMetadata(kind: OwnKind, caseId: string, writeHash: string): string {
  const pair = (key: string, value: string) => `${key} ${encodeBase64(encodeUtf8(value))}`
  const pairs = [pair("kind", kind.padEnd(KIND_CHARACTERS)), pair("case", caseId)]
  return (kind === "report" ? [...pairs, pair("write", writeHash)] : pairs).join()
}

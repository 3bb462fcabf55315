// Orders of erasure, in clear (PROTOCOL 2.12). Whether one is to be obeyed, verify/erasure.ts says.

import { encodeUtf8, isHex } from "./bytes"
import { asPersonSignature, type PersonSignature } from "./person"
import { asArray, asDay, asInteger, asMembers, asWord, require } from "./values"

const MESSAGES_MAX = 256
const SIGNATURES_MAX = 4

export const THREAD_NAMES = ["mailbox", "office"] as const
export type ThreadName = (typeof THREAD_NAMES)[number]

export interface ErasedMessage {
  position: number
  sha256: string
}

/** Which messages of one thread of a case are to go, and who says so. */
export interface ErasureOrder {
  thread: ThreadName
  day: string
  /** By rising position. */
  messages: readonly ErasedMessage[]
  signatures: readonly PersonSignature[]
}

export function asErasureOrder(value: unknown): ErasureOrder {
  const order = asMembers(value, "order")
  const messages = asArray(order["messages"], 1, MESSAGES_MAX, "an order's messages").map((entry): ErasedMessage => {
    const message = asMembers(entry, "an order's message")
    require(isHex(message["sha256"], 32), "an order's sha256")
    return { position: asInteger(message["position"], "position"), sha256: message["sha256"] }
  })
  require(messages.every(({ position }, i) => i === 0 || position > (messages[i - 1]?.position ?? 0)), "an order's positions rise")
  return {
    thread: asWord(order["thread"], THREAD_NAMES, "an order's thread"),
    day: asDay(order["day"], "an order's day"),
    messages,
    signatures: asArray(order["signatures"], 1, SIGNATURES_MAX, "an order's signatures").map(asPersonSignature),
  }
}

/** What the persons sign. */
export function erasureBytes({ thread, day, messages }: ErasureOrder, office: string, caseId: string): Uint8Array<ArrayBuffer> {
  const lines = messages.map(({ position, sha256 }) => `${position} ${sha256}\n`)
  return encodeUtf8(`mohr/v1 erase\n${office}\n${caseId}\n${thread}\n${day}\n${lines.join("")}`)
}

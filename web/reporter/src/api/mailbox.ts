// A mailbox: its list, in pages of one length, and sealed messages (PROTOCOL 4.3).

import { sha256 } from "@noble/hashes/sha2.js"
import { ReporterError } from "../errors"
import { encodeHex, isHex } from "../protocol/bytes"
import { asErasureOrder, type ErasureOrder } from "../protocol/erasure"
import { parseJson } from "../protocol/json"
import { Malformed } from "../protocol/malformed"
import { isSizeClass } from "../protocol/limits"
import { MESSAGE_KINDS, type MessageKind } from "../protocol/upload"
import { asArray, asDay, asInteger, asMembers, asWord, require } from "../protocol/values"
import { createPauser } from "../pause"
import { exchange } from "./exchange"
import { fetchWhole, withRetries } from "./fetching"
import { Refusal } from "./problems"

const PAGE_BYTES = 32_768
const MESSAGES_MAX = 10_000
const ORDERS_MAX = 1_000

export interface ListedMessage {
  position: number
  kind: MessageKind
  /** 0 of one that is gone. */
  sizeBytes: number
  /** Erased, as the server says. */
  isGone: boolean
  /** Of the sealed blob, in hex. */
  sha256: string
  day: string
  /** Beside an own message, in base64; whatever it is, only opening it tells. */
  memo: string | undefined
}

export interface Listing {
  /** Absent when the server knows no mailbox for this token. */
  caseId: string | undefined
  /** The operator has dropped the case. */
  isDropped: boolean
  messages: readonly ListedMessage[]
  orders: readonly ErasureOrder[]
}

interface MailboxPage extends Listing {
  /** The position behind this page, if there are more. */
  next: number | undefined
}

/** The whole list. Positions rise without a gap from page to page, and every page is of the same case. */
export async function fetchListing(base: string, token: string, signal?: AbortSignal): Promise<Listing> {
  const first = await fetchPage(base, token, 0, signal)
  const messages = [...first.messages]
  const orders = [...first.orders]
  for (let page = first; page.next !== undefined;) {
    page = await fetchPage(base, token, page.next, signal)
    messages.push(...page.messages)
    orders.push(...page.orders)
    if (page.caseId !== first.caseId || messages.length > MESSAGES_MAX || orders.length > ORDERS_MAX)
      throw new ReporterError("server-wrong", "a page of another case, or too many")
  }
  return { caseId: first.caseId, isDropped: first.isDropped, messages, orders }
}

async function fetchPage(base: string, token: string, from: number, signal: AbortSignal | undefined): Promise<MailboxPage> {
  const bytes = await fetchWhole({ method: "GET", url: `${base}/mailbox?from=${from}`, headers: bearer(token), signal }, PAGE_BYTES)
  try {
    return decodePage(bytes, from)
  } catch (error) {
    throw error instanceof Malformed ? new ReporterError("server-wrong", error.message) : error
  }
}

/** One page of the list of a mailbox. Throws Malformed. */
export function decodePage(bytes: Uint8Array, from: number): MailboxPage {
  const members = asMembers(parseJson(bytes), "listing")
  const { case: caseId, dropped, next } = members
  require(caseId === null || isHex(caseId, 16), "case")
  require(typeof dropped === "boolean", "dropped")
  const messages = asArray(members["messages"], 0, MESSAGES_MAX, "messages").map((value, at) => asListed(value, from + at))
  // Else a server could send a page for ever on its way.
  require(next === null || (messages.length > 0 && next === from + messages.length), "next")
  return {
    caseId: caseId ?? undefined,
    isDropped: dropped,
    messages,
    orders: asArray(members["orders"], 0, ORDERS_MAX, "orders").flatMap(orderOrNone),
    next: next ?? undefined,
  }
}

function asListed(value: unknown, position: number): ListedMessage {
  const message = asMembers(value, "message")
  const isGone = message["gone"] === true
  const sizeBytes = isGone ? 0 : asInteger(message["size_bytes"], "size_bytes")
  require(message["position"] === position, "positions have a gap")
  require(isGone || isSizeClass(sizeBytes), "no size class")
  require(isHex(message["sha256"], 32), "sha256")
  return {
    position,
    kind: asWord(message["kind"], MESSAGE_KINDS, "kind"),
    sizeBytes,
    isGone,
    sha256: message["sha256"],
    day: asDay(message["day"], "day"),
    memo: typeof message["memo"] === "string" ? message["memo"] : undefined,
  }
}

/** A broken order orders nothing, and costs no more than itself. */
function orderOrNone(value: unknown): ErasureOrder[] {
  try {
    return [asErasureOrder(value)]
  } catch (error) {
    if (error instanceof Malformed) return []
    throw error
  }
}

/**
 * The sealed bytes of a message, in the pieces in which they came. A connection that drops is taken up again where it
 * broke. "unreadable" when they are not the bytes that were listed (PROTOCOL 2.7, step 1), "missing" when the server lists
 * them and does not give them.
 */
export async function fetchMessage(
  base: string,
  token: string,
  listed: ListedMessage,
  { signal, onReceived = () => {} }: { signal?: AbortSignal | undefined; onReceived?: (bytes: number) => void } = {},
): Promise<Uint8Array[] | "unreadable" | "missing"> {
  const url = `${base}/mailbox/${listed.position}`
  let pieces: Uint8Array[] = []
  let received = 0
  const take = (bytes: Uint8Array, status: number) => {
    // An answer to a Range that is not a part begins anew.
    if (status !== 206 && resumed) [pieces, received, resumed] = [[], 0, false]
    received += bytes.length
    if (received > listed.sizeBytes) throw new ReporterError("server-wrong", "more bytes than were listed")
    pieces.push(bytes)
    onReceived(received)
  }
  let resumed = false
  const answer = { isMissing: false }
  await withRetries(
    signal,
    () => received,
    async () => {
      resumed = received > 0
      if (received === listed.sizeBytes) return
      const headers = { ...bearer(token), ...(resumed && { Range: `bytes=${received}-` }) }
      await exchange({ method: "GET", url, headers, signal }, take).catch((error: unknown) => {
        if (!(error instanceof Refusal) || !error.isOfServer || error.status !== 404) throw error
        answer.isMissing = true
      })
    },
  )
  if (answer.isMissing) return "missing"
  return received === listed.sizeBytes && (await digestOfPieces(pieces)) === listed.sha256 ? pieces : "unreadable"
}

async function digestOfPieces(pieces: readonly Uint8Array[]): Promise<string> {
  const pause = createPauser()
  const hash = sha256.create()
  for (const piece of pieces) {
    await pause()
    hash.update(piece)
  }
  return encodeHex(hash.digest())
}

function bearer(token: string): Record<string, string> {
  return { Authorization: `Bearer ${token}` }
}

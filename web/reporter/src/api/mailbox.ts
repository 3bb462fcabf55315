// A mailbox: its list, and sealed messages (PROTOCOL 4.3).

import { sha256 } from "@noble/hashes/sha2.js"
import { ReporterError } from "../errors"
import { encodeHex, isHex } from "../protocol/bytes"
import { parseJson } from "../protocol/json"
import { Malformed } from "../protocol/malformed"
import type { Direction } from "../protocol/message"
import { isSizeClass } from "../protocol/limits"
import { asArray, asDay, asInteger, asMembers, asWord, require } from "../protocol/values"
import { createPauser } from "../pause"
import { exchange } from "./exchange"
import { fetchWhole, withRetries } from "./fetching"

const LISTING_BYTES_MAX = 4_194_304
const MESSAGES_MAX = 10_000

export interface ListedMessage {
  position: number
  direction: Direction
  sizeBytes: number
  /** Of the sealed blob, in hex. */
  sha256: string
  day: string
}

export interface Listing {
  /** Absent when the server knows no mailbox for this token. */
  caseId: string | undefined
  messages: readonly ListedMessage[]
}

export async function fetchListing(base: string, token: string, signal?: AbortSignal): Promise<Listing> {
  const bytes = await fetchWhole({ method: "GET", url: `${base}/mailbox`, headers: bearer(token), signal }, LISTING_BYTES_MAX)
  try {
    return decodeListing(bytes)
  } catch (error) {
    throw error instanceof Malformed ? new ReporterError("server-wrong", error.message) : error
  }
}

/** The list of a mailbox. Throws Malformed. */
export function decodeListing(bytes: Uint8Array): Listing {
  const members = asMembers(parseJson(bytes), "listing")
  const caseId = members["case"]
  require(caseId === null || isHex(caseId, 16), "case")
  const messages = asArray(members["messages"], 0, MESSAGES_MAX, "messages").map((value, position): ListedMessage => {
    const message = asMembers(value, "message")
    const sizeBytes = asInteger(message["size_bytes"], "size_bytes")
    require(message["position"] === position, "positions have a gap")
    require(isSizeClass(sizeBytes), "no size class")
    require(isHex(message["sha256"], 32), "sha256")
    const direction = asWord(message["direction"], ["to-office", "to-reporter"] as const, "direction")
    return { position, direction, sizeBytes, sha256: message["sha256"], day: asDay(message["day"], "day") }
  })
  return { caseId: caseId ?? undefined, messages }
}

/**
 * The sealed bytes of a message, in the pieces in which they came. A connection that drops is taken up again where it
 * broke. Undefined when they are not the bytes that were listed (PROTOCOL 2.7, step 1).
 */
export async function fetchMessage(
  base: string,
  token: string,
  listed: ListedMessage,
  { signal, onReceived = () => {} }: { signal?: AbortSignal | undefined; onReceived?: (bytes: number) => void } = {},
): Promise<Uint8Array[] | undefined> {
  const url = `${base}/mailbox/messages/${listed.position}`
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
  await withRetries(
    signal,
    () => received,
    async () => {
      resumed = received > 0
      if (received === listed.sizeBytes) return
      await exchange({ method: "GET", url, headers: { ...bearer(token), ...(resumed && { Range: `bytes=${received}-` }) }, signal }, take)
    },
  )
  return received === listed.sizeBytes && (await digestOfPieces(pieces)) === listed.sha256 ? pieces : undefined
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

// Fetching over a network that drops connections.

import { ReporterError } from "../errors"
import { join } from "../protocol/bytes"
import { backoffMs, exchange, isTemporary, wait, type Request } from "./exchange"
import { asReporterError } from "./problems"

const TRIES = 4
/** After a try that came further: enough that a server which breaks at every byte is not run down. */
const SHORT_PAUSE_MS = 100

/** A small answer, in one piece. */
export async function fetchWhole(request: Request, mostBytes: number): Promise<Uint8Array> {
  let pieces: Uint8Array[] = []
  let received = 0
  await withRetries(
    request.signal,
    () => 0,
    async () => {
      ;[pieces, received] = [[], 0]
      await exchange(request, (bytes) => {
        received += bytes.length
        if (received > mostBytes) throw new ReporterError("server-wrong", "the answer is too long")
        pieces.push(bytes)
      })
    },
  )
  return join(pieces)
}

/** Tries again after a while when the server is away or busy, and gives up when several tries in a row came no further. */
export async function withRetries(signal: AbortSignal | undefined, progress: () => number, attempt: () => Promise<void>): Promise<void> {
  for (let failures = 0; ;) {
    const before = progress()
    try {
      return await attempt()
    } catch (error) {
      const cameFurther = progress() > before
      failures = cameFurther ? 1 : failures + 1
      if (!isTemporary(error) || failures >= TRIES) throw asReporterError(error)
      await wait(cameFurther ? SHORT_PAUSE_MS : backoffMs(failures, error), signal)
    }
  }
}

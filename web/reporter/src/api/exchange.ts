// One request and its answer. Nothing of it is cached, no cookie travels, no redirect is followed, and nothing waits for
// ever: on a filtered network connections do not fail, they fall silent.

import { ReporterError } from "../errors"
import { join } from "../protocol/bytes"
import { Refusal } from "./problems"
import { noteServerDate } from "./server-day"

const SILENCE_MS = 30_000
const PROBLEM_BYTES_MAX = 4096

export interface Request {
  method: "GET" | "HEAD" | "POST" | "PATCH" | "DELETE"
  url: string
  headers?: Record<string, string>
  /** Bytes, never a stream: Firefox sends "[object ReadableStream]". */
  body?: Uint8Array<ArrayBuffer>
  signal?: AbortSignal | undefined
  /** How long the server may stay silent before it counts as away. */
  silenceMs?: number
}

export interface Answer {
  status: number
  headers: Headers
}

/**
 * Sends a request and gives every piece of the body of a good answer to `take`, which may throw to end it. Throws Refusal for a status
 * that is not 2xx, ReporterError "server-away" when no whole answer comes, "stopped" when the caller's signal says so.
 */
export async function exchange(request: Request, take: (bytes: Uint8Array, status: number) => void = () => {}): Promise<Answer> {
  const { method, url, headers = {}, body, signal, silenceMs = SILENCE_MS } = request
  const controller = new AbortController()
  const stop = () => controller.abort()
  let timer = setTimeout(stop, silenceMs)
  const heard = () => {
    clearTimeout(timer)
    timer = setTimeout(stop, silenceMs)
  }
  signal?.addEventListener("abort", stop, { once: true })
  try {
    if (signal?.aborted) throw new ReporterError("stopped")
    const response = await fetch(url, {
      method,
      headers,
      ...(body !== undefined && { body }),
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      signal: controller.signal,
    })
    heard()
    if (response.ok) {
      // A refusal may come from whoever stands between.
      noteServerDate(response.headers.get("Date"))
      let gotBytes = 0
      const counted = (bytes: Uint8Array) => {
        gotBytes += bytes.length
        take(bytes, response.status)
      }
      await readBody(response, counted, heard)
      if (method !== "HEAD" && isShort(response, gotBytes)) throw new ReporterError("server-away", "the answer broke off")
    } else {
      const pieces: Uint8Array[] = []
      let left = PROBLEM_BYTES_MAX
      await readBody(
        response,
        (bytes) => {
          pieces.push(bytes.subarray(0, left))
          left -= bytes.length
          return left > 0
        },
        heard,
      )
      throw Refusal.from(response.status, response.headers, new TextDecoder().decode(join(pieces)))
    }
    return { status: response.status, headers: response.headers }
  } catch (error) {
    if (signal?.aborted) throw new ReporterError("stopped")
    if (error instanceof Refusal || error instanceof ReporterError) throw error
    throw new ReporterError("server-away", error instanceof Error ? error.message : "")
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener("abort", stop)
    // Ends a body that nobody reads to its end.
    controller.abort()
  }
}

/** Whether a body ended early: Firefox takes one for whole whose connection closed before its stated length. */
function isShort({ headers }: Response, gotBytes: number): boolean {
  const stated = headers.get("Content-Length")
  // The length of what is compressed says nothing of what comes out of it.
  return stated !== null && headers.get("Content-Encoding") === null && /^[0-9]{1,15}$/.test(stated) && gotBytes < Number(stated)
}

/** Reads to the end, or until `take` says false. */
async function readBody(response: Response, take: (bytes: Uint8Array) => unknown, heard: () => void): Promise<void> {
  const reader = response.body?.getReader()
  if (reader === undefined) return
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    heard()
    if (take(next.value) === false) return
  }
}

/** Waits, or throws "stopped" when the signal says so. */
export function wait(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new ReporterError("stopped"))
    const stop = () => {
      clearTimeout(timer)
      reject(new ReporterError("stopped"))
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop)
      resolve()
    }, milliseconds)
    signal?.addEventListener("abort", stop, { once: true })
  })
}

/** What is waited for only as long as the person wants it: throws "stopped" when the signal says so. */
export function orStopped<Value>(value: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return value
  return new Promise((resolve, reject) => {
    const stop = () => reject(new ReporterError("stopped"))
    if (signal.aborted) stop()
    else signal.addEventListener("abort", stop, { once: true })
    value.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop))
  })
}

/** Milliseconds before try number `failures + 1`: 1 s, 2 s, 4 s … 30 s, or what the server asked for. */
export function backoffMs(failures: number, error: unknown): number {
  if (error instanceof Refusal && error.retrySeconds !== undefined) return error.retrySeconds * 1000
  return Math.min(30_000, 1000 * 2 ** (failures - 1))
}

/** Whether the same request may work a little later. */
export function isTemporary(error: unknown): boolean {
  return error instanceof Refusal ? error.isTemporary : error instanceof ReporterError && error.reason === "server-away"
}

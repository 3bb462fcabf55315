// What a server may refuse, and what a reporter is told of it (PROTOCOL 4.5, RFC 9457).

import { ReporterError, type Reason } from "../errors"

const WORDS = [
  "malformed",
  "unauthorized",
  "unknown-mailbox",
  "not-found",
  "method-not-allowed",
  "case-exists",
  "offset-mismatch",
  "finished",
  "tus-version",
  "too-large",
  "media-type",
  "range",
  "not-a-size-class",
  "not-sealed",
  "internal",
  "busy",
  "storage-full",
] as const

export type Word = (typeof WORDS)[number]

const TYPE_PREFIX = "urn:mohr:problem:"
const RETRY_SECONDS_MAX = 60

/** The server's refusal. `word` is undefined when the answer is none of this protocol: a proxy's or a filter's. */
export class Refusal extends Error {
  override name = "Refusal"

  constructor(
    readonly status: number,
    readonly word: Word | undefined,
    /** How long to wait before another try, if the server says so. */
    readonly retrySeconds: number | undefined,
  ) {
    super(word ?? `status ${status}`)
  }

  /** Total: whatever the body is, it gives a refusal. */
  static from(status: number, headers: Headers, body: string): Refusal {
    let type: unknown
    try {
      type = (JSON.parse(body) as { type?: unknown } | null)?.type
    } catch {
      // Not a problem document.
    }
    const word = WORDS.find((known) => type === TYPE_PREFIX + known)
    const retry = headers.get("Retry-After")
    return new Refusal(status, word, retry !== null && /^[0-9]{1,9}$/.test(retry) ? Math.min(Number(retry), RETRY_SECONDS_MAX) : undefined)
  }

  /** Whether the same request may be granted later. */
  get isTemporary(): boolean {
    return this.word === "busy" || this.word === "internal" || (this.word === undefined && this.status >= 500)
  }

  get reason(): Reason {
    switch (this.word) {
      case "busy":
      case "storage-full":
      case "too-large":
      case "case-exists":
        return this.word
      case "unknown-mailbox":
        return "unknown-code"
      case undefined:
        // 502 to 504 are a proxy that does not reach the server.
        return this.status >= 500 ? "server-away" : "server-wrong"
      default:
        return "server-wrong"
    }
  }
}

/** The error for the page, whatever was thrown on the way to or from the server. */
export function asReporterError(error: unknown): unknown {
  return error instanceof Refusal ? new ReporterError(error.reason, error.message) : error
}

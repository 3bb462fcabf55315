// What a server may refuse, and what a reporter is told of it (PROTOCOL 4.7, RFC 9457).

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
  "one-way",
  "tus-version",
  "too-large",
  "media-type",
  "range",
  "not-a-size-class",
  "not-sealed",
  "puzzle",
  "internal",
  "busy",
  "storage-full",
] as const

export type Word = (typeof WORDS)[number]

const TYPE_PREFIX = "urn:mohr:problem:"
const RETRY_SECONDS_MAX = 60
/** What a proxy says that does not reach the server, or lets nobody through for a while. */
const PROXY_STATUSES: readonly number[] = [429, 502, 503, 504]

/** The server's refusal. `word` is undefined when the answer is none of this protocol: a proxy's or a filter's. */
export class Refusal extends Error {
  override name = "Refusal"

  constructor(
    readonly status: number,
    readonly word: Word | undefined,
    /** How long to wait before another try, if the server says so. */
    readonly retrySeconds: number | undefined,
    /** Whether it is a problem document of this protocol, perhaps with a word that is not known here. */
    readonly isOfServer: boolean,
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
    const retrySeconds = retry !== null && /^[0-9]{1,9}$/.test(retry) ? Math.min(Number(retry), RETRY_SECONDS_MAX) : undefined
    return new Refusal(status, word, retrySeconds, typeof type === "string" && type.startsWith(TYPE_PREFIX))
  }

  /** Whether the same request may be granted later. Every other answer is final. */
  get isTemporary(): boolean {
    return this.word === "busy" || this.isOfProxy
  }

  private get isOfProxy(): boolean {
    return !this.isOfServer && PROXY_STATUSES.includes(this.status)
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
      default:
        return this.isOfProxy ? "server-away" : "server-wrong"
    }
  }
}

/** The error for the page, whatever was thrown on the way to or from the server. */
export function asReporterError(error: unknown): unknown {
  return error instanceof Refusal ? new ReporterError(error.reason, error.message) : error
}

// What a page has to tell the reporter. Bytes that are not of the format are another thing: protocol/malformed.ts.

/** Everything that can go wrong for a reporter; the pages have words for each. */
export type Reason =
  /** The office profile does not verify or does not parse. Nothing may be sealed. */
  | "profile-invalid"
  /** It is signed, but by another office than the poster or link names. */
  | "profile-foreign"
  | "profile-expired"
  /** By the device's clock it has expired, by the server's day it has not: the clock is likely wrong. */
  | "profile-clock"
  /** The server went back to a profile older than one seen in this visit, or than one that a message states. */
  | "profile-older"
  /** The server shows two texts of one version, or a profile with fewer roots than one seen before. */
  | "profile-differs"
  /** It is signed, and this program is too old to understand it. */
  | "profile-newer"
  /** No answer: no network, a filter, a server that is down. */
  | "server-away"
  /** An answer that this protocol does not have, or a refusal that a right client never meets. */
  | "server-wrong"
  /** The server is overloaded; later it may work. */
  | "busy"
  | "storage-full"
  /** More than the server or the format takes. */
  | "too-large"
  /** A message without files must fit 32 KiB, and a message.json 1 MiB. */
  | "text-too-long"
  | "too-many-files"
  /** A chosen file cannot be read (any more). */
  | "file-unreadable"
  /** Every inspector would be left out: nobody could read it. */
  | "nobody-left"
  /** None of those for whom the reporter wrote last is in the profile any more. */
  | "nobody-listed"
  /** Another report already stands under this code. */
  | "case-exists"
  /** The code is well formed, and this office has no mailbox for it. */
  | "unknown-code"
  /** No WebCrypto here: too old a browser, or a page that was not loaded securely. */
  | "browser-unsupported"
  /** The caller's AbortSignal. */
  | "stopped"

export class ReporterError extends Error {
  override name = "ReporterError"

  /** `detail` is for a developer's console: it never holds anything that the reporter wrote. */
  constructor(
    readonly reason: Reason,
    detail = "",
  ) {
    super(detail === "" ? reason : `${reason}: ${detail}`)
  }
}

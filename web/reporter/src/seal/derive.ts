// Everything that follows from a receipt code (PROTOCOL 1).

import { ed25519 } from "@noble/curves/ed25519.js"
import { bech32 } from "@scure/base"
import { identityToRecipient } from "age-encryption"
import { ReporterError } from "../errors"
import { concat, decodeHex, encodeHex, encodeUtf8, type Bytes } from "../protocol/bytes"
import type { Memo } from "../protocol/memo"
import { caseIdOf, writeHashOf } from "../verify/digest"
import { openMemo, sealMemo } from "./memo"

const ROUNDS = 210_000
const KEY_BITS = 256

/**
 * The keys of one reporter in one office. Private fields keep the secrets out of consoles, JSON and error reports;
 * `token` and `identity` are handed out where they are used.
 */
export class ReporterKeys {
  readonly #token: string
  readonly #identity: string
  readonly #signingSeed: Bytes
  readonly #memoKey: Bytes
  readonly #caseSecret: string

  private constructor(
    secrets: { token: string; identity: string; signingSeed: Bytes; memoKey: Bytes; caseSecret: string },
    readonly office: string,
    /** The age recipient to which replies are sealed. */
    readonly recipient: string,
    /** Ed25519 public key in hex: signs the report and every follow-up. */
    readonly signer: string,
    readonly caseId: string,
    /** All that the server keeps of the right to write into the case, in hex. */
    readonly writeHash: string,
  ) {
    this.#token = secrets.token
    this.#identity = secrets.identity
    this.#signingSeed = secrets.signingSeed
    this.#memoKey = secrets.memoKey
    this.#caseSecret = secrets.caseSecret
  }

  /** From the 32 digits of a code whose check is right. Takes a good part of a second on a phone. */
  static async derive(digits: string, officeId: string): Promise<ReporterKeys> {
    const derive = await expander(digits, officeId)
    const identity = encodeIdentity(await derive("identity"))
    const signingSeed = await derive("signature")
    const signer = ed25519.getPublicKey(signingSeed)
    const caseSecret = await derive("case")
    const secrets = {
      token: encodeHex(await derive("mailbox")),
      identity,
      signingSeed,
      memoKey: await derive("memo"),
      caseSecret: encodeHex(caseSecret),
    }
    const recipient = await identityToRecipient(identity)
    const writeHash = writeHashOf(await deriveWrite(caseSecret))
    return new ReporterKeys(secrets, officeId, recipient, encodeHex(signer), caseIdOf(signer), writeHash)
  }

  /** Bearer secret of the mailbox, in hex. */
  token(): string {
    return this.#token
  }

  /** The age identity that opens replies. */
  identity(): string {
    return this.#identity
  }

  /** What the reporter shares with the readers of the case, in hex: for the report itself and nothing else. */
  caseSecret(): string {
    return this.#caseSecret
  }

  /** A detached Ed25519 signature, in hex. */
  sign(bytes: Uint8Array): string {
    return encodeHex(ed25519.sign(bytes, this.#signingSeed))
  }

  /** The memo for the sealed message with this SHA-256 (hex), in base64. */
  sealMemo(memo: Memo, blobDigest: string): string {
    return sealMemo(this.#memoKey, { ...this.#place, blobDigest }, memo)
  }

  /** What a memo says, or undefined where it is not hers for this message. */
  openMemo(sealed: string, blobDigest: string): Memo | undefined {
    return openMemo(this.#memoKey, { ...this.#place, blobDigest }, sealed)
  }

  get #place() {
    return { office: this.office, caseId: this.caseId }
  }
}

export type Label = "mailbox" | "identity" | "signature" | "memo" | "case"

/**
 * root = PBKDF2-HMAC-SHA-512(digits, "mohr/v1/receipt" ‖ 0x00 ‖ office id, 210,000 rounds, 32 bytes)
 * and of it, for each label, HKDF-SHA-256(root, salt = "", info = "mohr/v1/" ‖ label, 32 bytes)
 */
export async function expander(digits: string, officeId: string): Promise<(label: Label) => Promise<Bytes>> {
  const subtle = webCrypto()
  const salt = concat(encodeUtf8("mohr/v1/receipt\0"), decodeHex(officeId, 16))
  const password = await subtle.importKey("raw", encodeUtf8(digits), "PBKDF2", false, ["deriveBits"])
  const root = await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt, iterations: ROUNDS }, password, KEY_BITS)
  return expand(subtle, root)
}

/** What lets an inspector write into a case: HKDF-SHA-256(case secret, salt = "", info = "mohr/v1/write", 32 bytes) */
export async function deriveWrite(caseSecret: Bytes): Promise<Bytes> {
  return (await expand(webCrypto(), caseSecret))("write")
}

async function expand(subtle: SubtleCrypto, secret: BufferSource): Promise<(label: Label | "write") => Promise<Bytes>> {
  const key = await subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"])
  return async (label) => {
    const info = encodeUtf8(`mohr/v1/${label}`)
    return new Uint8Array(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info }, key, KEY_BITS))
  }
}

/** An age hybrid identity: Bech32 of its 32-byte seed. */
export function encodeIdentity(seed: Uint8Array): string {
  return bech32.encodeFromBytes("AGE-SECRET-KEY-PQ-", seed).toUpperCase()
}

function webCrypto(): SubtleCrypto {
  // Browsers hide it from pages that were not loaded securely, and very old ones do not have it.
  const { subtle } = globalThis.crypto as { subtle?: SubtleCrypto }
  if (subtle === undefined) throw new ReporterError("browser-unsupported", "no crypto.subtle")
  return subtle
}

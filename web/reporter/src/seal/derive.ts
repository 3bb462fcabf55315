// Everything that follows from a receipt code (PROTOCOL 1).

import { ed25519 } from "@noble/curves/ed25519.js"
import { bech32 } from "@scure/base"
import { identityToRecipient } from "age-encryption"
import { ReporterError } from "../errors"
import { concat, decodeHex, encodeHex, encodeUtf8, type Bytes } from "../protocol/bytes"
import { caseIdOf } from "../verify/digest"

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

  private constructor(
    token: string,
    identity: string,
    signingSeed: Bytes,
    /** The age recipient to which replies are sealed. */
    readonly recipient: string,
    /** Ed25519 public key in hex: signs the report and every follow-up. */
    readonly signer: string,
    readonly caseId: string,
  ) {
    this.#token = token
    this.#identity = identity
    this.#signingSeed = signingSeed
  }

  /** From the 32 digits of a code whose check is right. Takes a good part of a second on a phone. */
  static async derive(digits: string, officeId: string): Promise<ReporterKeys> {
    const derive = await expander(digits, officeId)
    const identity = encodeIdentity(await derive("identity"))
    const signingSeed = await derive("signature")
    const signer = ed25519.getPublicKey(signingSeed)
    const token = encodeHex(await derive("mailbox"))
    return new ReporterKeys(token, identity, signingSeed, await identityToRecipient(identity), encodeHex(signer), caseIdOf(signer))
  }

  /** Bearer secret of the mailbox, in hex. */
  token(): string {
    return this.#token
  }

  /** The age identity that opens replies. */
  identity(): string {
    return this.#identity
  }

  /** A detached Ed25519 signature, in hex. */
  sign(bytes: Uint8Array): string {
    return encodeHex(ed25519.sign(bytes, this.#signingSeed))
  }
}

export type Label = "mailbox" | "identity" | "signature" | "log"

/**
 * root = PBKDF2-HMAC-SHA-512(digits, "mohr/v1/receipt" ‖ 0x00 ‖ office id, 210,000 rounds, 32 bytes)
 * and of it, for each label, HKDF-SHA-256(root, salt = "", info = "mohr/v1/" ‖ label, 32 bytes)
 */
export async function expander(digits: string, officeId: string): Promise<(label: Label) => Promise<Bytes>> {
  const subtle = webCrypto()
  const salt = concat(encodeUtf8("mohr/v1/receipt\0"), decodeHex(officeId, 16))
  const password = await subtle.importKey("raw", encodeUtf8(digits), "PBKDF2", false, ["deriveBits"])
  const root = await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt, iterations: ROUNDS }, password, KEY_BITS)
  const key = await subtle.importKey("raw", root, "HKDF", false, ["deriveBits"])
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

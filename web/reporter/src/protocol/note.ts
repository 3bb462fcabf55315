// C2SP signed notes (signed-note.md): a text, an empty line, a signature line. Of what the specification allows, an
// office profile has exactly one Ed25519 signature.

import { decodeBase64, type Bytes } from "./bytes"
import { require } from "./values"

/** Base64 of 68 bytes: key hash and signature. */
const SIGNATURE_CHARACTERS = 92

/** A note taken apart; nothing of it is verified. */
export interface Note {
  /** With its last newline: exactly what is signed. */
  text: string
  keyName: string
  keyHash: Bytes
  signature: Bytes
}

export function decodeNote(note: string): Note {
  const end = note.lastIndexOf("\n\n")
  require(end >= 0, "no signed note")
  const text = note.slice(0, end + 1)
  require(!/(?!\n)\p{Cc}/u.test(text), "a control character in a signed note")
  const [, keyName, encoded] = /^\u2014 ([^ \n]+) ([A-Za-z0-9+/=]+)\n$/.exec(note.slice(end + 2)) ?? []
  require(keyName !== undefined && encoded !== undefined && encoded.length === SIGNATURE_CHARACTERS, "not one Ed25519 signature")
  const hashAndSignature = decodeBase64(encoded)
  return { text, keyName, keyHash: hashAndSignature.slice(0, 4), signature: hashAndSignature.slice(4) }
}

// C2SP signed notes (signed-note.md): a text, an empty line, signature lines. A reader looks for the one of the key it knows
// and passes over the others.

import { decodeBase64, type Bytes } from "./bytes"
import { require } from "./values"

const SIGNATURES_MAX = 16
const KEY_HASH_BYTES = 4
const SIGNATURE_BYTES = 64

/** A note taken apart; nothing of it is verified. */
export interface Note {
  /** With its last newline: exactly what is signed. */
  text: string
  /** In their order: at least one, at most 16. */
  signatures: readonly NoteSignature[]
}

export interface NoteSignature {
  keyName: string
  keyHash: Bytes
  /** 64 bytes, or of another length where the line is of another kind of key. */
  signature: Bytes
}

export function decodeNote(note: string): Note {
  const end = note.lastIndexOf("\n\n")
  require(end >= 0, "no signed note")
  const text = note.slice(0, end + 1)
  require(!/(?!\n)\p{Cc}/u.test(text), "a control character in a signed note")
  const lines = note.slice(end + 2).split("\n")
  require(lines.pop() === "" && lines.length >= 1 && lines.length <= SIGNATURES_MAX, "not 1 to 16 lines of signatures")
  return { text, signatures: lines.map(decodeLine) }
}

/** The Ed25519 signature of the key with this name and hash. */
export function signatureIn({ signatures }: Note, keyName: string, keyHash: Uint8Array): Bytes | undefined {
  const line = signatures.find((found) => found.keyName === keyName && found.keyHash.every((byte, i) => byte === keyHash[i]))
  return line?.signature.length === SIGNATURE_BYTES ? line.signature : undefined
}

function decodeLine(line: string): NoteSignature {
  const [, keyName, encoded] = /^\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? []
  require(keyName !== undefined && encoded !== undefined, "no line of a signature")
  const bytes = decodeBase64(encoded)
  require(bytes.length > KEY_HASH_BYTES, "a signature is too short")
  return { keyName, keyHash: bytes.slice(0, KEY_HASH_BYTES), signature: bytes.slice(KEY_HASH_BYTES) }
}

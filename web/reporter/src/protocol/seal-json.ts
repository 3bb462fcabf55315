// seal.json: digests of what the archive holds, and the sender's signature over them (PROTOCOL 2.3).

import { encodeUtf8, equalBytes, isHex } from "./bytes"
import { parseJson } from "./json"
import { FILES_MAX, SEAL_BYTES_MAX } from "./limits"
import { FORMAT, asArray, asInteger, asMembers, asText, require } from "./values"

export interface Entry {
  path: string
  size_bytes: number
  sha256: string
}

export interface SealJson {
  /** message.json and every file, in the archive's order. */
  entries: readonly Entry[]
  signature: string
}

export function encodeSeal(seal: SealJson): Uint8Array<ArrayBuffer> {
  const entries = seal.entries.map(({ path, size_bytes, sha256 }) => ({ path, size_bytes, sha256 }))
  return encodeUtf8(JSON.stringify({ format: FORMAT, entries, signature: seal.signature }))
}

/** The seal that encodes to exactly these bytes. Throws Malformed when there is none. */
export function decodeSeal(bytes: Uint8Array): SealJson {
  require(bytes.length <= SEAL_BYTES_MAX, "seal.json is too long")
  const members = asMembers(parseJson(bytes), "seal.json")
  const signature = members["signature"]
  require(isHex(signature, 64), "seal.json: signature")
  const seal = { entries: asArray(members["entries"], 1, FILES_MAX + 1, "seal.json: entries").map(asEntry), signature }
  require(equalBytes(encodeSeal(seal), bytes), "seal.json is not in canonical form")
  return seal
}

/** What the sender signs. */
export function signedBytes(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const lines = entries.map(({ sha256, size_bytes, path }) => `${sha256} ${size_bytes} ${path}\n`)
  return encodeUtf8(`${FORMAT} seal\n${lines.join("")}`)
}

function asEntry(value: unknown): Entry {
  const entry = asMembers(value, "entry")
  require(isHex(entry["sha256"], 32), "entry: sha256")
  return { path: asText(entry["path"], "path"), size_bytes: asInteger(entry["size_bytes"], "size_bytes"), sha256: entry["sha256"] }
}

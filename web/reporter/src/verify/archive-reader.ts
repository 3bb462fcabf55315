// Reads the archive of a message and takes the digest of every entry on the way. An archive has one form (protocol/archive.ts),
// so reading a header is writing it anew and comparing. What comes is hostile: nothing is allocated by a number that was read.

import { sha256 } from "@noble/hashes/sha2.js"
import { BLOCK, encodeHeader, END_BYTES, filePath, MESSAGE_PATH, paddingBytes, SEAL_PATH } from "../protocol/archive"
import { encodeHex, equalBytes, join } from "../protocol/bytes"
import { FILE_BYTES_MAX, FILES_MAX, MESSAGE_BYTES_MAX, SEAL_BYTES_MAX } from "../protocol/limits"
import { type Entry } from "../protocol/seal-json"
import { require } from "../protocol/values"

export interface OpenedEntry extends Entry {
  /** The content, in the pieces in which it came. */
  pieces: readonly Uint8Array[]
}

export interface Archive {
  message: OpenedEntry
  files: readonly OpenedEntry[]
  seal: OpenedEntry
}

interface EntryBeingRead {
  path: string
  size_bytes: number
  pieces: Uint8Array[]
  /** Bytes of content still to come. */
  left: number
  hash: ReturnType<typeof sha256.create>
}

/**
 * Takes an archive in pieces of any size, hashes every entry on the way and keeps the pieces as they are, uncopied.
 * `push` and `finish` throw Malformed at the first byte that archive.ts would not have written.
 */
export class ArchiveReader {
  readonly #entries: OpenedEntry[] = []
  #header = new Uint8Array(BLOCK)
  #headerBytes = 0
  #open: EntryBeingRead | undefined
  /** Zeros still owed after an entry; after seal.json, the end marker's. */
  #zeros = 0

  push(bytes: Uint8Array): void {
    while (bytes.length > 0) {
      if (this.#open !== undefined) bytes = this.#takeContent(this.#open, bytes)
      else if (this.#zeros > 0 || this.#sealed) bytes = this.#takeZeros(bytes)
      else bytes = this.#takeHeader(bytes)
    }
  }

  finish(): Archive {
    require(this.#sealed && this.#open === undefined && this.#zeros === 0, "the archive ends early")
    const [message, ...files] = this.#entries
    const seal = files.pop()
    require(message !== undefined && seal !== undefined, "the archive ends early")
    return { message, files, seal }
  }

  get #sealed(): boolean {
    return this.#entries.at(-1)?.path === SEAL_PATH
  }

  #takeHeader(bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, BLOCK - this.#headerBytes)
    this.#header.set(taken, this.#headerBytes)
    this.#headerBytes += taken.length
    if (this.#headerBytes === BLOCK) {
      this.#headerBytes = 0
      this.#begin(this.#header)
    }
    return bytes.subarray(taken.length)
  }

  #begin(header: Uint8Array): void {
    const index = this.#entries.length
    const size_bytes = decodeSize(header.subarray(124, 135))
    // Which entry it is, the place says, but for the seal, which may stand in any place after the first.
    const sealed = index > 0 && equalBytes(header, encodeHeader(SEAL_PATH, size_bytes))
    const path = index === 0 ? MESSAGE_PATH : sealed ? SEAL_PATH : filePath(index - 1)
    require(sealed ||
      (index <= FILES_MAX && equalBytes(header, encodeHeader(path, size_bytes))), "an archive header is not as the format writes it")
    const [least, most] = index === 0 ? [1, MESSAGE_BYTES_MAX] : sealed ? [1, SEAL_BYTES_MAX] : [0, FILE_BYTES_MAX]
    require(size_bytes >= least && size_bytes <= most, "an archive entry is too large or empty")
    this.#open = { path, size_bytes, pieces: [], left: size_bytes, hash: sha256.create() }
    this.#closeIfRead(this.#open)
  }

  #takeContent(open: EntryBeingRead, bytes: Uint8Array): Uint8Array {
    const taken = bytes.subarray(0, open.left)
    open.pieces.push(taken)
    open.hash.update(taken)
    open.left -= taken.length
    this.#closeIfRead(open)
    return bytes.subarray(taken.length)
  }

  #closeIfRead(open: EntryBeingRead): void {
    if (open.left > 0) return
    const { path, size_bytes, pieces, hash } = open
    this.#entries.push({ path, size_bytes, pieces, sha256: encodeHex(hash.digest()) })
    this.#open = undefined
    this.#zeros = paddingBytes(size_bytes) + (path === SEAL_PATH ? END_BYTES : 0)
  }

  #takeZeros(bytes: Uint8Array): Uint8Array {
    // What comes after the end marker is zeros too, as many as the size class asks for.
    const taken = this.#sealed ? bytes : bytes.subarray(0, this.#zeros)
    require(taken.every((byte) => byte === 0), "the archive has something where zeros belong")
    this.#zeros = Math.max(0, this.#zeros - taken.length)
    return bytes.subarray(taken.length)
  }
}

function decodeSize(digits: Uint8Array): number {
  let size = 0
  for (const digit of digits) {
    require(digit >= 0x30 && digit <= 0x37, "an archive entry's size is not octal")
    size = size * 8 + digit - 0x30
  }
  return size
}

/** The content of an entry in one piece. */
export function contentOf(entry: OpenedEntry): Uint8Array<ArrayBuffer> {
  return join(entry.pieces)
}

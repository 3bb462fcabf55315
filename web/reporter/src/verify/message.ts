// From the archive of a message to what it says, and to whether somebody signed it (PROTOCOL 2.7, step 3).

import { decodeHex } from "../protocol/bytes"
import { decodeMessage, type ListedFile, type Message } from "../protocol/message"
import { decodeSeal, signedBytes } from "../protocol/seal-json"
import { require } from "../protocol/values"
import { contentOf, type Archive, type OpenedEntry } from "./archive-reader"
import { isSignedBy } from "./signature"

export interface OpenedFile extends ListedFile {
  sha256: string
  pieces: readonly Uint8Array[]
}

/** A message that decodes and whose digests agree. Whose word it is, nobody has checked. */
export class Unverified {
  private constructor(
    readonly message: Message,
    /** SHA-256 of message.json in hex: two messages of a case with the same one are a replay. */
    readonly digest: string,
    readonly files: readonly OpenedFile[],
    private readonly signed: Uint8Array,
    private readonly signature: Uint8Array,
  ) {}

  /** Step 3: message.json and seal.json decode, and entries, digests, sizes and files agree. */
  static from(archive: Archive): Unverified {
    const message = decodeMessage(contentOf(archive.message))
    const seal = decodeSeal(contentOf(archive.seal))
    const read: readonly OpenedEntry[] = [archive.message, ...archive.files]
    const agree =
      seal.entries.length === read.length &&
      read.every(({ path, size_bytes, sha256 }, i) => {
        const sealed = seal.entries[i]
        return sealed?.path === path && sealed.size_bytes === size_bytes && sealed.sha256 === sha256
      })
    require(agree, "seal.json does not agree with what the archive holds")
    require(message.files.length === archive.files.length, "message.json lists other files than the archive holds")
    const files = message.files.map((file, i): OpenedFile => {
      const entry = archive.files[i]
      require(entry !== undefined && entry.size_bytes === file.size_bytes, "a file is not as long as message.json says")
      return { ...file, sha256: entry.sha256, pieces: entry.pieces }
    })
    return new Unverified(message, archive.message.sha256, files, signedBytes(seal.entries), decodeHex(seal.signature, 64))
  }

  /** Whether this signer (hex) signed message.json and every file as they were read. */
  isSignedBy(signer: string): boolean {
    return isSignedBy(decodeHex(signer, 32), this.signature, this.signed)
  }
}

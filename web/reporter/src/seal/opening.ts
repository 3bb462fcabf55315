// From a sealed blob to what it says, believing nothing yet (PROTOCOL 2.7, steps 2 and 3; the blob's own digest is
// checked where it is fetched). Total and bounded whatever the bytes are.

import { Decrypter, type Identity, type Stanza } from "age-encryption"
import { Malformed } from "../errors"
import { ArchiveReader, contentOf, type Archive, type OpenedEntry } from "../protocol/archive-reader"
import { decodeHex } from "../protocol/bytes"
import { decodeMessage, type ListedFile, type Message } from "../protocol/message"
import { decodeSeal, signedBytes } from "../protocol/seal-json"
import { isSignedBy } from "../verify/signature"
import { require } from "../protocol/values"
import { createPauser } from "../pause"

/** More than 12 inspectors, a reporter and any GREASE need. */
const HEADER_BYTES_MAX = 65_536
const STEP_BYTES = 65_536

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
      seal.entries.every(({ path, size_bytes, sha256 }, i) => path === read[i]?.path && size_bytes === read[i]?.size_bytes && sha256 === read[i]?.sha256)
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

/**
 * Opens a blob. Takes the pieces out of `pieces` as it goes, so that sealed and opened bytes need not lie in memory
 * together. Throws Malformed and nothing else.
 */
export async function open(pieces: Uint8Array[], identity: string): Promise<Unverified> {
  try {
    requireShortHeader(pieces)
    const reader = new ArchiveReader()
    const plaintext = (await decrypterFor(identity).decrypt(sealedStream(pieces))).getReader()
    for (let next = await plaintext.read(); !next.done; next = await plaintext.read()) reader.push(next.value)
    return Unverified.from(reader.finish())
  } catch (error) {
    throw error instanceof Malformed ? error : new Malformed(notForUs(error) ? NOT_FOR_US : "the age file is damaged")
  }
}

export const OTHER_RECIPIENT = "sealed to another kind of recipient"
export const NOT_FOR_US = "not sealed to this identity"

function notForUs(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("no identity matched")
}

function decrypterFor(identity: string): Decrypter {
  const decrypter = new Decrypter()
  // Asked first, it sees every stanza and opens none.
  decrypter.addIdentity({ unwrapFileKey: refuseOtherStanzas } satisfies Identity)
  decrypter.addIdentity(identity)
  return decrypter
}

/** Only hybrid stanzas, and GREASE, which opens for nobody. */
function refuseOtherStanzas(stanzas: Stanza[]): null {
  const known = (type = "") => type === "mlkem768x25519" || type.endsWith("-grease")
  require(stanzas.every(({ args }) => known(args[0])), OTHER_RECIPIENT)
  return null
}

/** age-encryption reads lines until the header ends, however long that is: a blob must not feed it for ever. */
function requireShortHeader(pieces: readonly Uint8Array[]): void {
  const latin = new TextDecoder("latin1")
  let head = ""
  for (const piece of pieces) head += latin.decode(piece.subarray(0, HEADER_BYTES_MAX - head.length))
  require(head.includes("\n--- "), "no age header, or one that is too long")
}

function sealedStream(pieces: Uint8Array[]): ReadableStream<Uint8Array> {
  const pause = createPauser()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = pieces.shift()
        if (piece === undefined) return controller.close()
        if (piece.length > STEP_BYTES) pieces.unshift(piece.subarray(STEP_BYTES))
        await pause()
        controller.enqueue(piece.subarray(0, STEP_BYTES))
      },
    },
    { highWaterMark: 0 },
  )
}

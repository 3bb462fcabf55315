// From a sealed blob to what it says, believing nothing yet (PROTOCOL 2.7, step 2; the blob's own digest is checked where it
// is fetched). Total and bounded whatever the bytes are.

import { Decrypter, type Identity, type Stanza } from "age-encryption"
import { createPauser } from "../pause"
import { Malformed } from "../protocol/malformed"
import { require } from "../protocol/values"
import { ArchiveReader } from "../verify/archive-reader"
import { Unverified } from "../verify/message"

/** More than 12 inspectors, a reporter and any GREASE need. */
const HEADER_BYTES_MAX = 65_536
const STEP_BYTES = 65_536

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

// From a message and its files to the sealed blob (PROTOCOL 2.1 to 2.4), as a stream: a phone never holds a large file,
// and its size is known before the first byte.

import { sha256 } from "@noble/hashes/sha2.js"
import { Encrypter } from "age-encryption"
import { ReporterError } from "../errors"
import { archiveBytes, encodeHeader, filePath, MESSAGE_PATH, paddingBytes, SEAL_PATH } from "../protocol/archive"
import { encodeHex, type Bytes } from "../protocol/bytes"
import { headerBytes, planArchive, TEXT_SEALED_BYTES, type Plan } from "../protocol/limits"
import { encodeSeal, signedBytes, type Entry } from "../protocol/seal-json"
import { asRecipient } from "../protocol/values"
import { createPauser } from "../pause"
import { digestOf } from "../verify/digest"

/** age seals in chunks of this size; longer steps would freeze the page where there is no JIT. */
const STEP_BYTES = 65_536
/** A read from a Blob costs as much as sealing some tens of KiB. */
const READ_BYTES = 262_144

export interface Sealable {
  messageJson: Uint8Array
  /** The files' bytes, in the order in which message.json lists them. */
  files: readonly Blob[]
  /** `age1pq1…`, one stanza each. */
  recipients: readonly string[]
  /** The sender's Ed25519 signature in hex. */
  sign: (bytes: Uint8Array) => string
}

/** How long archive and blob will be. Throws ReporterError when the text or the files are too long. */
export function planSealing(messageBytes: number, fileBytes: readonly number[], stanzas: number): Plan {
  const least = archiveBytes(messageBytes, fileBytes, sealBytes(messageBytes, fileBytes))
  const plan = planArchive(headerBytes(stanzas), least)
  if (fileBytes.length === 0 && plan?.sealedBytes !== TEXT_SEALED_BYTES) throw new ReporterError("text-too-long")
  if (plan === undefined) throw new ReporterError("too-large")
  return plan
}

/** The length of seal.json: digests and signatures are always as long, sizes are known. */
export function sealBytes(messageBytes: number, fileBytes: readonly number[]): number {
  const entries = [messageBytes, ...fileBytes].map((size_bytes, i) => ({
    path: i === 0 ? MESSAGE_PATH : filePath(i - 1),
    size_bytes,
    sha256: "0".repeat(64),
  }))
  return encodeSeal({ entries, signature: "0".repeat(128) }).length
}

/** The sealed blob, `sizeBytes` long. It is made as it is read, with a pause now and then for the page. */
export async function seal(message: Sealable): Promise<{ sizeBytes: number; stream: ReadableStream<Uint8Array> }> {
  const fileBytes = message.files.map((file) => file.size)
  const plan = planSealing(message.messageJson.length, fileBytes, message.recipients.length)
  const encrypter = new Encrypter()
  // age-encryption would mix other kinds of recipient in without a word.
  for (const recipient of message.recipients) encrypter.addRecipient(asRecipient(recipient, "recipient"))
  const stream = await encrypter.encrypt(streamOf(archiveOf(message, plan.archiveBytes)))
  if (stream.size(plan.archiveBytes) !== plan.sealedBytes) throw new Error("an age header is not as long as its stanzas")
  return { sizeBytes: plan.sealedBytes, stream }
}

/** The archive, in pieces of at most STEP_BYTES. */
async function* archiveOf(message: Sealable, fillToBytes: number): AsyncGenerator<Uint8Array, void> {
  const pause = createPauser()
  let written = 0
  const piece = (bytes: Uint8Array) => {
    written += bytes.length
    return bytes
  }
  const entries: Entry[] = [{ path: MESSAGE_PATH, size_bytes: message.messageJson.length, sha256: digestOf(message.messageJson) }]
  yield* [encodeHeader(MESSAGE_PATH, message.messageJson.length), message.messageJson, zeros(message.messageJson)].map(piece)

  for (const [index, file] of message.files.entries()) {
    const path = filePath(index)
    const hash = sha256.create()
    yield piece(encodeHeader(path, file.size))
    for (let at = 0; at < file.size; at += READ_BYTES) {
      const bytes = await readBytes(file, at, Math.min(at + READ_BYTES, file.size))
      for (let step = 0; step < bytes.length; step += STEP_BYTES) {
        await pause()
        const part = bytes.subarray(step, step + STEP_BYTES)
        hash.update(part)
        yield piece(part)
      }
    }
    yield piece(new Uint8Array(paddingBytes(file.size)))
    entries.push({ path, size_bytes: file.size, sha256: encodeHex(hash.digest()) })
  }

  const seal = encodeSeal({ entries, signature: message.sign(signedBytes(entries)) })
  yield* [encodeHeader(SEAL_PATH, seal.length), seal, zeros(seal)].map(piece)
  while (written < fillToBytes) {
    await pause()
    yield piece(new Uint8Array(Math.min(STEP_BYTES, fillToBytes - written)))
  }
}

function zeros(after: Uint8Array): Uint8Array {
  return new Uint8Array(paddingBytes(after.length))
}

/** A file may vanish or change between choosing and sending: its length is part of what is promised. */
async function readBytes(file: Blob, start: number, end: number): Promise<Bytes> {
  const bytes = await file
    .slice(start, end)
    .arrayBuffer()
    .catch(() => undefined)
  if (bytes?.byteLength !== end - start) throw new ReporterError("file-unreadable")
  return new Uint8Array(bytes)
}

function streamOf(pieces: AsyncGenerator<Uint8Array, void>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await pieces.next()
        if (done === true) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await pieces.return(undefined)
      },
    },
    // Nothing is read ahead: what is sealed is what was asked for.
    { highWaterMark: 0 },
  )
}

// From a message and its files to the sealed blob (PROTOCOL 2.1 to 2.4), piece by piece: a phone never holds a large file,
// and its size is known before the first byte.

import { Encrypter } from "age-encryption"
import { ReporterError } from "../errors"
import { archiveBytes, encodeHeader, filePath, MESSAGE_PATH, paddingBytes, SEAL_PATH } from "../protocol/archive"
import { concat, join, type Bytes } from "../protocol/bytes"
import type { Extensions } from "../protocol/extensions"
import { headerBytes, planArchive, TEXT_SEALED_BYTES, type Plan } from "../protocol/limits"
import { encodeSeal, signedBytes, type Entry } from "../protocol/seal-json"
import { asRecipient } from "../protocol/values"
import { createPauser } from "../pause"
import { digestOf } from "../verify/digest"
import { sealInline } from "./inline"
import type { Conclude, Sealing } from "./payload"
import { NONCE_BYTES, payloadKey } from "./stream"
import { startWorkers, type Workers } from "./workers"

/** What is smaller is sealed before a worker's script has come. */
const INLINE_BYTES_MAX = 524_288
/**
 * Of a file, and of what is sealed, so much is held in memory as a whole, because the browser hashes nothing else by itself. A
 * phone has room for a picture or a short recording; a computer for what its office takes.
 */
const WHOLE_BYTES_MAX = 16_777_216
const WHOLE_BYTES_MAX_ROOMY = 134_217_728
/** Gigabytes; browsers that tell it round it down to a power of two. */
const ROOMY_MEMORY = 4

export interface Sealable {
  messageJson: Uint8Array
  /** The files' bytes, in the order in which message.json lists them. */
  files: readonly Blob[]
  /** `age1pq1…`, one stanza each. */
  recipients: readonly string[]
  /** The sender's Ed25519 signature in hex. */
  sign: (bytes: Uint8Array) => string
}

/** Of this release's seals: none is known yet. */
const EXTENSIONS: Extensions = {}

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
  return encodeSeal({ entries, signature: "0".repeat(128), extensions: EXTENSIONS }).length
}

/** The sealed blob, of which nothing is sealed yet. Where `workers` gives none, the page seals by itself. */
export async function seal(message: Sealable, workers: () => Promise<Workers | undefined> = startWorkers): Promise<Sealing> {
  const fileBytes = message.files.map((file) => file.size)
  const plan = planSealing(message.messageJson.length, fileBytes, message.recipients.length)
  // They start while the header is made.
  const starting = plan.sealedBytes > INLINE_BYTES_MAX ? workers() : undefined
  const { header, key } = await headerFor(message.recipients).catch(async (error: unknown) => {
    ;(await starting)?.stop()
    throw error
  })
  const crew = await starting
  const wholeBytesMax = crew !== undefined && isRoomy() ? WHOLE_BYTES_MAX_ROOMY : WHOLE_BYTES_MAX
  const { archiveBytes } = plan
  const archive = { start: entry(MESSAGE_PATH, message.messageJson), files: message.files, archiveBytes, wholeBytesMax }
  const work = { header, payloadKey: key, archiveBytes, sizeBytes: plan.sealedBytes, wholeBytesMax }
  const conclude = concludeFor(message)
  return crew?.seal(archive, work, conclude) ?? sealInline(archive, work, conclude)
}

/**
 * The header with the payload's nonce, and the payload key. age-encryption writes the header for a file key of its own making,
 * and shows it to every recipient: also to one that adds no stanza.
 */
async function headerFor(recipients: readonly string[]): Promise<{ header: Bytes; key: Bytes }> {
  const encrypter = new Encrypter()
  const pause = createPauser()
  let fileKey = new Uint8Array()
  // age-encryption would mix other kinds of recipient in without a word.
  for (const recipient of recipients) {
    encrypter.addRecipient(asRecipient(recipient, "recipient"))
    encrypter.addRecipient({
      async wrapFileKey(key) {
        fileKey = key as Bytes
        await pause()
        return []
      },
    })
  }
  // It neither brings anything nor ends: age-encryption must seal no chunk, not even an empty one, under the key that seals
  // our own.
  const reader = (await encrypter.encrypt(new ReadableStream<Uint8Array>())).getReader()
  const parts: Uint8Array[] = []
  const wanted = headerBytes(recipients.length) + NONCE_BYTES
  for (let read = 0; read < wanted;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    read += value.length
  }
  await reader.cancel()
  const header = join(parts)
  if (header.length !== wanted) throw new Error("an age header is not as long as its stanzas")
  const key = payloadKey(fileKey, header.subarray(-NONCE_BYTES))
  fileKey.fill(0)
  return { header, key }
}

/** Whether this is a computer and no phone, as far as a browser tells. */
function isRoomy(): boolean {
  const { navigator, matchMedia } = globalThis as { navigator?: { deviceMemory?: number }; matchMedia?: (query: string) => MediaQueryList }
  const memory = navigator?.deviceMemory ?? ROOMY_MEMORY
  return memory >= ROOMY_MEMORY && matchMedia?.("(pointer: coarse)").matches === false
}

/** Signs when all files have been read, in the page: no worker has the reporter's key. */
function concludeFor({ messageJson, files, sign }: Sealable): Conclude {
  return (digests) => {
    const entries: Entry[] = [{ path: MESSAGE_PATH, size_bytes: messageJson.length, sha256: digestOf(messageJson) }]
    for (const [index, sha256] of digests.entries()) {
      const size_bytes = files[index]?.size ?? 0
      entries.push({ path: filePath(index), size_bytes, sha256 })
    }
    const seal = encodeSeal({ entries, signature: sign(signedBytes(entries)), extensions: EXTENSIONS })
    return Promise.resolve(entry(SEAL_PATH, seal))
  }
}

function entry(path: string, content: Uint8Array): Bytes {
  return concat(encodeHeader(path, content.length), content, new Uint8Array(paddingBytes(content.length)))
}

// What is sealed and how it is cut: the archive in batches of whole chunks, the batches sealed, and of these pieces as long as
// whoever sends them wants. Each is a step of its own, so that each may run in a worker of its own (roles.ts) or all of them in
// the page (inline.ts). No step holds more than what it works on.

import { ReporterError } from "../errors"
import { encodeHeader, filePath, paddingBytes } from "../protocol/archive"
import type { Bytes } from "../protocol/bytes"
import { digestWhole, StepwiseDigest, type Pause } from "./digests"
import { CHUNK_BYTES, TAG_BYTES, type ChunkCipher } from "./stream"

/** A read from a Blob costs as much as sealing some tens of KiB. */
const READ_BYTES = 262_144
export interface ArchiveWork {
  /** The entry of message.json, whole. */
  readonly start: Bytes
  /** The files behind it, in their order. */
  readonly files: readonly Blob[]
  /** As long as it is filled up to. */
  readonly archiveBytes: number
  /** Files up to this size are read at once, and hashed by the browser. */
  readonly wholeBytesMax: number
}

export interface SealingWork {
  /** age's header and the payload's nonce. */
  readonly header: Bytes
  readonly payloadKey: Bytes
  readonly archiveBytes: number
  readonly sizeBytes: number
  /** Blobs up to this size are kept until they are sealed, and hashed by the browser. */
  readonly wholeBytesMax: number
}

/** A blob that is sealed as it is asked for. */
export interface Sealing {
  readonly sizeBytes: number
  /**
   * The next bytes of it, and never more than are left. Asked for one after the other. Throws ReporterError "file-unreadable", and
   * whatever else may break; then nothing more comes of it.
   */
  next(pieceBytes: number): Promise<Bytes>
  /** SHA-256 of all, in hex: once the last byte was given out. */
  digest(): Promise<string>
  /** Lets go of the key and of the files. */
  end(): void
}

/** Makes the entry of seal.json, whole, of the SHA-256 of each file in hex. */
export type Conclude = (digests: readonly string[]) => Promise<Bytes>

/** The archive, in batches of `batchBytes`, which are whole chunks; the last may be shorter. */
export async function* archiveBatches(
  work: ArchiveWork,
  batchBytes: number,
  conclude: Conclude,
  pause: Pause,
): AsyncGenerator<Bytes, void> {
  let left = work.archiveBytes
  const emptyBatch = () => new Uint8Array(Math.min(batchBytes, left))
  let batch = emptyBatch()
  let used = 0
  for await (const piece of entries(work, conclude, pause)) {
    for (let at = 0; at < piece.length;) {
      if (batch.length === 0) throw new Error("an archive longer than it was planned")
      const part = piece.subarray(at, at + batch.length - used)
      batch.set(part, used)
      at += part.length
      used += part.length
      if (used < batch.length) break
      left -= used
      yield batch
      ;[batch, used] = [emptyBatch(), 0]
    }
  }
  // What follows the last entry is zeros, as new arrays are.
  for (; left > 0; batch = emptyBatch()) {
    await pause()
    left -= batch.length
    yield batch
  }
}

/** Everything up to the end marker, in pieces of any length. */
async function* entries(work: ArchiveWork, conclude: Conclude, pause: Pause): AsyncGenerator<Uint8Array, void> {
  yield work.start
  const digests: string[] = []
  for (const [index, file] of work.files.entries()) {
    yield encodeHeader(filePath(index), file.size)
    if (file.size <= work.wholeBytesMax) {
      const whole = await readBytes(file, 0, file.size)
      const digest = digestWhole(whole, pause)
      for (let at = 0; at < whole.length; at += READ_BYTES) yield whole.subarray(at, at + READ_BYTES)
      digests.push(await digest)
    } else {
      const hash = new StepwiseDigest()
      for await (const bytes of contentOf(file)) {
        await hash.update(bytes, pause)
        yield bytes
      }
      digests.push(hash.digest())
    }
    yield new Uint8Array(paddingBytes(file.size))
  }
  yield await conclude(digests)
}

/** While one part is worked on, the next is being read. */
async function* contentOf(file: Blob): AsyncGenerator<Bytes, void> {
  const read = (at: number) => {
    const bytes = readBytes(file, at, Math.min(at + READ_BYTES, file.size))
    // Whoever stops in between does not ask any more.
    bytes.catch(() => undefined)
    return bytes
  }
  let next = read(0)
  for (let at = 0; at < file.size; at += READ_BYTES) {
    const bytes = await next
    if (at + READ_BYTES < file.size) next = read(at + READ_BYTES)
    yield bytes
  }
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

/** The batches sealed: for every chunk a tag more. The last of `archiveBytes` is sealed as the last. */
export async function* sealBatches(
  batches: AsyncIterable<Bytes>,
  cipher: ChunkCipher,
  archiveBytes: number,
  pause: Pause,
): AsyncGenerator<Bytes, void> {
  let index = 0
  let taken = 0
  for await (const batch of batches) {
    taken += batch.length
    const chunks = Math.ceil(batch.length / CHUNK_BYTES)
    const sealed = new Uint8Array(batch.length + chunks * TAG_BYTES)
    const waiting: Promise<void>[] = []
    for (let i = 0; i < chunks; i += 1) {
      await pause()
      const chunk = batch.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES)
      const place = sealed.subarray(i * (CHUNK_BYTES + TAG_BYTES), (i + 1) * (CHUNK_BYTES + TAG_BYTES))
      const done = cipher.seal(chunk, index, taken === archiveBytes && i === chunks - 1, place)
      if (done !== undefined) waiting.push(done)
      index += 1
    }
    await Promise.all(waiting)
    yield sealed
  }
}

/** A stream of bytes, given out in the lengths that are asked for. */
export class Pieces {
  readonly #source: AsyncIterator<Bytes, void>
  #rest: Bytes

  constructor(start: Bytes, source: AsyncIterable<Bytes>) {
    this.#rest = start
    this.#source = source[Symbol.asyncIterator]() as AsyncIterator<Bytes, void>
  }

  /** The next `bytes`, or an Error when there are not so many. */
  async next(bytes: number): Promise<Bytes> {
    const piece = new Uint8Array(bytes)
    for (let used = 0; used < bytes;) {
      if (this.#rest.length === 0) {
        const next = await this.#source.next()
        if (next.done === true) throw new Error("the sealed bytes end early")
        this.#rest = next.value
      }
      const part = this.#rest.subarray(0, bytes - used)
      piece.set(part, used)
      used += part.length
      this.#rest = this.#rest.subarray(part.length)
    }
    return piece
  }

  async end(): Promise<void> {
    await this.#source.return?.()
  }
}

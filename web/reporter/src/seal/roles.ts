// The three steps of sealing as workers play them, each beside the others: one reads and hashes the files, one seals, one hashes
// what was sealed. None of them has a key of the reporter's: the one that seals has the key of this one payload, and signatures
// are made in the page.
//
// Each takes from the one before it as it has room, so that never more is on its way than a few batches and two pieces.

import { ReporterError } from "../errors"
import type { Bytes } from "../protocol/bytes"
import { NO_PAUSE, runningDigest } from "./digests"
import { archiveBatches, Pieces, sealBatches, type ArchiveWork, type SealingWork } from "./payload"
import { CHUNK_BYTES, createChunkCipher } from "./stream"

/** Large enough that messages cost little, small enough that a browser without a JIT tells soon how far it is. */
const BATCH_BYTES = 4 * CHUNK_BYTES
/** Batches on their way from the reader: while one is sealed, the next is there. */
const BATCHES_AHEAD = 2
/** Pieces on their way to the digest. */
const PIECES_AHEAD = 1

/** The first message that a worker gets. */
export type Task =
  | { readonly role: "read"; readonly work: ArchiveWork; readonly to: MessagePort }
  | { readonly role: "seal"; readonly work: SealingWork; readonly from: MessagePort; readonly to: MessagePort }
  | { readonly role: "digest"; readonly sizeBytes: number; readonly wholeBytesMax: number; readonly from: MessagePort }

/** What a page says to a worker after its task: to the reader the entry of seal.json, to the sealer how long a piece it wants. */
export type Wish = { readonly conclusion: Bytes } | { readonly pieceBytes: number } | { readonly stop: true }

/** What a worker says to its page. */
export type Word =
  | { readonly ready: true }
  | { readonly digests: readonly string[] }
  | { readonly piece: Bytes }
  | { readonly digest: string }
  | { readonly failed: string; readonly reason: "file-unreadable" | undefined }

/** The other end, be it a page, a worker or a port. */
export interface End {
  postMessage(message: unknown, transfer: Transferable[]): void
  onmessage: ((event: MessageEvent) => void) | null
}

/** Waits for its task and does it. `close` ends the worker. */
export function playRole(page: End, close: () => void): void {
  const say = (word: Word, transfer: Transferable[] = []) => page.postMessage(word, transfer)
  const wishes = new Inbox<Task | Wish>(page)
  let wipe = () => {}
  wishes.onStop = () => {
    wipe()
    close()
  }
  const play = async () => {
    const task = await wishes.take()
    if (!("role" in task)) throw new Error("a worker without a task")
    if (task.role === "read") await read(task, wishes, say)
    else if (task.role === "seal") await seal(task, wishes, say, (clear) => (wipe = clear))
    else await digest(task, say)
  }
  play().catch((error: unknown) => {
    wipe()
    const reason = error instanceof ReporterError && error.reason === "file-unreadable" ? error.reason : undefined
    say({ failed: error instanceof Error ? error.message : String(error), reason })
  })
  say({ ready: true })
}

type Say = (word: Word, transfer?: Transferable[]) => void

async function read({ work, to }: Task & { role: "read" }, wishes: Inbox<Task | Wish>, say: Say): Promise<void> {
  const conclude = async (digests: readonly string[]) => {
    say({ digests })
    const wish = await wishes.take()
    if (!("conclusion" in wish)) throw new Error("a reader was told something else")
    return wish.conclusion
  }
  const room = new Inbox<Room>(to)
  for await (const batch of archiveBatches(work, BATCH_BYTES, conclude, NO_PAUSE)) {
    await room.take()
    to.postMessage(batch, [batch.buffer])
  }
}

async function seal(
  { work, from, to }: Task & { role: "seal" },
  wishes: Inbox<Task | Wish>,
  say: Say,
  onKey: (wipe: () => void) => void,
): Promise<void> {
  // Until the browser has it, if it takes it, the key stands in this array.
  onKey(() => work.payloadKey.fill(0))
  const cipher = await createChunkCipher(work.payloadKey)
  onKey(() => cipher.wipe())
  const pieces = new Pieces(work.header, sealBatches(taken(from, BATCHES_AHEAD), cipher, work.archiveBytes, NO_PAUSE))
  const room = new Inbox<Room>(to)
  for (let left = work.sizeBytes; left > 0;) {
    const wish = await wishes.take()
    if (!("pieceBytes" in wish)) throw new Error("a sealer was told something else")
    const piece = await pieces.next(wish.pieceBytes)
    left -= piece.length
    if (left === 0) cipher.wipe()
    await room.take()
    to.postMessage(piece)
    say({ piece }, [piece.buffer])
  }
}

async function digest({ sizeBytes, wholeBytesMax, from }: Task & { role: "digest" }, say: Say): Promise<void> {
  const running = runningDigest(sizeBytes, wholeBytesMax)
  let left = sizeBytes
  for await (const piece of taken(from, PIECES_AHEAD)) {
    await running.update(piece, NO_PAUSE)
    left -= piece.length
    if (left === 0) return say({ digest: await running.digest(NO_PAUSE) })
  }
}

type Room = typeof ROOM
const ROOM = "room"

/** What comes through a port, which is told again and again that there is room for one more. */
async function* taken(port: MessagePort, ahead: number): AsyncGenerator<Bytes, void> {
  const inbox = new Inbox<Bytes>(port)
  for (let i = 0; i < ahead; i += 1) port.postMessage(ROOM)
  for (;;) {
    const bytes = await inbox.take()
    yield bytes
    port.postMessage(ROOM)
  }
}

/** Messages of one end, one after the other. */
class Inbox<Message> {
  readonly #waiting: Message[] = []
  #wake: () => void = () => {}
  /** A wish to stop waits for nobody. */
  onStop: () => void = () => {}

  constructor(end: End | MessagePort) {
    end.onmessage = ({ data }: MessageEvent) => {
      if (typeof data === "object" && data !== null && "stop" in data) return this.onStop()
      this.#waiting.push(data as Message)
      this.#wake()
    }
  }

  async take(): Promise<Message> {
    for (;;) {
      const message = this.#waiting.shift()
      if (message !== undefined) return message
      await new Promise<void>((wake) => (this.#wake = wake))
    }
  }
}

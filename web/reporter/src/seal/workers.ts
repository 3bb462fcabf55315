// Sealing beside the page, in three workers (roles.ts). A page that gets none, because its browser has none or refuses them, or
// because their script does not come, seals by itself (inline.ts): whoever reports is never told of it, and the next large file
// asks for workers anew.

import { ReporterError } from "../errors"
import type { Bytes } from "../protocol/bytes"
import type { ArchiveWork, Conclude, Sealing, SealingWork } from "./payload"
import type { Task, Wish, Word } from "./roles"

/** Where the script of a worker lies: put in by the build. Empty where there is none. */
declare const SEALING_WORKER: string

/** A worker ended in the midst of its work: what it sealed is lost with it. */
export class WorkersBroke extends Error {
  override name = "WorkersBroke"
}

/** Of a Worker, what is used here. */
export interface WorkerLike {
  postMessage(message: Task | Wish, transfer?: Transferable[]): void
  onmessage: ((event: MessageEvent) => void) | null
  onerror: ((event: ErrorEvent) => void) | null
  terminate(): void
}

/** A script that does not come, or comes through a line that fell silent, is not waited for. */
const START_MS = 10_000
/** Whoever was told to stop clears its key first. A worker in the midst of a step hears it at the end of that. */
const STOP_MS = 500

/** Three workers that stand ready, or undefined. */
export async function startWorkers(spawn: () => WorkerLike = spawnWorker): Promise<Workers | undefined> {
  const started: Crew[] = []
  const next = async () => {
    const member = new Crew(spawn())
    started.push(member)
    await member.ready()
    return member
  }
  try {
    // One brings the script. Then it is there for the others.
    const reader = await next()
    const [sealer, digester] = await Promise.all([next(), next()])
    return new Workers(reader, sealer, digester)
  } catch {
    for (const member of started) member.stop()
    return undefined
  }
}

export class Workers {
  readonly #reader: Crew
  readonly #sealer: Crew
  readonly #digester: Crew

  constructor(reader: Crew, sealer: Crew, digester: Crew) {
    this.#reader = reader
    this.#sealer = sealer
    this.#digester = digester
  }

  /** Takes the payload key. Nothing is sealed before the first piece is asked for. */
  seal(archive: ArchiveWork, work: SealingWork, conclude: Conclude): Sealing {
    const crew = [this.#reader, this.#sealer, this.#digester]
    const batches = new MessageChannel()
    const pieces = new MessageChannel()
    const failure = new Promise<never>((_, fail) => {
      for (const member of crew) member.onFailure = fail
    })
    // Whoever asks for a piece hears of it; when nobody does, nobody need know.
    failure.catch(() => undefined)
    const first = <Value>(value: Promise<Value>) => Promise.race([value, failure])

    this.#reader.onWord = (word) => {
      if (!("digests" in word)) return
      conclude(word.digests).then(
        (conclusion) => this.#reader.tell({ conclusion }, [conclusion.buffer]),
        (error: unknown) => this.#reader.onFailure(error instanceof Error ? error : new Error(String(error))),
      )
    }
    // The digest may be heard before the last piece is: nobody is stopped before both are here.
    let left = work.sizeBytes
    let isDigested = false
    const stopAtTheEnd = () => {
      if (left === 0 && isDigested) this.stop()
    }
    let deliver: (piece: Bytes) => void = () => {}
    this.#sealer.onWord = (word) => {
      if (!("piece" in word)) return
      left -= word.piece.length
      deliver(word.piece)
      stopAtTheEnd()
    }
    const digest = new Promise<string>((resolve) => {
      this.#digester.onWord = (word) => {
        if (!("digest" in word)) return
        resolve(word.digest)
        isDigested = true
        stopAtTheEnd()
      }
    })
    this.#digester.tell({ role: "digest", sizeBytes: work.sizeBytes, wholeBytesMax: work.wholeBytesMax, from: pieces.port2 }, [
      pieces.port2,
    ])
    this.#sealer.tell({ role: "seal", work, from: batches.port2, to: pieces.port1 }, [batches.port2, pieces.port1, work.payloadKey.buffer])
    this.#reader.tell({ role: "read", work: archive, to: batches.port1 }, [batches.port1])
    return {
      sizeBytes: work.sizeBytes,
      next: (pieceBytes) => {
        const piece = new Promise<Bytes>((resolve) => (deliver = resolve))
        this.#sealer.tell({ pieceBytes })
        return first(piece)
      },
      digest: () => first(digest),
      end: () => this.stop(),
    }
  }

  stop(): void {
    for (const member of [this.#reader, this.#sealer, this.#digester]) member.stop()
  }
}

/** All that are at work in this page. */
const atWork = new Set<Crew>()

/** Ends all workers of this page: for whoever leaves at once. */
export function stopWorkers(): void {
  for (const member of atWork) member.stop()
}

/** One worker, from its start to its end. */
class Crew {
  readonly #worker: WorkerLike
  #stopped = false
  #failed: Error | undefined
  #onFailure: (error: Error) => void = () => {}
  onWord: (word: Word) => void = () => {}

  constructor(worker: WorkerLike) {
    this.#worker = worker
    atWork.add(this)
    worker.onmessage = ({ data }: MessageEvent<Word>) => {
      if ("failed" in data) {
        this.#fail(data.reason === undefined ? new WorkersBroke(data.failed) : new ReporterError(data.reason))
      } else this.onWord(data)
    }
    worker.onerror = (event) => {
      // Else the browser writes it to its console. Who asked is told.
      event.preventDefault()
      this.#fail(new WorkersBroke(event.message))
    }
  }

  set onFailure(tell: (error: Error) => void) {
    this.#onFailure = tell
    if (this.#failed !== undefined) tell(this.#failed)
  }

  get onFailure(): (error: Error) => void {
    return this.#onFailure
  }

  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error("no worker in time")), START_MS)
      const settle = (then: () => void) => {
        clearTimeout(late)
        then()
      }
      this.onWord = () => settle(resolve)
      this.onFailure = (error) => settle(() => reject(error))
    })
  }

  tell(message: Task | Wish, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer)
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    atWork.delete(this)
    this.tell({ stop: true })
    setTimeout(() => this.#worker.terminate(), STOP_MS)
  }

  #fail(error: Error): void {
    this.#failed ??= error
    this.onFailure(error)
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL: (address: string) => string }): { createScriptURL(address: string): string }
}

let trusted: string | undefined

/** Throws where there are no workers. */
function spawnWorker(): WorkerLike {
  if (SEALING_WORKER === "") throw new Error("built without a worker")
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  // The one address that may ever become a script here. A policy is made once: the pages' headers allow no second.
  const createScriptURL = (address: string) => {
    if (address !== SEALING_WORKER) throw new Error("not the worker's address")
    return address
  }
  trusted ??=
    trustedTypes === undefined ? SEALING_WORKER : trustedTypes.createPolicy("worker", { createScriptURL }).createScriptURL(SEALING_WORKER)
  return new Worker(trusted, { type: "module", credentials: "omit" })
}

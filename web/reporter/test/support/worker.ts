// A worker as it is, but in this thread: what it says to others goes through true ports.

import { playRole, type End, type Task, type Wish } from "../../src/seal/roles"
import type { WorkerLike } from "../../src/seal/workers"

export class TestWorker implements WorkerLike {
  static all: TestWorker[] = []
  /** Comes with the script. */
  static script = Promise.resolve()
  /** What the reader is given in place of the files. */
  static files: readonly Blob[] | undefined
  onmessage: ((event: MessageEvent) => void) | null = null
  onerror: ((event: ErrorEvent) => void) | null = null
  state: "runs" | "closed" | "terminated" = "runs"
  payloadKey: Uint8Array | undefined
  readonly #page: MessagePort
  readonly #own: MessagePort
  #ports: MessagePort[] = []
  role: string | undefined

  constructor() {
    TestWorker.all.push(this)
    const { port1, port2 } = new MessageChannel()
    ;[this.#page, this.#own] = [port1, port2]
    port1.onmessage = (event) => this.onmessage?.(event)
    const self: End = { postMessage: (said, transfer) => port2.postMessage(said, transfer), onmessage: null }
    port2.onmessage = (event) => {
      let task = event.data as Task | Wish
      if ("role" in task) {
        this.role = task.role
        if ("from" in task) this.#ports.push(task.from)
        if ("to" in task) this.#ports.push(task.to)
        if (task.role === "seal") this.payloadKey = task.work.payloadKey
        if (task.role === "read" && TestWorker.files !== undefined) task = { ...task, work: { ...task.work, files: TestWorker.files } }
      }
      self.onmessage?.({ data: task } as MessageEvent)
    }
    void TestWorker.script.then(() => playRole(self, () => this.#end("closed")))
  }

  postMessage(said: Task | Wish, transfer: Transferable[] = []): void {
    this.#page.postMessage(said, transfer as MessagePort[])
  }

  terminate(): void {
    if (this.state === "runs") this.#end("terminated")
  }

  /** As when the browser ends it. */
  crash(): void {
    this.#end("terminated")
    this.onerror?.({ message: "out of memory", preventDefault() {} } as ErrorEvent)
  }

  #end(state: "closed" | "terminated"): void {
    this.state = state
    for (const port of [this.#page, this.#own, ...this.#ports]) port.close()
  }
}

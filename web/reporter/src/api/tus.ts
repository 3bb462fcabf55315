// A small tus 1.0 client (core, creation, creation-with-upload; https://tus.io/protocols/resumable-upload). It keeps
// only what the server has not acknowledged, survives dropped connections, and goes on where it stood when `run` is
// called again.

import { ReporterError } from "../errors"
import { encodeBase64, encodeUtf8, join } from "../protocol/bytes"
import { backoffMs, exchange, isTemporary, wait, type Answer } from "./exchange"
import { Refusal } from "./problems"

const PIECE_BYTES_FIRST = 262_144
const PIECE_BYTES_LEAST = 32_768
const PIECE_BYTES_MOST = 4_194_304
/** A piece that took less than this is followed by a larger one, a piece that took more than four times as long by a smaller. */
const PIECE_MS = 4_000
/** Whoever sends slower than this counts as away. */
const LEAST_BYTES_PER_SECOND = 2_048
/** Failures in a row, without a byte acknowledged between them, before the page asks the person. */
const FAILURES_MAX = 6

export interface UploadOptions {
  /** Address of the collection: `…/api/v1/uploads`. */
  url: string
  /** Bearer secret, in hex. */
  token: string
  kind: "report" | "follow-up"
  caseId: string
  sizeBytes: number
  /** The sealed bytes, `sizeBytes` of them. */
  stream: ReadableStream<Uint8Array>
  /** The longest wait between two tries; shorter in tests. */
  waitMsMax?: number
}

export interface RunOptions {
  signal?: AbortSignal | undefined
  /** Bytes of the next piece that are sealed; the first ones tell a slow browser's person that something happens. */
  onSealed?: (bytes: number) => void
  /** Bytes that are durable at the server. */
  onAcknowledged?: (bytes: number) => void
}

/** The server does not know this upload any more. What was acknowledged is no longer held here: seal anew. */
export class UploadLost extends Error {
  override name = "UploadLost"
}

export class Upload {
  readonly #options: UploadOptions
  readonly #source: ReadableStreamDefaultReader<Uint8Array>
  /** Sealed bytes from #offset on. */
  #unacknowledged: Uint8Array[] = []
  #unacknowledgedBytes = 0
  #offset = 0
  #url: string | undefined
  /** A request has begun that may have brought bytes to the server. */
  #begun = false
  /** An answer is missing: only the server knows the offset. */
  #unsure = false
  #pieceBytes = PIECE_BYTES_FIRST
  #onSealed: (bytes: number) => void = () => {}

  constructor(options: UploadOptions) {
    this.#options = options
    this.#source = options.stream.getReader()
  }

  /** Sends what is left. After "server-away", "busy" or "stopped" it can be called again and goes on. */
  async run({ signal, onSealed = () => {}, onAcknowledged = () => {} }: RunOptions = {}): Promise<void> {
    this.#onSealed = onSealed
    let failures = 0
    while (this.#offset < this.#options.sizeBytes) {
      const before = this.#offset
      const asking = this.#url !== undefined && this.#unsure
      try {
        if (this.#url === undefined) await this.#create(signal)
        else if (this.#unsure) await this.#askOffset(this.#url, signal)
        else await this.#append(this.#url, signal)
        onAcknowledged(this.#offset)
        if (this.#offset > before) failures = 0
        // Taken and yet not taken: a server that says so again and again would be sent the same bytes for ever.
        else if (!asking) throw new StandsStill()
      } catch (error) {
        this.#unsure = this.#url !== undefined
        if (!isTemporary(error) && !isStanding(error)) throw error
        this.#pieceBytes = Math.max(PIECE_BYTES_LEAST, this.#pieceBytes / 2)
        failures += 1
        if (failures >= FAILURES_MAX) throw isStanding(error) ? new ReporterError("server-wrong", "the upload stands still") : error
        await wait(Math.min(backoffMs(failures, error), this.#options.waitMsMax ?? Infinity), signal)
      }
    }
  }

  /** Lets go of the source. What the server has, it drops after two days. */
  async cancel(): Promise<void> {
    await this.#source.cancel().catch(() => undefined)
  }

  /**
   * Lets go of the source, and asks the server to drop what it has. False when it says that the upload is finished;
   * undefined when only the mailbox can tell.
   */
  async terminate(): Promise<boolean | undefined> {
    await this.cancel()
    if (!this.#begun) return true
    if (this.#url === undefined) return undefined
    try {
      await exchange({ method: "DELETE", url: this.#url, headers: this.#headers() })
      return true
    } catch (error) {
      return error instanceof Refusal && error.word === "finished" ? false : undefined
    }
  }

  /** A POST that carries the first piece: a text report needs no other request. Sent again, it adds nothing. */
  async #create(signal: AbortSignal | undefined): Promise<void> {
    const { url, kind, caseId, sizeBytes } = this.#options
    const headers = {
      "Upload-Length": String(sizeBytes),
      "Upload-Metadata": `kind ${encodeBase64(encodeUtf8(kind))},case ${encodeBase64(encodeUtf8(caseId))}`,
    }
    // Before its offset counts: bytes that stand at no address would be let go of here.
    await this.#send("POST", url, signal, headers, (answer) => {
      const id = /\/uploads\/([0-9a-f]{32})$/.exec(answer.headers.get("Location") ?? "")?.[1]
      if (id === undefined) throw new ReporterError("server-wrong", "Location")
      this.#url = `${url}/${id}`
    })
  }

  async #append(url: string, signal: AbortSignal | undefined): Promise<void> {
    await this.#send("PATCH", url, signal, { "Upload-Offset": String(this.#offset) })
  }

  async #send(
    method: "POST" | "PATCH",
    url: string,
    signal: AbortSignal | undefined,
    headers: Record<string, string>,
    check: (answer: Answer) => void = () => {},
  ): Promise<void> {
    const piece = await this.#nextPiece()
    if (!signal?.aborted) this.#begun = true
    const start = performance.now()
    const answer = await exchange({
      method,
      url,
      headers: { ...this.#headers(), ...headers, "Content-Type": "application/offset+octet-stream" },
      body: piece,
      signal,
      silenceMs: 30_000 + (piece.length / LEAST_BYTES_PER_SECOND) * 1000,
    })
    check(answer)
    this.#acknowledge(answer, piece.length)
    const took = performance.now() - start
    if (took < PIECE_MS) this.#pieceBytes = Math.min(PIECE_BYTES_MOST, this.#pieceBytes * 2)
    if (took > 4 * PIECE_MS) this.#pieceBytes = Math.max(PIECE_BYTES_LEAST, this.#pieceBytes / 2)
  }

  async #askOffset(url: string, signal: AbortSignal | undefined): Promise<void> {
    const answer = await exchange({ method: "HEAD", url, headers: this.#headers(), signal }).catch((error: unknown) => {
      throw error instanceof Refusal && error.status === 404 ? new UploadLost() : error
    })
    this.#acknowledge(answer, this.#unacknowledgedBytes)
    this.#unsure = false
  }

  #headers(): Record<string, string> {
    return { "Tus-Resumable": "1.0.0", Authorization: `Bearer ${this.#options.token}` }
  }

  /** The next bytes to send, from #offset on; kept until they are acknowledged. */
  async #nextPiece(): Promise<Uint8Array<ArrayBuffer>> {
    const left = this.#options.sizeBytes - this.#offset
    const wanted = Math.min(this.#pieceBytes, left)
    while (this.#unacknowledgedBytes < wanted) {
      const { done, value } = await this.#source.read()
      if (done) throw new Error("the sealed bytes end early")
      this.#unacknowledged.push(value)
      this.#unacknowledgedBytes += value.length
      this.#onSealed(this.#unacknowledgedBytes)
    }
    const all = join(this.#unacknowledged)
    this.#unacknowledged = [all]
    return all.subarray(0, wanted)
  }

  /** Takes the server's word for what is durable, if it can be true. */
  #acknowledge(answer: Answer, sentBytes: number): void {
    const header = answer.headers.get("Upload-Offset") ?? ""
    const offset = /^[0-9]{1,15}$/.test(header) ? Number(header) : -1
    // Bytes that were durable are gone from here; a server that lost them is no place to go on.
    if (offset >= 0 && offset < this.#offset) throw new UploadLost()
    if (offset < this.#offset || offset > this.#offset + sentBytes) throw new ReporterError("server-wrong", "Upload-Offset")
    // A copy, so that what was acknowledged can go.
    const rest = join(this.#unacknowledged).slice(offset - this.#offset)
    this.#unacknowledged = [rest]
    this.#unacknowledgedBytes = rest.length
    this.#offset = offset
  }
}

/** A request that went well and brought nothing. */
class StandsStill extends Error {
  override name = "StandsStill"
}

/** The server stands elsewhere than we thought, or does not move; HEAD will tell where. */
function isStanding(error: unknown): boolean {
  if (error instanceof StandsStill) return true
  return error instanceof Refusal && (error.word === "offset-mismatch" || error.word === "finished")
}

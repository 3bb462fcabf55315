// A small tus 1.0 client (core, creation, creation-with-upload; https://tus.io/protocols/resumable-upload). It keeps
// only what the server has not acknowledged, survives dropped connections, and goes on where it stood when `run` is
// called again.

import { ReporterError } from "../errors"
import type { Bytes } from "../protocol/bytes"
import { encodeMetadata, type OwnKind } from "../protocol/upload"
import { backoffMs, exchange, isTemporary, orStopped, wait, type Answer } from "./exchange"
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

/** Bytes that are made as they are asked for. */
export interface Source {
  readonly sizeBytes: number
  /** The next bytes, exactly so many, and never more than are left. Asked for one after the other. */
  next(pieceBytes: number): Promise<Bytes>
  /** Nothing more will be asked for. */
  end(): void
}

export interface UploadOptions {
  /** Address of the collection: `…/api/v1/uploads`. */
  url: string
  /** Bearer secret, in hex. */
  token: string
  kind: OwnKind
  caseId: string
  /** Goes with a report. */
  writeHash: string
  /** The sealed bytes. */
  source: Source
  /** The memo in base64, asked for when all bytes have been given out: it is bound to their digest. */
  memo: () => Promise<string>
  /** The longest wait between two tries; shorter in tests. */
  waitMsMax?: number
}

export interface RunOptions {
  signal?: AbortSignal | undefined
  /** Bytes that are sealed. */
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
  readonly #sizeBytes: number
  /** Sealed bytes from #offset on. */
  #unacknowledged: Bytes = new Uint8Array()
  /** Those behind them, which are sealed while these are sent. */
  #ahead: Promise<Bytes> | undefined
  /** Bytes that were asked for. */
  #asked = 0
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
    this.#sizeBytes = options.source.sizeBytes
  }

  /** Sends what is left. After "server-away", "busy" or "stopped" it can be called again and goes on. */
  async run({ signal, onSealed = () => {}, onAcknowledged = () => {} }: RunOptions = {}): Promise<void> {
    this.#onSealed = onSealed
    let failures = 0
    while (this.#offset < this.#sizeBytes) {
      if (signal?.aborted) throw new ReporterError("stopped")
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
  cancel(): void {
    this.#options.source.end()
  }

  /**
   * Lets go of the source, and asks the server to drop what it has. False when it says that the upload is finished;
   * undefined when only the mailbox can tell.
   */
  async terminate(): Promise<boolean | undefined> {
    this.cancel()
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
    const { url, kind, caseId, writeHash } = this.#options
    const headers = { "Upload-Length": String(this.#sizeBytes), "Upload-Metadata": encodeMetadata(kind, caseId, writeHash) }
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
    const piece = await orStopped(this.#nextPiece(), signal)
    const isLast = this.#offset + piece.length === this.#sizeBytes
    const memo = isLast ? await orStopped(this.#options.memo(), signal) : undefined
    if (!signal?.aborted) this.#begun = true
    const start = performance.now()
    const answer = await exchange({
      method,
      url,
      headers: {
        ...this.#headers(),
        ...headers,
        "Content-Type": "application/offset+octet-stream",
        // With the request that brings the last byte.
        ...(memo !== undefined && { "Upload-Memo": memo }),
      },
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
    this.#acknowledge(answer, this.#unacknowledged.length)
    this.#unsure = false
  }

  #headers(): Record<string, string> {
    return { "Tus-Resumable": "1.0.0", Authorization: `Bearer ${this.#options.token}` }
  }

  /** The next bytes to send, from #offset on; kept until they are acknowledged. */
  async #nextPiece(): Promise<Bytes> {
    if (this.#unacknowledged.length === 0) {
      const ahead = (this.#ahead ??= this.#ask(this.#pieceBytes))
      const piece = await ahead
      // Who was stopped meanwhile and goes on waits for the same piece: the first to wake takes it.
      if (this.#ahead === ahead) {
        this.#unacknowledged = piece
        // The line may have become faster meanwhile. If not, they go in two parts.
        const left = this.#sizeBytes - this.#asked
        this.#ahead = left === 0 ? undefined : this.#ask(Math.min(PIECE_BYTES_MOST, this.#pieceBytes * 2))
      }
    }
    return this.#unacknowledged.subarray(0, this.#pieceBytes)
  }

  #ask(wantedBytes: number): Promise<Bytes> {
    const bytes = Math.min(wantedBytes, this.#sizeBytes - this.#asked)
    this.#asked += bytes
    const isFirst = this.#asked === bytes
    const piece = this.#options.source.next(bytes)
    // What breaks is told when its turn has come, and may never be asked for.
    piece.then(
      () => isFirst && this.#onSealed(bytes),
      () => undefined,
    )
    return piece
  }

  /** Takes the server's word for what is durable, if it can be true. */
  #acknowledge(answer: Answer, sentBytes: number): void {
    const header = answer.headers.get("Upload-Offset") ?? ""
    const offset = /^[0-9]{1,15}$/.test(header) ? Number(header) : -1
    // Bytes that were durable are gone from here; a server that lost them is no place to go on.
    if (offset >= 0 && offset < this.#offset) throw new UploadLost()
    if (offset < this.#offset || offset > this.#offset + sentBytes) throw new ReporterError("server-wrong", "Upload-Offset")
    this.#unacknowledged = this.#unacknowledged.subarray(offset - this.#offset)
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

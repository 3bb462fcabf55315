// Sealing and sending a message, again and again if need be: what was made once, the code, the keys, the message, the sealed
// bytes that are not yet acknowledged, stays the same until it has arrived.

import { orStopped } from "../api/exchange"
import { fetchListing } from "../api/mailbox"
import { asReporterError, Refusal } from "../api/problems"
import { Upload, UploadLost, type RunOptions, type Source } from "../api/tus"
import { ReporterError, type Reason } from "../errors"
import type { Bytes } from "../protocol/bytes"
import { MESSAGE_BYTES_MAX } from "../protocol/limits"
import type { Memo } from "../protocol/memo"
import { encodeMessage, measureMessage, type FollowUp, type Report } from "../protocol/message"
import { createCode } from "../protocol/receipt"
import type { OwnKind } from "../protocol/upload"
import { ReporterKeys } from "../seal/derive"
import { recipientsOf } from "../seal/recipients"
import { planSealing, seal, type Sealable } from "../seal/sealing"
import { stopWorkers, WorkersBroke } from "../seal/workers"
import { digestOf } from "../verify/digest"
import type { VerifiedProfile } from "../verify/profile"
import { faultOfDay } from "./day"
import { checkFiles, readersBut, reportMessage, type Attachment, type Draft } from "./drafts"
import { API } from "./loading"

/** How far a sending is, in sealed bytes. Sealing is told until the first bytes arrive; from then on both go side by side. */
export interface Progress {
  readonly phase: "sealing" | "uploading"
  readonly done: number
  readonly total: number
}

export interface SendOptions {
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

/** For whoever leaves at once: nothing in this page seals any more, and no key of it stays. */
export function stopSealing(): void {
  stopWorkers()
}

/** A message on its way. */
export interface Sending<Result, Withdrawn = Result | undefined> {
  /**
   * Resolves when the message is durable at the server. Throws ReporterError; then it may be called again and goes on
   * from where it stood.
   */
  send(options?: SendOptions): Promise<Result>
  /**
   * After the caller stopped it for good: asks the server to drop what has not wholly arrived. A report whose message is there all
   * the same resolves with its code, else with undefined; a follow-up with whether it is there. Throws ReporterError when
   * the server does not say; then it may be called again.
   */
  withdraw(): Promise<Withdrawn>
}

/** A report with a code of its own, which is told when it has arrived. */
export function prepareReport(profile: VerifiedProfile, draft: Draft): Sending<{ code: string }> {
  const code = createCode()
  const sending = new BlobSending("report", async () => {
    const readers = readersBut(profile, draft.leftOut)
    if (readers.length === 0) throw new ReporterError("nobody-left")
    const keys = await ReporterKeys.derive(code, profile.office)
    const { recipient, signer, caseId } = keys
    const message = reportMessage(profile, { recipient, signer, caseId, secret: keys.caseSecret() }, draft, readers)
    return sealableOf(profile, keys, message, draft.files)
  })
  return {
    async send(options = {}) {
      await sending.send(options)
      return { code }
    },
    async withdraw() {
      return (await sending.withdraw()) ? { code } : undefined
    },
  }
}

/** What a message is made of. Made once: sent again, it has the same message.json, and cannot be taken for another. */
export interface Material extends Sealable {
  keys: ReporterKeys
  memo: Memo
}

export async function sealableOf(
  profile: VerifiedProfile,
  keys: ReporterKeys,
  message: Report | FollowUp,
  files: readonly Attachment[],
): Promise<Material> {
  // Whatever a page shows under it: under an expired profile nothing is sealed.
  const fault = faultOfDay(profile)
  if (fault !== undefined) throw new ReporterError(fault)
  checkFiles(profile, files)
  if (measureMessage(message) > MESSAGE_BYTES_MAX) throw new ReporterError("text-too-long")
  const messageJson = encodeMessage(message)
  planSealing(
    messageJson.length,
    message.files.map(({ size_bytes }) => size_bytes),
    profile.inspectors.length,
  )
  const recipients = await recipientsOf(profile, message.readers)
  const memo = { day: message.day, profile: message.profile.version, readers: message.readers, thread: message.threads.mailbox }
  return { keys, memo, messageJson, files: files.map(({ blob }) => blob), recipients, sign: (bytes) => keys.sign(bytes) }
}

/** After these nothing was sealed that could be sent: the files are read once more. */
const UNSEALED: readonly Reason[] = ["file-unreadable"]
const TRIES_MAX = 3
/** Blobs up to this size are kept whole until they have arrived: sent again, they are the same bytes, which add nothing. */
const WHOLE_BYTES_MAX = 262_144

/** Sealed bytes on their way. */
interface SealedUpload {
  readonly upload: Upload
  readonly sizeBytes: number
  readonly whole: Bytes | undefined
  /** SHA-256 of all the bytes in hex, once they have been read: before that they cannot have arrived. */
  readonly digest: () => string | undefined
}

/** A sealed blob on its way to the server: the same blob until it has arrived. */
export class BlobSending {
  readonly #kind: OwnKind
  readonly #prepare: () => Promise<Material>
  #material: Material | undefined
  #upload: SealedUpload | undefined
  /** Workers may be on their way for seconds. */
  #sealing: Promise<SealedUpload> | undefined
  #arrived = false
  /** Workers that broke once are not trusted with this message again: the page seals by itself. */
  #inPage = false
  #running: Promise<void> | undefined

  constructor(kind: OwnKind, prepare: () => Promise<Material>) {
    this.#kind = kind
    this.#prepare = prepare
  }

  /** One at a time: whoever calls while it runs, waits for the same end. */
  send(options: SendOptions = {}): Promise<void> {
    this.#running ??= this.#run(options).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Whether the message has arrived, after all that had not was dropped. */
  async withdraw(): Promise<boolean> {
    await this.#running?.catch(() => undefined)
    if (this.#upload === undefined) this.#startOver()
    if (this.#arrived || this.#upload === undefined) return this.#arrived
    const dropped = await this.#upload.upload.terminate()
    this.#arrived = dropped === false || (dropped === undefined && (await this.#isListed(undefined)))
    if (!this.#arrived) this.#startOver()
    return this.#arrived
  }

  async #run({ onProgress = () => {}, signal }: SendOptions): Promise<void> {
    for (let tries = 1; !this.#arrived; tries += 1) {
      try {
        await this.#sendOnce(onProgress, signal)
        this.#arrived = true
      } catch (error) {
        const known = asReporterError(error)
        const broke = error instanceof WorkersBroke
        const lost = error instanceof UploadLost || broke
        this.#inPage ||= broke
        if (known instanceof ReporterError && known.reason === "stopped") throw known
        const over = lost || !(known instanceof ReporterError) || UNSEALED.includes(known.reason)
        // An earlier try may have arrived, and only its answer was lost: nothing is sealed anew before the mailbox was asked.
        if ((over || (error instanceof Refusal && error.word === "case-exists")) && (await this.#isListed(signal))) {
          this.#arrived = true
          return
        }
        if (over) this.#startOver()
        if (!lost) throw known
        if (tries === TRIES_MAX) throw new ReporterError("server-wrong", "the server loses what it acknowledged")
      }
    }
  }

  async #sendOnce(onProgress: (progress: Progress) => void, signal: AbortSignal | undefined): Promise<void> {
    const material = (this.#material ??= await this.#prepare())
    const { upload, sizeBytes } = (this.#upload ??= await orStopped(this.#sealOnce(material), signal))
    this.#sealing = undefined
    let acknowledged = false
    const options: RunOptions = {
      signal,
      onSealed: (bytes) => {
        if (!acknowledged) onProgress({ phase: "sealing", done: bytes, total: sizeBytes })
      },
      onAcknowledged: (bytes) => {
        acknowledged = true
        onProgress({ phase: "uploading", done: bytes, total: sizeBytes })
      },
    }
    await upload.run(options)
  }

  /** Whoever stopped before it had begun and goes on waits for the same. */
  #sealOnce(material: Material): Promise<SealedUpload> {
    this.#sealing ??= this.#seal(material).catch((error: unknown) => {
      this.#sealing = undefined
      throw error
    })
    return this.#sealing
  }

  async #seal(material: Material): Promise<SealedUpload> {
    const sealing = await seal(material, this.#inPage ? () => Promise.resolve(undefined) : undefined)
    const { sizeBytes } = sealing
    if (sizeBytes <= WHOLE_BYTES_MAX) return this.#uploadWhole(material, await sealing.next(sizeBytes))
    let known: string | undefined
    const upload = this.#uploadOf(material, sealing, async () => (known = await sealing.digest()))
    return { upload, sizeBytes, whole: undefined, digest: () => known }
  }

  #uploadWhole(material: Material, whole: Bytes): SealedUpload {
    const known = digestOf(whole)
    const upload = this.#uploadOf(material, sourceOf(whole), () => Promise.resolve(known))
    return { upload, sizeBytes: whole.length, whole, digest: () => known }
  }

  #uploadOf({ keys, memo }: Material, source: Source, digest: () => Promise<string>): Upload {
    let sealedMemo: string | undefined
    return new Upload({
      url: `${API}/uploads`,
      token: keys.token(),
      kind: this.#kind,
      caseId: keys.caseId,
      writeHash: keys.writeHash,
      source,
      async memo() {
        const known = await digest()
        return (sealedMemo ??= keys.sealMemo(memo, known))
      },
    })
  }

  /** From the first byte: the same bytes where they are still here, else they are sealed anew. */
  #startOver(): void {
    const whole = this.#upload?.whole
    this.#upload?.upload.cancel()
    // Whoever stopped before it had begun: nobody else would ever end it.
    this.#sealing?.then(
      ({ upload }) => upload.cancel(),
      () => undefined,
    )
    this.#sealing = undefined
    this.#upload = whole === undefined || this.#material === undefined ? undefined : this.#uploadWhole(this.#material, whole)
  }

  /** Whether the mailbox holds exactly these sealed bytes: an earlier try arrived, and only its answer was lost. */
  async #isListed(signal: AbortSignal | undefined): Promise<boolean> {
    const digest = this.#upload?.digest()
    if (this.#material === undefined || digest === undefined) return false
    const { keys } = this.#material
    const { caseId, messages } = await fetchListing(API, keys.token(), signal)
    return caseId === keys.caseId && messages.some(({ kind, sha256 }) => kind === this.#kind && sha256 === digest)
  }
}

function sourceOf(whole: Bytes): Source {
  let given = 0
  return {
    sizeBytes: whole.length,
    next: (pieceBytes) => Promise.resolve(whole.subarray(given, (given += pieceBytes))),
    end() {},
  }
}

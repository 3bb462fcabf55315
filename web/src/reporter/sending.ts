// Sealing and sending a message, again and again if need be: what was made once, the code, the keys, the message, the sealed
// bytes that are not yet acknowledged, stays the same until it has arrived.

import { fetchListing } from "../api/mailbox"
import { asReporterError, Refusal } from "../api/problems"
import { Upload, UploadLost, type RunOptions } from "../api/tus"
import { ReporterError, type Reason } from "../errors"
import { encodeMessage, MESSAGE_BYTES_MAX, measureMessage, type Message } from "../protocol/message"
import type { OfficeProfile } from "../protocol/profile"
import { createCode } from "../protocol/receipt"
import { ReporterKeys } from "../seal/derive"
import { recipientsOf } from "../seal/recipients"
import { planSealing, seal, type Sealable } from "../seal/sealing"
import { checkFiles, reportMessage, type Attachment, type Draft } from "./drafts"
import { API } from "./loading"

/** How far a sending is, in sealed bytes. Sealing is told until the first bytes arrive; from then on both go hand in hand. */
export interface Progress {
  readonly phase: "sealing" | "uploading"
  readonly done: number
  readonly total: number
}

export interface SendOptions {
  readonly onProgress?: (progress: Progress) => void
  readonly signal?: AbortSignal
}

/** A message on its way. */
export interface Sending<Result> {
  /**
   * Resolves when the message is durable at the server. Throws ReporterError; then it may be called again and goes on
   * from where it stood.
   */
  send(options?: SendOptions): Promise<Result>
}

/** A report with a code of its own, which is told when it has arrived. */
export function prepareReport(profile: OfficeProfile, draft: Draft): Sending<{ code: string }> {
  const code = createCode()
  const sending = new MessageSending("report", async () => {
    const keys = await ReporterKeys.derive(code, profile.office)
    return sealableOf(profile, keys, reportMessage(profile, keys, draft), draft.files)
  })
  return {
    async send(options = {}) {
      await sending.send(options)
      return { code }
    },
  }
}

/** What a message is made of. Made once: sent again, it has the same message.json, and cannot be taken for another. */
export interface Material extends Sealable {
  keys: ReporterKeys
}

export async function sealableOf(profile: OfficeProfile, keys: ReporterKeys, message: Message, files: readonly Attachment[]): Promise<Material> {
  checkFiles(profile, files)
  if (measureMessage(message) > MESSAGE_BYTES_MAX) throw new ReporterError("text-too-long")
  const messageJson = encodeMessage(message)
  planSealing(messageJson.length, message.files.map(({ size_bytes }) => size_bytes), profile.inspectors.length)
  const recipients = await recipientsOf(profile, message.left_out)
  return { keys, messageJson, files: files.map(({ blob }) => blob), recipients, sign: (bytes) => keys.sign(bytes) }
}

/** After these the upload may go on where it stands; after any other the next try seals anew. */
const RESUMABLE: readonly Reason[] = ["server-away", "busy", "storage-full", "stopped"]
const SEALINGS_MAX = 3

export class MessageSending implements Sending<void> {
  readonly #kind: "report" | "follow-up"
  readonly #prepare: () => Promise<Material>
  #material: Material | undefined
  #upload: { upload: Upload; sizeBytes: number } | undefined
  #arrived = false
  #running: Promise<void> | undefined

  constructor(kind: "report" | "follow-up", prepare: () => Promise<Material>) {
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

  async #run({ onProgress = () => {}, signal }: SendOptions): Promise<void> {
    for (let sealings = 1; !this.#arrived; sealings += 1) {
      try {
        await this.#sendOnce(onProgress, signal)
        this.#arrived = true
      } catch (error) {
        const known = asReporterError(error)
        if (!(known instanceof ReporterError && RESUMABLE.includes(known.reason))) await this.#drop()
        if (error instanceof Refusal && error.word === "case-exists" && (await this.#arrivedBefore(signal))) this.#arrived = true
        else if (!(error instanceof UploadLost)) throw known
        else if (sealings === SEALINGS_MAX) throw new ReporterError("server-wrong", "the server loses what it acknowledged")
      }
    }
  }

  async #sendOnce(onProgress: (progress: Progress) => void, signal: AbortSignal | undefined): Promise<void> {
    const material = (this.#material ??= await this.#prepare())
    this.#upload ??= await this.#begin(material)
    const { upload, sizeBytes } = this.#upload
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

  async #begin(material: Material): Promise<{ upload: Upload; sizeBytes: number }> {
    const { sizeBytes, stream } = await seal(material)
    const { keys } = material
    return { sizeBytes, upload: new Upload({ url: `${API}/uploads`, token: keys.token(), kind: this.#kind, caseId: keys.caseId, sizeBytes, stream }) }
  }

  async #drop(): Promise<void> {
    await this.#upload?.upload.cancel()
    this.#upload = undefined
  }

  /**
   * A case that exists already is ours when our token opens it: nobody else has it, so an earlier try arrived and only its
   * answer was lost.
   */
  async #arrivedBefore(signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#kind !== "report" || this.#material === undefined) return false
    const { keys } = this.#material
    const { caseId, messages } = await fetchListing(API, keys.token(), signal)
    return caseId === keys.caseId && messages.length > 0
  }
}

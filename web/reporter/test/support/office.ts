// An office made for one test: root key, inspectors and a signed profile, and an inspector who answers.

import { ed25519 } from "@noble/curves/ed25519.js"
import { base64 } from "@scure/base"
import { generateHybridIdentity, identityToRecipient } from "age-encryption"
import { concat, encodeHex, encodeUtf8 } from "../../src/protocol/bytes"
import { encodeMessage, type Message, type Reply } from "../../src/protocol/message"
import { type OfficeProfile } from "../../src/protocol/profile"
import { officeIdOf } from "../../src/verify/digest"
import { keyHashOf, verifyProfile } from "../../src/verify/profile"
import { isSignedBy } from "../../src/verify/signature"
import { seal } from "../../src/seal/sealing"

export interface Office {
  rootKey: Uint8Array
  /** The profile as JSON, to be altered and signed anew. */
  document: Record<string, unknown>
  note: Uint8Array
  profile: OfficeProfile
  inspectors: { id: string; identity: string; signingKey: Uint8Array }[]
}

export async function createOffice(inspectorCount = 2): Promise<Office> {
  const rootKey = ed25519.utils.randomSecretKey()
  const inspectors = await Promise.all(
    Array.from({ length: inspectorCount }, async (_, i) => ({
      id: `inspector-${i + 1}`,
      identity: await generateHybridIdentity(),
      signingKey: ed25519.utils.randomSecretKey(),
    })),
  )
  const root = ed25519.getPublicKey(rootKey)
  const texts = (text: string) => ({ fa: `${text} فارسی`, en: text })
  const document = {
    format: "mohr/v1",
    office: officeIdOf(root),
    root: encodeHex(root),
    version: 3,
    issued: "2026-01-01",
    expires: "2027-03-20",
    languages: ["fa", "en"],
    name: texts("Office"),
    inspectors: await Promise.all(
      inspectors.map(async ({ id, identity, signingKey }) => ({
        id,
        role: texts(id),
        recipient: await identityToRecipient(identity),
        signer: encodeHex(ed25519.getPublicKey(signingKey)),
      })),
    ),
    kinds: [{ id: "bribe", name: texts("Bribe") }],
    districts: [],
    units: [{ id: "permits", name: texts("Permits") }],
    deadlines: {
      conflict_check_working_days: 2,
      acknowledgement_days: 7,
      progress_days: 30,
      feedback_months: 3,
      information_working_days: 10,
      corrective_order_days: 30,
    },
    contacts: { emergency_phone: "110", phone: "", website: "", neutral_page: "https://example.org/" },
    legal_note: texts("Note"),
    limits: { files_bytes: 209_715_200 },
  }
  const note = signNote(JSON.stringify(document, null, 2) + "\n", rootKey)
  return { rootKey, document, note, profile: await verifyProfile(note, isSignedBy), inspectors }
}

export function signNote(text: string, rootKey: Uint8Array): Uint8Array {
  const root = ed25519.getPublicKey(rootKey)
  const name = officeIdOf(root)
  const signature = concat(keyHashOf(name, root), ed25519.sign(encodeUtf8(text), rootKey))
  return encodeUtf8(`${text}\n\u2014 ${name} ${base64.encode(signature)}\n`)
}

export function reply(office: Office, fields: Partial<Reply> & Pick<Reply, "case" | "thread">): Reply {
  return {
    kind: "reply",
    office: office.profile.office,
    sender: "inspector-1",
    sequence: 0,
    day: "2026-03-21",
    language: "fa",
    text: "رسید",
    left_out: [],
    files: [],
    ...fields,
  }
}

/** Seals any message with any key: what an inspector does, and what a forger does. */
export async function sealMessage(
  message: Message,
  files: readonly Blob[],
  signingKey: Uint8Array,
  recipients: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  const { stream, sizeBytes } = await seal({
    messageJson: encodeMessage(message),
    files,
    recipients,
    sign: (bytes) => encodeHex(ed25519.sign(bytes, signingKey)),
  })
  const blob = new Uint8Array(await new Response(stream).arrayBuffer())
  if (blob.length !== sizeBytes) throw new Error("not the size that was promised")
  return blob
}

/** Seals a reply to the reporter and every inspector, signed by the inspector whom it names. */
export async function sealReply(
  office: Office,
  reporterRecipient: string,
  message: Reply,
  files: readonly Blob[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const sender = office.inspectors.find(({ id }) => id === message.sender)
  if (sender === undefined) throw new Error("no such inspector")
  return sealMessage(message, files, sender.signingKey, [reporterRecipient, ...office.profile.inspectors.map(({ recipient }) => recipient)])
}

// An office made for one test: root keys, inspectors and a signed profile, and an inspector who answers.

import { ed25519 } from "@noble/curves/ed25519.js"
import { sha256 } from "@noble/hashes/sha2.js"
import { base64 } from "@scure/base"
import { generateHybridIdentity, identityToRecipient } from "age-encryption"
import { concat, encodeHex, encodeUtf8 } from "../../src/protocol/bytes"
import { encodeMessage, type Message, type Reply, type ThreadPoint } from "../../src/protocol/message"
import type { Root } from "../../src/protocol/profile"
import { digestOf, hashLabelled } from "../../src/verify/digest"
import { Unverified } from "../../src/verify/message"
import { STRICT } from "../../src/verify/primitives"
import { keyHashInput, rootBytes, verifyProfile, type VerifiedProfile } from "../../src/verify/profile"
import { open } from "../../src/seal/opening"
import type { Sealing } from "../../src/seal/payload"
import { seal } from "../../src/seal/sealing"
import type { Workers } from "../../src/seal/workers"

export interface TestInspector {
  id: string
  identity: string
  signingKey: Uint8Array
}

export interface Office {
  /** Of the last root. */
  rootKey: Uint8Array
  /** The profile as JSON, to be altered and signed anew. */
  document: any
  note: Uint8Array
  profile: VerifiedProfile
  inspectors: TestInspector[]
}

export const NOBODY = "0".repeat(64)

/** Roots that commit to each other, and their keys. */
export function createRoots(count: number): { keys: Uint8Array[]; roots: Root[] } {
  const keys = Array.from({ length: count }, () => ed25519.utils.randomSecretKey())
  const roots: Root[] = []
  for (const key of [...keys].reverse()) {
    const after = roots[0]
    roots.unshift({ key: publicKeyOf(key), next: after === undefined ? NOBODY : digestOf(rootBytes(after)) })
  }
  return { keys, roots }
}

/** By another way than the pages', which ask for the hash as a promise. */
export function officeIdOf(root: Root): string {
  return encodeHex(hashLabelled("office", rootBytes(root)).subarray(0, 16))
}

export function publicKeyOf(signingKey: Uint8Array): string {
  return encodeHex(ed25519.getPublicKey(signingKey))
}

const texts = (text: string) => ({ fa: `${text} فارسی`, en: text })

export async function createInspector(id: string): Promise<TestInspector> {
  return { id, identity: await generateHybridIdentity(), signingKey: ed25519.utils.randomSecretKey() }
}

/** A person's entry in `inspectors`. */
export async function listed({ id, identity, signingKey }: TestInspector, fields: object = {}): Promise<any> {
  const recipient = await identityToRecipient(identity)
  return { id, joined: 1, epoch: 1, role: texts(id), recipient, signer: publicKeyOf(signingKey), extensions: {}, ...fields }
}

/** A key's entry in `former`, of a person who is not listed any more unless `fields` say otherwise. */
export function former({ id, signingKey }: TestInspector, fields: object): any {
  const entry = { id, epoch: 1, signer: publicKeyOf(signingKey), joined: 1, role: texts(id), extensions: {}, ...fields }
  return JSON.parse(JSON.stringify(entry))
}

export async function createOffice(inspectorCount = 2): Promise<Office> {
  const { keys, roots } = createRoots(1)
  const inspectors = await Promise.all(Array.from({ length: inspectorCount }, (_, i) => createInspector(`inspector-${i + 1}`)))
  const document = {
    format: "mohr/v1",
    office: officeIdOf(roots[0] as Root),
    roots,
    version: 3,
    issued: todayPlus(-30),
    expires: todayPlus(30),
    addresses: ["https://report.example.org", "http://127.0.0.1:8080"],
    languages: ["fa", "en"],
    name: texts("Office"),
    inspectors: await Promise.all(inspectors.map((inspector) => listed(inspector))),
    former: [],
    kinds: [{ id: "bribe", name: texts("Bribe") }],
    districts: [],
    units: [{ id: "permits", name: texts("Permits") }],
    services: [{ id: "permit", name: texts("Permit"), unit: "permits" }],
    deadlines: {
      conflict_check_working_days: 2,
      acknowledgement_days: 7,
      progress_days: 30,
      feedback_months: 3,
      information_working_days: 10,
      corrective_order_days: 30,
    },
    holidays: ["2026-03-21", "2026-03-22"],
    retention: { closed_days: 1095, unanswered_days: 365 },
    two_persons: [],
    contacts: { emergency_phone: "110", phone: "", website: "", neutral_page: "https://example.org/" },
    legal_note: texts("Note"),
    limits: { files_bytes: 209_715_200 },
    extensions: {},
  }
  return officeOf(document, keys[0] as Uint8Array, inspectors)
}

/** The same office with another profile: `change` alters its document, and may add inspectors. */
export async function withProfile(office: Office, change: (document: any) => void, inspectors = office.inspectors): Promise<Office> {
  const document = structuredClone(office.document)
  document.version += 1
  change(document)
  return officeOf(document, office.rootKey, inspectors)
}

async function officeOf(document: any, rootKey: Uint8Array, inspectors: TestInspector[]): Promise<Office> {
  const note = signNote(JSON.stringify(document, null, 2) + "\n", rootKey, document.office)
  return { rootKey, document, note, profile: await verifyProfile(note, STRICT), inspectors }
}

/** Signs in the name of an office, whoever holds the key. */
export function signNote(text: string, rootKey: Uint8Array, name: string): Uint8Array {
  return encodeUtf8(`${text}\n${noteLine(text, rootKey, name)}`)
}

export function noteLine(text: string, rootKey: Uint8Array, name: string): string {
  const root = ed25519.getPublicKey(rootKey)
  return `\u2014 ${name} ${base64.encode(concat(sha256(keyHashInput(name, root)).subarray(0, 4), ed25519.sign(encodeUtf8(text), rootKey)))}\n`
}

/** So many days from today: the pages ask the clock whether a profile is in force. */
export function todayPlus(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}

export function reply(office: Office, thread: ThreadPoint, fields: Partial<Reply> & Pick<Reply, "case">): Reply {
  return {
    kind: "reply",
    office: office.profile.office,
    sender: "inspector-1",
    epoch: 1,
    threads: { mailbox: thread },
    day: "2026-03-21",
    language: "fa",
    profile: office.profile.stamp,
    readers: office.profile.inspectors.map(({ id }) => id).sort(),
    text: "رسید",
    seconds: [],
    files: [],
    extensions: {},
    ...fields,
  }
}

/** Seals any message with any key: what an inspector does, and what a forger does. */
export async function sealMessage(
  message: Message,
  files: readonly Blob[],
  signingKey: Uint8Array,
  recipients: readonly string[],
  workers?: () => Promise<Workers | undefined>,
): Promise<Uint8Array<ArrayBuffer>> {
  const sealable = {
    messageJson: encodeMessage(message),
    files,
    recipients,
    sign: (bytes: Uint8Array) => encodeHex(ed25519.sign(bytes, signingKey)),
  }
  const sealing = await seal(sealable, workers)
  const blob = await readWhole(sealing)
  if ((await sealing.digest()) !== digestOf(blob)) throw new Error("not the digest of what was given out")
  return blob
}

/** In pieces as odd as a line makes them. */
export async function readWhole({ sizeBytes, next }: Pick<Sealing, "sizeBytes" | "next">): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  for (let left = sizeBytes; left > 0;) {
    const wanted = Math.min(left, 100_003 + 7 * pieces.length)
    const piece = await next(wanted)
    if (piece.length !== wanted) throw new Error("not as many bytes as were asked for")
    pieces.push(piece)
    left -= wanted
  }
  return concat(...pieces)
}

/** The message as whoever has the identity opens it. */
export async function reopened(message: Message, signingKey: Uint8Array, identity: string): Promise<Unverified> {
  return open([await sealMessage(message, [], signingKey, [await identityToRecipient(identity)])], identity)
}

/** The second signature of an inspector under a reply. */
export async function seconded(message: Reply, sender: TestInspector, second: TestInspector, epoch = 1): Promise<Reply> {
  const bytes = (await reopened({ ...message, seconds: [] }, sender.signingKey, sender.identity)).secondBytes()
  return { ...message, seconds: [{ sender: second.id, epoch, signature: encodeHex(ed25519.sign(bytes, second.signingKey)) }] }
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

// docs/PROTOCOL.md once more, written from that page alone, on Node's own cryptography and the public age library.
// It plays hostile servers and foreign clients, and it is the stranger that opens what our programs sealed.

import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  pbkdf2Sync,
  randomBytes,
  sign as signEd25519,
} from "node:crypto";
import { readFile } from "node:fs/promises";

import { bech32 } from "@scure/base";
import { Decrypter, Encrypter, generateHybridIdentity, generateX25519Identity, identityToRecipient } from "age-encryption";

export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const H = (label, ...data) => sha256("mohr/v1/", label, Buffer.of(0), ...data);

const rootBytes = ({ key, next }) => Buffer.concat([Buffer.from(key, "hex"), Buffer.from(next, "hex")]);
export const officeIdOf = (root) => hex(H("office", rootBytes(root)).subarray(0, 16));
export const commitmentTo = (root) => hex(sha256(rootBytes(root)));
export const caseIdOf = (signerHex) => hex(H("case", Buffer.from(signerHex, "hex")).subarray(0, 16));
export const mailboxIdOf = (token) => H("mailbox", token);

// 1. The receipt code

export function newCode() {
  let digits = "";
  while (digits.length < 30) {
    for (const byte of randomBytes(30)) if (byte < 250 && digits.length < 30) digits += byte % 10;
  }
  return digits + String(98n - ((BigInt(digits) * 100n) % 97n)).padStart(2, "0");
}

/// What a code derives for an office: `{token, identity, recipient, signer, memo, secret, writeHash}`.
export async function keysOfCode(code, officeId) {
  const salt = Buffer.concat([Buffer.from("mohr/v1/receipt\0"), Buffer.from(officeId, "hex")]);
  const root = pbkdf2Sync(code, salt, 210_000, 32, "sha512");
  const derive = (name) => Buffer.from(hkdfSync("sha256", root, Buffer.alloc(0), `mohr/v1/${name}`, 32));
  const identity = bech32.encode("AGE-SECRET-KEY-PQ-", bech32.toWords(derive("identity")), false).toUpperCase();
  const secret = derive("case");
  const write = Buffer.from(hkdfSync("sha256", secret, Buffer.alloc(0), "mohr/v1/write", 32));
  return {
    token: derive("mailbox"),
    identity,
    recipient: await identityToRecipient(identity),
    signer: signerOf(derive("signature")),
    memo: derive("memo"),
    secret: hex(secret),
    write: hex(write),
    writeHash: hex(H("write", write)),
  };
}

// Signing keys

/// `{publicKey (hex), sign(bytes) → hex}` of an Ed25519 seed.
export function signerOf(seed) {
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]),
    format: "der",
    type: "pkcs8",
  });
  return {
    publicKey: hex(createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32)),
    sign: (bytes) => hex(signEd25519(null, bytes, key)),
  };
}

/// A key of the server's own making.
export const newSigner = () => signerOf(randomBytes(32));

export async function newRecipient() {
  return identityToRecipient(await generateHybridIdentity());
}

/// A recipient of age's older kind, which is not for the years to come.
export async function newClassicRecipient() {
  return identityToRecipient(await generateX25519Identity());
}

/// An inspector's identity file: `{identity, recipient, signer}`.
export async function readIdentityFile(path, passphraseFile) {
  const text = await openWithPassphrase(path, passphraseFile);
  const identity = /^AGE-SECRET-KEY-PQ-1[0-9A-Z]+$/m.exec(text)[0];
  const [, id] = /^# mohr inspector (\S+)$/m.exec(text);
  const [, signingKey] = /^# signing-key: (MOHR-SIGNING-KEY-1[0-9A-Z]+)$/m.exec(text);
  return { id, identity, recipient: await identityToRecipient(identity), signer: signerOf(bech32Seed(signingKey)) };
}

/// A root key, with its place in the chain: `{publicKey, sign, root: {key, next}}`.
export async function readRootKeyFile(path, passphraseFile) {
  const text = await openWithPassphrase(path, passphraseFile);
  return newRoot(/^# next: ([0-9a-f]{64})$/m.exec(text)[1], signerOf(bech32Seed(/^MOHR-ROOT-KEY-1[0-9A-Z]+$/m.exec(text)[0])));
}

/// A root that commits to the one after it, or to none.
export function newRoot(next = "0".repeat(64), signer = newSigner()) {
  return { ...signer, root: { key: signer.publicKey, next } };
}

async function openWithPassphrase(path, passphraseFile) {
  const decrypter = new Decrypter();
  decrypter.addPassphrase((await readFile(passphraseFile, "utf8")).replace(/\r?\n$/, ""));
  return decrypter.decrypt(await readFile(path), "text");
}

const bech32Seed = (text) => Buffer.from(bech32.fromWords(bech32.decode(text.toLowerCase(), false).words));

// 2. A message

const MEMBERS = [
  ...["format", "office", "case", "kind", "sender", "epoch", "threads", "day", "language", "profile", "readers", "text", "door"],
  ...["answers", "reporter", "earlier", "status", "outcome", "acts", "seconds", "files", "extensions"],
];

/// Canonical bytes of message.json.
export function encodeMessage(message) {
  const known = MEMBERS.filter((member) => message[member] !== undefined);
  return Buffer.from(JSON.stringify(Object.fromEntries(known.map((member) => [member, message[member]]))));
}

/// message.json, files and seal.json as `{path, bytes}`; `signer` null leaves a signature of zeros.
export function sealEntries(message, files, signer) {
  const entries = [
    { path: "message.json", bytes: encodeMessage(message) },
    ...files.map((bytes, index) => ({ path: `files/${String(index + 1).padStart(2, "0")}`, bytes })),
  ];
  const signed = entriesOf(entries);
  const signature = signer ? signer.sign(Buffer.from(`mohr/v1 seal\n${statementOf(signed)}`)) : "0".repeat(128);
  const seal = { format: "mohr/v1", entries: signed, signature, extensions: {} };
  entries.push({ path: "seal.json", bytes: Buffer.from(JSON.stringify(seal)) });
  return entries;
}

const entriesOf = (parts) => parts.map(({ path, bytes }) => ({ path, size_bytes: bytes.length, sha256: hex(sha256(bytes)) }));
const statementOf = (entries) => entries.map((entry) => `${entry.sha256} ${entry.size_bytes} ${entry.path}\n`).join("");

/// The signature of a second person under a message without files: `{sender, epoch, signature}`.
export function secondOf(message, { id, epoch = 1, signer }) {
  const entries = entriesOf([{ path: "message.json", bytes: encodeMessage({ ...message, seconds: [] }) }]);
  return { sender: id, epoch, signature: signer.sign(Buffer.from(`mohr/v1 second\n${statementOf(entries)}`)) };
}

export function encodeArchive(entries) {
  const blocks = [];
  for (const { path, bytes } of entries) {
    const header = Buffer.alloc(512);
    header.write(path, 0, "latin1");
    header.write("0000644\0" + "0000000\0" + "0000000\0", 100);
    header.write(bytes.length.toString(8).padStart(11, "0") + "\0" + "00000000000\0", 124);
    header.fill(" ", 148, 156);
    header.write("0", 156);
    header.write("ustar\x0000", 257);
    header.write("0000000\0" + "0000000\0", 329);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(sum.toString(8).padStart(6, "0") + "\0 ", 148);
    blocks.push(header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  blocks.push(Buffer.alloc(1024));
  return Buffer.concat(blocks);
}

const SMALL_CLASSES = [32_768, 131_072, 524_288, 2_097_152];

export function padme(length) {
  const e = Math.floor(Math.log2(length));
  const step = 2 ** (e - (Math.floor(Math.log2(e)) + 1));
  return Math.ceil(length / step) * step;
}

export const isSizeClass = (length) =>
  SMALL_CLASSES.includes(length) || (length > SMALL_CLASSES.at(-1) && length <= 268_435_456 && padme(length) === length);

function nextSizeClass(length) {
  return SMALL_CLASSES.find((size) => size >= length) ?? padme(length);
}

/// Seals an archive to recipients, on its size class. The library adds no GREASE, so the header's length is known;
/// a stanza for a classic recipient, which no true message has, takes 98 bytes.
export async function seal(archive, recipients) {
  const header = recipients.reduce((sum, recipient) => sum + (recipient.startsWith("age1pq1") ? 1_557 : 98), 70);
  const sealedSize = (n) => header + 16 + n + 16 * Math.max(1, Math.ceil(n / 65_536));
  for (let size = nextSizeClass(sealedSize(archive.length)); ; size = nextSizeClass(size + 1)) {
    const chunks = Math.ceil((size - header - 16) / 65_552);
    const n = size - header - 16 - 16 * chunks;
    if (n < archive.length || sealedSize(n) !== size) continue;
    const encrypter = new Encrypter();
    for (const recipient of recipients) encrypter.addRecipient(recipient);
    const blob = Buffer.from(await encrypter.encrypt(Buffer.concat([archive, Buffer.alloc(n - archive.length)])));
    if (blob.length !== size) throw new Error(`sealed to ${blob.length} bytes, expected ${size}`);
    return blob;
  }
}

/// A whole message: encoded, signed, packed and sealed.
export function sealMessage({ message, files = [], signer, recipients }) {
  return seal(encodeArchive(sealEntries(message, files, signer)), recipients);
}

/// The archive that an age identity finds in a blob.
export async function openBlob(blob, identity) {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  return Buffer.from(await decrypter.decrypt(blob));
}

/// message.json of an archive of ours (its first entry).
export function messageOf(archive) {
  const size = parseInt(archive.toString("latin1", 124, 135), 8);
  return JSON.parse(archive.toString("utf8", 512, 512 + size));
}

/// Types and number of the stanzas of an age file, without a key.
export function stanzaTypes(blob) {
  const header = blob.toString("latin1", 0, blob.indexOf("\n---"));
  return [...header.matchAll(/^-> (\S+)/gm)].map(([, type]) => type);
}

const KINDS = ["report", "follow-up", "reply", "record"];

/// The thread of these messages, each `{kind, blob}`, as the next one states it.
export function threadOf(officeId, caseId, messages, thread = 0) {
  let digest = H("thread", Buffer.from(officeId, "hex"), Buffer.from(caseId, "hex"), Buffer.of(thread));
  for (const { kind, blob } of messages) digest = H("thread", digest, Buffer.of(KINDS.indexOf(kind)), sha256(blob));
  return { length: messages.length, digest: hex(digest) };
}

/// The memo beside a message of the reporter, in base64.
export function sealMemo(keys, message, blob) {
  const { day, readers, threads } = message;
  const plaintext = Buffer.alloc(612, " ");
  plaintext.write(JSON.stringify({ day, profile: message.profile.version, readers, thread: threads.mailbox }));
  const nonce = randomBytes(12);
  const cipher = createCipheriv("chacha20-poly1305", keys.memo, nonce, { authTagLength: 16 });
  cipher.setAAD(memoPlace(message.office, message.case, blob), { plaintextLength: plaintext.length });
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

/// What a memo says. Throws where it is not of this code and this message.
export function openMemo(keys, officeId, caseId, blob, memo) {
  const bytes = Buffer.from(memo, "base64");
  if (bytes.length !== 640) throw new Error(`a memo of ${bytes.length} bytes`);
  const decipher = createDecipheriv("chacha20-poly1305", keys.memo, bytes.subarray(0, 12), { authTagLength: 16 });
  decipher.setAAD(memoPlace(officeId, caseId, blob), { plaintextLength: 612 });
  decipher.setAuthTag(bytes.subarray(-16));
  return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString());
}

const memoPlace = (officeId, caseId, blob) => Buffer.from(`mohr/v1 memo\n${officeId}\n${caseId}\n${hex(sha256(blob))}\n`);

/// `Upload-Metadata` of a message.
export function uploadMetadata({ kind, caseId, writeHash }) {
  return { kind: kind.padEnd(12), case: caseId, ...(kind === "report" && { write: writeHash }) };
}

/// An order of erasure for messages `{position, sha256}` of the mailbox, signed by inspectors.
export function erasureOrder(officeId, caseId, messages, signers, day = today()) {
  const lines = messages.map(({ position, sha256: digest }) => `${position} ${digest}\n`).join("");
  const text = Buffer.from(`mohr/v1 erase\n${officeId}\n${caseId}\nmailbox\n${day}\n${lines}`);
  const signatures = signers.map(({ id, epoch = 1, signer }) => ({ sender: id, epoch, signature: signer.sign(text) }));
  return { thread: "mailbox", day, messages, signatures };
}

export const today = () => new Date().toISOString().slice(0, 10);

// 3. The office profile

/// The document of a signed note, unverified.
export const profileOf = (note) => JSON.parse(String(note).slice(0, String(note).lastIndexOf("\n\n") + 1));

/// What messages state of a note: version and digest of its text.
export function stampOf(note) {
  const text = String(note).slice(0, String(note).lastIndexOf("\n\n") + 1);
  return { version: JSON.parse(text).version, digest: hex(sha256(text)) };
}

/// Signs a profile with a root key. `office` and `roots` are made to follow from it unless `keepOffice`. The note names the
/// office that the profile names, whoever signs it: only the signature itself then tells a forgery.
export function signProfile(profile, signer, { keepOffice = false } = {}) {
  const document = keepOffice ? profile : { ...profile, roots: [signer.root], office: officeIdOf(signer.root) };
  const text = JSON.stringify(document) + "\n";
  const name = document.office;
  const keyHash = sha256(name, "\n", Buffer.of(1), Buffer.from(document.roots.at(-1).key, "hex")).subarray(0, 4);
  const signature = Buffer.concat([keyHash, Buffer.from(signer.sign(Buffer.from(text)), "hex")]).toString("base64");
  return `${text}\n— ${name} ${signature}\n`;
}

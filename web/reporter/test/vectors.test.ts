// Runs tests/vectors/, which Rust runs as well: what both accept and refuse is the protocol. One file, one success or one
// failure; a folder that is not known here fails.

import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { test } from "node:test"
import { inflateSync } from "node:zlib"
import { Decrypter } from "age-encryption"
import { encodeHeader, filePath, MESSAGE_PATH, paddingBytes, SEAL_PATH } from "../src/protocol/archive"
import { concat, decodeHex, encodeHex, encodeUtf8, type Bytes } from "../src/protocol/bytes"
import { asErasureOrder, erasureBytes } from "../src/protocol/erasure"
import { asExtensions, isOfNewerVersion } from "../src/protocol/extensions"
import { parseStrictJson } from "../src/protocol/json"
import { Malformed } from "../src/protocol/malformed"
import { decodeMemo, encodeMemo } from "../src/protocol/memo"
import { decodeMessage, earlierBytes, encodeMessage } from "../src/protocol/message"
import { decodeNote } from "../src/protocol/note"
import { isSizeClass, planArchive } from "../src/protocol/limits"
import { decodeProfile } from "../src/protocol/profile"
import { createCode, decodeCode } from "../src/protocol/receipt"
import { encodeSeal, signedBytes } from "../src/protocol/seal-json"
import { ArchiveReader, contentOf, type OpenedEntry } from "../src/verify/archive-reader"
import { caseIdOf, digestOf, hashLabelled, writeHashOf } from "../src/verify/digest"
import type { Unverified } from "../src/verify/message"
import { openProfile, ROOTS_APART } from "../src/verify/profile"
import { STRICT } from "../src/verify/primitives"
import { isSignedBy } from "../src/verify/signature"
import { ThreadDigests } from "../src/verify/thread-digests"
import { deriveWrite, ReporterKeys } from "../src/seal/derive"
import { openMemo, sealMemo } from "../src/seal/memo"
import { NOT_FOR_US, open, OTHER_RECIPIENT } from "../src/seal/opening"
import { NO_PAUSE } from "../src/seal/digests"
import { sealBatches } from "../src/seal/payload"
import { CHUNK_BYTES, NONCE_BYTES, nobleCipher, payloadKey } from "../src/seal/stream"
import { caseVector, unverifiedOf } from "./support/case-vector"
import { fold } from "../src/warn/fold"

type Vector = Record<string, any>

const FOLDER = join(dirname(WEB_FOLDER), "tests", "vectors")

/** Each gives the word of a failure that the vector names, true for one that it does not name, undefined for success. */
const RUNNERS: Record<string, (vector: Vector) => unknown> = {
  archive(vector) {
    const bytes = unhex(vector["archive"])
    const archive = failing(() => {
      const reader = new ArchiveReader()
      reader.push(bytes)
      return reader.finish()
    })
    if (archive === undefined) return true
    assert.deepEqual(contentOf(archive.message), encodeUtf8(vector["message_json"]))
    assert.deepEqual(contentOf(archive.seal), encodeUtf8(vector["seal_json"]))
    const files: Uint8Array[] = archive.files.map(contentOf)
    assert.deepEqual(files.map(encodeHex), vector["files"])
    assert.deepEqual(encodeArchive(contentOf(archive.message), files, contentOf(archive.seal), bytes.length), bytes)
    return undefined
  },

  async derive(vector) {
    const keys = await ReporterKeys.derive(vector["digits"], vector["office"])
    assert.equal(keys.token(), vector["token"])
    assert.equal(encodeHex(hashLabelled("mailbox", unhex(keys.token()))), vector["mailbox"])
    assert.deepEqual(
      [keys.identity(), keys.recipient, keys.signer, keys.caseId],
      [vector["identity"], vector["recipient"], vector["signer"], vector["case"]],
    )
    assert.equal(keys.caseSecret(), vector["secret"])
    assert.deepEqual(keys.openMemo(vector["memo"], vector["blob"]), vector["memo_opened"])
    assert.deepEqual(keys.openMemo(keys.sealMemo(vector["memo_opened"], vector["blob"]), vector["blob"]), vector["memo_opened"])
  },

  earlier(vector) {
    const { case: earlier, signature } = vector["earlier"]
    const follows = caseIdOf(unhex(vector["signer"])) === earlier
    const signed = earlierBytes(vector["office"], vector["case"], earlier)
    return follows && isSignedBy(unhex(vector["signer"]), unhex(signature), signed) ? undefined : true
  },

  erasure(vector) {
    const order = failing(() => asErasureOrder(vector["order"]))
    if (order === undefined) return true
    const bytes = erasureBytes(order, vector["office"], vector["case"])
    assert.deepEqual(bytes, encodeUtf8(vector["signed"]))
    for (const [at, signer] of vector["signers"].entries())
      assert.ok(isSignedBy(unhex(signer), unhex(order.signatures[at]?.signature ?? ""), bytes))
    return undefined
  },

  extensions(vector) {
    const extensions = failing(() => asExtensions(parseStrictJson(vector["json"])))
    if (extensions === undefined) return true
    assert.equal(isOfNewerVersion(extensions), vector["newer"])
    return undefined
  },

  memo(vector) {
    if ("plaintext" in vector) return failing(() => decodeMemo(encodeUtf8(vector["plaintext"]))) === undefined ? true : undefined
    const place = { office: vector["office"], caseId: vector["case"], blobDigest: vector["blob"] }
    const memo = openMemo(unhex(vector["key"]), place, vector["sealed"])
    if (memo === undefined) return true
    assert.deepEqual(memo, vector["memo"])
    assert.deepEqual(decodeMemo(encodeMemo(memo)), memo)
    assert.equal(sealMemo(unhex(vector["key"]), place, memo, unhex(vector["nonce"])), vector["sealed"])
    return undefined
  },

  message(vector) {
    const bytes = encodeUtf8(vector["json"])
    const message = failing(() => decodeMessage(bytes))
    if (message === undefined) return true
    assert.deepEqual(encodeMessage(message), bytes)
    // What a record's acts may be, no page asks: it has no records.
    return message.kind === "record" ? vector["error"] : undefined
  },

  padding(vector) {
    if ("error" in vector) return planArchive(vector["header_bytes"], vector["archive_bytes"]) === undefined
    for (const size of vector["classes"] ?? []) assert.ok(isSizeClass(size), String(size))
    for (const size of vector["others"] ?? []) assert.ok(!isSizeClass(size), String(size))
    for (const [header, least, archiveBytes, sealedBytes] of vector["plans"] ?? [])
      assert.deepEqual(planArchive(header, least), { archiveBytes, sealedBytes }, `${header} ${least}`)
    assert.ok(vector["classes"]?.length > 0 || vector["plans"]?.length > 0)
    return undefined
  },

  async profile(vector) {
    const { note, office, today, version, digest } = vector
    const seen = () => ({ version, digest: digest ?? undefined })
    const expected = { office: office ?? undefined, today, seen }
    let rule = ""
    const found = await openProfile(encodeUtf8(note), expected, STRICT).catch((error: unknown) => {
      assert.ok(error instanceof Malformed)
      rule = error.message
      return undefined
    })
    if (typeof found === "string") return found
    if (found !== undefined) {
      assert.deepEqual(found.stamp, vector["stamp"])
      return undefined
    }
    const text = failing(() => decodeNote(note).text)
    if (text === undefined) return "note"
    if (failing(() => decodeProfile(text)) === undefined) return "document"
    return rule === ROOTS_APART ? "roots" : "signature"
  },

  receipt(vector) {
    if ("random" in vector) {
      assert.equal(
        createCode((bytes) => bytes.set(unhex(vector["random"]).subarray(0, bytes.length))),
        vector["digits"],
      )
      return undefined
    }
    const result = decodeCode(vector["input"])
    if ("error" in result) return result.error
    assert.equal(result.digits, vector["digits"])
    return undefined
  },

  second(vector) {
    const opened = unverifiedOf(vector["message_json"], vector["seal_json"])
    return opened.isSecondedBy(vector["signer"], vector["signature"]) ? undefined : true
  },

  async seal(vector) {
    // A page has no file key that somebody handed over.
    if (!("identity" in vector)) return vector["error"]
    const blob = unhex(vector["blob"])
    let opened: Unverified
    try {
      opened = await open([blob.slice()], vector["identity"])
    } catch (error) {
      assert.ok(error instanceof Malformed)
      return { [OTHER_RECIPIENT]: "other-recipient", [NOT_FOR_US]: "not-for-us" }[error.message] ?? "damaged"
    }
    assert.ok(isSizeClass(blob.length))
    assert.deepEqual(encodeMessage(opened.message), encodeUtf8(vector["message_json"]))
    assert.deepEqual(
      opened.files.map((file) => encodeHex(contentOf(file as unknown as OpenedEntry))),
      vector["files"],
    )
    assert.ok(opened.isSignedBy(vector["signer"]))
    // By age alone, as somebody without this project would open it.
    const decrypter = new Decrypter()
    decrypter.addIdentity(vector["identity"])
    const archive = await decrypter.decrypt(blob)
    assert.ok(Buffer.from(archive).includes(vector["message_json"]))
    // What the age crate sealed, sealed once more chunk by chunk, as pages do it.
    const start = blob.indexOf(10, Buffer.from(blob).indexOf("\n--- ") + 1) + 1
    const nonce = blob.subarray(start, start + NONCE_BYTES)
    const cipher = nobleCipher(payloadKey(unhex(vector["file_key"]), nonce))
    const sealed: Uint8Array[] = []
    for await (const batch of sealBatches(chunksOf(archive), cipher, archive.length, NO_PAUSE)) sealed.push(batch)
    assert.equal(encodeHex(concat(...sealed)), encodeHex(blob.subarray(start + NONCE_BYTES)))
    return undefined
  },

  signature(vector) {
    const signature = vector["signature"] as string
    if (!isSignedBy(unhex(vector["signer"]), unhex(signature), unhex(vector["signed"]))) return true
    const contents = [encodeUtf8(vector["message_json"]), ...vector["files"].map(unhex)]
    const entries = contents.map((content, i) => ({
      path: i === 0 ? MESSAGE_PATH : filePath(i - 1),
      size_bytes: content.length,
      sha256: digestOf(content),
    }))
    assert.deepEqual(signedBytes(entries), unhex(vector["signed"]))
    assert.deepEqual(encodeSeal({ entries, signature, extensions: {} }), encodeUtf8(vector["seal_json"]))
    return undefined
  },

  text(vector) {
    const folded = fold(vector["input"])
    assert.equal(folded.text, vector["folded"])
    assert.deepEqual([...folded.origin], vector["origin"])
    return undefined
  },

  thread(vector) {
    const thread = new ThreadDigests(vector["office"], vector["case"], vector["thread"])
    const digests = [thread.end.digest]
    for (const [at, blob] of vector["blobs"].entries()) {
      thread.append(vector["kinds"][at], blob)
      digests.push(thread.end.digest)
    }
    assert.deepEqual(digests, vector["digests"])
    assert.equal(thread.end.length, vector["blobs"].length)
  },

  async write(vector) {
    const write = await deriveWrite(unhex(vector["secret"]))
    assert.deepEqual([encodeHex(write), writeHashOf(write)], [vector["write"], vector["write_hash"]])
  },

  case: caseVector,
}

/** Of others than the reporter. */
const NOT_OURS = ["session"]

const folders = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)

test("every folder of vectors is known, and none is missing", () => {
  assert.deepEqual(folders.sort(), ["cctv", ...NOT_OURS, ...Object.keys(RUNNERS)].sort())
})

for (const folder of folders.filter((name) => name !== "cctv" && !NOT_OURS.includes(name))) {
  const files = readdirSync(join(FOLDER, folder))
  test(`vectors: ${folder} (${files.length})`, async () => {
    assert.ok(files.length > 0)
    for (const file of files) {
      const vector = JSON.parse(readFileSync(join(FOLDER, folder, file), "utf8")) as Vector
      const run = RUNNERS[folder]
      assert.ok(run !== undefined, "a folder that this runner knows")
      try {
        assert.deepEqual(await run(vector), vector["error"])
      } catch (error) {
        throw new Error(`${folder}/${file}`, { cause: error })
      }
    }
  })
}

test("vectors: C2SP's for the hybrid recipient", async () => {
  const files = readdirSync(join(FOLDER, "cctv")).filter((name) => !name.endsWith(".md"))
  assert.ok(files.length >= 18)
  for (const name of files) {
    const bytes = readFileSync(join(FOLDER, "cctv", name))
    const end = bytes.indexOf("\n\n")
    const headers = bytes
      .subarray(0, end)
      .toString()
      .split("\n")
      .map((line) => line.split(": ") as [string, string])
    const header = (key: string) => headers.find(([found]) => found === key)?.[1]
    const body = bytes.subarray(end + 2)
    const decrypter = new Decrypter()
    for (const [key, value] of headers) if (key === "identity") decrypter.addIdentity(value)
    const opened = await decrypter
      .decrypt(Uint8Array.from(header("compressed") === undefined ? body : inflateSync(body)))
      .catch(() => undefined)
    assert.equal(opened !== undefined, header("expect") === "success", name)
    if (opened !== undefined) assert.equal(digestOf(opened), header("payload"), name)
  }
})

function failing<Value>(decode: () => Value): Value | undefined {
  try {
    return decode()
  } catch (error) {
    assert.ok(error instanceof Malformed, String(error))
    return undefined
  }
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.slice(at, at + CHUNK_BYTES)
}

function unhex(text: string): Uint8Array<ArrayBuffer> {
  return decodeHex(text, text.length / 2)
}

function encodeArchive(message: Uint8Array, files: readonly Uint8Array[], seal: Uint8Array, bytes: number): Uint8Array {
  const entries: [string, Uint8Array][] = [
    [MESSAGE_PATH, message],
    ...files.map((file, i): [string, Uint8Array] => [filePath(i), file]),
    [SEAL_PATH, seal],
  ]
  const written = concat(
    ...entries.flatMap(([path, content]) => [encodeHeader(path, content.length), content, new Uint8Array(paddingBytes(content.length))]),
  )
  return concat(written, new Uint8Array(bytes - written.length))
}

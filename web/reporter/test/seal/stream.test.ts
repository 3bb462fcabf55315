import assert from "node:assert/strict"
import { test } from "node:test"
import { Encrypter } from "age-encryption"
import { concat, encodeHex, type Bytes } from "../../src/protocol/bytes"
import { archiveBatches, Pieces, sealBatches } from "../../src/seal/payload"
import { digestWhole, NO_PAUSE, runningDigest } from "../../src/seal/digests"
import { digestOf } from "../../src/verify/digest"
import { CHUNK_BYTES, chunkNonce, nativeCipher, NONCE_BYTES, nobleCipher, payloadKey } from "../../src/seal/stream"
import { bytesFrom, generator } from "../support/random"

/** Around every border of a chunk. */
const LENGTHS = [1, 65_535, 65_536, 65_537, 131_072, 131_073, 300_000]

/** A whole age file of age-encryption's, with the file key that it made. */
async function sealedByAge(plaintext: Uint8Array): Promise<{ fileKey: Bytes; nonce: Bytes; payload: Uint8Array }> {
  let fileKey = new Uint8Array()
  const encrypter = new Encrypter()
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = key.slice()
      return []
    },
  })
  const file = await encrypter.encrypt(plaintext)
  const end = Buffer.from(file).indexOf("\n--- ") + 1
  const payload = file.subarray(file.indexOf(10, end) + 1)
  return { fileKey, nonce: payload.slice(0, NONCE_BYTES), payload: payload.subarray(NONCE_BYTES) }
}

async function* batchesOf(plaintext: Bytes, chunks: number): AsyncGenerator<Bytes> {
  for (let at = 0; at < plaintext.length; at += chunks * CHUNK_BYTES) yield plaintext.slice(at, at + chunks * CHUNK_BYTES)
}

async function all(batches: AsyncIterable<Uint8Array>): Promise<Bytes> {
  const parts: Uint8Array[] = []
  for await (const batch of batches) parts.push(batch)
  return concat(...parts)
}

test("a payload is age-encryption's, byte for byte", async () => {
  for (const length of LENGTHS) {
    const plaintext = bytesFrom(generator(length), length)
    const { fileKey, nonce, payload } = await sealedByAge(plaintext)
    for (const chunks of [1, 2, 4]) {
      const cipher = nobleCipher(payloadKey(fileKey, nonce))
      const sealed = await all(sealBatches(batchesOf(plaintext, chunks), cipher, length, NO_PAUSE))
      assert.equal(encodeHex(sealed), encodeHex(payload), `${length} bytes, ${chunks} chunks at a time`)
    }
  }
})

test("a counter of chunks never wraps", () => {
  assert.equal(encodeHex(chunkNonce(0, false)), "000000000000000000000000")
  assert.equal(encodeHex(chunkNonce(0x1_02_03_04, true)), "000000000000000102030401")
  assert.equal(encodeHex(chunkNonce(2 ** 32 - 1, false)), "00000000000000ffffffff00")
  for (const index of [-1, 0.5, 2 ** 32, NaN]) assert.throws(() => chunkNonce(index, false), /beyond the counter/)
})

/** A browser's cipher, played by noble. */
function withNative(encrypt: (key: Bytes, nonce: Bytes, chunk: Bytes) => Bytes) {
  const keys = new Map<object, Bytes>()
  return {
    importKey(format: string, raw: Bytes, { name }: { name: string }, isExtractable: boolean) {
      assert.deepEqual([format, name, isExtractable], ["raw-secret", "ChaCha20-Poly1305", false])
      const key = {}
      keys.set(key, raw.slice())
      return Promise.resolve(key)
    },
    encrypt({ iv }: { iv: Bytes }, key: object, chunk: Bytes) {
      return Promise.resolve(encrypt(keys.get(key)!, iv, chunk).buffer)
    },
  }
}

function byNoble(key: Bytes, nonce: Bytes, chunk: Bytes): Bytes {
  const sealed = new Uint8Array(chunk.length + 16)
  const index = new DataView(nonce.buffer, nonce.byteOffset).getUint32(7)
  void nobleCipher(key.slice()).seal(chunk, index, nonce[11] === 1, sealed)
  return sealed
}

async function inBrowserWith<Value>(subtle: object, use: () => Promise<Value>): Promise<Value> {
  const truly = Object.getOwnPropertyDescriptor(globalThis, "crypto")!
  Object.defineProperty(globalThis, "crypto", { configurable: true, value: { subtle } })
  try {
    return await use()
  } finally {
    Object.defineProperty(globalThis, "crypto", truly)
  }
}

test("the browser's own cipher is used where it seals as noble does, and has the key alone", async () => {
  const key = bytesFrom(generator(1), 32)
  const plaintext = bytesFrom(generator(2), 150_000)
  const expected = await all(sealBatches(batchesOf(plaintext, 2), nobleCipher(key.slice()), plaintext.length, NO_PAUSE))
  await inBrowserWith(withNative(byNoble), async () => {
    const cipher = await nativeCipher(key)
    assert.ok(cipher !== undefined)
    assert.deepEqual(key, new Uint8Array(32), "the key is cleared once the browser has it")
    assert.deepEqual(await all(sealBatches(batchesOf(plaintext, 2), cipher, plaintext.length, NO_PAUSE)), expected)
    cipher.wipe()
    await assert.rejects(async () => cipher.seal(plaintext.slice(0, 1), 9, true, new Uint8Array(17)), /the key is gone/)
  })
})

test("another cipher by that name is not used, nor one that is refused", async () => {
  const key = bytesFrom(generator(1), 32)
  const others = [
    withNative((of, nonce, chunk) => byNoble(of, nonce, chunk).fill(0, 3, 4)),
    withNative((of, nonce, chunk) => byNoble(of, nonce, chunk).subarray(1).slice()),
    { importKey: () => Promise.reject(new DOMException("no such format", "NotSupportedError")) },
    { importKey: () => Promise.resolve({}), encrypt: () => Promise.reject(new DOMException("", "OperationError")) },
    {},
  ]
  for (const subtle of others) {
    assert.equal(await inBrowserWith(subtle, () => nativeCipher(key)), undefined)
    assert.deepEqual(key, bytesFrom(generator(1), 32), "the key is still there for noble")
  }
})

test("after its key was cleared nothing is sealed", async () => {
  const key = bytesFrom(generator(1), 32)
  const cipher = nobleCipher(key)
  cipher.wipe()
  assert.deepEqual(key, new Uint8Array(32))
  assert.throws(() => cipher.seal(new Uint8Array(1), 0, true, new Uint8Array(17)), /the key is gone/)
})

test("batches are the archive and zeros behind it, whatever their length", async () => {
  const random = generator(3)
  const files = [0, 1, 511, 512, 262_144, 262_145, 600_000].map((length) => bytesFrom(random, length))
  const start = bytesFrom(random, 1024)
  const conclusion = bytesFrom(random, 1536)
  const lengths = start.length + conclusion.length + files.reduce((sum, { length }) => sum + 512 + Math.ceil(length / 512) * 512, 0)
  const make = async (batchBytes: number, archiveBytes: number, wholeBytesMax = 262_144) => {
    const work = { start, files: files.map((file) => new Blob([file])), archiveBytes, wholeBytesMax }
    const batches: Bytes[] = []
    for await (const batch of archiveBatches(work, batchBytes, () => Promise.resolve(conclusion), NO_PAUSE)) batches.push(batch)
    for (const batch of batches.slice(0, -1)) assert.equal(batch.length, batchBytes)
    return concat(...batches)
  }
  const whole = await make(2 ** 30, lengths)
  assert.equal(whole.length, lengths)
  for (const wholeBytesMax of [-1, 2 ** 30]) assert.deepEqual(await make(65_536, lengths, wholeBytesMax), whole)
  for (const batchBytes of [65_536, 4 * 65_536]) {
    for (const more of [0, 1024, 400_000]) {
      assert.deepEqual(await make(batchBytes, lengths + more), concat(whole, new Uint8Array(more)), `${batchBytes} ${more}`)
    }
  }
  await assert.rejects(make(65_536, lengths - 1), /longer than it was planned/)
})

test("pieces are as long as they are asked for, and never more than there is", async () => {
  const bytes = bytesFrom(generator(4), 300_000)
  const pieces = new Pieces(bytes.slice(0, 100), batchesOf(bytes.slice(100), 1))
  assert.deepEqual(await pieces.next(100), bytes.slice(0, 100))
  assert.deepEqual(await pieces.next(1), bytes.slice(100, 101))
  assert.deepEqual(await pieces.next(200_000), bytes.slice(101, 200_101))
  await assert.rejects(pieces.next(100_000), /end early/)
})

test("a digest is SHA-256, by the browser or without it, in whatever parts the bytes come", async () => {
  const bytes = bytesFrom(generator(5), 300_000)
  const expected = digestOf(bytes)
  const running = async (wholeBytesMax: number) => {
    const digest = runningDigest(bytes.length, wholeBytesMax)
    for (let at = 0; at < bytes.length; at += 70_001) await digest.update(bytes.slice(at, at + 70_001), NO_PAUSE)
    return digest.digest(NO_PAUSE)
  }
  assert.equal(await digestWhole(bytes, NO_PAUSE), expected)
  for (const wholeBytesMax of [0, 299_999, 300_000]) assert.equal(await running(wholeBytesMax), expected)
  const refusing = { digest: () => Promise.reject(new DOMException("", "OperationError")) }
  await inBrowserWith(refusing, async () => {
    assert.equal(await digestWhole(bytes, NO_PAUSE), expected)
    assert.equal(await running(300_000), expected)
  })
  let asked = 0
  const counting = { digest: (_: string, whole: Bytes) => Promise.resolve(((asked += whole.length), new ArrayBuffer(32))) }
  await inBrowserWith(counting, async () => {
    assert.equal(await running(299_999), expected, "what is larger is hashed step by step")
    assert.equal(await running(300_000), "0".repeat(64))
  })
  assert.equal(asked, 300_000)
})

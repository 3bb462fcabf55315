import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { archiveBytes, BLOCK, encodeHeader, filePath, paddingBytes } from "../../src/protocol/archive"
import { concat } from "../../src/protocol/bytes"
import { FILE_BYTES_MAX } from "../../src/protocol/limits"
import { Malformed } from "../../src/protocol/malformed"
import { decodeSeal, encodeSeal } from "../../src/protocol/seal-json"
import { ArchiveReader, contentOf } from "../../src/verify/archive-reader"
import { digestOf } from "../../src/verify/digest"
import { assertTotal } from "../support/decoders"
import { bytesFrom, generator } from "../support/random"

const utf8 = (text: string) => new TextEncoder().encode(text)

function archiveOf(entries: readonly [string, Uint8Array][], zeros = 1024): Uint8Array {
  return concat(
    ...entries.flatMap(([path, content]) => [encodeHeader(path, content.length), content, new Uint8Array(paddingBytes(content.length))]),
    new Uint8Array(zeros),
  )
}

function read(bytes: Uint8Array, step = bytes.length) {
  const reader = new ArchiveReader()
  for (let at = 0; at < bytes.length; at += step) reader.push(bytes.subarray(at, at + step))
  return reader.finish()
}

const random = generator(7)
const files = [new Uint8Array(), bytesFrom(random, 1), bytesFrom(random, 512), bytesFrom(random, 513)]
const sample = archiveOf(
  [["message.json", utf8("{}")], ...files.map((file, i): [string, Uint8Array] => [filePath(i), file]), ["seal.json", utf8('{"a":1}')]],
  3000,
)

test("what was written is read, in pieces of any size", () => {
  for (const step of [1, 7, 511, 512, 513, 4096, sample.length]) {
    const archive = read(sample, step)
    assert.deepEqual(contentOf(archive.message), utf8("{}"))
    assert.deepEqual(
      archive.files.map((file) => [contentOf(file), file.path, file.size_bytes, file.sha256]),
      files.map((file, i) => [Uint8Array.from(file), filePath(i), file.length, digestOf(file)]),
    )
    assert.deepEqual(contentOf(archive.seal), utf8('{"a":1}'))
  }
  assert.equal(
    archiveBytes(
      2,
      files.map(({ length }) => length),
      7,
    ),
    sample.length - 3000 + 1024,
  )
})

test("tar reads what we write, and we read what tar writes in the same way", () => {
  const folder = mkdtempSync(join(tmpdir(), "mohr-archive-"))
  try {
    writeFileSync(join(folder, "a.tar"), sample)
    assert.equal(
      execFileSync("tar", ["-tf", join(folder, "a.tar")], { encoding: "utf8" }),
      "message.json\nfiles/01\nfiles/02\nfiles/03\nfiles/04\nseal.json\n",
    )
    execFileSync("tar", ["-xf", join(folder, "a.tar"), "-C", folder])
    for (const [i, file] of files.entries())
      assert.deepEqual(Uint8Array.from(readFileSync(join(folder, filePath(i)))), Uint8Array.from(file))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test("every flipped bit outside content and every cut is noticed", () => {
  const content = new Set<number>()
  for (let at = 0, entries = [utf8("{}"), ...files, utf8('{"a":1}')]; entries.length > 0;) {
    const length = entries.shift()?.length ?? 0
    for (let i = 0; i < length; i += 1) content.add(at + BLOCK + i)
    at += BLOCK + length + paddingBytes(length)
  }
  for (let at = 0; at < sample.length; at += 1) {
    const flipped = Uint8Array.from(sample)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    if (content.has(at)) assert.doesNotThrow(() => read(flipped))
    else assert.throws(() => read(flipped), Malformed, String(at))
  }
  const shortest = sample.length - 3000 + 1024
  for (let length = 0; length < shortest; length += 1) assert.throws(() => read(sample.subarray(0, length)), Malformed)
  assert.doesNotThrow(() => read(sample.subarray(0, shortest)))
})

test("the reader is total", () => {
  assertTotal((bytes) => read(bytes, 1000), sample)
})

test("entries out of place, too many, empty or too large are refused", () => {
  const message: [string, Uint8Array] = ["message.json", utf8("{}")]
  const seal: [string, Uint8Array] = ["seal.json", utf8("{}")]
  const file = (index: number): [string, Uint8Array] => [filePath(index), utf8("x")]
  const many = (count: number) => Array.from({ length: count }, (_, i) => file(i))
  assert.doesNotThrow(() => read(archiveOf([message, ...many(99), seal])))
  const wrong: [string, Uint8Array][][] = [
    [message, ...many(100), seal],
    [seal, message],
    [message],
    [seal],
    [message, file(1), seal],
    [message, file(0), file(0), seal],
    [message, seal, file(0)],
    [message, seal, seal],
    [message, message, seal],
    [["message.json", new Uint8Array()], seal],
    [message, ["seal.json", new Uint8Array()]],
    [["message.json", new Uint8Array(1_048_577)], seal],
    [message, ["seal.json", new Uint8Array(65_537)]],
    [message, ["../evil", utf8("x")], seal],
  ]
  for (const entries of wrong) assert.throws(() => read(archiveOf(entries)), Malformed)
  assert.throws(() => read(archiveOf([message, seal], 1023)), Malformed)
})

test("a size that lies allocates nothing", () => {
  assert.throws(() => read(concat(archiveOf([["message.json", utf8("{}")]], 0), encodeHeader("files/01", FILE_BYTES_MAX))), Malformed)
  assert.throws(() => encodeHeader("files/01", FILE_BYTES_MAX + 1), Malformed)
})

test("seal.json has one encoding and a total decoder", () => {
  const seal = { entries: [{ path: "message.json", size_bytes: 2, sha256: "ab".repeat(32) }], signature: "cd".repeat(64) }
  const bytes = encodeSeal(seal)
  assert.deepEqual(decodeSeal(bytes), seal)
  assertTotal(decodeSeal, bytes, (value, input) => assert.deepEqual(encodeSeal(value as typeof seal), Uint8Array.from(input)))
})

// Files broken at random, the same ones in each run, and what clean() owes to all of them: an answer in a bounded time, never an
// exception, and no word that is not true.

import assert from "node:assert/strict"
import { CANARY, cleanBytes, type Result } from "./support"

const SLOWEST_MS = 3_000
/** Values that length and count fields are tried with. */
const EDGES = [0, 1, 2, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

export type Random = (below: number) => number

/** The same numbers each time, so that a failure can be seen again. */
export function randomFrom(seed: string): Random {
  let state = [...seed].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) >>> 0, 7)
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** One file made of another by one to four small accidents. */
export function mutated(original: Buffer, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(original)
  for (let left = 1 + random(4); left > 0; left--) bytes = accident(bytes, random)
  return bytes
}

function accident(bytes: Buffer, random: Random): Buffer {
  // Heads and tables stand at the ends; data in the middle hardly matter.
  const near = Math.min(bytes.length, 600)
  const at = [() => random(bytes.length), () => random(near), () => bytes.length - 1 - random(near)][random(3)]!()
  const length = 1 + random(24)
  switch (random(8)) {
    case 0:
      return bytes.subarray(0, at)
    case 1: // a piece is gone
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
    case 2: // a piece stands there twice
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)])
    case 3: // something strange stands in between
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(CANARY), bytes.subarray(at)])
    case 4: {
      const edge = EDGES[random(EDGES.length)]!
      const width = [1, 2, 4][random(3)]!
      if (at + width > bytes.length) return bytes
      const value = width === 4 ? edge : edge % 2 ** (8 * width)
      if (random(2) === 0) bytes.writeUIntBE(value, at, width)
      else bytes.writeUIntLE(value, at, width)
      return bytes
    }
    case 5: // two pieces change places
      return Buffer.concat([
        bytes.subarray(0, at),
        bytes.subarray(at + length, at + 2 * length),
        bytes.subarray(at, at + length),
        bytes.subarray(at + 2 * length),
      ])
    case 6:
      if (at < bytes.length) bytes[at] = [0, 0xff, 0x80, 0x7f][random(4)]!
      return bytes
    default:
      if (at < bytes.length) bytes[at] = bytes[at]! ^ (1 << random(8))
      return bytes
  }
}

/** What is true of every answer, whatever came in. */
export async function assertSound(variant: Uint8Array, name: string): Promise<Result> {
  const began = performance.now()
  const result = await cleanBytes(variant, name)
  const took_ms = performance.now() - began
  assert.ok(took_ms < SLOWEST_MS, `${name} took ${Math.round(took_ms)} ms`)
  assert.ok(["cleaned", "nothing-found", "partly", "not-possible", "damaged"].includes(result.outcome))
  assert.equal(result.reason !== null, result.outcome === "not-possible")
  const isUntouched = result.outcome === "not-possible" || result.outcome === "damaged"
  if (isUntouched || result.removed.length === 0) assert.ok(result.bytes.equals(variant), "changed and did not say so")
  if (!isUntouched) assert.deepEqual(result.seen, [])
  // What came out is understood as well as what went in.
  if (result.removed.length > 0) {
    const again = await cleanBytes(result.bytes, name)
    assert.notEqual(again.outcome, "damaged")
  }
  return result
}

/** `rounds` broken files of each sample. A failure names the sample and the round and is met again with them. */
export async function fuzz(samples: Record<string, Buffer>, rounds: number, extra?: (result: Result) => void): Promise<void> {
  for (const [name, original] of Object.entries(samples)) {
    for (let round = 0; round < rounds; round++) {
      try {
        const result = await assertSound(mutated(original, randomFrom(`${name} ${round}`)), name)
        extra?.(result)
      } catch (error) {
        throw new Error(`${name}, round ${round}`, { cause: error })
      }
    }
  }
}

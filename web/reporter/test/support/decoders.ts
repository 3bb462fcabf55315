// What every decoder owes: any input gives a value or Malformed, in bounded time.

import assert from "node:assert/strict"
import { Malformed } from "../../src/protocol/malformed"
import { bytesFrom, generator, mutations } from "./random"

const MOST_MS = 2_000

/** Calls a decoder with damaged, random and extreme bytes; `accepts` may look at what it takes. */
export function assertTotal(
  decode: (bytes: Uint8Array) => unknown,
  good: Uint8Array,
  accepts: (value: unknown, bytes: Uint8Array) => void = () => {},
): void {
  const random = generator(good.length)
  const inputs = [
    new Uint8Array(),
    ...Array.from({ length: 200 }, (_, i) => bytesFrom(random, i)),
    ...["null", "[]", "{}", '"x"', "0", "[".repeat(100_000), '{"a":'.repeat(50_000), `"${"\\".repeat(100_001)}"`, "\ufeff{}"].map((text) =>
      new TextEncoder().encode(text),
    ),
    ...Array.from({ length: Math.min(good.length, 2_000) }, (_, length) => good.subarray(0, length)),
    ...mutations(good, 2_000, good.length + 1),
  ]
  for (const input of inputs) {
    const start = performance.now()
    let value: unknown
    try {
      value = decode(input)
    } catch (error) {
      assert.ok(error instanceof Malformed, `threw ${String(error)} for ${Buffer.from(input.subarray(0, 100)).toString("hex")}`)
      continue
    } finally {
      assert.ok(performance.now() - start < MOST_MS, `took ${performance.now() - start} ms`)
    }
    accepts(value, input)
  }
}

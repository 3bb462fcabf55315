import assert from "node:assert/strict"
import { test } from "node:test"
import {
  archiveBytesIn,
  FIXED_CLASSES,
  headerBytes,
  isSizeClass,
  padme,
  planArchive,
  SEALED_BYTES_MAX,
  sealedBytes,
  sizeClass,
} from "../../src/protocol/limits"

/** Padmé by the book, on big integers. */
function padmeByBook(length: bigint): bigint {
  const exponent = BigInt(length.toString(2).length - 1)
  const significant = BigInt(exponent.toString(2).length - 1) + 1n
  const mask = (1n << (exponent - significant)) - 1n
  return (length + mask) & ~mask
}

test("Padmé is that of the paper, below and above 2³¹ and around every power of two", () => {
  for (let power = 4; power < 52; power += 1) {
    for (const offset of [-2, -1, 0, 1, 2, 3, 1000]) {
      const length = 2 ** power + offset
      assert.equal(BigInt(padme(length)), padmeByBook(BigInt(length)), String(length))
    }
  }
  for (let length = 2_097_153; length < SEALED_BYTES_MAX; length += 999_983)
    assert.equal(BigInt(padme(length)), padmeByBook(BigInt(length)))
})

test("a class is its own class, and the byte after it belongs to another", () => {
  for (const size of [...FIXED_CLASSES, SEALED_BYTES_MAX, 2_228_224]) {
    assert.ok(isSizeClass(size))
    assert.notEqual(sizeClass(size + 1), size)
  }
  assert.equal(sizeClass(SEALED_BYTES_MAX + 1), undefined)
  assert.ok(!isSizeClass(32_767) && !isSizeClass(2_097_153))
})

test("for 1 to 13 stanzas and many lengths, a plan is exact, sufficient and the smallest", () => {
  const borders = [0, 512, ...FIXED_CLASSES, ...[1, 2, 3, 8, 31, 32, 33, 64].map((chunks) => chunks * 65_536), 50_000_000, 200_000_000]
  for (let stanzas = 1; stanzas <= 13; stanzas += 1) {
    const header = headerBytes(stanzas)
    for (const border of borders) {
      for (const offset of [-40_000, -2_000, -1_600, -1_040, -513, -512, -511, -33, -32, -31, -17, -16, -15, -1, 0, 1, 15, 16, 17, 512]) {
        const least = border + offset
        if (least < 1) continue
        const plan = planArchive(header, least)
        assert.ok(plan !== undefined)
        assert.ok(plan.archiveBytes >= least)
        assert.equal(sealedBytes(header, plan.archiveBytes), plan.sealedBytes)
        assert.ok(isSizeClass(plan.sealedBytes))
        // No smaller class would do: every class between what is needed and what was planned is unreachable.
        for (let size = sizeClass(sealedBytes(header, least)); size !== undefined && size < plan.sealedBytes; size = sizeClass(size + 1)) {
          const inside = archiveBytesIn(header, size)
          assert.ok(inside === undefined || inside < least)
        }
      }
    }
  }
})

test("sizes that would need an empty last chunk are not reached, all others are", () => {
  const header = headerBytes(2)
  for (let stream = 0; stream < 3 * 65_552 + 100; stream += 1) {
    const rest = stream % 65_552
    const reachable = stream === 16 || (rest === 0 ? stream > 0 : rest > 16)
    assert.equal(archiveBytesIn(header, header + 16 + stream) !== undefined, reachable, String(stream))
  }
})

test("what is larger than the largest blob has no plan", () => {
  assert.equal(planArchive(headerBytes(1), SEALED_BYTES_MAX), undefined)
  assert.equal(planArchive(headerBytes(1), 2 ** 40), undefined)
})

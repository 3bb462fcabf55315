import assert from "node:assert/strict"
import { test } from "node:test"
import { foldDigits, grouped } from "../src/digits"

test("digits of every script fold to ASCII, and what stands between them goes", () => {
  assert.equal(foldDigits("۱۲۳۴ ٥٦٧٨-90"), "1234567890")
  assert.equal(foldDigits("\u2066۱۲\u200c۳۴\u2069\n\u200f56\u00a078"), "12345678")
})

test("what is no digit stays, for the person to see", () => {
  assert.equal(foldDigits("12a۳"), "12a3")
})

test("groups of four, four to a line", () => {
  assert.equal(grouped("1"), "1")
  assert.equal(grouped("12345"), "1234 5")
  assert.equal(grouped("1234567890123456"), "1234 5678 9012 3456")
  assert.equal(grouped("12345678901234567"), "1234 5678 9012 3456\n7")
  assert.equal(grouped("12345678901234567890123456789012"), "1234 5678 9012 3456\n7890 1234 5678 9012")
})

test("folding takes away what grouping put in", () => {
  const digits = "12345678901234567890123456789012"
  for (let length = 0; length <= digits.length; length += 1)
    assert.equal(foldDigits(grouped(digits.slice(0, length))), digits.slice(0, length))
})

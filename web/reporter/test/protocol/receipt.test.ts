import assert from "node:assert/strict"
import { test } from "node:test"
import { createCode, decodeCode, groupCode } from "../../src/protocol/receipt"

const PERSIAN = "۰۱۲۳۴۵۶۷۸۹"
const ARABIC = "٠١٢٣٤٥٦٧٨٩"

test("a code has 32 digits and spells a number that is 1 mod 97", () => {
  for (let i = 0; i < 200; i += 1) {
    const code = createCode()
    assert.match(code, /^[0-9]{32}$/)
    assert.equal(BigInt(code) % 97n, 1n)
    assert.deepEqual(decodeCode(code), { digits: code })
  }
})

test("bytes of 250 and above are thrown away, the rest taken mod 10", () => {
  const bytes = [250, 255, 0, 9, 10, 249, 19, ...Array<number>(57).fill(3)]
  assert.ok(createCode((buffer) => buffer.set(bytes)).startsWith("09099" + "3".repeat(25)))
})

test("every digit is as likely as any other", () => {
  const counts = Array<number>(10).fill(0)
  for (let value = 0; value < 250; value += 1) {
    const digit = Number(createCode((buffer) => buffer.fill(value))[0])
    counts[digit] = (counts[digit] ?? 0) + 1
  }
  assert.deepEqual(counts, Array(10).fill(25))
})

test("every single slip and every swap of neighbours is caught", () => {
  const code = createCode()
  for (let at = 0; at < 32; at += 1) {
    for (const wrong of "0123456789") {
      if (wrong === code[at]) continue
      assert.deepEqual(decodeCode(code.slice(0, at) + wrong + code.slice(at + 1)), { error: "check" })
    }
    if (at < 31 && code[at] !== code[at + 1]) {
      assert.deepEqual(decodeCode(code.slice(0, at) + code[at + 1] + code[at] + code.slice(at + 2)), { error: "check" })
    }
  }
})

test("digits of three scripts, white space, dashes, joiners and bidi marks are read", () => {
  const digits = createCode()
  const mixed = [...digits].map((digit, i) => [digit, PERSIAN[Number(digit)], ARABIC[Number(digit)]][i % 3]).join("")
  assert.deepEqual(decodeCode(mixed), { digits })
  const skipped = "\t\n\r \u00a0\u2000\u200a\u202f\u3000-\u2010\u2015\u2212\u200c\u200d\ufeff\u061c\u200e\u200f\u202a\u202e\u2066\u2069"
  assert.deepEqual(decodeCode([...mixed].map((digit, i) => digit + (skipped[i % skipped.length] ?? "")).join("") + skipped), { digits })
})

test("no other character is skipped or taken for a digit", () => {
  const digits = createCode()
  const allowed =
    /[0-9۰-۹٠-٩\t\n\r \u00a0\u2000-\u200a\u202f\u3000\-\u2010-\u2015\u2212\u200c\u200d\ufeff\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/
  for (let code = 0; code < 0x11000; code += 1) {
    const character = String.fromCodePoint(code)
    if (allowed.test(character)) continue
    assert.deepEqual(decodeCode(digits + character), { error: "character" }, code.toString(16))
  }
  for (const character of ["𝟎", "０", "१", "߁", "²", "①", "😀"]) assert.deepEqual(decodeCode(digits + character), { error: "character" })
})

test("a wrong number of digits and an input that is too long are told", () => {
  const digits = createCode()
  for (const input of ["", " ", digits.slice(1), `${digits}0`, digits + digits]) assert.deepEqual(decodeCode(input), { error: "length" })
  assert.deepEqual(decodeCode(digits + " ".repeat(1024 - 32)), { digits })
  assert.deepEqual(decodeCode(digits + " ".repeat(1024 - 31)), { error: "length" })
  assert.deepEqual(decodeCode("۰".repeat(600)), { error: "length" })
  assert.deepEqual(decodeCode(" ".repeat(50_000_000)), { error: "length" })
})

test("a code is shown as two lines of four groups", () => {
  assert.deepEqual(groupCode("00001111222233334444555566667777"), [
    ["0000", "1111", "2222", "3333"],
    ["4444", "5555", "6666", "7777"],
  ])
})

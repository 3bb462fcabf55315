import assert from "node:assert/strict"
import { test } from "node:test"
import { readCode } from "../../src/protocol/code-reading"
import { createCode } from "../../src/protocol/receipt"

const PERSIAN = "۰۱۲۳۴۵۶۷۸۹"
const ARABIC = "٠١٢٣٤٥٦٧٨٩"

const groupsOf = (digits: string) => digits.match(/.{4}/g)!
const linesOf = (digits: string) => `${groupsOf(digits).slice(0, 4).join(" ")}\n${groupsOf(digits).slice(4).join(" ")}`
const inScript = (script: string, text: string) => text.replace(/[0-9]/g, (digit) => script[Number(digit)]!)
const offered = (input: string): readonly string[] => {
  const reading = readCode(input)
  assert.ok("error" in reading, `taken without a word: ${input}`)
  return reading.offered
}
/** Enough of them that no check digit agrees by chance each time. */
const CODES = Array.from({ length: 100 }, () => createCode())

test("a code is taken out of the page's own note, in every script, with every line end and mark", () => {
  for (const digits of CODES.slice(0, 20)) {
    for (const day of ["شنبه ۷ آذر ۱۴۰۵", "Saturday, November 28, 2026", "7 آذر 1405", "28/11/2026"]) {
      for (const write of [(text: string) => text, (text: string) => inScript(PERSIAN, text), (text: string) => inScript(ARABIC, text)]) {
        for (const end of ["\n", "\r\n", "\r", "\n\n"]) {
          const note = write(`${linesOf(digits)}\n${day}\n`).replaceAll("\n", end)
          assert.deepEqual(readCode(note), { digits }, JSON.stringify(note))
        }
      }
    }
    const marked = `\u200f\ufeff${linesOf(digits).replaceAll(" ", "\u00a0\u200e")}\u2069\n\u202bشنبه ۷ آذر ۱۴۰۵\u202c`
    assert.deepEqual(readCode(marked), { digits })
  }
})

test("a code is found between other words, and behind other marks than the format skips", () => {
  const [digits] = CODES as [string]
  for (const text of [
    `کد من: ${linesOf(digits)} تمام`,
    `(${digits})`,
    groupsOf(digits).join("."),
    groupsOf(digits).join(" / "),
    `شماره تلفن 0912 345 6789\nکد\n${linesOf(digits)}\n`,
    `${linesOf(digits)}\nو دوباره همان\n${digits}`,
    `* ${linesOf(digits).replace("\n", "\n* ")}`,
  ])
    assert.deepEqual(readCode(text), { digits }, text)
})

test("groups from right to left are recognised, and offered rather than used", () => {
  let taken = 0
  for (const digits of CODES) {
    const groups = groupsOf(digits)
    const upper = groups.slice(0, 4)
    const lower = groups.slice(4)
    for (const order of [[...[...upper].reverse(), ...[...lower].reverse()], [...groups].reverse(), [...lower, ...upper]]) {
      for (const input of [
        order.join(" "),
        `${order.slice(0, 4).join(" ")}\n${order.slice(4).join(" ")}`,
        inScript(PERSIAN, order.join("")),
      ]) {
        const reading = readCode(input)
        // Once in 97 the wrong order has a right check as well.
        if ("digits" in reading) taken += 1
        else assert.ok(reading.offered.includes(digits), `${input}: ${reading.offered.join()}`)
      }
    }
  }
  assert.ok(taken < 45, `${taken} of 900`)
})

test("two groups in each other's place are offered", () => {
  for (const digits of CODES.slice(0, 30)) {
    const found = new Set<boolean>()
    for (let one = 0; one < 8; one++) {
      for (let other = one + 1; other < 8; other++) {
        const groups = groupsOf(digits)
        ;[groups[one], groups[other]] = [groups[other]!, groups[one]!]
        const reading = readCode(groups.join(" "))
        if ("digits" in reading) continue
        found.add(reading.offered.includes(digits))
        assert.ok(reading.offered.length <= 3)
        assert.equal(reading.error, "check")
      }
    }
    assert.ok(found.has(true))
  }
})

test("a group that was written twice, and letters in the place of digits, are offered", () => {
  const digits = CODES.find((code) => /0/.test(code) && /1/.test(code) && "error" in readCode(code.replaceAll("0", "O")))!
  const groups = groupsOf(digits)
  assert.deepEqual(offered([...groups.slice(0, 3), groups[2], ...groups.slice(3)].join(" ")), [digits])
  assert.deepEqual(offered(digits.replaceAll("0", "O").replaceAll("1", "l")), [digits])
})

test("what is offered is a code, and a slip is never taken for one", () => {
  for (const digits of CODES.slice(0, 20)) {
    for (let at = 0; at < 32; at += 1) {
      const slip = digits.slice(0, at) + ((Number(digits[at]) + 1) % 10) + digits.slice(at + 1)
      for (const guess of offered(slip)) assert.equal(BigInt(guess) % 97n, 1n)
    }
  }
})

test("how many digits are missing is told, whatever stands beside them", () => {
  const [digits] = CODES as [string]
  const countOf = (input: string) => {
    const reading = readCode(input)
    assert.ok("error" in reading)
    return [reading.error, reading.count]
  }
  assert.deepEqual(countOf(""), ["length", 0])
  assert.deepEqual(countOf(digits.slice(4)), ["length", 28])
  assert.deepEqual(countOf(`${linesOf(digits.slice(4))}\nشنبه ۷ آذر ۱۴۰۵`), ["length", 28])
  assert.deepEqual(countOf(digits.slice(1)), ["length", 31])
  assert.deepEqual(countOf(`${digits}0`), ["length", 33])
  assert.deepEqual(countOf("سلام ۱۲"), ["character", 2])
  assert.deepEqual(countOf("x"), ["character", 0])
})

test("digits too many are no code, however they stand, and the code in them is offered", () => {
  for (const digits of CODES.slice(0, 20)) {
    for (const more of ["0", "00", "2026-11-28", "۱۴۰۵"]) {
      for (const input of [
        `${digits}${more}`,
        `${linesOf(digits)}\n${more}`,
        `${linesOf(digits)} ${more}`,
        `${more}\n${linesOf(digits)}`,
      ]) {
        const reading = readCode(input)
        assert.ok("error" in reading && reading.error === "length", input)
        if (input.includes("\n") && !input.includes(` ${more}`)) assert.ok(reading.offered.includes(digits), input)
      }
    }
  }
})

test("two different codes are not chosen between", () => {
  const [one, other] = CODES as [string, string]
  assert.deepEqual(offered(`${one}\nیا\n${other}`), [one, other])
})

test("any text at all is taken, in a time that grows with it", () => {
  for (const seed of ["1", "1\n", "1234 ", "a1", "\u200c", "O", "😀", "\ud800", "0\u2069"]) {
    const began = performance.now()
    readCode(seed.repeat(1_000_000))
    assert.ok(performance.now() - began < 2000, JSON.stringify(seed))
  }
})

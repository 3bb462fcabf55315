import assert from "node:assert/strict"
import { test } from "node:test"
import { wholeNumbers } from "../../src/pages/parts/whole-numbers"

/** Stretches as the words that they mark. */
function marked(words: string, ...marks: string[]): string[] {
  const stretches = marks.map((mark) => ({ start: words.indexOf(mark), end: words.indexOf(mark) + mark.length }))
  return wholeNumbers(words, stretches).map(({ start, end }) => words.slice(start, end))
}

test("a mark does not end inside a number", () => {
  assert.deepEqual(marked("روز ۱۲ ساعت ۱۰:۳۰ دیدم", "ساعت ۱۰"), ["ساعت ۱۰:۳۰"])
  assert.deepEqual(marked("at 10:30:15, 1,250,000 rials", "at 10", "1,2"), ["at 10:30:15", "1,250,000"])
  assert.deepEqual(marked("۱۴۰۵/۰۸/۱۲", "۱۴۰۵"), ["۱۴۰۵/۰۸/۱۲"])
})

test("whatever ends elsewhere stays as it is", () => {
  assert.deepEqual(marked("ساعت ۱۰. بعد رفتم", "ساعت ۱۰"), ["ساعت ۱۰"])
  assert.deepEqual(marked("ali@example.com1", "ali@example.com"), ["ali@example.com"])
  assert.deepEqual(marked("a ۱۰:۳۰ b", "a", "b"), ["a", "b"])
  assert.deepEqual(marked("x", "x"), ["x"])
})

test("marks that now meet do not stand twice", () => {
  assert.deepEqual(marked("ساعت ۱۰:۳۰", "ساعت ۱۰", "۳۰"), ["ساعت ۱۰:۳۰"])
  assert.deepEqual(marked("۱۰:۳۰ صبح", "۱۰", "۳۰ صبح"), ["۱۰:۳۰", " صبح"])
})

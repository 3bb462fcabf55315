import assert from "node:assert/strict"
import { test } from "node:test"

// format.ts asks the page for its language once.
const page = { documentElement: { lang: "fa" } }
Object.assign(globalThis, { document: page })
const format = await import("../src/format")

test("a Persian day is Jalali, in the order in which people write it", () => {
  assert.equal(format.day("2024-11-22"), "جمعه ۲ آذر ۱۴۰۳")
  assert.equal(format.day("2022-12-13"), "سه‌شنبه ۲۲ آذر ۱۴۰۱")
  assert.match(format.day("2026-03-21"), / ۱ فروردین ۱۴۰۵$/)
})

test("leap years end on the thirtieth of Esfand and others do not", () => {
  assert.match(format.day("2025-03-20"), / ۳۰ اسفند ۱۴۰۳$/)
  assert.match(format.day("2026-03-20"), / ۲۹ اسفند ۱۴۰۴$/)
})

test("what is no day is shown as it came", () => {
  assert.equal(format.day("soon"), "soon")
})

test("numbers have Persian digits and separators", () => {
  assert.equal(format.number(1234.5), "۱٬۲۳۴٫۵")
})

test("days are added across months and years", () => {
  assert.equal(format.addDays("2026-12-28", 7), "2027-01-04")
  assert.equal(format.addDays("2028-02-28", 1), "2028-02-29")
})

test("months end where they end", () => {
  assert.equal(format.addMonths("2026-11-28", 3), "2027-02-28")
  assert.equal(format.addMonths("2026-11-30", 3), "2027-02-28")
  assert.equal(format.addMonths("2027-11-30", 3), "2028-02-29")
  assert.equal(format.addMonths("2026-12-01", 1), "2027-01-01")
})

test("working days leave out Thursday and Friday", () => {
  // 2026-11-21 is a Saturday.
  assert.equal(format.addWorkingDays("2026-11-21", 4), "2026-11-25")
  assert.equal(format.addWorkingDays("2026-11-21", 5), "2026-11-28")
  assert.equal(format.addWorkingDays("2026-11-21", 10), "2026-12-05")
})

test("a text in other languages only is taken from the first of them", () => {
  assert.equal(format.localized({ fa: "بازرسی", en: "Inspectorate" }), "بازرسی")
  assert.equal(format.localized({ ckb: "پشکنەر", en: "Inspectorate" }), "پشکنەر")
})

test("lists are in the order of the language, numbers among them", () => {
  const names = ["منطقهٔ ۱۰", "منطقهٔ ۲", "پارک", "آب"]
  assert.deepEqual(
    format.sorted(names, (name) => name),
    ["آب", "پارک", "منطقهٔ ۲", "منطقهٔ ۱۰"],
  )
})

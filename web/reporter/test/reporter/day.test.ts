import assert from "node:assert/strict"
import { test } from "node:test"
import { noteServerDate, serverDay } from "../../src/api/server-day"
import { daysBetween, shiftDay } from "../../src/protocol/values"
import { dayToReckonFrom, faultOfDay, messageDay, readClock } from "../../src/reporter/day"

const PROFILE = { issued: "2026-06-01", expires: "2026-11-30" }

/** device, server, what stops sealing, the message's day, whether the clock is in doubt, from which day the reporter's are reckoned */
// prettier-ignore
const CASES: [string, string | undefined, string | undefined, string, boolean, string][] = [
  // Both agree, to the day or but for one.
  ["2026-08-10", "2026-08-10", undefined, "2026-08-10", false, "own"],
  ["2026-08-10", "2026-08-11", undefined, "2026-08-11", false, "own"],
  ["2026-08-11", "2026-08-10", undefined, "2026-08-11", false, "own"],
  ["2026-08-10", undefined, undefined, "2026-08-10", false, "own"],
  ["2026-06-01", "2026-06-01", undefined, "2026-06-01", false, "own"],
  ["2026-11-30", "2026-11-30", undefined, "2026-11-30", false, "own"],
  // The device is behind, by days and by centuries.
  ["2026-08-10", "2026-08-12", undefined, "2026-08-12", true, "2026-08-12"],
  ["2000-01-01", "2026-08-12", undefined, "2026-08-12", true, "2026-08-12"],
  ["2000-01-01", undefined, undefined, "2026-06-01", true, "2026-06-01"],
  ["2026-05-31", "2026-05-31", undefined, "2026-06-01", true, "2026-06-01"],
  // The device is ahead: nothing earlier than its day is stated while it lies in the profile's days, and nothing is sealed behind them.
  ["2026-08-20", "2026-08-12", undefined, "2026-08-20", true, "2026-08-12"],
  ["2026-12-01", "2026-11-30", "profile-clock", "2026-12-01", true, "2026-11-30"],
  ["2030-01-01", "2026-08-12", "profile-clock", "2030-01-01", true, "2026-08-12"],
  ["2030-01-01", undefined, "profile-expired", "2030-01-01", true, "2026-11-30"],
  // It has expired, by both or by the server alone.
  ["2027-01-01", "2027-01-01", "profile-expired", "2027-01-01", true, "2026-11-30"],
  ["2026-08-10", "2027-01-01", "profile-expired", "2027-01-01", true, "2026-11-30"],
  ["2000-01-01", "2027-01-01", "profile-expired", "2027-01-01", true, "2026-11-30"],
  // A server that lies backwards moves neither the end of a profile nor the day of a message.
  ["2027-01-01", "2026-06-01", "profile-clock", "2027-01-01", true, "2026-06-01"],
  ["2026-11-10", "2026-06-01", undefined, "2026-11-10", true, "2026-06-01"],
  ["2026-11-10", "2000-01-01", undefined, "2026-11-10", true, "2026-06-01"],
]

for (const [device, server, fault, day, isDoubtful, reckoned] of CASES) {
  test(`device ${device}, server ${server ?? "silent"}: ${fault ?? "sealed"}`, () => {
    const days = { device, server }
    assert.equal(faultOfDay(PROFILE, days), fault)
    assert.equal(messageDay(PROFILE, days), day)
    assert.equal(readClock(PROFILE, days).isDoubtful, isDoubtful)
    assert.equal(dayToReckonFrom(PROFILE, "own", days), reckoned)
  })
}

test("of a server's Date its day is taken, and what is no Date tells nothing", () => {
  noteServerDate("Sat, 28 Nov 2026 23:59:59 GMT", "2026-11-25")
  assert.equal(serverDay("2026-11-25"), "2026-11-28")
  for (const date of [null, "", "yesterday", "Sat, 28 Nov 99999 00:00:00 GMT", "1 Jan 1970"]) noteServerDate(date, "2026-11-25")
  assert.equal(serverDay("2026-11-25"), "2026-11-28")
  assert.equal(serverDay("2026-11-26"), "2026-11-29", "a page that stays open past midnight")
  assert.equal(serverDay("9999-12-31"), "9999-12-31", "no day that the protocol does not have")
  noteServerDate("Wed, 25 Nov 2026 00:00:00 GMT", "2026-11-25")
  assert.equal(serverDay("2026-11-25"), "2026-11-25")
})

test("days are counted over the ends of months and years", () => {
  assert.equal(daysBetween("2026-02-28", "2026-03-01"), 1)
  assert.equal(daysBetween("2027-01-01", "2026-01-01"), -365)
  assert.equal(shiftDay("2024-02-28", 1), "2024-02-29")
  assert.equal(shiftDay("2026-01-01", -1), "2025-12-31")
})

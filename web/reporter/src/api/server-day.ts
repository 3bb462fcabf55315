// The server's day, as the last of its answers gave it in the header Date. It is a second witness beside the device's clock and
// no more than that: a server may lie (reporter/day.ts says what may follow from it). Nothing finer than a day is kept, and
// that only while the page is open.

import { daysBetween, isDay, shiftDay, todayUtc } from "../protocol/values"

/** How many days the server is ahead of this device. Not its day: a page may stay open past midnight. */
let daysAhead: number | undefined

/** Takes the Date of an answer; one that is none tells nothing. */
export function noteServerDate(date: string | null, device = todayUtc()): void {
  const time = new Date(date ?? "")
  const day = Number.isNaN(time.getTime()) ? "" : time.toISOString().slice(0, 10)
  if (isDay(day)) daysAhead = daysBetween(device, day)
}

/** YYYY-MM-DD in UTC; undefined before the first answer that tells. */
export function serverDay(device = todayUtc()): string | undefined {
  return daysAhead === undefined ? undefined : shiftDay(device, daysAhead)
}

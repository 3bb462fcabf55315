// What day it is. The device's clock may be wrong and the server may lie, so neither is believed alone, and the profile's signed
// days bound them both (PROTOCOL 3, "the day").

import { serverDay } from "../api/server-day"
import type { Reason } from "../errors"
import type { OfficeProfile } from "../protocol/profile"
import { daysBetween, todayUtc } from "../protocol/values"

type DaysInForce = Pick<OfficeProfile, "issued" | "expires">

/** YYYY-MM-DD in UTC, by both witnesses. */
export interface Days {
  readonly device: string
  /** Undefined where no answer told. */
  readonly server: string | undefined
}

/** What a page says of the device's clock. */
export interface ClockReading extends Days {
  /** Outside the profile's days, or more than a day from the server's. */
  readonly isDoubtful: boolean
}

export function daysNow(device = todayUtc()): Days {
  return { device, server: serverDay(device) }
}

/**
 * Why nothing may be sealed on this day. Either witness stops it: a profile that has expired needs both to be wrong before
 * it is used. Where only the device's clock is past it, that clock is the likelier fault.
 */
export function faultOfDay({ expires }: DaysInForce, { device, server }: Days = daysNow()): Reason | undefined {
  if (server !== undefined && server > expires) return "profile-expired"
  if (device <= expires) return undefined
  return server === undefined ? "profile-expired" : "profile-clock"
}

/**
 * The day that a message states: the later of the two, and none before the profile was signed. An earlier one could vouch
 * for what a stolen key signed, and a server that lies must not be able to bring that about.
 */
export function messageDay({ issued }: DaysInForce, { device, server }: Days = daysNow()): string {
  return [device, server ?? device, issued].reduce((one, other) => (one > other ? one : other))
}

export function readClock({ issued, expires }: DaysInForce, days: Days = daysNow()): ClockReading {
  const { device, server } = days
  const isFar = server !== undefined && Math.abs(daysBetween(device, server)) > 1
  return { ...days, isDoubtful: isFar || device < issued || device > expires }
}

/**
 * From which days are reckoned that the reporter is told: her own calendar's day while its clock is not in doubt, else the
 * server's as far as the profile's days go.
 */
export function dayToReckonFrom(profile: DaysInForce, ownDay: string, days: Days = daysNow()): string {
  const { issued, expires } = profile
  const { device, server, isDoubtful } = readClock(profile, days)
  if (!isDoubtful) return ownDay
  const day = server ?? device
  return day < issued ? issued : day > expires ? expires : day
}

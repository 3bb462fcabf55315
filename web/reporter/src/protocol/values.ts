// The small values of which every document of this protocol is made (PROTOCOL, conventions).

import { encodeUtf8 } from "./bytes"
import { Malformed } from "./malformed"

export const FORMAT = "mohr/v1"

/** Who sends a report; no person's id. */
export const REPORTER = "reporter"

export type Members = Readonly<Record<string, unknown>>

/** Ends a decoder when a rule does not hold. */
export function require(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Malformed(rule)
}

/** A JSON object. What members it must have, the caller says. */
export function asMembers(value: unknown, what: string): Members {
  require(typeof value === "object" && value !== null && !Array.isArray(value), `${what} is no object`)
  return value as Members
}

export function asArray(value: unknown, least: number, most: number, what: string): readonly unknown[] {
  require(Array.isArray(value) && value.length >= least && value.length <= most, `${what}: not ${least} to ${most} items`)
  return value as unknown[]
}

/** A string that is UTF-8 when it is encoded: no lone surrogate. */
export function asText(value: unknown, what: string, mostBytes = Infinity): string {
  require(typeof value === "string" && !/\p{Cs}/u.test(value), `${what} is no text`)
  require(mostBytes === Infinity || encodeUtf8(value).length <= mostBytes, `${what} is too long`)
  return value
}

export function asInteger(value: unknown, what: string): number {
  require(Number.isSafeInteger(value) && (value as number) >= 0, `${what} is no integer`)
  return value as number
}

/** A version of the office profile. */
export function asVersion(value: unknown): number {
  const version = asInteger(value, "version")
  require(version >= 1, "a version counts from 1")
  return version
}

/** Which of a person's keys: counted from 1. */
export function asEpoch(value: unknown): number {
  const epoch = asInteger(value, "epoch")
  require(epoch >= 1, "an epoch counts from 1")
  return epoch
}

/** 1 to 32 characters of a-z, 0-9 and -, beginning with a letter. */
export function asId(value: unknown, what: string): string {
  require(typeof value === "string" && /^[a-z][a-z0-9-]{0,31}$/.test(value), `${what} is no id`)
  return value
}

export function asWord<Word extends string>(value: unknown, words: readonly Word[], what: string): Word {
  require(words.includes(value as Word), `${what} is unknown`)
  return value as Word
}

export function asLanguage(value: unknown, what: string): string {
  require(typeof value === "string" && /^[a-z]{2,3}$/.test(value), `${what} is no language`)
  return value
}

/** A hybrid recipient by its looks; whether it is one, sealing to it says. */
export function asRecipient(value: unknown, what: string): string {
  // Bech32 of 1,216 bytes: 1,946 characters and a checksum of 6.
  require(typeof value === "string" && value.length === 1959 && /^age1pq1[a-z0-9]*$/.test(value), `${what} is no age1pq1 recipient`)
  return value
}

/** YYYY-MM-DD, a date that exists, years 2000 to 9999. */
export function asDay(value: unknown, what: string): string {
  require(isDay(value), `${what} is no day`)
  return value
}

export function isDay(value: unknown): value is string {
  if (typeof value !== "string" || !/^[2-9][0-9]{3}-[0-9]{2}-[0-9]{2}$/.test(value)) return false
  const time = Date.parse(`${value}T00:00:00Z`)
  // 30 February parses in some engines as a day of March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value)
}

/** Today in UTC. A clock that is off by centuries must not stop anybody: any early day will do. */
export function todayUtc(now = new Date()): string {
  const day = Number.isNaN(now.getTime()) ? "" : now.toISOString().slice(0, 10)
  return isDay(day) ? day : "2000-01-01"
}

const DAY_MS = 86_400_000

/** Whole days from one day to another. */
export function daysBetween(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / DAY_MS
}

/** So many days later. A day that this protocol does not have becomes the one that was given. */
export function shiftDay(day: string, days: number): string {
  const time = new Date(Date.parse(day) + days * DAY_MS)
  const shifted = Number.isNaN(time.getTime()) ? "" : time.toISOString().slice(0, 10)
  return isDay(shifted) ? shifted : day
}

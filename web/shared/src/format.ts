// Numbers, sizes and days as the page's language writes them. The calendar of Persian is Jalali.

import { text } from "./texts"

export const language = document.documentElement.lang

const locale = language === "fa" ? "fa-IR-u-ca-persian-nu-arabext" : language
const plainNumber = new Intl.NumberFormat(locale)
const shortNumber = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 })
const dayParts = new Intl.DateTimeFormat(locale, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
})
const englishDay = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeZone: "UTC" })

export function number(value: number): string {
  return plainNumber.format(value)
}

/** A phone number with the digits of the language; not a number, so no separator comes into it. */
export function phone(digits: string): string {
  return digits.replace(/[0-9]/g, (digit) => plainNumber.format(Number(digit)))
}

/** In the units of 1,024 that phones show, under their everyday names. */
export function size(bytes: number): string {
  // Nothing is nothing, and what is little is not shown as nothing.
  const kibibytes = bytes === 0 ? 0 : Math.max(1, Math.round(bytes / 1024))
  if (kibibytes < 1000) return text("size.kilobytes", { size: number(kibibytes) })
  return text("size.megabytes", { size: shortNumber.format(bytes / 1_048_576) })
}

/**
 * A day YYYY-MM-DD in words. Persian is put together from parts («جمعه ۲ آذر ۱۴۰۳»), because the order that
 * Intl's own full date gives is not the one people write.
 */
export function day(iso: string): string {
  const date = new Date(`${iso}T00:00:00Z`)
  if (Number.isNaN(date.getTime())) return iso
  if (language !== "fa") return englishDay.format(date)
  const parts = new Map(dayParts.formatToParts(date).map((part) => [part.type, part.value]))
  return ["weekday", "day", "month", "year"].map((type) => parts.get(type as Intl.DateTimeFormatPartTypes) ?? "").join(" ")
}

/** The reporter's own day. Never the time. */
export function today(): string {
  const now = new Date()
  const two = (part: number) => String(part).padStart(2, "0")
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}

export function addDays(iso: string, days: number): string {
  const date = new Date(`${iso}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + days)
  return date.toISOString().slice(0, 10)
}

/** The same day of a later month, or its last day where it is shorter. */
export function addMonths(iso: string, months: number): string {
  const [year = 0, month = 1, day = 1] = iso.split("-").map(Number)
  const last = new Date(Date.UTC(year, month - 1 + months + 1, 0))
  return new Date(Date.UTC(last.getUTCFullYear(), last.getUTCMonth(), Math.min(day, last.getUTCDate()))).toISOString().slice(0, 10)
}

/** Counted on the week of Saturday to Wednesday, the shortest in use, so that the office is not expected too early. */
export function addWorkingDays(iso: string, days: number): string {
  let result = iso
  for (let left = days; left > 0;) {
    result = addDays(result, 1)
    const weekday = new Date(`${result}T00:00:00Z`).getUTCDay()
    if (weekday !== 4 && weekday !== 5) left -= 1
  }
  return result
}

/** A text that a profile gives in several languages, in the page's own or else the office's first. */
export function localized(texts: Readonly<Record<string, string>>): string {
  return texts[language] ?? Object.values(texts)[0] ?? ""
}

const collator = new Intl.Collator(language, { numeric: true })

export function sorted<T>(items: readonly T[], name: (item: T) => string): T[] {
  return [...items].sort((a, b) => collator.compare(name(a), name(b)))
}

const conjunction = new Intl.ListFormat(language, { type: "conjunction" })

/** Several things in one breath: «الف، ب و ج». */
export function listed(items: readonly string[]): string {
  return conjunction.format(items)
}

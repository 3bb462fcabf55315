// Marks places in a text that may point to its writer. It advises, nothing more: it runs in the page, its findings are never
// sent, and what it does not know it does not find. A warning that cries wolf is not read, so every rule would rather miss.
//
// Every expression is bounded in length and anchored, so that the time grows with the text and not with its malice.

import { isBankCard, isIranianIban, isNationalNumber } from "./checksums"
import { fold } from "./fold"
import { E_MAIL, HANDLES, WEB_ADDRESSES } from "./accounts"
import { FILE_NUMBERS, ONLY_I_KNEW, SELF_REFERENCES, TIMES, word } from "./phrases"
import { COORDINATES, STREET_ADDRESSES } from "./places"

export type Reason =
  | "mobile-number"
  | "landline"
  | "national-number"
  | "bank-card"
  | "iban"
  | "e-mail"
  | "web-address"
  | "coordinates"
  | "street-address"
  | "vehicle-plate"
  | "file-number"
  | "only-i-knew"
  | "exact-time"
  | "self-reference"

export interface Finding {
  /** UTF-16 offsets into the text as it was given. */
  start: number
  end: number
  reason: Reason
}

/** Findings in the order of the text; they never overlap. */
export function warn(text: string): Finding[] {
  const folded = fold(text)
  const taken = new Uint8Array(folded.text.length)
  const findings: Finding[] = []
  for (const { reason, pattern, accept } of RULES) {
    for (const match of folded.text.matchAll(pattern)) {
      const from = match.index
      const to = from + match[0].length
      if (to === from || taken.subarray(from, to).includes(1)) continue
      // eslint-disable-next-line @typescript-eslint/no-non-null-assertion -- every folded letter has an origin
      const [start, end] = [folded.origin[from]!, folded.origin[to - 1]! + 1]
      if (accept && !accept(match, folded.text, text.slice(start, end))) continue
      taken.fill(1, from, to)
      findings.push({ start, end, reason })
    }
  }
  return findings.sort((a, b) => a.start - b.start)
}

interface Rule {
  reason: Reason
  pattern: RegExp
  /** Looks at what was found, around it, and at how it was typed. */
  accept?: (match: RegExpExecArray, text: string, typed: string) => boolean
}

/** What may stand between the digits of a number that is written in groups: brackets and the end of a line, too. */
const GAP = "[ .,،*·•|\\-/()_\\n]{0,3}"
const AREA_CODES = "(?:1[137]|2[1345689]|3[1458]|4[145]|5[1468]|6[16]|7[1467]|8[13467])"
const PLATE_LETTER = "(?:الف|[ابپتثجدزژسشصطعفقکگلمنوهی])"
const CURRENCY = /^[ \n]?(?:هزار|میلیون|میلیارد|ریال|تومان|تومن|دلار|یورو|درصد|rial|toman|irr|usd|eur|\$|€|%)/
const AMOUNT = /(?:مبلغ|ارزش|بهای|قیمت|حدود|amount|sum)[^\d\n]{0,8}$/

const digitsOf = (text: string): string => text.replace(/\D/g, "")

/** 09/12/1402 and what comes after it. */
const DATE = /^\d{1,2}[/.-]\d{1,2}[/.-](?:1[34]|19|20)\d\d(?!\d)/

/** Money is not a person's number. */
const isAmount = (match: RegExpExecArray, text: string): boolean =>
  CURRENCY.test(text.slice(match.index + match[0].length, match.index + match[0].length + 12)) ||
  AMOUNT.test(text.slice(Math.max(0, match.index - 16), match.index))

/** The first rule that claims a place keeps it. */
const RULES: Rule[] = [
  { reason: "e-mail", pattern: E_MAIL },
  { reason: "web-address", pattern: WEB_ADDRESSES },
  { reason: "web-address", pattern: HANDLES },
  { reason: "coordinates", pattern: COORDINATES },
  {
    reason: "iban",
    pattern: new RegExp(`(?<![a-z0-9])ir${GAP}\\d(?:${GAP}\\d){23}(?!\\d)|(?<!\\p{L})شبا[^\\d\\n]{0,12}\\d(?:${GAP}\\d){23}(?!\\d)`, "gu"),
    accept: (match) => isIranianIban(digitsOf(match[0])),
  },
  {
    reason: "iban",
    pattern: new RegExp(`(?<!\\p{L})(?:شماره ?(?:ی )?حساب|account (?:number|no\\.?))[^\\d\\n]{0,16}\\d(?:[ ./-]?\\d){6,23}(?!\\d)`, "gu"),
  },
  {
    reason: "mobile-number",
    pattern: new RegExp(
      `(?<![\\d+])\\(?(?:(?:\\+|00)?98\\+?[ .()/\\n-]{0,3}(?:\\(?0\\)?[ ]?)?|0${GAP})9${GAP}[0-49](?:${GAP}\\d){8}(?!\\d)|` +
        "(?<![\\d+.,/-])9(?:[0-3]|9)\\d{8}(?![\\d,])|" +
        "(?<![\\d+.,/-])\\(?9(?:[0-3]|9)\\d\\)?[ /-]\\d{3}[ /-]\\d{2}[ /-]?\\d{2}(?![\\d,])|" +
        // Half hidden, or with commas, as nobody writes an amount.
        "(?<![\\d+])09\\d{2}[ -]?[*×x…]{1,4}[ -]?\\d{2,4}(?!\\d)|(?<![\\d+])09\\d{2}[,،٬]\\d{3}[,،٬]\\d{2}[,،٬]?\\d{2}(?!\\d)|" +
        word("صفر ?نهصد(?: و \\p{L}{2,10}){1,3}"),
      "gu",
    ),
    accept: (match, text) => !DATE.test(match[0]) && (/^\(?(?:\+|00?|ص)/.test(match[0]) || !isAmount(match, text)),
  },
  {
    reason: "landline",
    pattern: new RegExp(
      `(?<![\\d+])\\(?(?:(?:\\+|00)98[ .()/-]{0,3}|0)${AREA_CODES}\\)?[ .\\-/\\n]{0,3}[2-9](?:[ .\\-/\\n]?\\d){7}(?!\\d)|` +
        // The number before its area, as it stands on Persian letterheads.
        `(?<![\\d.,/-])[2-9]\\d{3}[ -]?\\d{2}[ -]?\\d{2} ?[-/(] ?0${AREA_CODES}(?!\\d)|` +
        word("(?:تلفن|شماره تماس|دورنگار|فکس|tel|phone|fax)") +
        "[^\\d\\n]{0,14}(?<!\\d)[2-9](?:[ -]?\\d){7}(?![\\d/])|" +
        word("(?:تلفن|شماره ?(?:ی )?|خط) ?داخلی|داخلی ?(?=:)|(?:phone )?extension") +
        "[ :]{0,2}\\d{2,5}(?!\\d)",
      "gu",
    ),
    accept: (match) => !DATE.test(match[0]),
  },
  {
    reason: "bank-card",
    pattern: /(?<!\d|\d[.,])\d{4}(?:([ .-]?)\d{4}\1\d{4}\1|[ .\-/_\n]{1,2}\d{4}[ .\-/_\n]{1,2}\d{4}[ .\-/_\n]{1,2})\d{4}(?!\d|[.,]\d)/g,
    accept: (match) => isBankCard(digitsOf(match[0])),
  },
  { reason: "file-number", pattern: FILE_NUMBERS },
  {
    reason: "national-number",
    pattern: new RegExp(
      word("(?:کد|شماره ?(?:ی)?) ?ملی|national (?:id|number|code)(?: number)?") + "[^\\d\\n]{0,16}\\d(?:[ ./-]?\\d){7,9}(?!\\d)",
      "gu",
    ),
  },
  {
    reason: "national-number",
    pattern: /(?<![\d+]|\d[.,/-])\d{3}([ -]?)(?:\d{6}\1\d|\d{3}\1\d{4})(?!\d|[.,/-]\d)/g,
    // A number of roubles or rials passes the check digit once in eleven times, and ends in zeros.
    accept: (match, text) => isNationalNumber(digitsOf(match[0])) && !/0000$/.test(match[0]) && !isAmount(match, text),
  },
  {
    reason: "vehicle-plate",
    pattern: new RegExp(
      `(?<!\\d)\\d{2}[ -]?${PLATE_LETTER}[ -]?\\d{3}[ ،,\\-/|]{0,3}(?:ایران|ir(?:an)?)[ :\\-/|]{0,3}\\d{2}(?!\\d)|` +
        `(?<!\\p{L})(?:ایران|ir(?:an)?)[ :\\-/|]{0,3}\\d{2}[ ،,\\-/|]{0,3}(?:\\d{3}[ -]?${PLATE_LETTER}[ -]?\\d{2}|\\d{2}[ -]?${PLATE_LETTER}[ -]?\\d{3})(?!\\d)|` +
        `(?<![\\d/])\\d{2}(?:ایران|ir)[ -]?\\d{2}${PLATE_LETTER}\\d{3}(?!\\d)|` +
        // Without the word, only as one piece, or behind the word for a plate.
        `(?<![\\d/])\\d{2}${PLATE_LETTER}\\d{3}[ \\-/]?\\d{2}(?![\\d/])|` +
        `(?<!\\p{L})(?:پلاک|plate)(?: (?:خودرو|ماشین|number|no\\.?))?[ :]{0,2}\\d{2}[ -]?${PLATE_LETTER}[ -]?\\d{3}(?:[ -]?\\d{2})?(?!\\d)`,
      "gu",
    ),
  },
  // "12 new street lamps": a street of this name would have a capital.
  {
    reason: "street-address",
    pattern: STREET_ADDRESSES,
    accept: ([found], _, typed) => !/^\d[^#]*[a-z]/.test(found) || /[A-Z]/.test(typed),
  },
  { reason: "exact-time", pattern: TIMES, accept: (match, text) => !STREET.test(text.slice(Math.max(0, match.index - 14), match.index)) },
  { reason: "only-i-knew", pattern: ONLY_I_KNEW },
  { reason: "self-reference", pattern: SELF_REFERENCES },
]

/** Streets and squares are named after days of the year. */
const STREET =
  /(?:خیابان|میدان|بلوار|بزرگراه|اتوبان|پل|کوچه|بیمارستان|درمانگاه|مدرسه|دبیرستان|ایستگاه|متروی?|چهارراه|محله|شهرک|پارک|فلکه|street|square)[ («"]{1,2}$/

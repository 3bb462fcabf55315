// What is wrong with a code that was entered, and which one may have been meant.

import { plural, text, textOf } from "#shared/texts"
import { grouped } from "#shared/digits"
import { button, h } from "#shared/dom"
import { number } from "#shared/format"
import type { CodeReading } from "../../reporter/receipt"

const DIGITS = 32
const GROUP = 4

type NoCode = Exclude<CodeReading, { digits: string }>

export function wordsOfError({ error, count }: NoCode): string {
  const words = textOf("wrong-code", error, { count: number(count) })
  const missing = DIGITS - count
  if (error !== "length" || missing <= 0 || count === 0 || missing % GROUP !== 0) return words
  return `${words} ${plural("groups-missing", missing / GROUP, { count: number(missing / GROUP) })}`
}

/** Codes to choose from, or null where none comes near. None is used before the person says so. */
export function meantCodes(codes: readonly string[], onChoose: (digits: string) => void): HTMLElement | null {
  if (codes.length === 0) return null
  return h(
    "div",
    { class: "stack", id: "meant" },
    h("p", {}, codes.length === 1 ? text("meant.one") : text("meant.several")),
    ...codes.map((digits) =>
      button(grouped(digits), { class: "button button-quiet meant", dir: "ltr", translate: "no" }, () => onChoose(digits)),
    ),
  )
}

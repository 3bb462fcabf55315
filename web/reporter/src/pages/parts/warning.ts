// What in a text may point to its writer: marked where it stands, with the reason. Computed here, sent nowhere; it
// advises and stands in nobody's way.

import { plural, text, textOf } from "#shared/texts"
import type { Finding } from "../../warn"
import { h, type Child } from "#shared/dom"
import { number } from "#shared/format"
import { loadPart } from "./scripts"
import { wholeNumbers } from "./whole-numbers"

let warn: ((words: string) => Finding[]) | undefined

/** Fetches what finds such places. Where it does not come or does not run, there are no marks, and sending goes on. */
export async function prepareWarnings(): Promise<void> {
  warn ??= await loadPart("warn").then(
    (module) => module.warn,
    () => undefined,
  )
}

function findingsIn(words: string): Finding[] {
  return warn?.(words) ?? []
}

/** The text with its marks. Nobody has to see a mark to know of it: the reason stands behind it, unseen. */
export function marked(words: string): HTMLElement {
  const parts: Child[] = []
  let end = 0
  for (const finding of wholeNumbers(words, findingsIn(words))) {
    parts.push(words.slice(end, finding.start), mark(words, finding))
    end = finding.end
  }
  parts.push(words.slice(end))
  return h("bdi", { dir: "auto" }, ...parts)
}

function mark(words: string, { start, end, reason }: Finding): HTMLElement {
  return h(
    "mark",
    { "data-reason": reason },
    words.slice(start, end),
    h("span", { class: "visually-hidden" }, ` (${textOf("warning", reason)}) `),
  )
}

/** How many marks there are and what they stand for, or null when there are none. */
export function warningNote(texts: readonly string[]): HTMLElement | null {
  const findings = texts.flatMap(findingsIn)
  if (findings.length === 0) return null
  const reasons = [...new Set(findings.map(({ reason }) => reason))]
  return h(
    "section",
    { class: "note note-warn", id: "warning", "aria-labelledby": "warning-title" },
    h("h2", { id: "warning-title" }, text("warnings.title")),
    h("p", {}, plural("warnings.found", findings.length, { count: number(findings.length) })),
    h("ul", {}, ...reasons.map((reason) => h("li", {}, textOf("warning", reason)))),
    h("p", {}, text("warnings.yours")),
  )
}

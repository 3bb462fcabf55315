// The one way in which version 1 grows (PROTOCOL 7): named strings that older programs pass over, or, where the name begins
// `must-`, refuse to judge.

import { asId, asMembers, asText, require } from "./values"

const EXTENSIONS_MAX = 16
const EXTENSION_BYTES_MAX = 8192

/** Names are ids, so one may be `constructor`: they are listed and never looked up as a property. */
export type Extensions = Readonly<Record<string, string>>

/** Ascending as ASCII, whatever the order in which they came. */
export function asExtensions(value: unknown): Extensions {
  const entries = Object.entries(asMembers(value, "extensions"))
  require(entries.length <= EXTENSIONS_MAX, "too many extensions")
  return Object.fromEntries(
    entries
      .map(([name, text]) => [asId(name, "an extension"), asText(text, "an extension", EXTENSION_BYTES_MAX)] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1)),
  )
}

/** Whether one of them must be understood. This program knows none that must. */
export function isOfNewerVersion(...all: readonly Extensions[]): boolean {
  return all.some((extensions) => Object.keys(extensions).some((name) => name.startsWith("must-")))
}

// Strict JSON for a document that is signed and may stand in any order and with white space: JSON.parse keeps the
// last of two equal members and does not say that there were two.

import { Malformed } from "../errors"
import { require } from "./values"

/** Parses JSON in which no object has a member twice and every number is written as a plain integer. */
export function parseStrictJson(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new Malformed("no JSON")
  }
  // From here on the text is known to be JSON, so strings and numbers can be found without parsing the rest.
  const names: (Set<string> | undefined)[] = []
  let nameNext = false
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[-0-9][^\s,\]}]*|[{}[\],]/g)) {
    if (token === "{" || token === "[") names.push(token === "{" ? new Set() : undefined)
    else if (token === "}" || token === "]") names.pop()
    else if (token.startsWith('"')) {
      if (nameNext) {
        const name = JSON.parse(token) as string
        require(!names.at(-1)?.has(name), "a member stands there twice")
        names.at(-1)?.add(name)
      }
    } else if (token !== ",") require(/^(0|[1-9][0-9]*)$/.test(token), "a number is no plain integer")
    // A name follows the brace of an object and each of its commas.
    nameNext = (token === "{" || token === ",") && names.at(-1) !== undefined
  }
  return value
}

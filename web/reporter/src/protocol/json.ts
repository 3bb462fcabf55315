// JSON of untrusted bytes.

import { decodeUtf8 } from "./bytes"
import { Malformed } from "./malformed"
import { require } from "./values"

/** What JSON.parse makes of it. Enough where a document has one encoding, with which the bytes are compared. */
export function parseJson(bytes: Uint8Array): unknown {
  return parse(decodeUtf8(bytes))
}

/**
 * JSON in which no object has a member twice and every number is written as a plain integer: for a document that is signed
 * and may stand in any order and with white space. JSON.parse keeps the last of two equal members and does not say that there
 * were two.
 */
export function parseStrictJson(text: string): unknown {
  const value = parse(text)
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Malformed("no JSON")
  }
}

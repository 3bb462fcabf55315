// Keeps README.md to the code: every cleaner has its row, every word for what stays and for why nothing was done is explained, and
// no other is used.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"

const read = (path: string) => readFileSync(join(WEB_FOLDER, "clean", path), "utf8")
const readme = read("README.md")
const code = read("src/cleaned.ts")

/** The words of a union in cleaned.ts. */
function words(type: string): string[] {
  const [, union = ""] = new RegExp(`export type ${type} =\\n((?: +\\| .*\\n)+)`).exec(code) ?? []
  const found = [...union.replace(/\/\/.*/g, "").matchAll(/"([a-z-]+)"/g)].map(([, word]) => word!)
  assert.ok(found.length > 3, `the words of ${type}`)
  return found
}

test("every cleaner that clean() calls has a row, and every row is a file", () => {
  const called = [...read("src/clean.ts").matchAll(/import \{[^}]*\bclean[A-Z][^}]*\} from "\.\/([a-z0-9-]+)"/g)].map(
    ([, name]) => `${name}.ts`,
  )
  const rows = [...readme.matchAll(/<br>`([a-z0-9-]+\.ts)`/g)].map(([, name]) => name!)
  assert.ok(called.length >= 11)
  assert.deepEqual([...new Set(rows)].sort(), [...called, "detect.ts"].sort())
})

test("what may stay, why nothing was done and every outcome are explained, in these words and no others", () => {
  const named = new Set([...readme.matchAll(/`([a-z]+(?:-[a-z]+)*)`/g)].map(([, word]) => word!))
  const known = ["Remains", "Reason", "Outcome"].flatMap(words)
  for (const word of known) assert.ok(named.delete(word), word)
  // The members of an answer, and a chunk of a recording.
  for (const other of ["clean", "removed", "remains", "seen", "outcome", "reason", "bext", "cart"]) named.delete(other)
  assert.deepEqual([...named], [])
})

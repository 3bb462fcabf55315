import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { compareCatalogues, findUnused, keysNamed, readCatalogues, textsNamed } from "../catalogue.mjs"

const IMPORT = 'import { text, textOf, plural } from "../texts"\n'

function problemsOf(run) {
  const problems = []
  run((text) => problems.push(text))
  return problems
}

function language(lang, texts) {
  return { lang, texts: new Map(Object.entries(texts)) }
}

test("the texts that a script names are found, and a name that is no literal is a problem", () => {
  const source = `${IMPORT}text("a.b"); x.text("no.no"); text(\n  "c.d", { n: "1" }); textOf("status", id); plural("files", 2); response.text(); context("e.f")`
  const named = textsNamed(source, "x.ts", assert.fail)
  assert.deepEqual([[...named.keys], [...named.prefixes], [...named.plurals]], [["a.b", "c.d"], ["status"], ["files"]])
  assert.equal(problemsOf((problem) => textsNamed(`${IMPORT}text(key); text('a.b'); textOf(\`a\`)`, "x.ts", problem)).length, 3)
})

test("prefixes and plurals stand for all keys below them, and names without a text are a problem", () => {
  const texts = new Map(
    Object.entries({ "status.closed": "x", "status.open": "x", "statuses.no": "x", "files.one": "x", "files.other": "x", "a.b": "x" }),
  )
  const named = { keys: new Set(["a.b"]), prefixes: new Set(["status"]), plurals: new Set(["files"]) }
  assert.deepEqual([...keysNamed(named, texts, "x", assert.fail)].sort(), [
    "a.b",
    "files.one",
    "files.other",
    "status.closed",
    "status.open",
  ])
  assert.equal(
    problemsOf((problem) => keysNamed({ keys: new Set(["a"]), prefixes: new Set(["b"]), plurals: new Set(["c"]) }, texts, "x", problem))
      .length,
    3,
  )
})

test("languages have the same keys, the same placeholders and their own plural forms", () => {
  const fa = language("fa", { "a.b": "{n} x", "files.one": "x", "files.other": "x" })
  const plurals = new Set(["files"])
  assert.deepEqual(
    problemsOf((problem) =>
      compareCatalogues([fa, language("en", { "a.b": "y {n}", "files.one": "x", "files.other": "x" })], plurals, problem),
    ),
    [],
  )
  const arabic = {
    "a.b": "{n}",
    ...Object.fromEntries(["zero", "one", "two", "few", "many", "other"].map((form) => [`files.${form}`, "x"])),
  }
  assert.deepEqual(
    problemsOf((problem) => compareCatalogues([fa, language("ar", arabic)], plurals, problem)),
    [],
  )
  const wrong = [
    { "files.one": "x", "files.other": "x" },
    { "a.b": "y", "files.one": "x", "files.other": "x" },
    { "a.b": "y {n} {m}", "files.one": "x", "files.other": "x" },
    { "a.b": "y {n}", "files.other": "x" },
    { "a.b": "y {n}", "files.one": "x", "files.other": "x", "files.few": "x" },
    { "a.b": "y {n}", "files.one": "x", "files.other": "x", "c.d": "x" },
  ]
  for (const texts of wrong)
    assert.equal(problemsOf((problem) => compareCatalogues([fa, language("en", texts)], plurals, problem)).length, 1, JSON.stringify(texts))
})

test("a text that nothing uses is a problem, the language's own are not", () => {
  const languages = [language("fa", { "a.b": "x", "c.d": "x", "language.name": "x", "language.dir": "rtl", "language.order": "1" })]
  assert.equal(problemsOf((problem) => findUnused(languages, new Set(["a.b"]), problem)).length, 1)
  assert.deepEqual(
    problemsOf((problem) => findUnused(languages, new Set(["a.b", "c.d"]), problem)),
    [],
  )
})

test("a catalogue is read in the order of its languages, and its faults are told", async () => {
  const folder = mkdtempSync(join(tmpdir(), "mohr-texts-"))
  try {
    writeFileSync(join(folder, "en.json"), '{"language.name":"English","language.dir":"ltr","language.order":"2","a.b":"x"}')
    writeFileSync(join(folder, "fa.json"), '{"language.name":"فارسی","language.dir":"rtl","language.order":"1","a.b":"x"}')
    assert.deepEqual(
      (await readCatalogues(folder, assert.fail)).map(({ lang, dir, name }) => [lang, dir, name]),
      [
        ["fa", "rtl", "فارسی"],
        ["en", "ltr", "English"],
      ],
    )
    writeFileSync(join(folder, "xx.json"), '{"language.name":"X","language.dir":"up","a.b":"x",\n"a.b":"y","C":"x","e.f":""}')
    const problems = []
    await readCatalogues(folder, (text) => problems.push(text))
    assert.equal(problems.length, 5, problems.join("\n"))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

// The texts: one flat JSON object per language, checked against each other and against their use.
import { readFile, readdir } from "node:fs/promises"
import { join } from "node:path"

/** Keys that are about the language itself and are read by the build. */
const OWN_KEYS = ["language.name", "language.dir", "language.order"]
const KEY = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/

/** Reads web/texts: a list of { lang, name, dir, texts } in the order of `language.order`. */
export async function readCatalogues(folder, problem) {
  const languages = []
  for (const file of (await readdir(folder)).filter((name) => name.endsWith(".json")).sort()) {
    const lang = file.slice(0, -".json".length)
    const where = `texts/${file}`
    if (!/^[a-z]{2,3}$/.test(lang)) problem(`${where}: a language is two or three of a-z`)
    const source = await readFile(join(folder, file), "utf8")
    const texts = new Map(Object.entries(JSON.parse(source)))
    for (const [key, text] of texts) {
      if (!KEY.test(key)) problem(`${where}: "${key}" is no key`)
      if (typeof text !== "string" || text === "") problem(`${where}: "${key}" has no text`)
      if (source.split(`${JSON.stringify(key)}:`).length > 2) problem(`${where}: "${key}" is given twice`)
    }
    for (const key of OWN_KEYS) if (!texts.has(key)) problem(`${where}: "${key}" is missing`)
    if (!["rtl", "ltr"].includes(texts.get("language.dir"))) problem(`${where}: "language.dir" is rtl or ltr`)
    languages.push({
      lang,
      name: texts.get("language.name"),
      dir: texts.get("language.dir"),
      order: Number(texts.get("language.order")),
      texts,
    })
  }
  return languages.sort((a, b) => a.order - b.order)
}

/**
 * What a script's source names: `keys` by text("…"), `prefixes` by textOf("…", …), `plurals` by plural("…", …).
 * A first argument that is no literal is a problem: the text would be missing from the page.
 */
export function textsNamed(source, where, problem) {
  const named = { keys: new Set(), prefixes: new Set(), plurals: new Set() }
  const sets = { text: named.keys, textOf: named.prefixes, plural: named.plurals }
  for (const [, call, literal] of source.matchAll(/(?<![\w.$])(text|textOf|plural)\(\s*(?:"([^"\\]*)"|(?=[^)\s]))/g)) {
    if (literal === undefined) problem(`${where}: ${call}(…) needs a literal in double quotes`)
    else sets[call].add(literal)
  }
  return named
}

/** The keys of a catalogue that `named` stands for. */
export function keysNamed(named, texts, where, problem) {
  const keys = new Set()
  const take = (what, test) => {
    const found = [...texts.keys()].filter(test)
    if (found.length === 0) problem(`${where}: no text for ${what}`)
    for (const key of found) keys.add(key)
  }
  for (const key of named.keys) take(`"${key}"`, (other) => other === key)
  for (const prefix of named.prefixes) take(`"${prefix}.…"`, (key) => key.startsWith(`${prefix}.`))
  for (const base of named.plurals) take(`"${base}.…"`, (key) => key.startsWith(`${base}.`))
  return keys
}

/** Every language has the same keys with the same placeholders, and of a plural the forms that it uses. */
export function compareCatalogues(languages, plurals, problem) {
  const first = languages[0]
  const baseOf = (key) => [...plurals].find((base) => key.startsWith(`${base}.`))
  for (const { lang, texts } of languages) {
    const where = `texts/${lang}.json`
    for (const base of plurals) {
      const wanted = new Intl.PluralRules(lang).resolvedOptions().pluralCategories.map((form) => `${base}.${form}`)
      for (const key of wanted) if (!texts.has(key)) problem(`${where}: plural form "${key}" is missing`)
      for (const key of texts.keys())
        if (baseOf(key) === base && !wanted.includes(key)) problem(`${where}: "${key}" is no plural form of this language`)
    }
    for (const [key, text] of first.texts) {
      if (baseOf(key) !== undefined) continue
      if (!texts.has(key)) problem(`${where}: "${key}" is missing`)
      else if (placeholders(texts.get(key)) !== placeholders(text))
        problem(`${where}: "${key}" has other {placeholders} than texts/${first.lang}.json`)
    }
    for (const key of texts.keys())
      if (baseOf(key) === undefined && !first.texts.has(key)) problem(`${where}: "${key}" is missing in texts/${first.lang}.json`)
  }
}

/** Every key is named by a template, by a script or by the build itself. */
export function findUnused(languages, used, problem) {
  for (const { lang, texts } of languages) {
    for (const key of texts.keys()) if (!used.has(key) && !OWN_KEYS.includes(key)) problem(`texts/${lang}.json: "${key}" is used nowhere`)
  }
}

function placeholders(text) {
  return [...text.matchAll(/\{(\w+)\}/g)]
    .map(([, name]) => name)
    .sort()
    .join()
}

// What can be told of looks without a browser: contrast of the palette, logical properties, what Persian type does
// not stand, and whether the font has the letters that the catalogue uses.

import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import english from "../../texts/en.json"
import persian from "../../texts/fa.json"

const styles = readdirSync(`${WEB_FOLDER}/styles/parts`).map((name) => ({ name, css: readFileSync(`${WEB_FOLDER}/styles/parts/${name}`, "utf8") }))
const tokens = styles.find(({ name }) => name === "tokens.css")?.css ?? ""

/** Colours by name: those of light, and those of dark over them. */
function palette(scheme: "light" | "dark"): Map<string, string> {
  const [light = "", dark = ""] = tokens.split("@media (prefers-color-scheme: dark)")
  const read = (css: string) => [...css.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name, colour] as [string, string])
  return new Map([...read(light), ...(scheme === "dark" ? read(dark) : [])])
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16) / 255
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

const TEXT = 4.5
const EDGE = 3
const PAIRS: [string, string, number][] = [
  ...["paper", "surface", "sunken", "accent-soft", "warn-soft"].map((ground): [string, string, number] => ["ink", ground, TEXT]),
  ...["paper", "surface", "sunken"].map((ground): [string, string, number] => ["ink-soft", ground, TEXT]),
  ...["paper", "surface", "accent-soft"].map((ground): [string, string, number] => ["accent", ground, TEXT]),
  ["accent", "sunken", TEXT],
  ["accent-deep", "paper", TEXT],
  ["accent-ink", "accent", TEXT],
  ["accent-ink", "accent-deep", TEXT],
  ["band-ink", "band", TEXT],
  ["band-soft", "band", TEXT],
  ["warn-ink", "warn-soft", TEXT],
  ["bad-ink", "bad-soft", TEXT],
  ["bad-ink", "paper", TEXT],
  ["bad-ink", "surface", TEXT],
  ["good-ink", "good-soft", TEXT],
  ["good-ink", "paper", TEXT],
  ["good-ink", "surface", TEXT],
  ["exit-ink", "exit", TEXT],
  ["edge", "surface", EDGE],
  ["edge", "paper", EDGE],
  ["accent", "paper", EDGE],
  ["bad-edge", "surface", EDGE],
  ["bad-edge", "paper", EDGE],
  ["surface", "bad-edge", TEXT],
]

for (const scheme of ["light", "dark"] as const) {
  test(`the colours of ${scheme} reach AA`, () => {
    const colours = palette(scheme)
    for (const [front, ground, least] of PAIRS) {
      const [a, b] = [colours.get(front), colours.get(ground)]
      assert.ok(a !== undefined && b !== undefined, `${front} on ${ground}: no such colour`)
      assert.ok(contrast(a, b) >= least, `${front} on ${ground}: ${contrast(a, b).toFixed(2)} is less than ${least}`)
    }
  })
}

test("colours stand in the tokens and nowhere else, but for paper", () => {
  for (const { name, css } of styles) if (name !== "tokens.css" && name !== "print.css") assert.doesNotMatch(css, /#[0-9a-f]{3,8}\b(?!\.|[^;{]*\{)|rgba?\(|hsla?\(/i, name)
})

test("properties are logical, so that a page turns with its language", () => {
  const physical = /(?:^|[\s;{])(?:margin|padding|border)-(?:left|right|top|bottom)\b|(?:^|[\s;{])(?:left|right|top|bottom|width|height|(?:min|max)-(?:width|height))\s*:|text-align:\s*(?:left|right)|float:/m
  for (const { name, css } of styles) assert.doesNotMatch(css.replace(/@media[^{]*/g, "").replace(/\/\*[\s\S]*?\*\//g, ""), physical, name)
})

test("nothing that Persian type does not stand", () => {
  for (const { name, css } of styles) assert.doesNotMatch(css, /letter-spacing|italic|oblique|text-align:\s*justify|text-transform/, name)
})

test("the font has every letter of the Persian texts", () => {
  const source = readFileSync(`${WEB_FOLDER}/fonts/subset.mjs`, "utf8")
  const constant = (name: string) => /"(.*)"/.exec(new RegExp(`const ${name} = .*`).exec(source)?.[0] ?? "")?.[1] ?? ""
  const glyphs = new Set(["LETTERS", "MARKS", "DIGITS", "PUNCTUATION"].flatMap((name) => [...constant(name)]))
  glyphs.add("\u200c")
  for (const [key, words] of Object.entries(persian)) {
    // Latin words and signs are drawn by the system's font.
    for (const letter of words.replace(/\{\w+\}/g, "")) {
      if (!/[\p{Script=Arabic}\u064b-\u065f\u060c\u061b\u061f\u200c-\u200f]/u.test(letter)) continue
      assert.ok(glyphs.has(letter), `${key}: U+${letter.codePointAt(0)?.toString(16)} ${letter}`)
    }
  }
})

test("the font stays small and has its licence beside it", () => {
  assert.ok(readFileSync(`${WEB_FOLDER}/fonts/vazirmatn-fa.woff2`).length <= 20_000)
  assert.match(readFileSync(`${WEB_FOLDER}/fonts/OFL.txt`, "utf8"), /SIL Open Font License, Version 1\.1/)
})

test("Persian is written with Persian letters, digits and marks", () => {
  for (const [key, words] of Object.entries(persian)) {
    const persianWords = words.replace(/\{\w+\}/g, "۰")
    assert.doesNotMatch(persianWords, /[يكةى٠-٩]/, `${key}: Arabic letters or digits`)
    if (!key.startsWith("language.")) assert.doesNotMatch(persianWords, /[0-9]/, `${key}: ASCII digits`)
    assert.doesNotMatch(persianWords, /[,;?](?!\w)/, `${key}: Latin punctuation`)
    assert.doesNotMatch(persianWords, /(?<![\p{L}])ن?می \p{L}|\p{L} (?:ها|های|هایی|تر|ترین)(?![\p{L}])/u, `${key}: a space where a half-space belongs`)
    assert.doesNotMatch(persianWords, / {2}|^ | $/, `${key}: a space too many`)
  }
})

test("sentences are short enough to be read under stress", () => {
  for (const [language, texts] of Object.entries({ fa: persian, en: english })) {
    for (const [key, words] of Object.entries(texts)) {
      for (const sentence of words.split(/[.؟?!؛;:،,]\s/)) {
        const count = sentence.split(/\s+/).length
        assert.ok(count <= 20, `${language} ${key}: ${count} words without a pause: ${sentence}`)
      }
    }
  }
})

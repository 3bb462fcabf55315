// What can be told of looks without a browser: logical properties, what Persian type does not stand, and whether the font
// has the letters that the catalogue uses. The palette has a test of its own, in shared/test.

import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"
import english from "../../texts/en.json"
import persian from "../../texts/fa.json"

const styles = ["shared/styles", "reporter/styles/parts"].flatMap((folder) =>
  readdirSync(`${WEB_FOLDER}/${folder}`).map((name) => ({ name, css: readFileSync(`${WEB_FOLDER}/${folder}/${name}`, "utf8") })),
)

test("colours stand in the tokens and nowhere else, but for paper", () => {
  for (const { name, css } of styles)
    if (name !== "tokens.css" && name !== "print.css") assert.doesNotMatch(css, /#[0-9a-f]{3,8}\b(?!\.|[^;{]*\{)|rgba?\(|hsla?\(/i, name)
})

test("properties are logical, so that a page turns with its language", () => {
  const physical =
    /(?:^|[\s;{])(?:margin|padding|border)-(?:left|right|top|bottom)\b|(?:^|[\s;{])(?:left|right|top|bottom|width|height|(?:min|max)-(?:width|height))\s*:|text-align:\s*(?:left|right)|float:/m
  for (const { name, css } of styles) assert.doesNotMatch(css.replace(/@media[^{]*/g, "").replace(/\/\*[\s\S]*?\*\//g, ""), physical, name)
})

test("nothing that Persian type does not stand", () => {
  for (const { name, css } of styles) assert.doesNotMatch(css, /letter-spacing|italic|oblique|text-align:\s*justify|text-transform/, name)
})

test("the font has every letter of the Persian texts", () => {
  const source = readFileSync(`${WEB_FOLDER}/build/subset-font.mjs`, "utf8")
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

test("Persian is written with Persian letters, digits and marks", () => {
  for (const [key, words] of Object.entries(persian)) {
    const persianWords = words.replace(/\{\w+\}/g, "۰")
    assert.doesNotMatch(persianWords, /[يكةى٠-٩]/, `${key}: Arabic letters or digits`)
    if (!key.startsWith("language.")) assert.doesNotMatch(persianWords, /[0-9]/, `${key}: ASCII digits`)
    assert.doesNotMatch(persianWords, /[,;?](?!\w)/, `${key}: Latin punctuation`)
    assert.doesNotMatch(
      persianWords,
      /(?<![\p{L}])ن?می \p{L}|\p{L} (?:ها|های|هایی|تر|ترین)(?![\p{L}])/u,
      `${key}: a space where a half-space belongs`,
    )
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

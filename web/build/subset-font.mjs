// Makes shared/fonts/vazirmatn-fa.woff2: Vazirmatn cut down to what the Persian pages say.
//
// Run by hand (npm run fonts) when the catalogue needs a new letter or the package changes; the result is
// committed, so that a build does not depend on a font compiler being the same to the byte on every machine.
// Letters, digits and marks that only a person may type fall back to the system's font, glyph by glyph.
// Never subset the "FD" builds of Vazirmatn: they draw Persian shapes for ASCII digits, and a receipt code
// that looks different from what it copies as is a trap.

import { readFile, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import subsetFont from "subset-font"

const LETTERS = "ءآأؤئابتثجحخدذرزسشصضطظعغفقکگلمنهویپچژ"
const MARKS = "ًُٔ" + "\u200c"
const DIGITS = "۰۱۲۳۴۵۶۷۸۹٬٫"
const PUNCTUATION = " .:،؛؟«»()"

// One variable weight axis: regular text and bold headings from a single file.
const WEIGHTS = { wght: { min: 400, max: 700 } }

// What joins and places the letters. Left out: stylistic sets and ligatures of words that the pages do not write.
const FEATURES = ["ccmp", "init", "medi", "fina", "rlig", "calt", "mark", "kern"]

const resolve = createRequire(import.meta.url).resolve
const source = await readFile(resolve("vazirmatn/fonts/variable/Vazirmatn[wght].ttf"))
const woff2 = await subsetFont(source, LETTERS + MARKS + DIGITS + PUNCTUATION, {
  targetFormat: "woff2",
  variationAxes: WEIGHTS,
  keepFeatures: FEATURES,
  noHinting: true,
  // HVAR: only layout engines of old ask for it; browsers take the advances from gvar. GDEF: what is a mark they know from Unicode.
  dropTables: ["HVAR", "GDEF"],
})
await writeFile(new URL("../shared/fonts/vazirmatn-fa.woff2", import.meta.url), woff2)
await writeFile(new URL("../shared/fonts/OFL.txt", import.meta.url), await readFile(resolve("vazirmatn/OFL.txt")))
console.log(`vazirmatn-fa.woff2: ${woff2.length} bytes`)

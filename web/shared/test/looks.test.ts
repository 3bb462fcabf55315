// What can be told of looks without a browser: contrast of the palette, and what the font weighs.

import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { test } from "node:test"

const tokens = readFileSync(`${WEB_FOLDER}/shared/styles/tokens.css`, "utf8")

/** Colours by name: those of light, and those of dark over them. */
function palette(scheme: "light" | "dark"): Map<string, string> {
  const [light = "", dark = ""] = tokens.split("@media (prefers-color-scheme: dark)")
  const read = (css: string) =>
    [...css.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g)].map(([, name, colour]) => [name, colour] as [string, string])
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

test("the font stays small and has its licence beside it", () => {
  assert.ok(readFileSync(`${WEB_FOLDER}/shared/fonts/vazirmatn-fa.woff2`).length <= 20_000)
  assert.match(readFileSync(`${WEB_FOLDER}/shared/fonts/OFL.txt`, "utf8"), /SIL Open Font License, Version 1\.1/)
})

// What the served files promise each other: a part that failed can be asked for under another address, and no name tells anything.

import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"

// eslint-disable-next-line no-undef -- test/run.mjs defines it
const dist = join(WEB_FOLDER, "dist/reporter")
const read = (path) => readFileSync(join(dist, path), "utf8")
const assets = readdirSync(join(dist, "assets"))
const scripts = assets.filter((name) => name.endsWith(".js"))
const pages = ["fa", "en"].flatMap((lang) => readdirSync(join(dist, lang)).map((name) => `${lang}/${name}`))
const scriptOf = (page) => /<script type="module" src="\/assets\/([^"]+)"/.exec(read(page))[1]
const base = scriptOf("fa/index.html")

test("names are hashes and nothing else", () => {
  for (const name of assets) assert.match(name, /^[0-9A-Z]{8}\.(js|css|svg|woff2)$/)
})

test("a script imports the base and nothing else, the base nothing, and none imports later by itself", () => {
  for (const name of scripts) {
    const source = read(`assets/${name}`)
    const imported = new Set([...source.matchAll(/(?<!["'.])\b(?:from|import)\s*"([^"]+)"/g)].map(([, path]) => path))
    assert.deepEqual([...imported], name === base ? [] : imported.size === 0 ? [] : [`./${base}`], name)
    assert.doesNotMatch(source, /\bimport\(\s*["'`]/, `${name} fixes an address`)
  }
})

test("every page names the parts that may be fetched later, and each says at its end what it exports", () => {
  for (const page of pages) {
    for (const part of ["core", "warn", "clean"]) {
      const [, name] = new RegExp(`<body [^>]*data-${part}="/assets/([^"]+)"`).exec(read(page))
      assert.match(read(`assets/${name}`), /export\{[^}]+\};\n$/, `${part} of ${page}`)
    }
  }
})

test("who reports and who comes back fetches the same styles, font and parts", () => {
  const fetched = (page) => read(page).match(/(?:href|data-\w+)="\/assets\/[^"]+"/g)
  assert.deepEqual(fetched("fa/report.html"), fetched("fa/status.html"))
})

test("scripts and styles that a page begins with are checked against their digest", () => {
  for (const page of pages) {
    const tags = read(page).match(/<(?:script|link rel="stylesheet")[^>]*>/g)
    assert.ok(tags.length >= 2, page)
    for (const tag of tags) {
      const [, name] = /(?:src|href)="\/([^"]+)"/.exec(tag)
      const digest = createHash("sha256")
        .update(readFileSync(join(dist, name)))
        .digest("base64")
      assert.ok(tag.includes(`integrity="sha256-${digest}"`), `${page}: ${tag}`)
    }
  }
})

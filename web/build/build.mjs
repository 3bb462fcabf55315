// Builds web/dist/reporter from web/reporter/{pages,texts,src,styles,static} and what these use of web/shared and web/clean,
// the same bytes on every machine. In web/reporter there are, and in web/dist/reporter they become:
//
//   pages/<page>.html        → <lang>/<page>.html for every language of texts/, which the server shows as
//                              /<lang>/<page> (index: /<lang>/)
//   src/pages/<name>.ts      → assets/<hash>.js, an ES module. What home needs is in home's alone, and the others import it from
//                              there; each part that a page fetches later is one such file, too (see bundling.mjs)
//   src/seal/worker.ts       → assets/<hash>.js, with all that it needs: a worker that misses a part does not start
//   styles/<name>.css        → assets/<hash>.css, with the fonts and images it names
//   static/**                → as it is
//   licenses.txt             the licences of everything that came from elsewhere and is served
//   manifest.json            every other file with its size and SHA-256, for those who check what they are served
//
// Template tags; any other fails the build. The paths in them begin in web/:
//
//   {{ home.title }}                              a text of the catalogue, escaped for HTML
//   {{ $lang }} {{ $dir }} {{ $page }}            the language's code and direction, the page's name
//   {{ href report }}                             the address of a page in the same language
//   {{ asset reporter/styles/base.css }}          the address of a style, a script (reporter/src/pages/….ts), a font or an icon
//   {{ integrity reporter/styles/base.css }}      the digest of that file, for an integrity attribute
//   {{ inline shared/icons/lock.svg }}            the file itself
//   {{ preloads reporter/src/pages/report.ts }}   <link rel="modulepreload"> for the script which that script needs at once
//   {{ texts reporter/src/pages/report.ts }}      <template id="texts">: the texts which that script names (see shared/src/texts.ts)
//   {{> head title=home.title }}                  pages/partials/head.html, where @title in a tag stands for the argument
//   {{#languages}} … {{/languages}}               once for each language, with {{ $it.lang }} $it.dir $it.name $it.href $it.current
//   {{! a comment }}
//
// How texts reach scripts: as JSON in an inert <template> of the page. It costs no request and no second copy of a
// script per language, a script carries only what it names, and a Content-Security-Policy has nothing to object to.
//
// A key that is missing, unknown or unused, a plural form too few, placeholders that differ between languages,
// inline script or style: all fail the build, and all are told at once.

import { createHash } from "node:crypto"
import { mkdir, readFile, readdir, rm, rmdir, writeFile } from "node:fs/promises"
import { basename, dirname, extname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { bundleScripts, bundleStyles, bundleWorker } from "./bundling.mjs"
import { compareCatalogues, findUnused, keysNamed, readCatalogues, textsNamed } from "./catalogue.mjs"
import { escapeHtml, expand, refuseInline, render } from "./template.mjs"

const web = dirname(dirname(fileURLToPath(import.meta.url)))
const DIST = "dist/reporter"

/** What every page needs is what home needs. */
const BASE = "reporter/src/pages/home.ts"
/** What a page fetches later, each of them one file; the pages find their addresses in the document. */
const PARTS = ["clean/src/clean.ts", "reporter/src/reporter/index.ts", "reporter/src/warn/index.ts"]
/** Seals beside the page, where the browser lets it. */
const WORKER = "reporter/src/seal/worker.ts"

const dist = join(web, DIST)

const problems = new Set()
const problem = (text) => problems.add(text)

/** path in dist → bytes */
const output = new Map()
/** a font or icon that only templates name → its path in dist */
const added = new Map()

const bundle = await bundleAssets()
await renderPages()
await copyStatic()
await collectLicenses()
writeManifest()

if (problems.size > 0) {
  for (const text of problems) console.error(text)
  console.error(`build.mjs: ${problems.size} problems, ${DIST} is left as it was`)
  process.exit(1)
}
await writeOutput()
console.log(`web/${DIST}: ${output.size} files, ${[...output.values()].reduce((sum, bytes) => sum + bytes.length, 0)} bytes`)

/** Scripts and styles, and what became of each: `inputs` and `outputs` as esbuild's metafile has them. */
async function bundleAssets() {
  const pages = (await list("reporter/src/pages")).filter((path) => path.endsWith(".ts"))
  const styles = (await list("reporter/styles")).filter((path) => path.endsWith(".css"))
  const bundle = { inputs: {}, outputs: {} }
  try {
    const worker = await bundleWorker(web, DIST, WORKER)
    const define = { SEALING_WORKER: JSON.stringify(worker.address) }
    for (const build of [worker, bundleScripts(web, DIST, { pages, parts: PARTS, base: BASE, define }), bundleStyles(web, DIST, styles)]) {
      const { files, inputs, outputs } = await build
      for (const [path, bytes] of files) output.set(path.slice(DIST.length + 1), bytes)
      Object.assign(bundle.inputs, inputs)
      Object.assign(bundle.outputs, outputs)
    }
  } catch (error) {
    if (error.errors === undefined) throw error
    for (const { text, location } of error.errors) problem(`${location?.file ?? "esbuild"}: ${text}`)
  }
  return bundle
}

async function renderPages() {
  const languages = await readCatalogues(join(web, "reporter/texts"), problem)
  const pages = (await list("reporter/pages")).filter((path) => path.endsWith(".html")).map((path) => basename(path, ".html"))
  if (pages.length > 0 && languages.length === 0) return problem("texts: no catalogue")
  const partials = new Map()
  for (const path of await list("reporter/pages/partials")) partials.set(basename(path, ".html"), await readFile(join(web, path), "utf8"))

  const namedByScript = await readScripts()
  const plurals = new Set([...namedByScript.values()].flatMap((named) => [...named.plurals]))
  if (languages.length > 0) compareCatalogues(languages, plurals, problem)

  const used = new Set()
  for (const page of pages) {
    const where = `reporter/pages/${page}.html`
    const source = expand(await readFile(join(web, where), "utf8"), partials, where, problem)
    refuseInline(source, where, problem)
    const inlined = new Map()
    for (const [, path] of source.matchAll(/\{\{\s*inline\s+([^\s{}]+)\s*\}\}/g)) {
      inlined.set(path, ((await readFile(join(web, path), "utf8").catch(() => problem(`${where}: no file ${path}`))) ?? "").trim())
    }
    for (const [, path] of source.matchAll(/\{\{\s*asset\s+([^\s{}]+)\s*\}\}/g)) {
      if (!path.endsWith(".ts") && !path.endsWith(".css")) await addAsset(path, where)
      const named = namedByScript.get(path)
      if (named === undefined || named.keys.size + named.prefixes.size + named.plurals.size === 0) continue
      const blocks = [...source.matchAll(/\{\{\s*texts\s+([^\s{}]+)\s*\}\}/g)].map(([, script]) => script)
      if (blocks.length !== 1 || blocks[0] !== path) problem(`${where}: {{ texts ${path} }} must stand in the page once`)
    }
    for (const language of languages) {
      const { lang, dir, texts } = language
      const say = (key) => {
        if (!texts.has(key)) problem(`${where}: no text "${key}" in texts/${lang}.json`)
        used.add(key)
        return texts.get(key) ?? ""
      }
      const known = (path) => assetOf(path) ?? problem(`${where}: no asset ${path}`) ?? ""
      const href = (other, to = lang) => `/${to}/${other === "index" ? "" : other}`
      const tags = {
        text: (key) => escapeHtml(say(key)),
        value: (name) => {
          const values = { lang, dir, page }
          if (!Object.hasOwn(values, name)) problem(`${where}: unknown tag $${name}`)
          return values[name] ?? ""
        },
        href: (other) => {
          if (!pages.includes(other)) problem(`${where}: no page "${other}"`)
          return href(other)
        },
        asset: (path) => `/${known(path)}`,
        integrity: (path) =>
          `sha256-${createHash("sha256")
            .update(output.get(known(path)) ?? "")
            .digest("base64")}`,
        inline: (path) => inlined.get(path) ?? "",
        preloads: (path) =>
          preloadsOf(path, where)
            .map((chunk) => `<link rel="modulepreload" href="/${chunk}">`)
            .join(""),
        texts: (path) => {
          const named = namedByScript.get(path)
          if (named === undefined) return problem(`${where}: no script ${path}`) ?? ""
          const keys = [...keysNamed(named, texts, path, problem)].sort()
          const json = JSON.stringify(Object.fromEntries(keys.map((key) => [key, say(key)])))
          return `<template id="texts">${json.replace(/&/g, "&amp;").replace(/</g, "&lt;")}</template>`
        },
      }
      const others = languages.map((other) => ({
        lang: other.lang,
        dir: other.dir,
        name: other.name,
        href: href(page, other.lang),
        current: other === language,
      }))
      output.set(`${lang}/${page}.html`, Buffer.from(render(source, tags, others, where, problem)))
    }
  }
  if (pages.length > 0) findUnused(languages, used, problem)
}

/** What each entry point names, with all that it imports, at once or later. */
async function readScripts() {
  const namedByFile = new Map()
  for (const path of Object.keys(bundle.inputs)) {
    if (!/^(reporter|shared)\/src\/.*\.ts$/.test(path) || path === "shared/src/texts.ts") continue
    const source = await readFile(join(web, path), "utf8")
    // Who does not import the catalogue may call something of its own text(…).
    if (/from "[^"]*\/texts"/.test(source)) namedByFile.set(path, textsNamed(source, path, problem))
  }
  const namedByScript = new Map()
  for (const entry of await list("reporter/src/pages")) {
    const seen = new Set()
    const waiting = [entry]
    const all = { keys: new Set(), prefixes: new Set(), plurals: new Set() }
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (seen.has(path)) continue
      seen.add(path)
      const named = namedByFile.get(path)
      for (const kind of named === undefined ? [] : Object.keys(all)) for (const name of named[kind]) all[kind].add(name)
      for (const { path: imported } of bundle.inputs[path]?.imports ?? []) waiting.push(imported)
    }
    namedByScript.set(entry, all)
  }
  return namedByScript
}

/** Where a source file went in dist. */
function assetOf(path) {
  for (const [file, { entryPoint, inputs }] of Object.entries(bundle.outputs)) {
    // A style may name a part of a drawing.
    const [only, ...more] = Object.keys(inputs).map((input) => input.replace(/#.*/, ""))
    if (entryPoint === path || (entryPoint === undefined && only === path && more.length === 0 && !/\.(js|css)$/.test(file)))
      return file.slice(DIST.length + 1)
  }
  return added.get(path)
}

/** A font or icon that no style names is put beside those that are. */
async function addAsset(path, where) {
  if (assetOf(path) !== undefined) return
  const bytes = await readFile(join(web, path)).catch(() => undefined)
  if (bytes === undefined) return problem(`${where}: no file ${path}`)
  const name = `assets/${sha256(bytes).slice(0, 8).toUpperCase()}${extname(path)}`
  added.set(path, name)
  output.set(name, bytes)
}

function preloadsOf(path, where) {
  const start = Object.keys(bundle.outputs).find((file) => bundle.outputs[file].entryPoint === path)
  if (start === undefined) return problem(`${where}: no script ${path}`) ?? []
  const chunks = new Set()
  const waiting = [start]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    for (const { path: imported, kind } of bundle.outputs[file].imports) {
      if (kind !== "import-statement" || chunks.has(imported)) continue
      chunks.add(imported)
      waiting.push(imported)
    }
  }
  return [...chunks].map((file) => file.slice(DIST.length + 1)).sort()
}

async function copyStatic() {
  for (const path of await list("reporter/static", true)) output.set(path.slice("reporter/static/".length), await readFile(join(web, path)))
}

async function collectLicenses() {
  const packages = new Set()
  for (const path of Object.values(bundle.outputs).flatMap(({ inputs }) => Object.keys(inputs))) {
    const found = path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)
    if (found !== null) packages.add(found[1])
  }
  const parts = []
  for (const name of [...packages].sort()) {
    const { version } = JSON.parse(await readFile(join(web, "node_modules", name, "package.json"), "utf8"))
    const file = (await readdir(join(web, "node_modules", name))).filter((entry) => /^licen[cs]e/i.test(entry)).sort()[0]
    if (file === undefined) problem(`node_modules/${name}: no licence`)
    else parts.push(`${name} ${version}\n\n${await readFile(join(web, "node_modules", name, file), "utf8")}`)
  }
  for (const path of (await list("shared/fonts")).filter((name) => name.endsWith(".txt")))
    parts.push(`${path.slice("shared/".length)}\n\n${await readFile(join(web, path), "utf8")}`)
  output.set("licenses.txt", Buffer.from(parts.map((part) => part.trimEnd() + "\n").join(`\n${"-".repeat(80)}\n\n`)))
}

function writeManifest() {
  const files = [...output.keys()].sort().map((path) => ({ path, size_bytes: output.get(path).length, sha256: sha256(output.get(path)) }))
  output.set("manifest.json", Buffer.from(JSON.stringify({ files }, null, 1) + "\n"))
}

/** Writes what changed and removes what is not built any more, so that two builds at once do no harm. */
async function writeOutput() {
  for (const [path, bytes] of output) {
    const target = join(dist, path)
    const old = await readFile(target).catch(() => undefined)
    if (old !== undefined && old.equals(bytes)) continue
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, bytes)
  }
  for (const path of await list(DIST, true)) if (!output.has(path.slice(DIST.length + 1))) await rm(join(web, path), { force: true })
  for (const entry of (await readdir(dist, { recursive: true })).sort().reverse()) await rmdir(join(dist, entry)).catch(() => undefined)
}

/** The files of a folder of web/, sorted; none when there is no such folder. */
async function list(folder, recursive = false) {
  const entries = await readdir(join(web, folder), { recursive, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(web.length + 1))
    .sort()
}

function sha256(bytes) {
  return createHash("sha256").update(bytes).digest("hex")
}

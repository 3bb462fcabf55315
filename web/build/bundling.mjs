// How sources become the files that are served: few, each whole in itself.
//
// A part of the scripts that did not come is asked for anew under another address, because a browser may hold a failed import
// against its address for as long as the page lives. The address of what a file imports does not change with its own, so a file
// imports nothing but the base, which runs whenever anything does. Names are hashes: what stands in a cache or a log does not say in
// words what somebody came for.
//
// esbuild splits what entry points share into a chunk for every set of them, a dozen files for three pages. Here they are
// joined again: all that home needs becomes the base, everything else is put into each file that needs it. No two of those are
// ever in one page with something to share but the base.

import { posix } from "node:path"
import * as esbuild from "esbuild"

/** Parts of libraries that no page can reach, and their weight: see build/absent. */
export const alias = {
  "@noble/curves/nist.js": "./build/absent/nist.ts",
  "@noble/hashes/scrypt.js": "./build/absent/scrypt.ts",
}

const COMMON = {
  bundle: true,
  charset: "utf8",
  // Tor Browser's long-term Firefox and the browser of a phone that was last updated years ago.
  target: ["es2022", "firefox115", "chrome109", "safari16"],
  // The licences stand in licenses.txt, once.
  legalComments: "none",
  metafile: true,
  write: false,
  logLevel: "warning",
}
const FINAL = { ...COMMON, minify: true, entryNames: "assets/[hash]", assetNames: "assets/[hash]" }

/** Styles, with the fonts and pictures that they name. */
export async function bundleStyles(web, dist, styles) {
  const loader = { ".woff2": "file", ".svg": "file", ".png": "file", ".webp": "file" }
  const result = await esbuild.build({ ...FINAL, absWorkingDir: web, entryPoints: styles, outdir: dist, loader })
  return { files: filesOf(web, result), ...result.metafile }
}

/** The script of a worker, whole in one file, and the address under which it is served. */
export async function bundleWorker(web, dist, worker) {
  const result = await esbuild.build({ ...FINAL, absWorkingDir: web, entryPoints: [worker], outdir: dist, format: "esm", alias })
  const files = filesOf(web, result)
  return { address: [...files.keys()][0].slice(dist.length), files, ...result.metafile }
}

/** One file for each of `pages` and `parts`; what `base`, one of the pages, needs is in its file alone. `define`: as esbuild has it. */
export async function bundleScripts(web, dist, { pages, parts, base, define }) {
  const split = await esbuild.build({
    ...COMMON,
    absWorkingDir: web,
    entryPoints: [...pages, ...parts],
    outdir: "split",
    chunkNames: "[hash]",
    format: "esm",
    splitting: true,
    minifySyntax: true,
    alias,
    define,
  })
  const texts = new Map(split.outputFiles.map(({ path, text }) => [path.slice(web.length + 1), text]))
  const outputs = split.metafile.outputs
  const fileOf = (entry) => Object.keys(outputs).find((path) => outputs[path].entryPoint === entry)
  const joined = reachedBy(fileOf(base), outputs)
  const names = exportNames([...joined].sort(), outputs)
  const all = { files: new Map(), inputs: split.metafile.inputs, outputs: {} }

  let baseFile = ""
  const lines = [...names].map(([path, list]) => exportLine(list, false, path)).join("\n")
  baseFile = await join(base, `${lines}\nimport ${JSON.stringify(fileOf(base))}`, (path) => ({ path, namespace: "split" }))
  for (const entry of [...pages, ...parts].filter((entry) => entry !== base))
    await join(entry, `export * from ${JSON.stringify(fileOf(entry))}`, (path) => ({
      path,
      namespace: joined.has(path) ? "base" : "split",
    }))
  return all

  async function join(entry, contents, place) {
    const address = `./${posix.basename(baseFile)}`
    const plugin = {
      name: "join",
      setup({ onResolve, onLoad }) {
        onResolve({ filter: /./ }, ({ path, importer, namespace }) => {
          if (namespace === "base") return { path, external: true }
          return place(namespace === "split" ? posix.join(posix.dirname(importer), path) : path)
        })
        onLoad({ filter: /./, namespace: "split" }, ({ path }) => ({ contents: texts.get(path), resolveDir: web }))
        onLoad({ filter: /./, namespace: "base" }, ({ path }) => ({
          contents: exportLine(names.get(path), true, address),
          resolveDir: web,
        }))
      },
    }
    const stdin = { contents, resolveDir: web }
    const result = await esbuild.build({ ...FINAL, absWorkingDir: web, stdin, outdir: dist, format: "esm", plugins: [plugin] })
    const [[file, bytes]] = filesOf(web, result)
    const inner = Object.keys(result.metafile.outputs[file].inputs).filter((path) => path.startsWith("split:"))
    const inputs = Object.assign({}, ...inner.map((path) => outputs[path.slice("split:".length)].inputs))
    const imports = entry === base ? [] : [{ path: baseFile, kind: "import-statement" }]
    all.files.set(file, bytes)
    all.outputs[file] = { entryPoint: entry, inputs, imports }
    return file
  }
}

/** A file and all that it imports at once. */
function reachedBy(file, outputs) {
  const reached = new Set()
  for (const waiting = [file]; waiting.length > 0;) {
    const path = waiting.pop()
    if (reached.has(path)) continue
    reached.add(path)
    waiting.push(...outputs[path].imports.filter(({ kind }) => kind === "import-statement").map(({ path: imported }) => imported))
  }
  return reached
}

/** For each file what it exports, each with a short name of its own among all of them. */
function exportNames(paths, outputs) {
  let count = 0
  return new Map(paths.map((path) => [path, outputs[path].exports.map((name) => [name, `_${(count++).toString(36)}`])]))
}

function exportLine(list, isInward, from) {
  const pairs = list.map(([name, short]) => (isInward ? `${short} as ${name}` : `${name} as ${short}`))
  return pairs.length === 0 ? `import ${JSON.stringify(from)}` : `export { ${pairs.join(", ")} } from ${JSON.stringify(from)}`
}

function filesOf(web, { outputFiles }) {
  return new Map(outputFiles.map(({ path, contents }) => [path.slice(web.length + 1), Buffer.from(contents)]))
}

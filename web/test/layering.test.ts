// Keeps the edges of docs/ARCHITECTURE.md between the parts of web/, as tests/layering.rs does in Rust, and lets no imports go
// round in a circle. Types count: a part that knows another's types knows the other.

import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join, normalize } from "node:path"
import { test } from "node:test"
import type typescript from "typescript"

// Not bundled into this test: ten megabytes.
const ts = createRequire(join(WEB_FOLDER, "package.json"))("typescript") as typeof typescript

interface Part {
  /** Parts of ours that it may import. */
  parts: readonly string[]
  /** What it may import of elsewhere. */
  libraries: readonly string[]
}

const HASH = "@noble/hashes/sha2.js"
const ED25519 = "@noble/curves/ed25519.js"
const CHACHA = "@noble/ciphers/chacha.js"
const HKDF = "@noble/hashes/hkdf.js"

const EDGES: Readonly<Record<string, Part>> = {
  shared: { parts: [], libraries: [] },
  clean: { parts: [], libraries: [] },
  "reporter/src/protocol": { parts: [], libraries: [] },
  "reporter/src/verify": { parts: ["reporter/src/protocol"], libraries: [HASH, ED25519] },
  "reporter/src/seal": {
    parts: ["reporter/src/protocol", "reporter/src/verify", "reporter/src/errors", "reporter/src/pause"],
    libraries: [HASH, HKDF, ED25519, CHACHA, "@scure/base", "age-encryption"],
  },
  "reporter/src/api": { parts: ["reporter/src/protocol", "reporter/src/errors", "reporter/src/pause"], libraries: [HASH] },
  "reporter/src/reporter": {
    parts: ["reporter/src/api", "reporter/src/seal", "reporter/src/verify", "reporter/src/protocol", "reporter/src/errors"],
    libraries: [HASH, "age-encryption"],
  },
  "reporter/src/warn": { parts: [], libraries: [] },
  "reporter/src/pages": { parts: ["reporter/src/reporter", "reporter/src/warn", "clean", "shared"], libraries: [] },
  "reporter/src/catalogue": { parts: ["reporter/texts", "shared"], libraries: [] },
  "reporter/texts": { parts: [], libraries: [] },
  "reporter/src/errors": { parts: [], libraries: [] },
  "reporter/src/pause": { parts: [], libraries: [] },
}

type Sources = ReadonlyMap<string, string>

test("every part imports only what the architecture lets it", () => {
  const sources = sourcesOf(["clean", "reporter/src", "shared"])
  assert.deepEqual(strayImports(sources), [])
  // An edge that nothing uses would let somebody in unseen.
  const used = new Set(
    [...sources].flatMap(([path, text]) => importsOf(path, text).map((target) => `${partOf(path)} ${partOf(target) ?? target}`)),
  )
  for (const [part, { parts, libraries }] of Object.entries(EDGES)) {
    for (const other of [...parts, ...libraries]) assert.ok(used.has(`${part} ${other}`), `${part} does not import ${other} any more`)
  }
})

test("no imports go round in a circle", () => {
  assert.deepEqual(circle(sourcesOf(["build", "clean", "reporter", "shared", "test"])), [])
})

test("the checks see what is written", () => {
  const text = [
    'import "./a"',
    'import type { B } from "#shared/b"',
    'export { c } from "../pages/c"',
    'type D = typeof import("#clean")',
    'const e = () => import("./e")',
    'declare module "./f" {}',
    '// import "./g"',
    "const h = 'import \"./h\"'",
    'import i from "somewhere/i.js"',
  ].join("\n")
  const found = importsOf("reporter/src/seal/x.ts", text)
  const seal = (name: string) => `reporter/src/seal/${name}`
  assert.deepEqual(found, [seal("a"), "shared/src/b", "reporter/src/pages/c", "clean/src/clean", seal("e"), seal("f"), "somewhere/i.js"])

  const stray = strayImports(
    new Map([
      ["reporter/src/pages/x.ts", 'import "../seal/y"\nimport "../reporter"\nimport "age-encryption"'],
      ["reporter/src/new/x.ts", ""],
    ]),
  )
  assert.deepEqual(stray, [
    "reporter/src/pages/x.ts imports reporter/src/seal",
    "reporter/src/pages/x.ts imports age-encryption",
    "reporter/src/new/x.ts is in no part: decide what it may import",
  ])

  const chain = (...files: [string, string][]) =>
    circle(new Map(files.map(([name, imported]) => [`clean/src/${name}.ts`, `import "./${imported}"`])))
  assert.deepEqual(chain(["a", "b"], ["b", "c"], ["c", "b"]), ["clean/src/b", "clean/src/c", "clean/src/b"])
  assert.deepEqual(chain(["a", "a"]), ["clean/src/a", "clean/src/a"])
  assert.deepEqual(chain(["a", "b"], ["b", "c"]), [])
})

/** Imports that no edge allows. */
function strayImports(sources: Sources): string[] {
  const stray: string[] = []
  for (const [path, text] of sources) {
    const part = partOf(path)
    if (part === undefined) {
      stray.push(`${path} is in no part: decide what it may import`)
      continue
    }
    // The tests of a part may read files and start programs.
    const isTest = /^\w+\/test\//.test(path)
    for (const target of importsOf(path, text)) {
      const other = partOf(target)
      const allowed =
        other === undefined
          ? EDGES[part]?.libraries.includes(target) === true || (isTest && target.startsWith("node:"))
          : other === part || EDGES[part]?.parts.includes(other)
      if (allowed !== true) stray.push(`${path} imports ${other ?? target}`)
    }
  }
  return stray
}

/** The files of one circle of imports, the first once more at the end; none when there is no circle. */
function circle(sources: Sources): string[] {
  const imports = new Map([...sources].map(([path, text]) => [nameOf(path), importsOf(path, text)]))
  const done = new Set<string>()
  const visit = (name: string, way: readonly string[]): string[] => {
    if (way.includes(name)) return [...way.slice(way.indexOf(name)), name]
    if (done.has(name)) return []
    for (const target of imports.get(name) ?? []) {
      const found = visit(target, [...way, name])
      if (found.length > 0) return found
    }
    done.add(name)
    return []
  }
  for (const name of imports.keys()) {
    const found = visit(name, [])
    if (found.length > 0) return found
  }
  return []
}

function partOf(path: string): string | undefined {
  return Object.keys(EDGES).find((part) => nameOf(path) === part || path.startsWith(`${part}/`))
}

/** What a file imports, at once, later or as types: files of ours from web/ on and without their ending, packages as they are. */
function importsOf(path: string, text: string): string[] {
  const found: string[] = []
  const take = (node: typescript.Node | undefined) => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push(resolve(path, node.text))
  }
  const visit = (node: typescript.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) take(node.moduleSpecifier)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) take(node.argument.literal)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) take(node.arguments[0])
    else if (ts.isModuleDeclaration(node)) take(node.name)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
  return found
}

const { imports: named } = JSON.parse(readFileSync(join(WEB_FOLDER, "package.json"), "utf8")) as { imports: Record<string, string> }

function resolve(path: string, specifier: string): string {
  if (specifier.startsWith(".")) return nameOf(normalize(join(dirname(path), specifier)))
  for (const [name, target] of Object.entries(named)) {
    const [before = "", after = ""] = name.split("*")
    if (!name.includes("*") && specifier === name) return nameOf(normalize(target))
    if (name.includes("*") && specifier.startsWith(before) && specifier.endsWith(after)) {
      return nameOf(normalize(target.replace("*", specifier.slice(before.length, specifier.length - after.length))))
    }
  }
  return specifier
}

/** A file by the name with which it is imported. */
function nameOf(path: string): string {
  const bare = path.replace(/\.(ts|mjs|json)$/, "")
  return existsSync(join(WEB_FOLDER, bare, "index.ts")) ? `${bare}/index` : bare
}

function sourcesOf(folders: readonly string[]): Sources {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(WEB_FOLDER, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  )
  return new Map(
    paths
      .filter((path) => /\.(ts|mjs)$/.test(path))
      .sort()
      .map((path) => [path, readFileSync(join(WEB_FOLDER, path), "utf8")]),
  )
}

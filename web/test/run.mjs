// Runs the unit tests: bundles every *.test.{ts,mjs} in the test folders with esbuild into a temporary folder and hands them
// to Node's own test runner. `node test/run.mjs limits receipt` takes the files whose path contains one of the words.
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "esbuild"
import { alias } from "../build/bundling.mjs"

const web = dirname(dirname(fileURLToPath(import.meta.url)))
const words = process.argv.slice(2)
const tests = ["build/test", "clean/test", "reporter/test", "shared/test", "test"]
  .flatMap((folder) => readdirSync(join(web, folder), { recursive: true }).map((path) => join(folder, path)))
  .filter((path) => /\.test\.(ts|mjs)$/.test(path))
  .filter((path) => words.length === 0 || words.some((word) => path.includes(word)))
  .sort()
if (tests.length === 0) {
  console.error("run.mjs: no test file matches")
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), "mohr-web-test-"))
try {
  await build({
    absWorkingDir: web,
    entryPoints: tests,
    outdir: folder,
    outbase: web,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    alias,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    // Where the repository's own files are, for tests that read vectors or fixtures.
    // Node has no Worker of the browsers' kind: tests that want one bring it (reporter/test/support/worker.ts).
    define: { WEB_FOLDER: JSON.stringify(web), SEALING_WORKER: '"/assets/worker.js"' },
    logLevel: "warning",
  })
  const bundles = tests.map((path) => join(folder, path.replace(/\.ts$/, ".mjs")))
  const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", "--test-reporter=spec", ...bundles], {
    stdio: "inherit",
  })
  process.exitCode = status ?? 1
} finally {
  rmSync(folder, { recursive: true })
}

// A demo office for whoever works on mohr: builds what changes and shows it. A debug binary reads the pages from
// web/dist when it starts, so a changed page needs no Rust build, only a new start; the office stays the same one.

import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const binary = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug", "mohr")
const office = mkdtempSync(join(tmpdir(), "mohr-dev-"))
const listen = process.argv[2] ?? "127.0.0.1:8080"

// What is built from what, and by what. What a build itself writes, or never reads, is no source.
const BUILDS = [
  { name: "pages", program: "npm", args: ["run", "--silent", "build"], folder: join(root, "web"), sources: ["web"] },
  { name: "program", program: "cargo", args: ["build", "--locked", "--quiet"], folder: root, sources: ["src", "schema.sql", "Cargo.toml"] },
]
const NO_SOURCES = ["node_modules", "dist", "test"]
// Times are asked for instead of waiting to be told: Node's recursive watch loses a file that an editor replaces.
const LOOK_EVERY_MS = 400

let server
let stopping = false

if (!existsSync(join(root, "web/node_modules"))) fail("web/node_modules is not there: run tools/install.sh once")
for (const what of BUILDS) {
  what.state = stateOf(what)
  if (!(await build(what))) fail("what is there does not build")
}
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, stop)
start(["demo", "--dir", office, "--listen", listen])
setTimeout(look, LOOK_EVERY_MS)

async function look() {
  for (const what of BUILDS) {
    const state = stateOf(what)
    if (state === what.state) continue
    what.state = state
    await again(what)
  }
  setTimeout(look, LOOK_EVERY_MS)
}

/** What changes when a source does: how many there are, and when the newest was written. */
function stateOf({ sources }) {
  let count = 0
  let newest = 0
  const waiting = sources.map((path) => join(root, path))
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const status = statSync(path, { throwIfNoEntry: false })
    if (status === undefined) continue
    count += 1
    newest = Math.max(newest, status.mtimeMs)
    if (!status.isDirectory()) continue
    for (const name of readdirSync(path)) if (!NO_SOURCES.includes(name)) waiting.push(join(path, name))
  }
  return `${count} ${newest}`
}

async function again(what) {
  if (stopping || !(await build(what))) return
  await end()
  // The first start made the office and its configuration, with the address it listens on.
  const config = join(office, "server.toml")
  start(existsSync(config) ? ["serve", "--config", config] : ["demo", "--dir", office, "--listen", listen])
}

function build({ name, program, args, folder }) {
  const began = Date.now()
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: folder, stdio: "inherit" })
    child.on("error", (error) => fail(`${program}: ${error.message}`))
    child.on("close", (code) => {
      console.error(`dev: ${name} ${code === 0 ? "built" : "NOT built"} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
      done(code === 0)
    })
  })
}

function start(args) {
  server = spawn(binary, args, { cwd: root, stdio: "inherit" })
  const started = server
  server.on("close", (code) => {
    if (server !== started) return
    server = undefined
    if (!stopping) console.error(`dev: the server ended with ${code}; the next change starts it again`)
  })
}

function end() {
  const ending = server
  if (ending === undefined) return Promise.resolve()
  return new Promise((done) => {
    ending.on("close", done)
    server = undefined
    ending.kill("SIGTERM")
  })
}

async function stop() {
  if (stopping) return
  stopping = true
  await end()
  rmSync(office, { recursive: true, force: true })
  process.exit(0)
}

function fail(reason) {
  console.error(`dev: ${reason}`)
  rmSync(office, { recursive: true, force: true })
  process.exit(1)
}

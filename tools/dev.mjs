// A demo office for whoever works on mohr: builds what changes and shows it. A debug binary reads the pages from
// web/dist when it starts, so a changed page needs no Rust build, only a new start; the office stays the same one.

import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync, watch } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const binary = resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug", "mohr")
const office = mkdtempSync(join(tmpdir(), "mohr-dev-"))
const listen = process.argv[2] ?? "127.0.0.1:8080"

// What is built from which folders, by what. Who saves twice is built once: changes are waited for this long.
const QUIET_MS = 150
const pages = { name: "pages", program: "node", args: ["build.mjs"], folder: join(root, "web") }
const program = { name: "program", program: "cargo", args: ["build", "--locked", "--quiet"], folder: root }

let server
let stopping = false
let working = Promise.resolve()

if (!existsSync(join(root, "web/node_modules"))) fail("web/node_modules is not there: run tools/install.sh once")
if (!(await build(pages)) || !(await build(program))) fail("what is there does not build")
start(["demo", "--dir", office, "--listen", listen])
for (const folder of sources("web", ["node_modules", "dist", "test"])) onChange(folder, pages)
for (const folder of [join(root, "src"), join(root, "schema.sql")]) onChange(folder, program)
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, stop)

/** The folders and files of `folder` that its build reads; new ones in it are seen at the next start. */
function sources(folder, except) {
  const names = readdirSync(join(root, folder)).filter((name) => !except.includes(name) && !name.startsWith("."))
  return names.map((name) => join(root, folder, name))
}

function onChange(path, what) {
  watch(path, { recursive: true }, () => {
    clearTimeout(what.timer)
    what.timer = setTimeout(() => (working = working.then(() => again(what))), QUIET_MS)
  })
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

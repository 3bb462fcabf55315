// The program under test: a throw-away office (`mohr demo`), the server by itself (`mohr serve`), and the command
// line of inspectors and reporters.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const MOHR = resolve(process.env.MOHR_BIN ?? fileURLToPath(new URL("../../../target/release/mohr", import.meta.url)));

/// Runs `mohr` and gives `{code, stdout, stderr}`; `input` goes to its standard input.
export function mohr(args, { input = "" } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(MOHR, args, { stdio: ["pipe", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    child.on("error", failed);
    child.on("close", (code) => done({ code, stdout, stderr }));
    child.stdin.on("error", () => {}); // It may end before it has read everything.
    child.stdin.end(input);
  });
}

/// Runs `mohr … --json`, which must succeed, and gives what it printed.
export async function mohrJson(args, options) {
  const { code, stdout, stderr } = await mohr([...args, "--json"], options);
  assert.equal(code, 0, `mohr ${args.join(" ")}: ${stderr}`);
  return JSON.parse(stdout);
}

/// An office that lives as long as the test `t`.
export async function startDemo(t) {
  const folder = await temporaryFolder(t, "demo");
  const server = await startServer(t, ["demo", "--dir", folder, "--listen", "127.0.0.1:0"]);
  const description = await waitForJson(join(folder, "demo.json"), server);
  return {
    folder,
    server,
    url: new URL(description.reporter_url).origin,
    reporterUrl: description.reporter_url,
    profile: description.profile,
    identities: description.identities,
    passphraseFile: description.passphrase_file,
    rootKey: description.root_key,
    database: description.database,
    config: join(folder, "server.toml"),
    stop: () => server.stop(),
  };
}

/// The stopped office `demo` again, by `mohr serve` and its configuration file, at the same address.
export async function serve(t, demo, { env } = {}) {
  const server = await startServer(t, ["serve", "--config", demo.config], { env });
  for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
    assert.ok(!server.ended, `the server ended: ${server.output()}`);
    if (
      await fetch(`${demo.url}/api/v1/profile`).then(
        (response) => response.ok,
        () => false,
      )
    )
      return server;
  }
  throw new Error(`no answer in half a minute: ${server.output()}`);
}

/// Starts a subcommand that serves until it is told to stop. `output()` is all that it has printed.
export async function startServer(t, args, { env = {} } = {}) {
  const child = spawn(MOHR, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const ended = new Promise((done) => {
    child.on("error", (error) => done({ code: null, signal: null, error }));
    child.on("close", (code, signal) => done({ code, signal }));
  });
  const server = {
    pid: child.pid,
    output: () => output,
    ended: false,
    /// SIGTERM; the server must end cleanly by itself.
    async stop() {
      child.kill("SIGTERM");
      const end = await Promise.race([ended, sleep(15_000, "still running", { ref: false })]);
      if (end === "still running") child.kill("SIGKILL");
      assert.deepEqual(end, { code: 0, signal: null }, `mohr ${args[0]} after SIGTERM: ${output}`);
    },
    /// SIGKILL, as when the power goes.
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
  void ended.then(() => (server.ended = true));
  t.after(async () => {
    if (!server.ended) await server.stop();
  });
  return server;
}

async function waitForJson(path, server) {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    assert.ok(!server.ended, `the server ended: ${server.output()}`);
    try {
      return JSON.parse(await readFile(path, "utf8"));
    } catch (error) {
      if (error.code !== "ENOENT" && !(error instanceof SyntaxError)) throw error;
    }
  }
  throw new Error(`${path} did not appear in a minute: ${server.output()}`);
}

/// The command line of one inspector of the office.
export function inspector(demo, { identity = demo.identities[0], server = demo.url } = {}) {
  const access = ["--identity", identity, "--server", server, "--passphrase-file", demo.passphraseFile];
  return {
    inbox: () => mohrJson(["inbox", ...access]),
    open: (id, { files } = {}) => mohrJson(["open", id, ...access, ...(files ? ["--files", files] : [])]),
    async reply(id, { text, attach = [], status, extra = [] }) {
      return withText(text, (file) =>
        mohrJson([
          ...["reply", id, ...access, "--text-file", file],
          ...attach.flatMap((path) => ["--attach", path]),
          ...(status ? ["--status", status] : []),
          ...extra,
        ]),
      );
    },
    exportTo: (id, folder) => mohrJson(["export", id, ...access, "--to", folder]),
  };
}

/// The command line of a reporter.
export function reporter(demo, { server = demo.url } = {}) {
  return {
    report: async ({ text, attach = [] }) =>
      withText(text, (file) =>
        mohrJson(["report", "--server", server, "--text-file", file, ...attach.flatMap((path) => ["--attach", path])]),
      ),
    status: (code) => mohrJson(["status", "--server", server], { input: `${code}\n` }),
    followUp: async (code, { text, attach = [] }) =>
      withText(text, (file) =>
        mohrJson(
          ["follow-up", "--server", server, "--leave-out-nobody", "--text-file", file, ...attach.flatMap((path) => ["--attach", path])],
          {
            input: `${code}\n`,
          },
        ),
      ),
  };
}

async function withText(text, use) {
  const folder = await mkdtemp(join(tmpdir(), "mohr-text-"));
  try {
    const file = join(folder, "text.txt");
    await writeFile(file, text);
    return await use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/// The bytes of the one file below `folder` with this SHA-256 (hex), or null.
export async function savedFile(folder, { sha256 }) {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.path, entry.name));
    if (createHash("sha256").update(bytes).digest("hex") === sha256) return bytes;
  }
  return null;
}

/// Stands in for a test's context where several tests share something: `end` does what `after` was given.
export function lifetime() {
  const cleanups = [];
  return {
    after: (cleanup) => cleanups.push(cleanup),
    async end() {
      for (const cleanup of cleanups.reverse()) await cleanup();
    },
  };
}

/// A folder that is gone after the test.
export async function temporaryFolder(t, name) {
  const folder = await mkdtemp(join(tmpdir(), `mohr-${name}-`));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

// What the server could tell: text, file names, EXIF and the code of a report occur nowhere in its database, its
// logs at the highest level, its folders and its memory.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { photo } from "./harness/files.mjs";
import { inspector, reporter, serve, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { fillReport, followUp, leaveReceipt, openCase, sendReport } from "./harness/pages.mjs";
import { keysOfCode, profileOf, today } from "./harness/protocol.mjs";
import { search, searchIn, searchMemory } from "./harness/search.mjs";

test("nothing of a report is in the server's files, logs and memory", async (t) => {
  // The office that `mohr demo` made, run again by its configuration with everything logged.
  const demo = await startDemo(t);
  await demo.stop();
  const temporary = await temporaryFolder(t, "server-tmp");
  const server = await serve(t, demo, { env: { RUST_LOG: "trace", TMPDIR: temporary, RUST_BACKTRACE: "full" } });

  const folder = await temporaryFolder(t, "files");
  const picture = await photo(folder, "tasvir-qanari-83125.jpg", { bytes: 200_000, width: 320, artist: "honarmand-qanari" });
  const recording = join(folder, "ضبط قناری.ogg");
  await writeFile(recording, "qanari-content ".repeat(20_000));
  const words = [
    "قناری‌زرد در گزارش",
    "qanari-in-text",
    "پاسخ قناری",
    "ادامهٔ قناری",
    "qanari-by-cli",
    "honarmand-qanari",
    "qanari-content",
  ];
  const names = ["tasvir-qanari-83125", "ضبط قناری"];

  // A browser's journey, and one by the command line.
  const page = await launch("chromium", { t });
  await fillReport(page, demo.reporterUrl, { text: `${words[0]}\n${words[1]}`, files: [picture.path, recording] });
  const code = await sendReport(page);
  await leaveReceipt(page, code);
  for (const { case: id } of await inspector(demo).inbox()) await inspector(demo).reply(id, { text: words[2], attach: [picture.path] });
  await openCase(page, demo.reporterUrl, code);
  await followUp(page, { text: words[3] });
  const { receipt } = await reporter(demo).report({ text: words[4], attach: [recording] });
  await reporter(demo).status(receipt);

  // Requests that are wrong in every way log no more.
  const keys = await keysOfCode(code, profileOf(await readFile(demo.profile, "utf8")).office);
  const token = keys.token.toString("hex");
  const wrong = (path, options) =>
    fetch(`${demo.url}${path}`, { ...options, headers: { authorization: `Bearer ${token}`, ...options?.headers } });
  await wrong("/api/v1/mailbox/messages/999");
  await wrong("/api/v1/mailbox?qanari-in-text");
  await wrong("/qanari-in-text/../qanari-content");
  await wrong("/api/v1/uploads", {
    method: "POST",
    headers: { "tus-resumable": "1.0.0", "upload-metadata": "kind qanari-in-text", "user-agent": "qanari-agent" },
  });
  await wrong("/api/v1/inspector/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"qanari-in-text":1}',
  });

  const secrets = [...words, ...names, "qanari", code, code.slice(0, 16), code.slice(16), receipt.replace(/[^0-9]/g, "")];
  secrets.push(...code.match(/.{8}/g).map((eight) => `${eight.slice(0, 4)} ${eight.slice(4)}`));
  const log = server.output();
  assert.ok(log.length > 0 && /TRACE|DEBUG|INFO/i.test(log), `it does log: ${log.slice(0, 300)}`);
  assert.deepEqual(searchIn(log, [...secrets, token, keys.identity]), [], "logs");
  for (const identifying of ["127.0.0.1:", "Mozilla", "qanari-agent", "Chrome"]) {
    const lines = log.split("\n").filter((line) => line.includes(identifying) && !line.includes("listening"));
    assert.deepEqual(lines, [], `${identifying} in the logs`);
  }

  const opensNothing = [...secrets, token, keys.identity];
  assert.deepEqual(await search(demo.folder, opensNothing), [], "the office's folder, with database and WAL, while it runs");
  assert.deepEqual(await search(temporary, opensNothing), [], "temporary files");

  // Memory holds what a request brought until it is used again: a token, and never what opens anything.
  assert.deepEqual(await searchMemory(server.pid, ["application/offset+octet-stream", "no-such-word-anywhere"]), [
    "application/offset+octet-stream",
  ]);
  const inMemory = await searchMemory(server.pid, [...words, ...names, code, keys.identity]);
  // The words that were put into addresses and headers on purpose above may still be in a buffer.
  assert.deepEqual(
    inMemory.filter((word) => !["qanari-in-text", "qanari-content"].includes(word)),
    [],
    "memory",
  );

  await server.stop();
  assert.deepEqual(await search(demo.folder, opensNothing), [], "the office's folder after the end");
  assert.deepEqual(searchIn(server.output(), opensNothing), [], "logs after the end");
});

// What makes the test above a test: the same search finds a word in a database that took one.
test("the search finds what a careless server would keep", async (t) => {
  const folder = await temporaryFolder(t, "careless");
  execFileSync("sqlite3", [join(folder, "x.db"), "PRAGMA journal_mode=WAL; CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('متن قناری');"]);
  await writeFile(join(folder, "log"), `${today()} POST /?code=${encodeURIComponent("قناری")}`);
  assert.equal((await search(folder, ["متن قناری"])).length, 1);
  assert.equal((await search(folder, ["قناری"])).length, 2);
});

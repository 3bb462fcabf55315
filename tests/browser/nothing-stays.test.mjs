// After a report and after a status visit, the browser's whole profile folder holds no word of them: while the
// browser still runs (a phone that is taken away) and after it was closed.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { launch } from "./drivers/driver.mjs";
import { photo } from "./harness/files.mjs";
import { inspector, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { enterCode, fillReport, followUp, leaveReceipt, openCase, persianDigits, sendReport } from "./harness/pages.mjs";
import { search } from "./harness/search.mjs";

/// Long enough for Firefox, which is told to write its session every second, and for Chromium's own timer.
const WRITTEN_MS = 4_000;

for (const browser of ["chromium", "firefox"]) {
  test(`${browser}: a report and a status visit leave nothing`, async (t) => {
    const demo = await startDemo(t);
    const folder = await temporaryFolder(t, "files");
    const picture = await photo(folder, "tasvir-qanari-83125.jpg", { bytes: 60_000, width: 160, artist: "honarmand-qanari" });
    const recording = join(folder, "ضبط قناری.ogg");
    await writeFile(recording, "qanari-content ".repeat(2_000));
    const words = ["قناری‌زرد در گزارش", "qanari-in-text", "پاسخ قناری", "ادامهٔ قناری", "honarmand-qanari", "qanari-content"];
    const names = ["tasvir-qanari-83125", "ضبط قناری"];

    // The report.
    const page = await launch(browser, { t });
    await fillReport(page, demo.reporterUrl, { text: `${words[0]}\n${words[1]}`, files: [picture.path, recording] });
    const code = await sendReport(page);
    const secrets = [...words, ...names, ...formsOfCode(code)];
    await sleep(WRITTEN_MS);
    assert.deepEqual(await search(page.profileFolder, secrets), [], "at the receipt");
    await assertNoStorage(page);
    await leaveReceipt(page, code);

    // The visit, with an answer that has a file, and a follow-up.
    const [{ case: id }] = await inspector(demo).inbox();
    await inspector(demo).reply(id, { text: words[2], attach: [picture.path] });
    await openCase(page, demo.reporterUrl, code);
    await page.waitFor('#thread .message[data-authenticity="verified"]');
    await page.fill("#reply-text", words[3]);
    await sleep(WRITTEN_MS);
    assert.deepEqual(await search(page.profileFolder, [...secrets, id]), [], "in the open case");
    await followUp(page, { text: words[3] });
    await assertNoStorage(page);

    // A code that was typed, and not sent.
    await enterCode(page, demo.reporterUrl, `${code.slice(0, -1)}`);
    await sleep(WRITTEN_MS);
    assert.deepEqual(await search(page.profileFolder, secrets), [], "with a code in the field");

    assertRequests(page, demo, [...secrets, id]);
    assert.deepEqual(page.errors, []);
    await page.close();
    assert.deepEqual(await search(page.profileFolder, [...secrets, id]), [], "after the browser was closed");
  });

  // What makes the test above a test: the same search finds what careless pages leave.
  test(`${browser}: the search finds what other pages leave`, async (t) => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
      response.end(`<!doctype html><link rel="icon" href="data:,"><textarea id="text"></textarea><script>
        localStorage.setItem("kept", "قناری در انبار");
        history.pushState({ draft: "qanari-in-state" }, "", "#qanari-in-address");
      </script>`);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => {
      server.closeAllConnections();
      server.close();
    });
    const page = await launch(browser, { t });
    await page.open(`http://127.0.0.1:${server.address().port}/`);
    await page.fill("#text", "قناری در خانهٔ متن");
    await page.evaluate(() => history.pushState(null, "", "#next"));
    await sleep(WRITTEN_MS);
    const found = async () =>
      (
        await search(page.profileFolder, ["قناری در انبار", "qanari-in-address", "قناری در خانهٔ متن", "qanari-in-state", "never-written"])
      ).map((line) => line.split(": ")[1]);
    const live = new Set(await found());
    assert.ok(live.has("قناری در انبار") || browser === "chromium", `live: ${[...live]}`);
    await page.close();
    const left = new Set(await found());
    for (const word of ["قناری در انبار", "qanari-in-address"]) assert.ok(left.has(word), `${word} not in ${[...left]}`);
    const all = new Set([...live, ...left]);
    for (const word of ["قناری در خانهٔ متن", "qanari-in-state"]) assert.ok(all.has(word), `${word} not in ${[...all]}`);
    assert.ok(!all.has("never-written"));
  });
}

/// No storage of any kind, and nothing secret in the history entry.
async function assertNoStorage(page) {
  const kept = await page.evaluate(async () => ({
    cookie: document.cookie,
    localStorage: localStorage.length,
    sessionStorage: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    name: window.name,
  }));
  assert.deepEqual(kept, { cookie: "", localStorage: 0, sessionStorage: 0, databases: 0, caches: 0, workers: 0, name: "" });
  const state = await page.evaluate(() => JSON.stringify(history.state));
  assert.match(state, /^(null|\{"depth":[0-9]+\})$/, "an entry of the history holds a number and nothing else");
}

/// Every request went to the origin of the page, and no address holds a secret.
function assertRequests(page, demo, secrets) {
  assert.ok(page.requests.length > 0);
  for (const { url } of page.requests) {
    if (/^(data|blob|about):/.test(url)) continue;
    assert.equal(new URL(url).origin, demo.url, `${basename(url)} left the origin`);
    const address = decodeURIComponent(url);
    // The case id stands in the address of nothing that a reporter asks for.
    for (const secret of secrets) assert.ok(!address.includes(secret), url);
  }
}

/// The ways in which a code could have been written down; a half of it says that the whole was.
function formsOfCode(code) {
  const groups = code.match(/.{4}/g);
  const forms = [code.slice(0, 16), code.slice(16), ...[" ", "-", "\u00a0"].map((gap) => groups.slice(0, 3).join(gap))];
  return forms.flatMap((form) => [form, persianDigits(form)]);
}

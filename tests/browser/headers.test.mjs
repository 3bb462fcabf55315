// What the server says with every page and asset, and how much of it there is.

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { lifetime, startDemo } from "./harness/mohr.mjs";
import { fillReport, sendReport } from "./harness/pages.mjs";

const PAGES = ["fa/", "fa/report", "fa/status", "en/", "en/report", "en/status"];

describe("pages and assets as they are served", () => {
  const life = lifetime();
  let demo;
  before(async () => (demo = await startDemo(life)));
  after(() => life.end());

  test("one strict policy stands over every page", async () => {
    for (const path of PAGES) {
      const { status, headers, body } = await get(`${demo.url}/${path}`);
      assert.equal(status, 200, path);
      const policies = headers["content-security-policy"];
      assert.ok(policies, `${path} has a policy`);
      const policy = Object.fromEntries(
        policies
          .split(";")
          .map((directive) => directive.trim().split(/\s+/))
          .map(([name, ...values]) => [name, values]),
      );
      assert.ok(!/unsafe-|\*|data:.*script|strict-dynamic/.test(JSON.stringify(policy)), `${path}: ${policies}`);
      assert.deepEqual(policy["default-src"], ["'none'"], path);
      assert.deepEqual(policy["script-src"], ["'self'"], path);
      assert.deepEqual(policy["worker-src"], ["'self'"], path);
      assert.deepEqual(policy["require-trusted-types-for"], ["'script'"], path);
      assert.deepEqual(policy["trusted-types"], ["worker"], path);
      assert.deepEqual(policy["base-uri"], ["'none'"], path);
      assert.deepEqual(policy["frame-ancestors"], ["'none'"], path);
      assert.deepEqual(policy["connect-src"], ["'self'"], path);
      assert.ok(policy["form-action"], path);
      assert.equal(headers["referrer-policy"], "no-referrer", path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.equal(headers["set-cookie"], undefined, path);
      assert.equal(headers["content-type"], "text/html; charset=utf-8", path);
      if (!path.endsWith("/")) assert.match(headers["cache-control"], /no-store/, `${path}: a person types here`);
      const html = body.toString();
      assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)[^>]*>/i, `${path}: no inline script`);
      assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:/i, `${path}: no inline style or handler`);
      assert.doesNotMatch(html, /(?:src|href)="(?:https?:)?\/\/(?!www\.wikipedia\.org)/i, `${path}: nothing is loaded from elsewhere`);
    }
  });

  test("the worker's script has the policy of the pages, for nothing else binds a worker", async () => {
    const { headers } = await get(`${demo.url}/fa/report`);
    const script = (await readdir(new URL("../../web/dist/reporter/assets/", import.meta.url))).find((name) => name.startsWith("worker."));
    const { status, headers: worker } = await get(`${demo.url}/assets/${script}`);
    assert.equal(status, 200);
    for (const name of ["content-security-policy", "cross-origin-embedder-policy"]) {
      assert.ok(headers[name], name);
      assert.equal(worker[name], headers[name], name);
    }
  });

  test("no answer sets a cookie, names a finer time than it must, or may be cached where it is secret", async () => {
    for (const path of ["", "api/v1/profile", "api/v1/mailbox", "api/v1/no-such-path", "no-such-page"]) {
      const { headers } = await get(`${demo.url}/${path}`, { authorization: `Bearer ${"00".repeat(32)}` });
      assert.equal(headers["set-cookie"], undefined, path);
      assert.equal(headers["x-powered-by"] ?? headers.server, undefined, path);
      if (path.startsWith("api/")) assert.equal(headers["cache-control"], "no-store", path);
    }
  });

  test("home weighs at most 40 KB, and everything up to a sent text report at most 110 KB", async (t) => {
    const page = await launch("chromium", { t });
    await page.open(demo.reporterUrl);
    // The office's name comes with the profile, which is fetched after all else.
    await page.waitUntil(() =>
      page.evaluate(
        () =>
          document.readyState === "complete" &&
          document.fonts.status === "loaded" &&
          (document.querySelector("[data-office='name']")?.textContent ?? "") !== "",
      ),
    );
    const home = await weightOf(page.requests);
    t.diagnostic(`home: ${home.total} bytes in ${home.files.length} files\n${home.files.join("\n")}`);
    await fillReport(page, demo.reporterUrl, { text: "گزارش" });
    await sendReport(page);
    const all = await weightOf(page.requests);
    t.diagnostic(`up to a sent report: ${all.total} bytes in ${all.files.length} files\n${all.files.join("\n")}`);
    assert.ok(home.total <= 40_000, `home weighs ${home.total} bytes\n${home.files.join("\n")}`);
    assert.ok(all.total <= 110_000, `a report weighs ${all.total} bytes\n${all.files.join("\n")}`);
  });

  /// What the server answers to these requests where brotli is welcome: each address once.
  async function weightOf(requests) {
    const urls = [
      ...new Set(requests.filter(({ method, url }) => method === "GET" && url.startsWith(demo.url)).map(({ url }) => url.split("#")[0])),
    ];
    let total = 0;
    const files = [];
    for (const url of urls) {
      const { status, headers, body } = await get(url, { "accept-encoding": "br" });
      assert.ok(status === 200 || (status >= 300 && status < 400), `${url}: ${status}`);
      if (/html|javascript|css|svg|json/.test(headers["content-type"]) && body.length > 1_000)
        assert.equal(headers["content-encoding"], "br", url);
      total += body.length;
      files.push(`${String(body.length).padStart(7)}  ${new URL(url).pathname}`);
    }
    return { total, files };
  }
});

test("the form is usable within 3.5 s at 400 kbit/s and 600 ms", async (t) => {
  const demo = await startDemo(t);
  for (const path of ["", "report"]) {
    const page = await launch("chromium", { t });
    await page.throttle(400_000, 600);
    const start = performance.now();
    page.open(new URL(path, demo.reporterUrl).href).catch(() => {});
    await page.waitFor(path === "" ? "a[data-door]" : '[data-door="report"]', { timeout: 20_000 });
    if (path === "report") await page.waitUntil(() => page.attribute("body", "data-step"));
    const seconds = (performance.now() - start) / 1_000;
    t.diagnostic(`/fa/${path}: ${seconds.toFixed(2)} s`);
    assert.ok(seconds <= 3.5, `/fa/${path} was usable after ${seconds.toFixed(2)} s`);
    await page.close();
  }
});

/// As it comes over the wire: nothing is unpacked, no redirect followed.
function get(url, headers = {}) {
  return new Promise((resolve, reject) => {
    request(url, { headers, agent: false }, (response) => {
      const resolveWith = (parts) => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) });
      response.toArray().then(resolveWith, reject);
    })
      .on("error", reject)
      .end();
  });
}

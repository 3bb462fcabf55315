// What the server says with every page and asset, and how much of it there is.

import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { lifetime, startDemo } from "./harness/mohr.mjs";
import { fillReport, sendReport, workerScript } from "./harness/pages.mjs";
import { startWire } from "./harness/wire.mjs";

/// A report without files, sealed (PROTOCOL 1.5).
const REPORT_BYTES = 32_768;

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

  test("the worker's script has a policy of its own, by which it loads and fetches nothing", async () => {
    const { headers } = await get(`${demo.url}/fa/report`);
    const { status, headers: worker } = await get(new URL(await workerScript(`${demo.url}/fa/`), demo.url));
    assert.equal(status, 200);
    assert.equal(worker["content-security-policy"], "default-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'");
    assert.ok(headers["cross-origin-embedder-policy"]);
    assert.equal(worker["cross-origin-embedder-policy"], headers["cross-origin-embedder-policy"]);
  });

  test("no answer sets a cookie, names a finer time than it must, or may be cached where it is secret", async () => {
    for (const path of ["", "api/v1/profile", "api/v1/mailbox", "api/v1/no-such-path", "no-such-page"]) {
      const { headers } = await get(`${demo.url}/${path}`, { authorization: `Bearer ${"00".repeat(32)}` });
      assert.equal(headers["set-cookie"], undefined, path);
      assert.equal(headers["x-powered-by"] ?? headers.server, undefined, path);
      if (path.startsWith("api/")) assert.equal(headers["cache-control"], "no-store", path);
    }
  });

  test("home is at most 40 KB in 6 requests, and a sent text report 116 KB in 8 more, headers counted in", async (t) => {
    const wire = await startWire(t, demo.url);
    const page = await launch("chromium", { t });
    const stations = [];
    // The report itself is one size whatever it says (PROTOCOL 1.5): what the page weighs is everything else, both ways.
    const note = (name, ownBytes = 0) => {
      stations.push({ name, received: wire.received, sent: wire.sent - ownBytes, requests: wire.requests.length });
      t.diagnostic(
        `${name}: ${wire.received} received, ${wire.sent - ownBytes} sent, ${wire.requests.length} requests\n${wire.requests.join("\n")}`,
      );
    };
    await page.open(`${wire.url}/fa/`);
    // The office's name comes with the profile, which is fetched after all else.
    await page.waitUntil(() =>
      page.evaluate(
        () =>
          document.readyState === "complete" &&
          document.fonts.status === "loaded" &&
          (document.querySelector("[data-office='name']")?.textContent ?? "") !== "",
      ),
    );
    await page.quiet();
    note("home");
    await fillReport(page, `${wire.url}/fa/`, { text: "گزارش" });
    await sendReport(page);
    await page.quiet();
    note("a sent report", REPORT_BYTES);
    const bodies = await bodiesOf(page.requests, wire.url);
    t.diagnostic(`bodies: ${bodies}`);
    assert.ok(bodies <= 110_000, `bodies up to a sent report: ${bodies} bytes`);
    const [home, report] = stations;
    assert.ok(home.requests <= 6, `home: ${home.requests} requests`);
    assert.ok(report.requests - home.requests <= 8, `the form: ${report.requests - home.requests} more requests`);
    assert.ok(home.received <= 40_000, `home: ${home.received} bytes`);
    assert.ok(report.received <= 116_000, `a report: ${report.received} bytes`);
    assert.ok(report.sent <= 12_000, `asked for in ${report.sent} bytes`);
  });

  /// What the server answers to these requests where brotli is welcome, without headers: each address once. What can be
  /// packed is.
  async function bodiesOf(requests, origin) {
    const isOurs = ({ method, url }) => method === "GET" && url.startsWith(origin);
    const paths = new Set(requests.filter(isOurs).map(({ url }) => url.slice(origin.length).split("#")[0]));
    let total = 0;
    for (const path of paths) {
      const { status, headers, body } = await get(`${demo.url}${path}`, { "accept-encoding": "br" });
      assert.ok(status === 200 || (status >= 300 && status < 400), `${path}: ${status}`);
      if (/html|javascript|css|svg|json/.test(headers["content-type"]) && body.length > 1_000)
        assert.equal(headers["content-encoding"], "br", path);
      total += body.length;
    }
    return total;
  }
});

test("at 400 kbit/s and 600 ms home is usable within 2 s, and the form 2 s after the press on its door", async (t) => {
  const demo = await startDemo(t);
  const page = await launch("chromium", { t });
  await page.throttle(400_000, 600);
  const seconds = async (name, begin, isUsable) => {
    const start = performance.now();
    begin().catch(() => {});
    await page.waitUntil(isUsable, { timeout: 20_000, what: name });
    const took = (performance.now() - start) / 1_000;
    t.diagnostic(`${name}: ${took.toFixed(2)} s`);
    return took;
  };
  const home = await seconds(
    "home",
    () => page.open(demo.reporterUrl),
    () => page.visible("a[data-door][href$='#door=report']"),
  );
  const form = await seconds(
    "the form",
    () => page.click("a[data-door='report']"),
    async () => (await page.visible("#unknown")) || (await page.visible("#next")),
  );
  const direct = await seconds(
    "the status page by itself",
    async () => {
      await page.open("about:blank");
      await page.open(new URL("status", demo.reporterUrl).href);
    },
    () => page.visible("#code"),
  );
  assert.ok(home <= 2.0, `home was usable after ${home.toFixed(2)} s`);
  assert.ok(form <= 2.0, `the form was usable after ${form.toFixed(2)} s`);
  assert.ok(direct <= 3.5, `the status page was usable after ${direct.toFixed(2)} s`);
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

// Whatever a page fetches breaks off once, comes in half, is refused by a proxy or is never answered. The line comes back, and
// the person goes on: nothing is loaded anew by hand, and no word is lost. What is cut is taken from what an uncut visit
// fetches, so that a new request is covered as soon as there is one.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { launch } from "./drivers/driver.mjs";
import { photo } from "./harness/files.mjs";
import { inspector, lifetime, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { followUp, fillReport, messages, openCase, problem, sendReport } from "./harness/pages.mjs";
import { startProxy } from "./harness/proxy.mjs";

const CUTS = {
  "is lost": { cutResponse: () => 0 },
  "comes in half": { cutResponse: () => (length) => Math.floor(length / 2) },
  "comes in half and compressed": {
    cutResponse: () => (length) => Math.floor(length / 2),
    encodings: ({ headers }) => headers["accept-encoding"] ?? "identity",
  },
  "is refused by a proxy": {
    answer: () => ({ status: 503, headers: { "content-type": "text/html" }, body: Buffer.from("<h1>Service Unavailable</h1>") }),
  },
};

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser}, where what is fetched breaks off once`, () => {
    const life = lifetime();
    let demo, proxy, page, home, file, exempt, whole;
    const reset = () =>
      Object.assign(proxy, {
        answer: () => null,
        alter: () => {},
        cutRequest: () => null,
        cutResponse: () => null,
        encodings: () => "identity",
      });
    before(async () => {
      demo = await startDemo(life);
      proxy = await startProxy(life, demo.url);
      home = `${proxy.url}/fa/`;
      const folder = await temporaryFolder(life, "again");
      // More than the first piece of an upload, so that there is a second.
      file = (await photo(folder, "عکس.jpg", { bytes: 400_000 })).path;
      exempt = await beginnings();
      whole = await visit("بی‌بریدگی");
    });
    after(() => life.end());

    test("an uncut visit fetches every kind of thing", () => {
      const kinds = [/\.css$/, /\.woff2$/, /profile$/, /POST .*uploads$/, /mailbox\?from=0/, /mailbox\/1$/];
      for (const kind of kinds)
        assert.ok(
          [...whole.keys].some((key) => kind.test(key)),
          `${kind}: ${[...whole.keys]}`,
        );
      assert.ok([...whole.keys].filter((key) => key.endsWith(".js")).length >= 3, [...whole.keys].join("\n"));
    });

    for (const [how, cut] of Object.entries(CUTS)) {
      test(`each of them ${how} once`, async () => {
        const done = new Set();
        const once = (request) => {
          const key = keyOf(request);
          if (!isPart(request) || done.has(key)) return false;
          done.add(key);
          return true;
        };
        for (const [name, work] of Object.entries(cut))
          proxy[name] = name === "encodings" ? work : (request) => (once(request) ? work(request) : null);
        const broken = await visit(`بریده: ${how}`);
        assert.deepEqual(
          [...whole.keys].filter((key) => !done.has(key)),
          [],
          "what was not cut",
        );
        assert.deepEqual(broken.documents, whole.documents, "pages that were loaded");
      });
    }

    test("a part that is never answered is asked for once more", async () => {
      const core = await addressOf("core");
      let silent = 1;
      // The browser may hold back that the page has loaded until an import has ended: it ends after the next try has gone well.
      const silence = async () => {
        await sleep(45_000);
        throw new Error("silent");
      };
      proxy.seen.length = 0;
      proxy.answer = (request) => (request.path === core && silent-- > 0 ? silence() : null);
      page = await launch(browser, { t: life });
      await fillReport(page, home, { text: "در سکوت" });
      await sendReport(page, { timeout: 90_000 });
      assert.deepEqual(asked(core), [core, `${core}?1`]);
      await page.close();
    });

    test("a line that was away for long: sending says so, and one press later the report is there", async () => {
      const core = await addressOf("core");
      proxy.seen.length = 0;
      proxy.cutResponse = (request) => (request.path.startsWith(core) ? 0 : null);
      page = await launch(browser, { t: life });
      await fillReport(page, home, { text: "خط رفت و برگشت" });
      await page.click("#send");
      assert.equal(await problem(page), "server-away");
      assert.ok(await page.visible("#send"));
      reset();
      await sendReport(page);
      const addresses = asked(core);
      assert.ok(addresses.length > 3);
      assert.deepEqual(
        addresses,
        [core, ...addresses.slice(1).map((_, index) => `${core}?${index + 1}`)],
        "each try has an address of its own",
      );
      await page.close();
    });

    test("a page whose own script does not come says so, and what to do", async () => {
      for (const path of ["", "report", "status"]) {
        proxy.seen.length = 0;
        proxy.cutResponse = (request) => (request.path.endsWith(".js") ? 0 : null);
        page = await launch(browser, { t: life });
        await page.open(new URL(path, home).href);
        await sleep(2000);
        assert.ok(
          !(await page.evaluate(() => document.querySelector("#stalled").checkVisibility({ visibilityProperty: true }))),
          "not at once",
        );
        await page.waitUntil(() => page.evaluate(() => getComputedStyle(document.querySelector("#stalled")).visibility === "visible"), {
          what: `words on ${path}`,
        });
        assert.match(await page.text("#stalled"), /مرورگر/);
        if (process.env.SHOTS) await page.screenshot(join(process.env.SHOTS, `stalled-${browser}-${path || "home"}.png`));
        reset();
        await page.reload();
        await page.waitUntil(async () => (await page.count("#stalled")) === 0, { what: "the words to go" });
        await page.close();
      }
    });

    /// Each address once, in order. Firefox by itself asks several times for one whose connection breaks.
    const asked = (address) => [...new Set(proxy.seen.map(({ path }) => path).filter((path) => path.startsWith(address)))];

    /// Home, a report with a picture, its receipt, coming back to an answer, writing on. Gives what was fetched on the way.
    async function visit(text) {
      proxy.seen.length = 0;
      const known = new Set((await inspector(demo).inbox()).map((entry) => entry.case));
      page = await launch(browser, { t: life });
      try {
        await page.open(home);
        await page.waitFor("[data-office=name]");
        await dressed();
        await fillReport(page, home, { text, files: [file], keepFiles: false });
        await dressed();
        const code = await sendReport(page);
        const fresh = (await inspector(demo).inbox()).filter((entry) => !known.has(entry.case));
        assert.equal(fresh.length, 1, "one report arrived");
        await inspector(demo).reply(fresh[0].case, { text: "پاسخ" });
        await openCase(page, home, code);
        await dressed();
        assert.equal((await messages(page)).filter(({ kind }) => kind === "reply").length, 1);
        await followUp(page, { text: "باز هم" });
        const opened = await inspector(demo).open(fresh[0].case);
        const said = opened.messages.map((message) => message.text);
        assert.deepEqual(said, [text, "پاسخ", "باز هم"]);
      } catch (error) {
        error.message += `\n${proxy.seen.map(({ method, path, response }) => `${method} ${path} ${response?.status ?? "-"}`).join("\n")}`;
        throw error;
      } finally {
        reset();
        await page.close();
      }
      const documents = proxy.seen.filter((request) => isDocument(request)).map(({ path }) => path);
      return { documents, keys: new Set(proxy.seen.filter(isPart).map(keyOf)) };
    }

    /// Styles and the font stand, whatever became of the first request for them.
    async function dressed() {
      await page.waitUntil(
        () =>
          page.evaluate(
            () =>
              getComputedStyle(document.body).display === "flex" &&
              [...document.fonts].some(({ family, status }) => family.includes("Vazirmatn") && status === "loaded") &&
              [...document.querySelectorAll("link[rel=stylesheet]")].every(({ sheet }) => sheet !== null && sheet.cssRules.length > 0),
          ),
        { what: "styles and font" },
      );
    }

    /// The scripts with which pages begin: without them nobody is there to ask anew.
    async function beginnings() {
      const found = new Set();
      for (const path of ["", "report", "status"]) {
        const html = await (await fetch(new URL(path, home))).text();
        for (const [, address] of html.matchAll(/<(?:script[^>]* src|link rel="modulepreload" href)="([^"]+)"/g)) found.add(address);
      }
      assert.ok(found.size >= 2);
      return found;
    }

    async function addressOf(part) {
      const html = await (await fetch(new URL("report", home))).text();
      return new RegExp(`data-${part}="([^"]+)"`).exec(html)[1];
    }

    const isDocument = ({ headers }) => headers["sec-fetch-dest"] === "document";
    // A drawing that does not come is missed by nobody.
    const isPart = (request) =>
      request.headers["sec-fetch-dest"] !== undefined &&
      !isDocument(request) &&
      !exempt.has(request.path) &&
      !request.path.includes(".svg");
  });
}

/// What is one thing however often it is asked for.
function keyOf({ method, path }) {
  const thing = path.startsWith("/assets/") ? path.replace(/\?.*/, "") : path.replace(/\/uploads\/[0-9a-f]+/, "/uploads/*");
  return `${method} ${thing}`;
}

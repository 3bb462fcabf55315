// Whatever is pressed three times is done once: by a finger that does not wait, by Enter, and while what it needs is held back.
// The buttons are found in the page, so that a new one is covered as soon as there is one.

import assert from "node:assert/strict";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { launch } from "./drivers/driver.mjs";
import { inspector, lifetime, reporter, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { fillReport, leaveReceipt, messages, openCase, readReceipt, sendReport } from "./harness/pages.mjs";
import { startProxy } from "./harness/proxy.mjs";

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser}, pressed three times`, () => {
    const life = lifetime();
    let demo, proxy, page, home, known, release;
    before(async () => {
      demo = await startDemo(life);
      proxy = await startProxy(life, demo.url);
      page = await launch(browser, { t: life });
      home = `${proxy.url}/fa/`;
    });
    after(() => life.end());
    beforeEach(async () => {
      release?.();
      proxy.answer = () => null;
      await page.open("about:blank");
      proxy.seen.length = 0;
      known = new Set((await inspector(demo).inbox()).map((entry) => entry.case));
    });

    const fresh = async () => (await inspector(demo).inbox()).filter((entry) => !known.has(entry.case));
    const asked = (pattern) => proxy.seen.filter(({ method, path }) => pattern.test(`${method} ${path}`)).length;
    const ways = { finger: (selector) => page.clickThrice(selector), Enter: (selector) => page.pressThrice(selector) };

    /// Nothing that matches is answered until `release()`.
    function hold(pattern) {
      const gate = new Promise((open) => (release = open));
      proxy.answer = async (request) => {
        if (pattern.test(request.path)) await gate;
        return null;
      };
    }

    test("every button of every step goes one step", async () => {
      const depth = () => page.evaluate(() => Math.max(history.state?.depth ?? 0, 1));
      const tried = [];
      await fillReport(page, home, { text: "گام به گام", onStep });
      assert.ok(tried.length > 20, `${tried.length} buttons: ${tried}`);

      async function onStep(step) {
        if (step === "text") await page.fill("#text", "گام به گام");
        for (const [index, name] of (await buttonsOf("#asking")).entries()) {
          // From the first step, back leads home: that is leaving. Sending has a test of its own.
          if ((name === "back" && step === "doors") || name === "send") continue;
          for (const [how, press] of Object.entries(ways)) {
            const [button] = [`[data-pressed="${index}"]`];
            const before = await depth();
            await press(button);
            await sleep(250);
            const now = await depth();
            tried.push(`${step} ${name}`);
            assert.ok(Math.abs(now - before) <= 1, `${how} on ${name} of ${step} went from ${before} to ${now}`);
            assert.deepEqual(page.errors, [], name);
            if (now > before) await page.evaluate(() => history.back());
            if (now < before) await page.evaluate(() => history.forward());
            await page.waitUntil(async () => (await page.attribute("body", "data-step")) === step, { what: `${step} again after ${name}` });
            await buttonsOf("#asking");
          }
        }
      }
    });

    for (const [how, press] of [
      ...Object.entries(ways),
      [
        "one press after the other",
        async (selector) => {
          for (let count = 0; count < 3; count++, await sleep(400)) await page.click(selector);
        },
      ],
    ])
      test(`sending is one report, one code: ${how}`, async () => {
        // What seals, the marks and the profile: all that a press on «send» may wait for.
        const parts = await partsOf("report");
        hold(new RegExp(`^(${parts.join("|")}|/api/v1/profile)`));
        await fillReport(page, home, { text: "سه بار" });
        const box = () =>
          page.evaluate(() => {
            const { x, y, width, height } = document.querySelector("#send").getBoundingClientRect();
            return [x, y + scrollY, width, height].map(Math.round).join();
          });
        const place = await box();
        await press("#send");
        assert.equal(await page.attribute("#send", "aria-busy"), "true", "it says that it was pressed");
        assert.notEqual((await page.text(".waiting")).trim(), "", "in words, too");
        if (how !== "Enter") assert.equal(await box(), place, "nothing moves from under the finger");
        if (process.env.SHOTS) await page.screenshot(join(process.env.SHOTS, `waiting-${browser}.png`));
        release();
        const codes = new Set();
        await page.waitFor("#receipt", { timeout: 2 * page.patience });
        for (let look = 0; look < 20; look++, await sleep(100)) codes.add(await readReceipt(page));
        assert.equal(codes.size, 1);
        assert.equal((await fresh()).length, 1);
        await leaveReceipt(page, [...codes][0]);
      });

    test("who goes back while «send» waits has not sent", async () => {
      hold(new RegExp(`^(${(await partsOf("report")).join("|")}|/api/v1/profile)`));
      await fillReport(page, home, { text: "پشیمان" });
      await page.click("#send");
      await page.click("#back");
      await page.waitUntil(async () => (await page.attribute("body", "data-step")) !== "check");
      release();
      await sleep(2000);
      assert.notEqual(await page.attribute("body", "data-step"), "sending");
      assert.equal((await fresh()).length, 0);
    });

    test("Back while it is being sent loses nothing and sends nothing twice", async () => {
      hold(/^\/api\/v1\/uploads/);
      await fillReport(page, home, { text: "برگشت در راه" });
      await page.click("#send");
      await page.waitFor("[data-state=sending]");
      for (let count = 0; count < 3; count++) await page.evaluate(() => history.back());
      await sleep(300);
      assert.ok(await page.visible("[data-state=sending]"));
      release();
      await page.waitFor("#receipt", { timeout: 2 * page.patience });
      assert.equal((await fresh()).length, 1);
      await leaveReceipt(page, await readReceipt(page));
    });

    test("every button of the receipt does its work once", async () => {
      await fillReport(page, home, { text: "رسید" });
      const code = await sendReport(page);
      await page.evaluate(() => {
        globalThis.effects = [];
        window.print = () => globalThis.effects.push("print");
        const write = navigator.clipboard.writeText.bind(navigator.clipboard);
        navigator.clipboard.writeText = (text) => (globalThis.effects.push("copy"), write(text));
        const make = URL.createObjectURL;
        URL.createObjectURL = (blob) => (globalThis.effects.push("file"), make(blob));
      });
      const names = (await buttonsOf("#step")).filter((name) => name !== "receipt-done");
      assert.ok(names.length >= 4, `${names}`);
      for (const name of names) {
        for (const [how, press] of Object.entries(ways)) {
          await page.evaluate(() => (globalThis.effects.length = 0));
          await press(`#${name}`);
          await sleep(1200);
          const effects = await page.evaluate(() => globalThis.effects);
          assert.ok(effects.length <= 1, `${how} on ${name}: ${effects}`);
        }
      }
      await page.fill("#receipt-check", code.slice(-4));
      await page.clickThrice("#receipt-done");
      await page.waitFor("#farewell");
    });

    test("a file that cannot be cleaned yet is asked about once, and added once", async (t) => {
      const folder = await temporaryFolder(t, "press");
      await writeFile(join(folder, "a.txt"), "متن");
      hold(new RegExp(`^(${(await partsOf("report")).at(-1)})`));
      let step;
      await fillReport(page, home, {
        text: "یک پرونده",
        onStep: async (name) => {
          step = name;
          if (step !== "evidence") return;
          await page.setFiles("#files", [join(folder, "a.txt")]);
          await page.clickThrice(".drop label.button").catch(() => {});
          await sleep(300);
          assert.equal(await page.count("[data-file]"), 1);
          release();
          await page.clickThrice(".file-remove");
          await sleep(300);
          assert.equal(await page.count("[data-file]"), 0);
        },
      });
    });

    test("a code that is entered three times opens its case once", async () => {
      const { receipt } = await reporter(demo).report({ text: "یک بار" });
      for (const press of [
        () => page.clickThrice("#open"),
        async () => {
          await page.evaluate(() => document.querySelector("#code").focus());
          for (let count = 0; count < 3; count++) await page.press("Enter");
        },
      ]) {
        await page.open("about:blank");
        proxy.seen.length = 0;
        hold(new RegExp(`^(${(await partsOf("status")).join("|")}|/api/v1/)`));
        await page.open(`${home}status`);
        await page.fill("#code", receipt);
        await press();
        assert.equal(await page.attribute("#open", "aria-busy"), "true");
        assert.equal(await page.count("progress"), 1);
        release();
        await page.waitFor("#status", { timeout: 2 * page.patience });
        assert.equal(asked(/^GET .*mailbox\?from=0$/), 1);
      }
    });

    test("writing on is one message, a file is saved once, leaving is leaving once", async (t) => {
      const folder = await temporaryFolder(t, "press");
      await writeFile(join(folder, "پاسخ.txt"), "پاسخ");
      const { receipt } = await reporter(demo).report({ text: "ادامه" });
      const [{ case: id }] = await fresh();
      await inspector(demo).reply(id, { text: "با پرونده", attach: [join(folder, "پاسخ.txt")] });
      await openCase(page, home, receipt);
      const before = new Set(await readdir(page.downloadFolder));
      await page.clickThrice("a.file");
      await sleep(1500);
      assert.equal((await readdir(page.downloadFolder)).filter((name) => !before.has(name)).length, 1);

      hold(/^\/api\/v1\//);
      await page.fill("#reply-text", "یک پیام");
      await page.clickThrice("#reply-send");
      await page.pressThrice("#reply-send");
      assert.equal(await page.attribute("#reply-send", "aria-busy"), "true");
      release();
      await page.waitFor("#reply-sent", { timeout: 2 * page.patience });
      const own = (await messages(page)).filter(({ kind }) => kind === "follow-up");
      assert.equal(own.length, 1);
      await page.clickThrice("#close");
      await page.waitUntil(() => page.url() === home, { what: "home" });
    });

    test("doors and links of home lead where they lead, once", async () => {
      for (const selector of ["a[data-door]", ".comeback a.button"]) {
        await page.open("about:blank");
        await page.open(home);
        const length = await page.evaluate(() => history.length);
        proxy.seen.length = 0;
        // A page that goes between two presses takes no more of them, which Firefox calls a failure. That it went is asserted.
        await page.clickThrice(selector).catch(() => {});
        await page.waitUntil(() => page.url() !== home, { what: "another page" });
        await page.quiet();
        assert.equal(proxy.seen.filter(({ headers }) => headers["sec-fetch-dest"] === "document").length, 1, selector);
        assert.ok((await page.evaluate(() => history.length)) <= length + 1, selector);
      }
    });

    test("a report that was sealed elsewhere is sent once", async (t) => {
      const folder = await temporaryFolder(t, "press");
      await writeFile(join(folder, "report.age"), "age-encryption.org/v1\n");
      await page.open(`${home}sealed`);
      await page.setFiles("#sealed", [join(folder, "report.age")]);
      // In one go: a browser that is on its way to another page answers nobody who asks from outside.
      const isSaid = await page.evaluate(() => {
        for (let count = 0; count < 3; count++) document.querySelector("#send-sealed").click();
        document.querySelector("form").requestSubmit();
        return document.querySelector("#waiting").checkVisibility();
      });
      assert.ok(isSaid);
      await page.waitUntil(() => page.attribute("body", "data-page").then((name) => name === "sealed-refused"), { what: "the answer" });
      assert.equal(asked(/^POST .*sealed$/), 1);
    });

    /// The visible buttons below `root`, by name, each marked with its number.
    function buttonsOf(root) {
      return page.evaluate((s) => {
        for (const marked of document.querySelectorAll("[data-pressed]")) marked.removeAttribute("data-pressed");
        const buttons = [...document.querySelectorAll(`${s} button`)].filter((button) => button.checkVisibility());
        for (const [index, button] of buttons.entries()) button.setAttribute("data-pressed", index);
        return buttons.map((button) => button.id || Object.values(button.dataset).join(" ") || button.textContent);
      }, root);
    }

    /// Addresses of the parts that a page fetches later: what seals and opens, what marks, what cleans.
    async function partsOf(path) {
      const html = await (await fetch(new URL(path, `${demo.url}/fa/`))).text();
      return ["core", "warn", "clean"].map((part) => new RegExp(`data-${part}="([^"]+)"`).exec(html)[1]);
    }
  });
}

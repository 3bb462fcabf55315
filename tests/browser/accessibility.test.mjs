// axe-core on every page and state, in both languages and both colour schemes; no page is wider than a small phone;
// and the whole report with the keyboard alone.

import assert from "node:assert/strict";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { pdf, photo } from "./harness/files.mjs";
import { inspector, lifetime, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { enterCode, fillReport, followUp, leaveReceipt, openCase, problem, readReceipt, sendReport } from "./harness/pages.mjs";
import { newCode } from "./harness/protocol.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/// A small phone, and what 400 % zoom makes of a 1280 px window.
const NARROW = 320;

/// Asserts that axe-core finds nothing to blame in what stands on the page now, in the light and in the dark, that
/// nothing is cut off at 320 px, and that what is to be touched is large enough.
async function examine(page, name) {
  await page.evaluate(`${AXE}; true`);
  assert.deepEqual(await violations(page, {}), [], `${name}, light`);
  await page.colorScheme("dark");
  // Colours are all that the scheme changes.
  assert.deepEqual(await violations(page, { runOnly: ["color-contrast", "link-in-text-block"] }), [], `${name}, dark`);
  await page.colorScheme("light");
  await page.viewport(NARROW, 640);
  const { wide, small } = await page.evaluate(() => {
    const shown = (element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    const label = (element) => `${element.tagName.toLowerCase()}#${element.id}.${element.className}`;
    const scroller = document.scrollingElement;
    const wide =
      scroller.scrollWidth > innerWidth
        ? [...document.querySelectorAll("body *")]
            .filter((e) => shown(e) && (e.getBoundingClientRect().right > innerWidth + 1 || e.getBoundingClientRect().left < -1))
            .map(label)
            .slice(0, 5)
        : [];
    const targets = [
      ...document.querySelectorAll("button, .button, select, textarea, summary, input:not([type=radio], [type=checkbox], [type=file])"),
    ];
    const small = targets
      .filter((e) => shown(e) && e.getBoundingClientRect().height > 1 && e.getBoundingClientRect().height < 44)
      .map((e) => `${label(e)} ${Math.round(e.getBoundingClientRect().height)} px`);
    return { wide: scroller.scrollWidth > innerWidth ? [`${scroller.scrollWidth} px`, ...wide] : [], small };
  });
  assert.deepEqual(wide, [], `${name}: nothing needs sideways scrolling at ${NARROW} px`);
  assert.deepEqual(small, [], `${name}: targets are at least 44 px`);
  await page.viewport(390, 844);
}

/// Colours that are still on their way from one to another would be blamed or missed by chance.
function violations(page, options) {
  return page.evaluate(async (options) => {
    await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
    // A page without a sheet of ours stands on the browser's own ground, which axe takes for white in the dark, too.
    const isBare = document.styleSheets.length === 0;
    if (isBare) document.documentElement.style.backgroundColor = "Canvas";
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"], ...options });
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.target.join(" ")).join(" | ")}`);
  }, options);
}

for (const language of ["fa", "en"]) {
  describe(`pages in ${language}`, () => {
    const life = lifetime();
    let demo, page, home, files;
    before(async () => {
      demo = await startDemo(life);
      home = `${demo.url}/${language}/`;
      const folder = await temporaryFolder(life, "files");
      files = [
        (await photo(folder, "a-long-name-without-any-place-to-break-it-0123456789.jpg", { bytes: 20_000, width: 120 })).path,
        (await pdf(folder, "نامه.pdf", "x")).path,
      ];
      page = await launch("chromium", { t: life });
    });
    after(() => life.end());

    test("every page as it opens", async () => {
      const pages = (await readdir(new URL(`../../web/dist/reporter/${language}/`, import.meta.url))).map((name) =>
        name.replace(/\.html$/, ""),
      );
      assert.ok(pages.includes("report"), `${pages}`);
      for (const name of pages) {
        await page.open(name === "index" ? home : `${home}${name}`);
        await page.quiet();
        await examine(page, name);
      }
    });

    test("every step of every door, and the receipt", async () => {
      for (const door of ["report", "complaint", "suggestion", "information-request"]) {
        await fillReport(page, home, { text: "x".repeat(200), files, door, onStep: (step) => examine(page, `${door}: ${step}`) });
      }
      const code = await sendReport(page);
      await examine(page, "receipt");
      await leaveReceipt(page, code);
      await examine(page, "after the receipt");
    });

    test("status: empty, wrong code, unknown code, answered, closed", async (t) => {
      await page.open(`${home}status`);
      await page.waitFor("#code");
      await examine(page, "status");
      await page.fill("#code", "1234");
      await page.click("#open");
      await problem(page);
      await examine(page, "wrong code");
      await enterCode(page, home, newCode());
      await problem(page);
      await examine(page, "unknown code");

      await fillReport(page, home, { text: "گزارش", files });
      const code = await sendReport(page);
      await leaveReceipt(page, code);
      await openCase(page, home, code);
      await examine(page, "no answer yet");
      const known = await inspector(demo).inbox();
      for (const { case: id } of known) await inspector(demo).reply(id, { text: "پاسخ", attach: files, status: "awaiting-your-reply" });
      await openCase(page, home, code);
      await examine(page, "answered");
      await followUp(page, { text: "باز هم" });
      await examine(page, "followed up");

      const rule = join(await temporaryFolder(t, "rule"), "rule");
      await writeFile(rule, "مادهٔ ۹۰");
      for (const { case: id } of known) {
        await inspector(demo).reply(id, { text: "بسته شد", status: "closed", extra: ["--outcome", "no-violation", "--rule-file", rule] });
      }
      assert.equal(await openCase(page, home, code), "closed");
      await examine(page, "closed, with its outcome");
    });
  });
}

for (const browser of ["chromium", "firefox"]) {
  test(`${browser}: a report and a visit with the keyboard alone`, async (t) => {
    const demo = await startDemo(t);
    const page = await launch(browser, { t });
    await page.open(demo.reporterUrl);

    /// Presses Tab until a match has the focus, which must be seen.
    async function tabTo(selector) {
      for (let presses = 0; presses < 80; presses++) {
        if (await page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) {
          const seen = await page.evaluate(() => {
            // The ring of a choice stands around its words and box.
            const { activeElement: focused } = document;
            const style = getComputedStyle(focused.matches(".choice input") ? focused.labels[0] : focused);
            return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
          });
          assert.ok(seen, `the focus on ${selector} is seen`);
          return;
        }
        await page.press("Tab");
      }
      throw new Error(`the keyboard does not reach ${selector}: ${await page.describe()}`);
    }

    await tabTo(".skip");
    await tabTo('[data-door="report"]');
    await page.press("Enter");
    for (let last = ""; ;) {
      const step = await page.waitUntil(
        async () => {
          const now = await page.attribute("body", "data-step");
          return now !== last && now;
        },
        { what: `the step after ${last}` },
      );
      last = step;
      if (step === "check") break;
      if (step === "doors") {
        await tabTo('[data-door="report"]');
        await page.press("Enter");
        continue;
      }
      // A new step begins inside the step, not at the top of the page and not where the last button was.
      await page.waitUntil(
        () =>
          page.evaluate(
            () =>
              document.querySelector("main").contains(document.activeElement) || document.activeElement === document.querySelector("main"),
          ),
        { what: `the focus to be in the step ${step}` },
      );
      if (step === "text") {
        await tabTo("#text");
        await page.type("با صفحه‌کلید");
        await tabTo("#next");
        await page.press("Enter");
      } else if (await page.visible("#unknown")) {
        await tabTo("#unknown");
        await page.press("Enter");
        if ((await page.attribute("body", "data-step")) === step) {
          await tabTo("#next");
          await page.press("Enter");
        }
      } else {
        await tabTo("#next");
        await page.press("Enter");
      }
    }
    await tabTo("#send");
    await page.press("Enter");
    await page.waitFor("#receipt", { timeout: 60_000 });
    const code = await readReceipt(page);
    await tabTo("#receipt-check");
    await page.type(code.slice(-4));
    await tabTo("#receipt-done");
    await page.press("Enter");

    await page.open(new URL("status", demo.reporterUrl).href);
    await page.waitFor("#code");
    await tabTo("#code");
    await page.type(code);
    await page.press("Enter");
    await page.waitFor("#status");
    await tabTo("#reply-text");
    await page.type("ادامه");
    await tabTo("#reply-send");
    await page.press("Enter");
    await page.waitFor("#reply-sent");
    const [{ case: id }] = await inspector(demo).inbox();
    assert.deepEqual(
      (await inspector(demo).open(id)).messages.map((message) => message.text),
      ["با صفحه‌کلید", "ادامه"],
    );
  });
}

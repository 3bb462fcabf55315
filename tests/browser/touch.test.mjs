// A report in Persian from a small phone, by touch alone: a finger on the glass, no mouse, no Tab, no Enter.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { BROWSERS, launch } from "./drivers/driver.mjs";
import { inspector, lifetime, startDemo } from "./harness/mohr.mjs";
import { readReceipt } from "./harness/pages.mjs";
import { startProxy } from "./harness/proxy.mjs";
import { asPhone } from "./harness/touch.mjs";

const WIDTH = 320;

describe("by touch alone on a screen of 320 px", () => {
  const life = lifetime();
  let demo;
  before(async () => {
    demo = await startDemo(life);
  });
  after(() => life.end());

  for (const browser of BROWSERS) {
    test(`${browser}: a report from the home page to the receipt`, async (t) => {
      const words = `برای یک امضا پول خواستند. ${browser}`;
      const page = await launch(browser, { t });
      const phone = await asPhone(page, { width: WIDTH, height: 568 });
      await page.open(demo.reporterUrl);
      await watchInput(page);
      await assertFits(page, "home");
      await phone.tap('[data-door="report"]');

      const steps = await answer(page, phone, words);
      assert.deepEqual([steps[0], steps.at(-1)], ["kind", "check"], "who came through a door is not asked for it again");
      await phone.tap("#send");
      await page.waitFor("#receipt", { timeout: 4 * page.patience });
      await assertFits(page, "receipt");
      const code = await readReceipt(page);
      await phone.write("#receipt-check", code.slice(-4));
      await phone.tap("#receipt-done");
      await page.waitFor("#farewell");
      await assertFits(page, "farewell");

      const { pointers, keys } = await page.evaluate(() => window.seenInput);
      assert.deepEqual([...new Set(pointers)], ["touch"]);
      assert.ok(pointers.length > steps.length, "every step took a tap");
      assert.deepEqual(keys, [], "no key but letters");
      assert.deepEqual(page.errors, []);

      const office = inspector(demo);
      const reports = await Promise.all((await office.inbox()).map(async ({ case: id }) => (await office.open(id)).messages[0]));
      const report = reports.find(({ text }) => text === words);
      assert.ok(report?.verified, "the report arrived as it was typed");
      const answers = Object.fromEntries(report.answers.map(({ question, answer }) => [question, answer]));
      assert.equal(answers.who, "کارمند باجه");
      assert.equal(answers.known, "only-me");
    });
  }
});

// On a slow line the office's profile comes while somebody reads the doors.
for (const path of ["/fa/", "/fa/report"]) {
  test(`${path}: no door moves when the office's name appears`, async (t) => {
    const demo = await startDemo(t);
    const proxy = await startProxy(t, demo.url);
    let arrive;
    const arrival = new Promise((done) => (arrive = done));
    proxy.alter = async ({ path: asked }) => {
      if (asked.startsWith("/api/v1/profile")) await arrival;
    };
    const page = await launch("chromium", { t, viewport: { width: WIDTH, height: 568 } });
    const places = () =>
      page.evaluate(() =>
        [...document.querySelectorAll("[data-door]")].map((door) => Math.round(door.getBoundingClientRect().top + scrollY)),
      );
    await page.open(proxy.url + path);
    await page.waitFor("[data-door]");
    await page.waitUntil(() => proxy.seen.some(({ path: asked }) => asked.startsWith("/api/v1/profile")));
    const before = await places();
    assert.equal(await page.visible("[data-office='name']"), false);
    arrive();
    await page.waitFor("[data-office='name']");
    assert.deepEqual(await places(), before);
  });
}

// A machine with much to do loses no tap that a person would not lose.
for (const browser of BROWSERS) {
  test(`${browser}: a slow finger taps, and what still moves is tapped where it comes to rest`, async (t) => {
    const page = await launch(browser, { t });
    const phone = await asPhone(page, { width: WIDTH, height: 568 });
    await page.open(`data:text/html,<meta name="viewport" content="width=device-width"><body style="height:3000px">
      <button style="width:100px;height:50px;margin-top:1000px" onclick="this.id='pressed'">`);
    await page.evaluate(() => addEventListener("scroll", () => requestAnimationFrame(() => scrollBy(0, -100)), { once: true }));
    await phone.tap("button", { restMs: 1_000 });
    await page.waitFor("#pressed");
  });
}

/// Taps through the questions to the last page: the first choice where there are choices, words for two questions, and
/// «نمی‌دانم» for the rest.
async function answer(page, phone, words) {
  const steps = [];
  for (let last = ""; last !== "check";) {
    const step = await page.waitUntil(
      async () => {
        const now = await page.attribute("body", "data-step");
        return now !== last && now;
      },
      { what: `the step after ${last}` },
    );
    if (steps.length === 0) await watchInput(page);
    last = step;
    steps.push(step);
    await assertFits(page, step);
    if (step === "check") break;
    // The marks of a choice come with the office's profile.
    if (["kind", "conflict", "known", "danger"].includes(step)) {
      await phone.tap("#step .choice label");
      await phone.tap("#next");
    } else if (step === "text" || step === "who") {
      await phone.write(`#${step}`, step === "text" ? words : "کارمند باجه");
      await phone.tap("#next");
    } else {
      await phone.tap("#unknown");
    }
  }
  return steps;
}

/// Notes from now on, on this page, what pointed and which keys other than letters came.
function watchInput(page) {
  return page.evaluate(() => {
    window.seenInput = { pointers: [], keys: [] };
    addEventListener("pointerdown", (event) => window.seenInput.pointers.push(event.pointerType), true);
    addEventListener("keydown", (event) => [...event.key].length > 1 && window.seenInput.keys.push(event.key), true);
  });
}

async function assertFits(page, name) {
  const { whole, screen } = await page.evaluate(() => ({ whole: document.scrollingElement.scrollWidth, screen: innerWidth }));
  assert.equal(screen, WIDTH, name);
  assert.ok(whole <= WIDTH, `${name} is ${whole} px wide and needs sideways scrolling`);
}

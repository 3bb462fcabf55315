// Leaving: the quick exit covers and empties the page at once and leaves no way back to it; Back and Forward lose nothing
// that was typed; a receipt is not left by mistake; and nothing outlives the page.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, beforeEach, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { catchNeutralPage } from "./harness/neutral-page.mjs";
import { inspector, lifetime, reporter, startDemo } from "./harness/mohr.mjs";
import { fillReport, openCase, sendReport } from "./harness/pages.mjs";
import { profileOf } from "./harness/protocol.mjs";

const TYPED = "قناری در خانهٔ متن";
const ANSWER = "قناری در پاسخ بازرس";

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser}: leaving`, () => {
    const life = lifetime();
    let demo, page, neutral, neutralHost, code;
    before(async () => {
      demo = await startDemo(life);
      page = await launch(browser, { t: life });
      const neutralUrl = profileOf(await readFile(demo.profile, "utf8")).contacts.neutral_page;
      neutralHost = new URL(neutralUrl).hostname;
      neutral = await catchNeutralPage(page, neutralUrl);
      code = (await reporter(demo).report({ text: "گزارش" })).receipt.replace(/[^0-9]/g, "");
      const [{ case: id }] = await inspector(demo).inbox();
      await inspector(demo).reply(id, { text: ANSWER });
    });
    beforeEach(async () => {
      await page.open("about:blank");
      page.dialogs.length = 0;
    });
    after(() => life.end());

    async function goBack(url) {
      await page.evaluate(() => setTimeout(() => history.back(), 0));
      await page.waitUntil(async () => (await page.evaluate(() => location.href)) === url, { what: `${url} after Back` });
    }

    const ways = {
      button: () => page.click("a.exit"),
      "Esc three times": async () => {
        for (let press = 0; press < 3; press++) await page.press("Escape");
      },
    };
    const places = {
      "a report with text typed": async () => {
        await typeText(page, demo.reporterUrl);
        await page.click("#next");
        await page.click("#back");
        await page.waitUntil(async () => (await page.value("#text")) === TYPED);
      },
      "an open case": async () => {
        await openCase(page, demo.reporterUrl, code);
        await page.waitFor('#thread .message[data-authenticity="verified"]');
        await page.fill("#reply-text", TYPED);
      },
    };

    for (const [way, leave] of Object.entries(ways)) {
      for (const [place, goThere] of Object.entries(places)) {
        test(`quick exit by ${way} from ${place}`, async () => {
          await goThere();
          const title = await page.evaluate(() => document.title);
          await page.evaluate(noteWhatIsLeft);
          page.errors.length = 0;
          neutral.hold();
          const pressed = leave();
          // In the very event that asks for it, long before the neutral page comes, the screen shows nothing any more.
          const left = JSON.parse(
            await page.waitUntil(() => page.errors.find((line) => line.startsWith("{")), { what: "the page to be emptied" }),
          );
          assert.equal(left.elements + left.fields, 0, "the page is empty");
          assert.equal(left.cover, "none", "and covered");
          assertSaysNothing(left.text);
          assert.notEqual(left.title, title);
          await page.waitUntil(() => neutral.asked() > 0, { what: "the neutral page to be asked for" });
          neutral.release();
          await pressed;
          await page.waitUntil(async () => (await page.evaluate(() => location.hostname)) === neutralHost, { what: "the neutral page" });
          assert.deepEqual(page.dialogs, [], "nobody is asked whether to leave");

          // Back leads to what was there before the visit, and the way forward brings no word back.
          await goBack("about:blank");
          for (let step = 0; step < 4; step++) {
            await page.evaluate(() => setTimeout(() => history.forward(), 0));
            await page.quiet();
            assertSaysNothing((await page.waitUntil(() => page.evaluate(allWords))).join("\n"));
          }
        });
      }
    }

    test("Back and Forward walk the steps, and nothing typed is lost", async () => {
      await typeText(page, demo.reporterUrl);
      await page.click("#next");
      const order = ["text", "place", "who", "conflict"];
      await stepIs(page, "place");
      await page.fill("#place", "باجهٔ ۳");
      await page.click("#next");
      await stepIs(page, "who");
      await page.fill("#who", "مسئول باجه");
      await page.click("#next");
      await stepIs(page, "conflict");
      const values = { text: TYPED, place: "باجهٔ ۳", who: "مسئول باجه" };
      for (const step of order.toReversed().slice(1)) {
        await page.evaluate(() => history.back());
        await stepIs(page, step);
        assert.equal(await page.value(`#${step}`), values[step], step);
      }
      for (const step of order.slice(1)) {
        await page.evaluate(() => history.forward());
        await stepIs(page, step);
        if (step in values) assert.equal(await page.value(`#${step}`), values[step], step);
      }
      // The page's own button does as the browser's does.
      await page.click("#back");
      await stepIs(page, "who");
      assert.equal(await page.value("#who"), values.who);
    });

    test("a reload, another page and a new visit find nothing of what was typed", async () => {
      await typeText(page, demo.reporterUrl);
      await page.reload();
      await assertEmptyReport(page);
      await typeText(page, demo.reporterUrl);
      await page.open("about:blank");
      await page.open(new URL("report", demo.reporterUrl).href);
      await assertEmptyReport(page);
      await page.open("about:blank");
      await page.evaluate(() => history.back());
      await page.waitUntil(async () => (await page.evaluate(() => location.href)).startsWith(demo.url), {
        what: "the report page from the history",
      });
      await assertEmptyReport(page);
      assert.ok(
        page.dialogs.length > 0 && page.dialogs.every((dialog) => dialog.startsWith("beforeunload")),
        `asked before text was lost: ${page.dialogs}`,
      );
    });

    test("the receipt asks before it is left, until the last group was typed", async () => {
      await fillReport(page, demo.reporterUrl, { text: TYPED });
      const receipt = await sendReport(page);
      page.dialogs.length = 0;
      const wrong = receipt.slice(-4) === "0000" ? "1111" : "0000";
      await page.fill("#receipt-check", wrong);
      await page.click("#receipt-done");
      await page.waitFor("#receipt-check-error");
      assert.ok(await page.visible("#receipt"), "a wrong group keeps the code on the page");
      assert.equal(await asksBeforeLeaving(page), true);
      await page.fill("#receipt-check", receipt.slice(-4));
      await page.click("#receipt-done");
      await page.waitFor("#farewell");
      assert.equal(await asksBeforeLeaving(page), false, "whoever kept the code may go");
      assert.ok(
        !(await page.evaluate(() => document.documentElement.textContent.replace(/\s/g, ""))).includes(receipt),
        "the code is gone from the page",
      );
      await page.open("about:blank");
      assert.deepEqual(page.dialogs, []);

      // And the browser itself asks.
      await fillReport(page, demo.reporterUrl, { text: TYPED });
      await sendReport(page);
      await page.click("#receipt-check");
      page.dialogs.length = 0;
      await page.open("about:blank");
      assert.equal(page.dialogs.length, 1, `${page.dialogs}`);
      assert.match(page.dialogs[0], /^beforeunload/);
    });

    test("where the neutral page cannot be reached, Back does not return to the report", async () => {
      await places["a report with text typed"]();
      neutral.hold();
      const pressed = ways.button().catch(() => {}); // The press is done; what it leads to fails.
      await page.waitUntil(() => neutral.asked() > 0, { what: "the neutral page to be asked for" });
      neutral.release({ reachable: false });
      await pressed;
      await page.quiet();
      for (let step = 0; step < 3; step++) {
        assertSaysNothing((await page.waitUntil(() => page.evaluate(allWords))).join("\n"));
        await page.evaluate(() => setTimeout(() => history.back(), 0));
        await page.quiet();
      }
    });
  });
}

/// A report with TYPED on the step of the text.
async function typeText(page, home) {
  await page.open("about:blank");
  await page.open(new URL("report", home).href);
  await page.click('[data-door="report"]');
  await stepIs(page, "kind");
  await page.click("#unknown");
  await stepIs(page, "text");
  await page.fill("#text", TYPED);
}

/// Tells, through the console, what stands on the page at the end of the event that empties it: a page that waits for
/// another one cannot be asked.
function noteWhatIsLeft() {
  const note = () => {
    if (document.body.childElementCount > 0) return;
    const left = {
      cover: getComputedStyle(document.body).display,
      elements: document.body.childElementCount,
      text: document.documentElement.textContent,
      fields: document.querySelectorAll("textarea, input").length,
      title: document.title,
    };
    console.error(JSON.stringify(left));
  };
  for (const type of ["click", "keydown"]) addEventListener(type, note);
}

const stepIs = (page, step) =>
  page.waitUntil(async () => (await page.attribute("body", "data-step")) === step, { what: `the step ${step}` });

async function assertEmptyReport(page) {
  await page.waitUntil(() => page.attribute("body", "data-step"), { what: "a step of the report" });
  for (let step; (step = await page.attribute("body", "data-step")) !== "text";) {
    assert.ok(["doors", "kind"].includes(step), step);
    await page.click(step === "doors" ? '[data-door="report"]' : "#unknown");
    await page.waitUntil(async () => (await page.attribute("body", "data-step")) !== step);
  }
  assert.equal(await page.value("#text"), "");
}

/// All that stands on a page, in its fields too.
function allWords() {
  return [document.documentElement.textContent, ...[...document.querySelectorAll("textarea, input")].map((field) => field.value)];
}

function assertSaysNothing(text) {
  for (const word of [TYPED, ANSWER]) assert.ok(!text.includes(word), `${word} is still in the page`);
}

/// What the page answers when the browser asks it about leaving.
function asksBeforeLeaving(page) {
  return page.evaluate(() => !window.dispatchEvent(new Event("beforeunload", { cancelable: true })));
}

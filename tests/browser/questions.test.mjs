// The questions of the four doors, what they leave to the reporter, the receipt, and the outcome that comes back.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { storedBlobs } from "./harness/database.mjs";
import { inspector, lifetime, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { asciiDigits, fillReport, jalali, leaveReceipt, openCase, readReceipt, sendReport } from "./harness/pages.mjs";
import { profileOf, stanzaTypes, today } from "./harness/protocol.mjs";

const UNKNOWN = "نمی‌دانم";
const REQUIRED = ["kind", "text", "place", "who"];
const QUESTIONS = {
  report: ["kind", "text", "place", "who", "conflict", "when", "demand", "verify", "evidence", "known", "danger", "told", "expect"],
  complaint: ["text", "place", "who", "conflict", "when", "evidence", "told", "expect"],
  suggestion: ["text", "place", "expect", "evidence"],
  "information-request": ["text", "place", "when"],
};

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser}: questions`, () => {
    const life = lifetime();
    let demo, profile, page;
    before(async () => {
      demo = await startDemo(life);
      profile = profileOf(await readFile(demo.profile, "utf8"));
      page = await launch(browser, { t: life });
    });
    after(() => life.end());

    test("each door has its own questions, in its own words", async () => {
      const titles = new Map();
      for (const [door, questions] of Object.entries(QUESTIONS)) {
        const steps = await fillReport(page, demo.reporterUrl, {
          text: "متن",
          door,
          onStep: async (step) => titles.set(`${door} ${step}`, await page.text("#step h1")),
        });
        assert.deepEqual(steps, ["doors", ...questions, "check"], door);
      }
      const titlesOfText = Object.keys(QUESTIONS).map((door) => titles.get(`${door} text`));
      assert.equal(new Set(titlesOfText).size, 4, `${titlesOfText}`);
    });

    test("«I don't know» stands on every question; a required one asks for an answer or for that", async () => {
      const refused = [];
      await fillReport(page, demo.reporterUrl, {
        text: "متن",
        onStep: async (step) => {
          if (step === "doors" || step === "check") return;
          assert.equal(await page.text("#unknown"), UNKNOWN, step);
          assert.ok(await page.visible("#unknown"), step);
          if (!REQUIRED.includes(step)) return;
          await page.click("#next");
          await page.waitFor("#step-error");
          assert.ok((await page.text("#step-error")).includes(UNKNOWN), step);
          assert.equal(await page.attribute("body", "data-step"), step);
          refused.push(step);
        },
      });
      assert.deepEqual(refused, REQUIRED);
    });

    test("who must not read it cannot, and nobody sees that somebody was left out", async () => {
      const text = "این را بازرس دوم نخواند";
      await toConflict(page, demo.reporterUrl, text);
      await page.click('label[for="conflict-yes"]');
      await page.click('label[for="left-out-inspector-1"]');
      await page.click('label[for="left-out-inspector-2"]');
      await page.click("#next");
      await page.waitFor("#step-error");
      assert.match(await page.text("#step-error"), /سازمان بازرسی/, "says where to go when everybody would be left out");
      assert.equal(await page.attribute("body", "data-step"), "conflict");
      await page.click('label[for="left-out-inspector-1"]');
      await page.click("#next");
      await skipToCheck(page);
      assert.match(await page.text('.answer:has([data-change="conflict"])'), /بازرس دوم/);
      const code = await sendReport(page);
      await leaveReceipt(page, code);

      const [first, second] = demo.identities.map((identity) => inspector(demo, { identity }));
      const [entry] = await first.inbox();
      assert.equal(entry.readable, true);
      assert.equal((await first.open(entry.case)).messages[0].text, text);
      const [hidden] = await second.inbox();
      assert.equal(hidden.case, entry.case);
      assert.equal(hidden.readable, false);
      const [unopened] = (await second.open(entry.case)).messages;
      assert.deepEqual([unopened.authenticity, unopened.verified, unopened.text, unopened.files], ["unreadable", false, "", []]);
      const [{ blob }] = await storedBlobs(demo.database);
      assert.deepEqual(
        stanzaTypes(blob).filter((type) => !type.endsWith("-grease")),
        Array(profile.inspectors.length).fill("mlkem768x25519"),
        "a stanza for everybody all the same",
      );
    });

    test("what may point to the writer is marked with the reason, and sent when the writer wants so", async () => {
      const text = "به شمارهٔ ۰۹۱۲۳۴۵۶۷۸۹ زنگ بزنید";
      const before = new Set((await inspector(demo).inbox()).map((entry) => entry.case));
      await fillReport(page, demo.reporterUrl, { text });
      await page.waitFor('#step mark[data-reason="mobile-number"]');
      assert.ok((await page.text('#step mark[data-reason="mobile-number"]')).startsWith("۰۹۱۲۳۴۵۶۷۸۹"));
      assert.ok(await page.visible("#warning"));
      assert.match(await page.text("#warning"), /شمارهٔ موبایل/);
      page.forgetRequests();
      await leaveReceipt(page, await sendReport(page));
      assert.deepEqual(
        page.requests.filter(({ method }) => method !== "GET").map(({ method }) => method),
        ["POST"],
        "nothing but the sealed report goes out",
      );
      const [fresh] = (await inspector(demo).inbox()).filter((entry) => !before.has(entry.case));
      assert.equal((await inspector(demo).open(fresh.case)).messages[0].text, text);

      await fillReport(page, demo.reporterUrl, { text: "باجه بسته بود" });
      await page.quiet();
      assert.equal(await page.count("#step mark, #warning"), 0, "a text without traces has no marks");
    });

    test("each answer can be changed from the last page, which comes back with the change", async () => {
      const steps = await fillReport(page, demo.reporterUrl, { text: "نخست" });
      for (const step of steps.filter((step) => !["doors", "check"].includes(step))) {
        await page.click(`[data-change="${step}"]`);
        await page.waitUntil(async () => (await page.attribute("body", "data-step")) === step, { what: step });
        if (step === "text" || step === "who") await page.fill(`#${step}`, `دوباره ${step}`);
        await page.click(step === "text" || step === "who" || step === "evidence" ? "#next" : "#unknown");
        await page.waitUntil(async () => (await page.attribute("body", "data-step")) === "check", { what: `check after ${step}` });
      }
      assert.match(await page.text('.answer:has([data-change="text"])'), /دوباره text/);
      assert.match(await page.text('.answer:has([data-change="who"])'), /دوباره who/);
    });

    test("the receipt: a copy in ASCII digits, the day to come back, the last group; then the outcome with its rule", async (t) => {
      const before = new Set((await inspector(demo).inbox()).map((entry) => entry.case));
      await fillReport(page, demo.reporterUrl, { text: "کار من سه ماه ماند" });
      const code = await sendReport(page);
      assert.match(await page.text("#receipt"), /^(\d{4} ){4}\n(\d{4} ?){4}$/, "two lines of four groups");
      const day = new Date(`${today()}T00:00:00Z`);
      day.setUTCDate(day.getUTCDate() + profile.deadlines.acknowledgement_days);
      const expected = day.toISOString().slice(0, 10);
      assert.equal(await page.attribute("#return-day", "datetime"), expected);
      const shown = await page.text("#return-day");
      for (const part of Object.values(jalali(expected))) assert.ok(shown.includes(part), `${shown} has no ${part}`);

      await page.click("#copy");
      await page.waitUntil(async () => (await page.evaluate(() => document.querySelector("#step [role=status]").textContent)) !== "");
      await page.fill("#receipt-check", code.slice(0, 4) === code.slice(-4) ? "9999" : code.slice(0, 4));
      await page.click("#receipt-done");
      await page.waitFor("#receipt-check-error");
      assert.equal(await readReceipt(page), code);
      await leaveReceipt(page, code);
      await page.waitFor("#farewell");
      assert.equal(await page.count("#receipt"), 0);

      await page.open("data:text/html,<textarea id=paste></textarea>");
      await page.click("#paste");
      await page.press("Control+v");
      const pasted = await page.waitUntil(() => page.value("#paste"), { what: "the copied code" });
      assert.equal(pasted.replace(/[ \n]/g, ""), code, "ASCII digits, spaces and a line break");
      assert.equal(asciiDigits(pasted), pasted);

      const [{ case: id }] = (await inspector(demo).inbox()).filter((entry) => !before.has(entry.case));
      const rule = "مادهٔ ۵: مهلت رسیدگی نود روز است.";
      const ruleFile = join(await temporaryFolder(t, "rule"), "rule.txt");
      await writeFile(ruleFile, rule);
      const reasons = "مهلت قانونی نگذشته بود.";
      await inspector(demo).reply(id, { text: reasons, status: "closed", extra: ["--outcome", "no-violation", "--rule-file", ruleFile] });
      assert.equal(await openCase(page, demo.reporterUrl, code), "closed");
      assert.equal(await page.attribute("#outcome", "data-outcome"), "no-violation");
      const outcome = await page.text("#outcome");
      assert.match(outcome, /تخلفی رخ نداده بود/);
      assert.ok(outcome.includes(rule), outcome);
      assert.equal(await page.text("#thread .message[data-authenticity=verified] .bubble .text"), reasons);
      assert.deepEqual(page.errors, []);
    });
  });
}

/// To the question whether the person works in oversight.
async function toConflict(page, home, text) {
  await page.open(new URL("report", home).href);
  for (let step; (step = await page.waitUntil(() => page.attribute("body", "data-step"))) !== "conflict";) {
    if (step === "doors") await page.click('[data-door="report"]');
    else if (step === "text") {
      await page.fill("#text", text);
      await page.click("#next");
    } else await page.click("#unknown");
    await page.waitUntil(async () => (await page.attribute("body", "data-step")) !== step, { what: `the step after ${step}` });
  }
}

async function skipToCheck(page) {
  await page.waitUntil(async () => (await page.attribute("body", "data-step")) !== "conflict", { what: "the step after conflict" });
  for (let step; (step = await page.attribute("body", "data-step")) !== "check";) {
    await page.click("#unknown");
    await page.waitUntil(async () => (await page.attribute("body", "data-step")) !== step, { what: `the step after ${step}` });
  }
}

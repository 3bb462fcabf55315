// A device whose clock is wrong, and a server that lies about the day: the clock is named as the likely fault, days come from where both
// agree, and neither of the two alone brings an expired profile back.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { inspector, lifetime, startDemo } from "./harness/mohr.mjs";
import { fillReport, jalali, openCase, persianDigits, problem, sendReport } from "./harness/pages.mjs";
import { profileOf, readRootKeyFile, signProfile, today } from "./harness/protocol.mjs";
import { startProxy } from "./harness/proxy.mjs";

const DAY_MS = 86_400_000;
const dayPlus = (days) => new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
const daysUntil = (day) => Math.round((Date.parse(day) - Date.parse(today())) / DAY_MS);

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser}: the clock`, () => {
    const life = lifetime();
    let demo, proxy, profile, root, home;
    before(async () => {
      demo = await startDemo(life);
      proxy = await startProxy(life, demo.url);
      profile = profileOf(await readFile(demo.profile, "utf8"));
      root = await readRootKeyFile(demo.rootKey, demo.passphraseFile);
      home = `${proxy.url}/fa/`;
    });
    after(() => life.end());

    /// The server answers with this profile and with the Date of another day.
    const serve = ({ change = {}, dateDays = 0 }) => {
      const note = signProfile({ ...profile, ...change }, root);
      proxy.alter = (request, response) => {
        if (request.path === "/api/v1/profile") response.body = Buffer.from(note);
        response.headers.date = new Date(Date.now() + dateDays * DAY_MS).toUTCString();
      };
    };

    async function clockNote(page) {
      await page.waitFor("#clock p");
      return page.text("#clock");
    }

    /// Sends a report and gives what the receipt and the inspector say of its day, each as YYYY-MM-DD.
    async function sent(page, url) {
      await fillReport(page, url, { text: "گزارش" });
      const code = await sendReport(page);
      const back = await page.attribute("#return-day", "datetime");
      const known = new Set(proxy.known ?? []);
      const entries = await inspector(demo).inbox();
      const [entry] = entries.filter(({ case: id }) => !known.has(id));
      proxy.known = entries.map(({ case: id }) => id);
      const [report] = (await inspector(demo).open(entry.case)).messages;
      return { code, back, day: report.day };
    }

    test("a clock that is right is not spoken of, and its day is everybody's", async (t) => {
      proxy.alter = () => {};
      const page = await launch(browser, { t });
      const { back, day } = await sent(page, home);
      assert.equal((await page.text("#clock")).trim(), "");
      assert.equal(day, today());
      assert.equal(daysUntil(back), profile.deadlines.acknowledgement_days);
    });

    test("a clock past the profile's end is named, in place of an office that has expired", async (t) => {
      proxy.alter = () => {};
      const clockDays = daysUntil(profile.expires) + 400;
      const page = await launch(browser, { t, clockDays });
      for (const [url, word] of [
        [home, persianDigits(jalali(dayPlus(clockDays)).year)],
        [home.replace("/fa/", "/en/"), dayPlus(clockDays).slice(0, 4)],
      ]) {
        for (const path of ["", "report"]) {
          await page.open(new URL(path, url).href);
          assert.equal(await problem(page), "profile-clock");
          assert.ok((await page.text("#problem")).includes(word), await page.text("#problem"));
        }
        assert.equal(await page.visible("#asking"), false, "nothing is asked that could not be sent");
      }
    });

    test("a clock put right needs no other page", async (t) => {
      proxy.alter = () => {};
      const page = await launch(browser, { t, clockDays: daysUntil(profile.expires) + 400 });
      await page.open(new URL("report", home).href);
      assert.equal(await problem(page), "profile-clock");
      await page.evaluate(() => {
        globalThis.Date = Object.getPrototypeOf(globalThis.Date);
      });
      await page.click("#problem button");
      await page.waitFor("[data-door=report]");
      assert.equal(await page.count("#problem[data-reason]"), 0);
    });

    for (const [name, clockDays] of [
      ["years behind", -1400],
      ["centuries behind", -227_000],
      ["days behind", -5],
    ]) {
      test(`a clock that is ${name} is named, and marks neither the message nor the day to come back`, async (t) => {
        proxy.alter = () => {};
        const page = await launch(browser, { t, clockDays });
        const { code, back, day } = await sent(page, home);
        assert.match(await clockNote(page), /شاید ساعت دستگاه درست نباشد/);
        assert.equal(day, today());
        assert.equal(daysUntil(back), profile.deadlines.acknowledgement_days);
        await openCase(page, home, code);
        assert.match(await clockNote(page), /شاید ساعت دستگاه درست نباشد/);
      });
    }

    test("a clock that is some days ahead is named, and the day to come back is no later for it", async (t) => {
      proxy.alter = () => {};
      const page = await launch(browser, { t, clockDays: 5 });
      const { back } = await sent(page, home.replace("/fa/", "/en/"));
      assert.match(await clockNote(page), /The clock of the device may be wrong/);
      assert.equal(daysUntil(back), profile.deadlines.acknowledgement_days);
    });

    test("a server that lies about the day brings no expired profile back, and moves no message into the past", async (t) => {
      const page = await launch(browser, { t });
      const over = { issued: dayPlus(-100), expires: dayPlus(-10) };
      for (const [dateDays, reason] of [
        [-50, "profile-clock"],
        [0, "profile-expired"],
        [50, "profile-expired"],
      ]) {
        serve({ change: over, dateDays });
        await page.open("about:blank");
        await page.open(new URL("report", home).href);
        assert.equal(await problem(page), reason);
        assert.equal(await page.visible("#asking"), false);
      }
      // By its own device a profile is in force, by the server's day it is over: that, too, stops it.
      serve({ change: { issued: dayPlus(-100), expires: dayPlus(10) }, dateDays: 20 });
      await page.open("about:blank");
      await page.open(new URL("report", home).href);
      assert.equal(await problem(page), "profile-expired");

      serve({ change: { issued: dayPlus(-100), expires: dayPlus(10) }, dateDays: -60 });
      await page.open("about:blank");
      assert.equal((await sent(page, home)).day, today());
    });
  });
}

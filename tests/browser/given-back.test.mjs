// What the pages give out, they take back: the copied code, the saved note, the printed page open the case when they are pasted
// whole; the saved picture shows the same digits to whoever looks at it. What a hand makes of a code is recognised, and never
// used unasked.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { launch } from "./drivers/driver.mjs";
import { digitsOnPicture } from "./harness/digits.mjs";
import { lifetime, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { fillReport, persianDigits, problem, sendReport } from "./harness/pages.mjs";
import { newCode } from "./harness/protocol.mjs";

const arabicDigits = (text) => text.replace(/[0-9]/g, (digit) => String.fromCodePoint(0x660 + Number(digit)));
const groupsOf = (code) => code.match(/.{4}/g);

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser}: what is given out`, () => {
    const life = lifetime();
    let demo, folder;
    before(async () => {
      demo = await startDemo(life);
      folder = await temporaryFolder(life, "given");
    });
    after(() => life.end());

    const homeOf = (language) => demo.reporterUrl.replace("/fa/", `/${language}/`);

    async function printed(page) {
      const path = join(folder, "page.pdf");
      await writeFile(path, await page.print());
      const { stdout } = await promisify(execFile)("pdftotext", ["-layout", path, "-"]);
      return stdout;
    }

    /// Types or pastes what `enter` puts into the field, and waits for the case.
    async function opens(page, language, enter) {
      await page.open(new URL("status", homeOf(language)).href);
      await page.waitFor("#code");
      await enter();
      await page.click("#open");
      await page.waitFor("#status", { timeout: 2 * page.patience });
    }

    for (const language of ["fa", "en"]) {
      test(`${language}: note, picture, print and copy hold the code, and open the case`, async (t) => {
        const page = await launch(browser, { t });
        await fillReport(page, homeOf(language), { text: "گزارش" });
        const code = await sendReport(page);
        const note = (await page.download("#save-text")).bytes.toString();
        assert.notEqual((await page.text(".stack > [role=status]")).trim(), "", "the page says what it did");
        const picture = await page.download("#save-picture");
        const paper = await printed(page);
        const everything = await page.evaluate(() => document.body.innerText);
        await page.click("#copy");
        await page.waitUntil(async () => (await page.text("#copy ~ *, .stack > [role=status]")) !== "", { what: "the copy" });

        assert.equal(picture.name, "note.png");
        assert.deepEqual(await digitsOnPicture(picture.bytes), [code.slice(0, 16), code.slice(16)]);
        assert.ok(note.startsWith(`${groupsOf(code).slice(0, 4).join(" ")}\n${groupsOf(code).slice(4).join(" ")}\n`));
        assert.ok(paper.replace(/[^0-9]/g, "").includes(code), paper);

        await opens(page, language, () => page.paste("#code"));
        for (const text of [
          note,
          paper,
          everything,
          persianDigits(note),
          arabicDigits(note),
          note.replaceAll("\n", "\r\n"),
          `\u202b${note.replaceAll(" ", "\u00a0\u200f")}\u202c`,
          note.replaceAll(" ", "\u2003"),
          groupsOf(code).join("\n"),
          groupsOf(code).join(" - "),
          `کد: ${note}`,
        ]) {
          await opens(page, language, () => page.fill("#code", text));
        }
        assert.deepEqual(page.errors, []);
      });
    }

    test("groups from right to left are offered, not used, and open the case when they are chosen", async (t) => {
      const page = await launch(browser, { t });
      await fillReport(page, demo.reporterUrl, { text: "گزارش" });
      const code = await sendReport(page);
      const groups = groupsOf(code);
      const orders = [
        [...groups.slice(0, 4).reverse(), ...groups.slice(4).reverse()],
        [...groups].reverse(),
        [groups[1], groups[0], ...groups.slice(2)],
      ];
      for (const order of orders) {
        // One order in 97 has a right check by chance.
        if (order.join("") === code || BigInt(order.join("")) % 97n === 1n) continue;
        await page.open(new URL("status", demo.reporterUrl).href);
        await page.waitFor("#code");
        await page.quiet();
        page.forgetRequests();
        await page.fill("#code", persianDigits(order.join(" ")));
        await page.click("#open");
        assert.equal(await problem(page), "wrong-code");
        assert.deepEqual(page.requests, [], "nothing is sent before the person says so");
        const offers = await page.evaluate(() => [...document.querySelectorAll("#meant button")].map((button) => button.textContent));
        const at = offers.findIndex((offer) => offer.replace(/\D/g, "") === code);
        assert.ok(at >= 0 && offers.length <= 3, offers.join());
        await page.click(`#meant button:nth-of-type(${at + 1})`);
        await page.waitFor("#status", { timeout: 2 * page.patience });
      }
    });

    test("how much of a code is missing is said", async (t) => {
      const page = await launch(browser, { t });
      const code = newCode();
      await page.open(new URL("status", homeOf("en")).href);
      for (const [entered, words] of [
        [code.slice(4), /This has 28\. 1 group of four is missing/],
        [code.slice(8), /This has 24\. 2 groups of four are missing/],
        [code.slice(1), /This has 31\.$/],
        [`${code}00`, /This has 34\.$/],
      ]) {
        await page.fill("#code", entered);
        await page.click("#open");
        await page.waitUntil(async () => words.test((await page.text("#problem p")) ?? ""), { what: `${words}` });
      }
    });
  });
}

test("firefox that resists fingerprinting: the saved picture shows the code", async (t) => {
  const demo = await startDemo(t);
  const page = await launch("firefox", { t, resistFingerprinting: true });
  await fillReport(page, demo.reporterUrl, { text: "گزارش" });
  const code = await sendReport(page);
  const { bytes } = await page.download("#save-picture");
  assert.deepEqual(await digitsOnPicture(bytes), [code.slice(0, 16), code.slice(16)]);
});

// Without JavaScript, as in Tor Browser's level "Safest": the pages say what is missing and why, and a form takes a file
// that was sealed elsewhere, one-way, and nothing that is not sealed to exactly this office (PROTOCOL 4.5).

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Encrypter, armor } from "age-encryption";

import { launch } from "./drivers/driver.mjs";
import { storedBlobs } from "./harness/database.mjs";
import { inspector, lifetime, savedFile, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { newClassicRecipient, profileOf, sha256 } from "./harness/protocol.mjs";
import { search } from "./harness/search.mjs";

const CANARY = "qanari-bi-javascript";

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser} without scripts`, () => {
    const life = lifetime();
    let demo, profile, page, folder;
    before(async () => {
      demo = await startDemo(life);
      profile = profileOf(await readFile(demo.profile, "utf8"));
      folder = await temporaryFolder(life, "sealed");
      page = await launch(browser, { t: life, javascript: false });
      await page.viewport(320, 640);
    });
    after(() => life.end());

    /// Presses a link or a button with the keyboard: the drivers' clicks wait for observers that do not run here.
    async function press(selector) {
      await page.evaluate((s) => document.querySelector(s).focus(), selector);
      await page.press("Enter");
    }

    for (const { language, sayings } of [
      { language: "fa", sayings: { script: /جاوااسکریپت/, why: /در گوشی (خودتان|شما)/, oneWay: /یک‌طرفه/ } },
      { language: "en", sayings: { script: /JavaScript/, why: /on your (own )?phone/, oneWay: /one[- ]way/i } },
    ]) {
      test(`${language}: home, report and status say what is missing and why, and lead to the form`, async () => {
        const home = `${demo.url}/${language}/`;
        for (const name of ["", "report", "status"]) {
          await page.open(home + name);
          const { text, headings, wide } = await readPage(page);
          assert.match(text, sayings.script, name);
          assert.match(text, sayings.why, name);
          assert.equal(headings, 1, `${name || "home"} has one heading of the first rank`);
          assert.equal(wide, false, `${name || "home"} needs no sideways scrolling`);
          for (const dead of ["#step", "#code", "#open", "#next", "#back"])
            assert.equal(await page.visible(dead), false, `${name}: ${dead} does nothing without scripts`);
        }
        await page.open(`${home}report`);
        const { text } = await readPage(page);
        assert.match(text, sayings.oneWay);
        assert.match(text, /mohr report/);
        await press('main a[href$="sealed"]');
        await page.waitFor("#sealed");
        assert.equal(new URL(page.url()).pathname, `/${language}/sealed`);
        const sealed = await readPage(page);
        assert.match(sealed.text, sayings.oneWay, "says before that it is one-way");
        assert.equal(sealed.wide, false);
        assert.ok(sealed.text.includes(profile.office.match(/.{4}/g).join(" ")), "names the office to compare");
      });
    }

    /// The recipients as a person copies them from the page.
    async function recipientsOfPage() {
      await page.open(`${demo.url}/fa/sealed`);
      const list = (await page.text("pre.long")).trim().split("\n");
      assert.deepEqual(
        list,
        profile.inspectors.map(({ recipient }) => recipient),
      );
      return list;
    }

    async function sealTo(recipients, bytes) {
      const encrypter = new Encrypter();
      for (const recipient of recipients) encrypter.addRecipient(recipient);
      return Buffer.from(await encrypter.encrypt(bytes));
    }

    async function send(name, bytes) {
      const path = join(folder, name);
      await writeFile(path, bytes);
      await page.open(`${demo.url}/fa/sealed`);
      await page.setFiles("#sealed", [path]);
      await press("#send-sealed");
      await page.waitUntil(async () => (await page.count("#sealed")) === 0, { what: "the answer to the form" });
    }

    test("a file sealed to the office's recipients arrives, and the page says that there is no answer", async (t) => {
      const before = new Set((await inspector(demo).inbox()).map((entry) => entry.case));
      const report = Buffer.concat([Buffer.from(`${CANARY}\n`), randomBytes(50_000)]);
      await send("report.age", await sealTo(await recipientsOfPage(), report));
      assert.equal(await page.attribute("body", "data-page"), "sealed-sent");
      const { text } = await readPage(page);
      assert.match(text, /کدی در کار نیست/);
      assert.match(text, /پاسخی .*نمی‌رسد/);

      const fresh = (await inspector(demo).inbox()).filter((entry) => !before.has(entry.case));
      assert.equal(fresh.length, 1);
      assert.equal(fresh[0].one_way, true);
      for (const identity of demo.identities) {
        const saved = await temporaryFolder(t, "opened");
        const [message] = (await inspector(demo, { identity }).open(fresh[0].case, { files: saved })).messages;
        assert.equal(message.verified, false, "nobody's word");
        assert.equal(message.files[0].sha256, sha256(report).toString("hex"));
        assert.ok((await savedFile(saved, message.files[0])).equals(report));
      }
      assert.deepEqual(await search(demo.folder, ["report.age", CANARY]), [], "neither name nor content is on the disk");
    });

    test("what is not sealed to exactly these recipients is refused with the reason, and not kept", async () => {
      const recipients = await recipientsOfPage();
      const report = Buffer.from(`${CANARY} ${"x".repeat(5_000)}`);
      const refusals = [
        ["report.txt", "not-age", report],
        ["armored.age", "not-age", Buffer.from(armor.encode(await sealTo(recipients, report)))],
        ["few.age", "recipients", await sealTo(recipients.slice(1), report)],
        ["many.age", "recipients", await sealTo([...recipients, recipients[0]], report)],
        ["classic.age", "other-recipient", await sealTo([await newClassicRecipient(), await newClassicRecipient()], report)],
        ["cut.age", "short", (await sealTo(recipients, report)).subarray(0, -report.length - 16)],
      ];
      const before = (await storedBlobs(demo.database)).length;
      const said = new Set();
      for (const [name, reason, bytes] of refusals) {
        await send(name, bytes);
        assert.equal(await page.attribute("body", "data-page"), "sealed-refused", name);
        assert.equal(await page.attribute(".refusal", "data-reason"), reason, name);
        const shown = await page.evaluate(() =>
          [...document.querySelectorAll(".refusal > [data-for]")]
            .filter((p) => p.checkVisibility())
            .map((p) => [p.dataset.for, p.textContent]),
        );
        assert.deepEqual(
          shown.map(([id]) => id),
          [reason],
          `${name}: the words of this reason and no others`,
        );
        said.add(shown[0][1]);
        assert.match((await readPage(page)).text, /چیزی ذخیره نشد/, name);
      }
      assert.equal(said.size, 4);
      assert.equal((await storedBlobs(demo.database)).length, before, "nothing was stored");
      assert.deepEqual(await search(demo.folder, [CANARY]), []);
    });
  });
}

function readPage(page) {
  return page.evaluate(() => ({
    text: document.body.innerText,
    headings: [...document.querySelectorAll("h1")].filter((heading) => heading.checkVisibility()).length,
    wide: document.scrollingElement.scrollWidth > innerWidth,
  }));
}

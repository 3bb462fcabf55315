// A line that breaks, a server that is away or full, a code that nobody has: nothing is lost, nothing arrives twice,
// and the person is told what happened.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { inspector, lifetime, reporter, savedFile, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { enterCode, fillReport, messages, openCase, persianDigits, problem, readReceipt, sendReport } from "./harness/pages.mjs";
import { newCode, sha256 } from "./harness/protocol.mjs";
import { problem as problemDocument, startProxy } from "./harness/proxy.mjs";

const UPLOADS = "/api/v1/uploads";

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser} on a bad line`, () => {
    const life = lifetime();
    let demo, proxy, page, home, known;
    before(async () => {
      demo = await startDemo(life);
      proxy = await startProxy(life, demo.url);
      page = await launch(browser, { t: life });
      home = `${proxy.url}/fa/`;
    });
    after(() => life.end());
    beforeEach(async () => {
      Object.assign(proxy, { answer: () => null, alter: () => {}, cutRequest: () => null, cutResponse: () => null });
      await page.open("about:blank");
      proxy.seen.length = 0;
      known = new Set((await inspector(demo).inbox()).map((entry) => entry.case));
    });

    const requests = (prefix) => proxy.seen.filter((request) => request.path.startsWith(prefix));

    /// The one case that came in during this test, opened.
    async function arrived(files) {
      const fresh = (await inspector(demo).inbox()).filter((entry) => !known.has(entry.case));
      assert.equal(fresh.length, 1, "exactly one report arrived");
      return inspector(demo).open(fresh[0].case, { files });
    }

    test("an upload whose line breaks goes on where it stopped", async (t) => {
      const folder = await temporaryFolder(t, "files");
      const recording = randomBytes(1_500_000);
      await writeFile(join(folder, "ضبط.ogg"), recording);
      let breaks = 3;
      proxy.cutRequest = (request) => (request.path.startsWith(UPLOADS) && request.body.length > 70_000 && breaks-- > 0 ? 60_000 : null);

      await fillReport(page, home, { text: "با یک ضبط", files: [join(folder, "ضبط.ogg")] });
      await sendReport(page);

      assert.ok(breaks < 0, "the line did break");
      const resumed = requests(UPLOADS).filter((request) => Number(request.headers["upload-offset"] ?? 0) > 0);
      assert.ok(resumed.length > 0, "no PATCH went on from an offset");
      const sent = requests(UPLOADS).reduce((sum, request) => sum + request.body.length, 0);
      assert.ok(sent < 2 * 2_097_152 + 3 * 2_097_152, `${sent} bytes were sent`);
      const saved = await temporaryFolder(t, "saved");
      const opened = await arrived(saved);
      assert.equal(opened.messages.length, 1);
      assert.equal(opened.messages[0].verified, true);
      assert.deepEqual(await savedFile(saved, { sha256: sha256(recording).toString("hex") }), recording);
    });

    test("a report whose answer is lost arrives once", async () => {
      let losses = 2;
      proxy.cutResponse = (request) => (request.path.startsWith(UPLOADS) && losses-- > 0 ? 0 : null);
      await fillReport(page, home, { text: "پاسخ گم شد" });
      const code = await sendReport(page);
      assert.ok(losses < 2, "an answer was lost");
      const opened = await arrived();
      assert.deepEqual(
        opened.messages.map((message) => message.text),
        ["پاسخ گم شد"],
      );
      await openCase(page, home, code);
    });

    test("a report that is taken back after it arrived shows its code", async () => {
      proxy.cutResponse = (request) => (request.path.startsWith(UPLOADS) ? 0 : null);
      await fillReport(page, home, { text: "پشیمان شد" });
      await page.click("#send");
      await page.waitUntil(async () => (await inspector(demo).inbox()).some((entry) => !known.has(entry.case)), {
        what: "the report at the server",
      });
      await page.click("#cancel");
      await page.waitFor("#arrived-anyway");
      const code = await readReceipt(page);
      proxy.cutResponse = () => null;
      assert.deepEqual(
        (await arrived()).messages.map((message) => message.text),
        ["پشیمان شد"],
      );
      // The receipt is not left by mistake, either.
      await page.fill("#receipt-check", code.slice(-4));
      await page.click("#receipt-done");
      await openCase(page, home, code);
    });

    test("a server that is busy is asked again", async () => {
      let times = 2;
      proxy.answer = (request) => {
        if (!request.path.startsWith(UPLOADS) || times-- <= 0) return null;
        const busy = problemDocument(503, "busy");
        busy.headers["retry-after"] = "1";
        return busy;
      };
      await fillReport(page, home, { text: "شلوغ" });
      await sendReport(page);
      assert.ok(times < 2);
      await arrived();
    });

    test("a server that is away: the page says so, keeps what was written, and sends it later", async () => {
      await fillReport(page, home, { text: "سرور نیست" });
      proxy.answer = () => {
        throw new Error("away");
      };
      await page.click("#send");
      assert.equal(await problem(page), "server-away");
      proxy.answer = () => null;
      await sendReport(page);
      assert.equal((await arrived()).messages[0].text, "سرور نیست");
    });

    test("a server that is full says so", async () => {
      await fillReport(page, home, { text: "جا نیست" });
      proxy.answer = (request) => (request.path.startsWith(UPLOADS) ? problemDocument(507, "storage-full") : null);
      await page.click("#send");
      assert.equal(await problem(page), "storage-full");
    });

    test("wrong check digits are told at once, and nothing at all is sent", async () => {
      await page.open(`${home}status`);
      await page.waitFor("#code");
      await page.quiet();
      const code = newCode();
      const slip = code.slice(0, 7) + ((Number(code[7]) + 1) % 10) + code.slice(8);
      const swap =
        code[10] === code[11] ? code.slice(0, 10) + "x" + code.slice(11) : code.slice(0, 10) + code[11] + code[10] + code.slice(12);
      for (const wrong of [slip, swap, code.slice(0, -1), `${code}0`, persianDigits(slip), "سلام", ""]) {
        proxy.seen.length = 0;
        page.forgetRequests();
        await page.fill("#code", wrong);
        await page.click("#open");
        assert.equal(await problem(page), "wrong-code", wrong);
        assert.deepEqual(page.requests, [], wrong);
        assert.deepEqual(proxy.seen, [], wrong);
      }
    });

    test("a code that nobody has is told from a wrong one", async () => {
      await enterCode(page, home, newCode());
      assert.equal(await problem(page), "unknown-code");
    });

    test("a code is read in every script and grouping", async () => {
      const { receipt } = await reporter(demo).report({ text: "کد" });
      const digits = receipt.replace(/[^0-9]/g, "");
      const groups = digits.match(/.{4}/g);
      const arabic = (text) => text.replace(/[0-9]/g, (digit) => String.fromCodePoint(0x660 + Number(digit)));
      for (const typed of [
        digits,
        groups.join("-"),
        `\u2066${persianDigits(groups.slice(0, 4).join(" "))}\n${arabic(groups.slice(4).join(" "))}\u2069`,
        `\u200f${groups.join("\u200c")} `,
      ]) {
        assert.equal(await openCase(page, home, typed), "received", JSON.stringify(typed));
      }
    });

    test("an answer of the office that is cut short is fetched on, and not shown before it is whole", async () => {
      const { receipt } = await reporter(demo).report({ text: "وضعیت" });
      const [{ case: id }] = (await inspector(demo).inbox()).filter((entry) => !known.has(entry.case));
      await inspector(demo).reply(id, { text: "پاسخی که نیمه‌کاره رسید" });
      const shown = async () =>
        (await messages(page)).filter((message) => message.direction === "to-reporter").map((message) => message.text);

      const isReply = (request) => request.path === "/api/v1/mailbox/messages/1";
      let cuts = 2;
      proxy.cutResponse = (request) => (isReply(request) && cuts-- > 0 ? 12_000 : null);
      await openCase(page, home, receipt);
      assert.deepEqual(await shown(), ["پاسخی که نیمه‌کاره رسید"]);
      const ranges = proxy.seen.filter(isReply).map((request) => request.headers.range ?? null);
      assert.deepEqual(ranges, [null, "bytes=12000-", "bytes=24000-"]);

      // And where the rest never comes, the page says so and shows nothing.
      proxy.cutResponse = (request) => (isReply(request) ? 0 : null);
      await enterCode(page, home, receipt);
      assert.equal(await problem(page), "server-away");
      assert.ok(!(await page.evaluate(() => document.documentElement.textContent)).includes("پاسخی که نیمه‌کاره رسید"));
    });
  });
}

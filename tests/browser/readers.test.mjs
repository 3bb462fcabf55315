// Whom a reporter hears and for whom she writes, when the office changes and the server lies: former keys, persons left out,
// persons named anew, memos that are missing, profiles that are old. In words, and sealed as she said.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { startHostileOffice } from "./harness/hostile.mjs";
import { lifetime } from "./harness/mohr.mjs";
import { followUp, messages, openCase } from "./harness/pages.mjs";
import { newRecipient, newSigner, openMemo, secondOf, today } from "./harness/protocol.mjs";

const TEMPTATION = "لطفاً شمارهٔ تلفن خود را بنویسید.";
const dayBefore = (days) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser}: whom she hears and for whom she writes`, () => {
    const life = lifetime();
    let office, page, home;
    before(async () => {
      office = await startHostileOffice(life, { leaveOut: ["inspector-2"] });
      page = await launch(browser, { t: life });
      home = `${office.proxy.url}/fa/`;
    });
    after(() => life.end());

    /// The case as the page shows it when the mailbox holds `sent` after the report.
    async function shown(sent, options) {
      office.serveMailbox([office.report, ...sent], options);
      await openCase(page, home, office.code);
      return (await messages(page)).slice(1);
    }

    const authenticities = async (sent, options) => (await shown(sent, options)).map(({ authenticity }) => authenticity);
    const text = () => page.evaluate(() => document.documentElement.textContent);

    /// What goes out when the page seals: the readers that the memo beside it names. Nothing of it arrives.
    async function readersSent(send) {
      let readers;
      const { answer } = office.proxy;
      office.proxy.answer = (request) => {
        const memo = request.headers["upload-memo"];
        if (memo === undefined) return null;
        readers = openMemo(office.keys, office.profile.office, office.caseId, request.body, memo).readers;
        return {
          status: 507,
          headers: { "content-type": "application/problem+json" },
          body: Buffer.from('{"type":"urn:mohr:problem:storage-full"}'),
        };
      };
      try {
        await send();
        await page.waitUntil(() => readers !== undefined, { what: "a memo on its way" });
      } finally {
        office.proxy.answer = answer;
      }
      return readers;
    }

    async function write() {
      await page.fill("#reply-text", "ادامه");
      await page.click("#reply-send");
    }

    test("nobody is asked twice, and nothing on the page says whom she left out", async () => {
      await shown([]);
      assert.equal(await page.count("[name=left-out], [data-offer]"), 0);
      assert.equal(await page.count("#leave-out-more input:checked"), 0);
      assert.equal(await page.count("#leave-out-more input"), office.profile.inspectors.length);
      assert.deepEqual(await readersSent(write), ["inspector-1"]);
    });

    test("an answer of whom she left out is not shown, and is said to be from such a person", async () => {
      const reply = await office.sealReply({ text: TEMPTATION, sender: "inspector-2", signer: office.inspectors[1].signer });
      assert.deepEqual(await authenticities([reply]), ["not-from-a-reader"]);
      assert.ok(!(await text()).includes(TEMPTATION));
      // His role would tell whoever looks over her shoulder.
      assert.ok(!(await page.text("#thread")).includes(office.profile.inspectors[1].role.fa));
    });

    test("a person named anew is offered by role, and joins only with her yes", async () => {
      const newcomer = newSigner();
      const role = { fa: "بازرس تازه", en: "A new inspector" };
      const entry = {
        id: "newcomer",
        joined: 2,
        epoch: 1,
        role,
        recipient: await newRecipient(),
        signer: newcomer.publicKey,
        extensions: {},
      };
      const next = office.nextProfile((document) => document.inspectors.push(entry));
      const change = { readers: ["inspector-1", "newcomer"], profile: next.stamp };
      const reply = await office.sealReply({ text: "همکارم هم می‌خواند", change });
      for (const [choice, readers] of [
        ["no", ["inspector-1"]],
        ["yes", ["inspector-1", "newcomer"]],
      ]) {
        await shown([reply], { note: next.note });
        assert.match(await page.text("[data-offer=newcomer]"), /بازرس تازه/);
        assert.equal(await page.count("[data-offer] input:checked"), 0, "no answer is given for her");
        await write();
        await page.waitFor("[data-offer] .error");
        assert.notEqual((await page.text("[data-offer] .error")).trim(), "");
        await page.click(`label[for="offer-newcomer-${choice}"]`);
        assert.deepEqual(await readersSent(() => page.click("#reply-send")), readers);
      }
      // After her no he is left out, whoever names him again.
      const declined = await office.sealFollowUp({ text: "نه", after: [reply], change: { readers: ["inspector-1"] } });
      const later = await office.sealReply({ text: "باز هم", after: [reply, declined], change });
      const his = await office.sealReply({ text: TEMPTATION, sender: "newcomer", signer: newcomer, after: [reply, declined], change });
      assert.deepEqual(await authenticities([reply, declined, later, his], { note: next.note }), [
        "verified",
        "own",
        "verified",
        "not-from-a-reader",
      ]);
      assert.equal(await page.count("[data-offer]"), 0);
      assert.deepEqual(await readersSent(write), ["inspector-1"]);
    });

    test("leaving out one more from now on, down to nobody, which is refused", async () => {
      await shown([]);
      await page.click("#leave-out-more summary");
      await page.click('label[for="left-out-inspector-1"]');
      await write();
      await page.waitFor("#problem[data-reason=nobody-left]");
    });

    test("where a memo is missing or another's she is asked again, and told whose fault it is", async () => {
      const sent = await office.sealFollowUp({ text: "ادامه" });
      for (const [memo, authenticity] of [
        [undefined, "unverifiable"],
        [office.report.memo, "not-authentic"],
        [Buffer.alloc(640).toString("base64"), "not-authentic"],
      ]) {
        const [own] = await shown([{ ...sent, memo }]);
        assert.equal(own.authenticity, authenticity);
        assert.match(await page.text("#left-out-hint"), /کوتاهی سرور/);
        await write();
        await page.waitFor("#left-out-error");
        await page.click('label[for="left-out-nobody"]');
        assert.deepEqual(await readersSent(() => page.click("#reply-send")), ["inspector-1"], "whom the report left out stays left out");
      }
      // Without the report's memo nobody knows whom it left out, and the page says so.
      office.serveMailbox([{ ...office.report, memo: undefined }]);
      await openCase(page, home, office.code);
      assert.equal(await page.visible("#report-unknown"), true);
      await page.click('label[for="left-out-some"]');
      await page.click('label[for="left-out-inspector-2"]');
      assert.deepEqual(await readersSent(write), ["inspector-1"]);
    });

    test("a former key is heard for what it signed in time; a stolen one where somebody had seen it", async () => {
      const [first] = office.inspectors;
      const successor = newSigner();
      const until = dayBefore(1);
      const changed = (why) =>
        office.nextProfile((document) => {
          const [entry] = document.inspectors;
          document.former.push({ id: entry.id, epoch: 1, signer: entry.signer, until, why, extensions: {} });
          Object.assign(entry, { epoch: 2, signer: successor.publicKey });
        });
      const dated = (day, options = {}) =>
        office.sealReply({ text: "پاسخ", ...options, change: { day } }).then((reply) => ({ ...reply, day }));
      const early = await dated(until);
      const late = await dated(today(), { text: TEMPTATION });
      const backdated = { ...(await office.sealReply({ text: TEMPTATION, change: { day: until } })), day: today() };
      const replaced = changed("replaced");
      assert.deepEqual(await authenticities([early, late, backdated], { note: replaced.note }), ["verified", "doubtful", "doubtful"]);
      assert.ok(!(await text()).includes(TEMPTATION));

      const stolen = changed("stolen");
      assert.deepEqual(await authenticities([early], { note: stolen.note }), ["doubtful"]);
      // Her own memo of that day, or her new key's word, says that it was there.
      const memo = await office.sealFollowUp({ text: "دیدم", after: [early], change: { day: until } });
      assert.deepEqual(await authenticities([early, { ...memo, day: until }], { note: stolen.note }), ["verified", "own"]);
      const voucher = await office.sealReply({ text: "من بودم", epoch: 2, signer: successor, after: [early], change: { day: until } });
      assert.deepEqual(await authenticities([early, voucher], { note: stolen.note }), ["verified", "verified"]);
      const tooLate = await office.sealReply({ text: "من بودم", epoch: 2, signer: successor, after: [early], change: { day: today() } });
      assert.deepEqual(await authenticities([early, tooLate], { note: stolen.note }), ["doubtful", "verified"]);
      assert.equal(first.signer.publicKey, stolen.profile.former[0].signer);

      // Who has left keeps her role beside what she wrote.
      const left = office.nextProfile((document) => {
        const [entry] = document.inspectors.splice(0, 1);
        const { id, role, joined, signer } = entry;
        document.former.push({ id, epoch: 1, signer, until, why: "left", joined, role, extensions: {} });
      });
      assert.deepEqual(await authenticities([early, late], { note: left.note }), ["verified", "doubtful"]);
      assert.ok((await page.text("#thread")).includes(office.profile.inspectors[0].role.fa));
      assert.equal(await page.count("[data-hindrance=nobody-listed]"), 1, "and nobody is there to write to");
      assert.equal(await page.count("#reply-send"), 0);
    });

    test("an outcome for which two persons are asked waits for the second", async () => {
      const two = office.nextProfile((document) => {
        document.two_persons = [{ id: "knowingly-false", since: today() }];
        // The demo's second inspector is left out here, and no second person is one who is left out.
        document.inspectors.push({ ...document.inspectors[1], id: "third", joined: 2, signer: third.publicKey, recipient });
      });
      const change = { status: "closed", outcome: { id: "knowingly-false" } };
      const alone = await office.sealReply({ text: "بسته", change });
      const [waiting] = await shown([alone], { note: two.note });
      assert.deepEqual([waiting.authenticity, waiting.warnings], ["verified", ["second-missing"]]);
      assert.equal(await page.attribute("#status", "data-status"), "received");
      assert.equal(await page.count("#outcome"), 0);
      const message = office.reply({ text: "بسته", change });
      for (const [second, status] of [
        [{ id: "third", signer: third }, "closed"],
        [office.inspectors[1], "received"],
      ]) {
        const seconded = await office.sealReply({ text: "بسته", change: { ...change, seconds: [secondOf(message, second)] } });
        await shown([seconded], { note: two.note });
        assert.equal(await page.attribute("#status", "data-status"), status);
      }
    });
    const third = newSigner();
    let recipient;
    before(async () => (recipient = await newRecipient()));

    test("what two inspectors set at once stands side by side", async () => {
      const one = await office.sealReply({ text: "یک", change: { status: "referred" } });
      const other = await office.sealReply({ text: "دو", change: { status: "under-investigation" } });
      await shown([one, other]);
      assert.equal(await page.attribute("#status", "data-status"), "under-investigation");
      assert.match(await page.text("#concurrent"), /ارجاع‌شده/);
      const confirmed = await office.sealReply({ text: "سه", after: [one, other], change: { status: "referred" } });
      await shown([one, other, confirmed]);
      assert.equal(await page.count("#concurrent"), 0);
    });

    test("a profile older than an answer's is fetched again; while it stays old, nothing is sealed", async () => {
      const next = office.nextProfile(() => {});
      const reply = await office.sealReply({ text: "پاسخ", change: { profile: next.stamp } });
      const asked = () => office.proxy.seen.filter(({ path }) => path === "/api/v1/profile").length;
      office.proxy.seen.length = 0;
      const [old] = await shown([reply]);
      assert.deepEqual([old.authenticity, old.warnings], ["verified", ["profile-older"]]);
      assert.equal(await page.count("[data-hindrance=profile-older]"), 1);
      assert.equal(await page.count("#reply-send"), 0);
      assert.equal(asked(), 2);
      const [fresh] = await shown([reply], { note: next.note });
      assert.deepEqual([fresh.authenticity, fresh.warnings], ["verified", []]);
      assert.equal(await page.count("#reply-send"), 1);
    });

    test("another text of the same version, an expired profile, a dropped case: answers stay readable, nothing is sealed", async () => {
      const other = { version: office.profile.version, digest: "0".repeat(64) };
      await shown([await office.sealReply({ text: "پاسخ", change: { profile: other } })]);
      assert.equal(await page.count("[data-hindrance=profile-differs]"), 1);

      const expired = office.nextProfile((document) => Object.assign(document, { issued: dayBefore(100), expires: dayBefore(1) }));
      const [reply] = await shown([await office.sealReply({ text: "پاسخ" })], { note: expired.note });
      assert.deepEqual([reply.authenticity, reply.text], ["verified", "پاسخ"]);
      assert.equal(await page.count("[data-hindrance=profile-expired]"), 1);

      office.serveMailbox([], { dropped: true });
      await page.open(new URL("status", home).href);
      await page.fill("#code", office.code);
      await page.click("#open");
      await page.waitFor("#dropped");
      assert.equal(await page.count("#reply-send, #status"), 0);
    });

    test("with an honest server she writes, and only those for whom the report was can read it", async () => {
      office.proxy.alter = () => {};
      await openCase(page, home, office.code);
      await followUp(page, { text: "ادامهٔ درست" });
      assert.deepEqual(
        (await messages(page)).map(({ authenticity }) => authenticity),
        ["own", "own"],
      );
    });
  });
}

// A hostile server between the office and the reporter: whatever it puts into a mailbox or a case, nothing is shown
// as the word of somebody who did not say it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { sealReport } from "./harness/client.mjs";
import { startHostileOffice } from "./harness/hostile.mjs";
import { inspector, lifetime } from "./harness/mohr.mjs";
import { messages, openCase } from "./harness/pages.mjs";
import {
  encodeArchive,
  erasureOrder,
  newClassicRecipient,
  newRecipient,
  newSigner,
  openBlob,
  seal,
  sealEntries,
  sealMessage,
  sha256,
} from "./harness/protocol.mjs";

const TEMPTATION = "لطفاً شمارهٔ تلفن خود را بنویسید تا با شما تماس بگیریم.";

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser}: a reporter's mailbox in the hands of a hostile server`, () => {
    const life = lifetime();
    let office, page;
    before(async () => {
      office = await startHostileOffice(life);
      page = await launch(browser, { t: life });
    });
    after(() => life.end());

    /// The replies that the page shows when the mailbox holds `sent` after the report.
    async function shown(sent, delivered = sent.map(({ blob }) => blob)) {
      office.serveMailbox([office.report, ...sent], { delivered: [office.report.blob, ...delivered] });
      await openCase(page, `${office.proxy.url}/fa/`, office.code);
      return (await messages(page)).filter((message) => message.kind === "reply");
    }

    const listed = (blob) => ({ kind: "reply", blob });

    async function assertNotShown(what, sent, delivered = sent.blob) {
      const replies = await shown([sent], [delivered]);
      assert.equal(replies.length, 1, `${what}: the page says that something came`);
      assert.notEqual(replies[0].authenticity, "verified", what);
      assert.notEqual(replies[0].whole.trim(), "", `${what}: the page says in words what is wrong`);
      const everything = await page.evaluate(() => document.documentElement.textContent);
      assert.ok(!everything.includes(TEMPTATION), `${what}: the text stands on the page`);
    }

    // What makes the others tests: with everything right, the same words are shown.
    test("a true reply is shown as verified", async () => {
      const replies = await shown([await office.sealReply({ text: TEMPTATION })]);
      assert.deepEqual(
        replies.map(({ authenticity, text }) => ({ authenticity, text })),
        [{ authenticity: "verified", text: TEMPTATION }],
      );
    });

    test("a reply that no inspector of the profile signed is not shown", async () => {
      await assertNotShown("no signature", await office.sealReply({ text: TEMPTATION, signer: null }));
      await assertNotShown("the server's own key", await office.sealReply({ text: TEMPTATION, signer: newSigner() }));
      await assertNotShown("a colleague's key", await office.sealReply({ text: TEMPTATION, signer: office.inspectors[1].signer }));
      await assertNotShown("an unknown sender", await office.sealReply({ text: TEMPTATION, sender: "supervisor", signer: newSigner() }));
      await assertNotShown(
        "the reporter as sender",
        await office.sealReply({ text: TEMPTATION, sender: "reporter", signer: office.keys.signer }),
      );
    });

    test("a reply that an inspector signed for something else is not shown", async () => {
      await assertNotShown("another case", await office.sealReply({ text: TEMPTATION, change: { case: "ab".repeat(16) } }));
      await assertNotShown("another office", await office.sealReply({ text: TEMPTATION, change: { office: "cd".repeat(16) } }));
      await assertNotShown("another format", await office.sealReply({ text: TEMPTATION, change: { format: "mohr/v2" } }));
      await assertNotShown("another kind", await office.sealReply({ text: TEMPTATION, change: { kind: "follow-up" } }));
      const record = { kind: "record", acts: [], threads: { ...office.reply({}).threads, office: { length: 0, digest: "0".repeat(64) } } };
      await assertNotShown("a record", await office.sealReply({ text: TEMPTATION, change: record }));
      await assertNotShown("another epoch", await office.sealReply({ text: TEMPTATION, epoch: 2 }));
      await assertNotShown("a newer version", await office.sealReply({ text: TEMPTATION, change: { extensions: { "must-see": "" } } }));
    });

    test("a reply whose content was exchanged under the signature is not shown", async () => {
      const [, seal_json] = sealEntries(office.reply({ text: "سلام" }), [], office.inspectors[0].signer);
      const [message_json] = sealEntries(office.reply({ text: TEMPTATION }), [], null);
      await assertNotShown("exchanged message.json", listed(await seal(encodeArchive([message_json, seal_json]), office.toReporter)));
    });

    test("a reply whose recipients are not what they must be is not shown", async () => {
      const classic = [...office.toReporter.slice(0, -1), await newClassicRecipient()];
      await assertNotShown("a classic recipient", await office.sealReply({ text: TEMPTATION, recipients: classic }));
      const others = [await newRecipient(), ...office.toInspectors];
      await assertNotShown("sealed to somebody else", await office.sealReply({ text: TEMPTATION, recipients: others }));
    });

    test("a reply that comes twice is shown once", async () => {
      const reply = await office.sealReply({ text: TEMPTATION });
      const again = await seal(await openBlob(reply.blob, office.keys.identity), office.toReporter);
      const replies = await shown([reply, listed(again)]);
      assert.deepEqual(
        replies.map((message) => message.authenticity === "verified"),
        [true, false],
      );
      assert.notEqual(replies[1].text, TEMPTATION);
    });

    test("a reply that is damaged or no reply at all is said to be so", async () => {
      const { blob: reply } = await office.sealReply({ text: TEMPTATION });
      const damaged = Buffer.from(reply);
      damaged[damaged.length - 100] ^= 1;
      const torn = Buffer.concat([reply.subarray(0, 20_000), Buffer.alloc(reply.length - 20_000)]);
      await assertNotShown("damaged", listed(damaged));
      await assertNotShown("not the blob that was listed", listed(damaged), reply);
      await assertNotShown("torn", listed(torn));
      await assertNotShown("no age file", listed(Buffer.alloc(reply.length, " ")));
      await assertNotShown("no archive", listed(await seal(Buffer.alloc(10_000, TEMPTATION), office.toReporter)));
    });

    test("a reply that is listed and not given, or said to be erased, is missed", async () => {
      const reply = await office.sealReply({ text: TEMPTATION });
      const whole = async () => (await messages(page)).find((message) => message.kind === "reply");
      office.serveMailbox([office.report, reply], { delivered: [office.report.blob] });
      await openCase(page, `${office.proxy.url}/fa/`, office.code);
      assert.equal((await whole()).authenticity, "missing");
      const entry = { position: 1, sha256: sha256(reply.blob).toString("hex") };
      const order = (signers) => erasureOrder(office.profile.office, office.caseId, [entry], signers);
      // Where nobody answered but this, two persons are asked only if the mailbox lists no reply: it lists this one.
      for (const [orders, authenticity] of [
        [[], "missing"],
        [[order([{ id: "inspector-1", signer: newSigner() }])], "missing"],
        [[order([office.inspectors[0]])], "gone"],
      ]) {
        office.serveMailbox([office.report, { ...reply, gone: true }], { orders });
        await openCase(page, `${office.proxy.url}/fa/`, office.code);
        assert.equal((await whole()).authenticity, authenticity);
      }
    });

    test("a reply that the server withholds is missed", async () => {
      const first = await office.sealReply({ text: "نخستین پاسخ" });
      const second = await office.sealReply({ text: "دومین پاسخ", after: [first] });
      assert.deepEqual(
        (await shown([first, second])).map((message) => message.authenticity),
        ["verified", "verified"],
      );
      assert.equal(await page.count("#thread [data-warning]"), 0);
      await shown([second]);
      assert.ok(
        (await page.count("#thread .message [data-warning], #thread .message[data-warning]")) > 0,
        "a warning stands beside the message",
      );
    });

    test("a reply that the server lists as the reporter's own is not hers, and the next one tells", async () => {
      const hidden = await office.sealReply({ text: "پاسخ پنهان" });
      const next = await office.sealReply({ text: "پاسخ بعدی", after: [hidden] });
      for (const memo of [office.report.memo, undefined]) {
        const own = { ...hidden, kind: "follow-up", memo };
        office.serveMailbox([office.report, own, next]);
        await openCase(page, `${office.proxy.url}/fa/`, office.code);
        const [, listedAsOwn, after] = await messages(page);
        assert.equal(listedAsOwn.authenticity, memo === undefined ? "unverifiable" : "not-authentic");
        assert.match(listedAsOwn.whole, memo === undefined ? /سرور آنچه را نشان می‌دهد/ : /با کد شما فرستاده نشده/);
        assert.deepEqual([after.authenticity, after.warnings], ["verified", ["thread-differs"]]);
      }
    });

    test("what she had seen when she wrote and is hidden now, her memo tells", async () => {
      const reply = await office.sealReply({ text: "پاسخ" });
      const followUp = await office.sealFollowUp({ text: "ادامه", after: [reply] });
      office.serveMailbox([office.report, reply, followUp]);
      await openCase(page, `${office.proxy.url}/fa/`, office.code);
      assert.deepEqual(
        (await messages(page)).map(({ authenticity, warnings }) => [authenticity, warnings]),
        [
          ["own", []],
          ["verified", []],
          ["own", []],
        ],
      );
      office.serveMailbox([office.report, followUp]);
      await openCase(page, `${office.proxy.url}/fa/`, office.code);
      assert.deepEqual((await messages(page)).at(-1).warnings, ["thread-differs"]);
    });
  });
}

describe("an inspector's case in the hands of a hostile server", () => {
  const life = lifetime();
  let office;
  before(async () => (office = await startHostileOffice(life)));
  after(() => life.end());

  async function verified(sent) {
    office.serveCase(sent);
    const { messages: thread } = await inspector(office.demo, { server: office.proxy.url }).open(office.caseId);
    return thread.map((message) => message.verified);
  }

  test("a follow-up under the reporter's key is verified", async () => {
    assert.deepEqual(await verified([office.report, await office.sealFollowUp({ text: TEMPTATION })]), [true, true]);
  });

  test("a forged follow-up is not the reporter's", async () => {
    for (const signer of [null, newSigner(), office.inspectors[0].signer]) {
      assert.deepEqual(await verified([office.report, await office.sealFollowUp({ text: TEMPTATION, signer })]), [true, false]);
    }
  });

  test("a forged reply is not a colleague's", async () => {
    for (const signer of [null, newSigner(), office.keys.signer]) {
      assert.deepEqual(await verified([office.report, await office.sealReply({ text: TEMPTATION, signer })]), [true, false]);
    }
  });

  test("another report cannot stand under the id of a case", async () => {
    const other = await sealReport(office.note, { text: TEMPTATION });
    assert.deepEqual(await verified([{ kind: "report", blob: other.blob }]), [false], "a whole report of another case");
    // The server knows the case id and can name it, but not with keys from which it follows.
    const signer = newSigner();
    const message = {
      ...other.message,
      case: office.caseId,
      reporter: { ...other.message.reporter, recipient: await newRecipient(), signer: signer.publicKey },
    };
    const blob = await sealMessage({ message, signer, recipients: office.toInspectors });
    assert.deepEqual(await verified([{ kind: "report", blob }]), [false], "keys of its own");
  });
});

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
  newClassicRecipient,
  newRecipient,
  newSigner,
  openBlob,
  seal,
  sealEntries,
  sealMessage,
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

    /// The replies that the page shows when the mailbox holds `blobs` after the report.
    async function shown(blobs, delivered = blobs) {
      office.serveMailbox([office.report, ...blobs], { delivered: [office.report, ...delivered] });
      await openCase(page, `${office.proxy.url}/fa/`, office.code);
      return (await messages(page)).filter((message) => message.direction === "to-reporter");
    }

    async function assertNotShown(what, blob, delivered = blob) {
      const replies = await shown([blob], [delivered]);
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
      await assertNotShown("another direction", await office.sealReply({ text: TEMPTATION, change: { direction: "to-office" } }));
      await assertNotShown("another kind", await office.sealReply({ text: TEMPTATION, change: { kind: "follow-up" } }));
    });

    test("a reply whose content was exchanged under the signature is not shown", async () => {
      const [, seal_json] = sealEntries(office.reply({ text: "سلام" }), [], office.inspectors[0].signer);
      const [message_json] = sealEntries(office.reply({ text: TEMPTATION }), [], null);
      await assertNotShown("exchanged message.json", await seal(encodeArchive([message_json, seal_json]), office.toReporter));
    });

    test("a reply whose recipients are not what they must be is not shown", async () => {
      const classic = [...office.toReporter.slice(0, -1), await newClassicRecipient()];
      await assertNotShown("a classic recipient", await office.sealReply({ text: TEMPTATION, recipients: classic }));
      const others = [await newRecipient(), ...office.toInspectors];
      await assertNotShown("sealed to somebody else", await office.sealReply({ text: TEMPTATION, recipients: others }));
    });

    test("a reply that comes twice is shown once", async () => {
      const reply = await office.sealReply({ text: TEMPTATION });
      const again = await seal(await openBlob(reply, office.keys.identity), office.toReporter);
      const replies = await shown([reply, again]);
      assert.deepEqual(
        replies.map((message) => message.authenticity === "verified"),
        [true, false],
      );
      assert.notEqual(replies[1].text, TEMPTATION);
    });

    test("a reply that is damaged or no reply at all is said to be so", async () => {
      const reply = await office.sealReply({ text: TEMPTATION });
      const damaged = Buffer.from(reply);
      damaged[damaged.length - 100] ^= 1;
      const torn = Buffer.concat([reply.subarray(0, 20_000), Buffer.alloc(reply.length - 20_000)]);
      await assertNotShown("damaged", damaged);
      await assertNotShown("not the blob that was listed", damaged, reply);
      await assertNotShown("torn", torn);
      await assertNotShown("no age file", Buffer.alloc(reply.length, " "));
      await assertNotShown("no archive", await seal(Buffer.alloc(10_000, TEMPTATION), office.toReporter));
    });

    test("a reply that the server withholds is missed", async () => {
      const first = await office.sealReply({ text: "نخستین پاسخ" });
      const second = await office.sealReply({ text: "دومین پاسخ", sequence: 1, after: [first] });
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
  });
}

describe("an inspector's case in the hands of a hostile server", () => {
  const life = lifetime();
  let office;
  before(async () => (office = await startHostileOffice(life)));
  after(() => life.end());

  async function verified(blobs) {
    office.serveCase(blobs);
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
    const other = await sealReport(office.profile, { text: TEMPTATION });
    assert.deepEqual(await verified([other.blob]), [false], "a whole report of another case");
    // The server knows the case id and can name it, but not with keys from which it follows.
    const signer = newSigner();
    const message = { ...other.message, case: office.caseId, reporter: { recipient: await newRecipient(), signer: signer.publicKey } };
    assert.deepEqual(await verified([await sealMessage({ message, signer, recipients: office.toInspectors })]), [false], "keys of its own");
  });
});

// The whole journey, in Persian: a citizen reports from a browser, an inspector answers from the command line, the
// citizen reads the answer and writes on, and the inspector reads that as authentic.

import assert from "node:assert/strict";
import { test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { pdf, photo } from "./harness/files.mjs";
import { inspector, savedFile, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { fillReport, followUp, jalali, leaveReceipt, messages, openCase, sendReport } from "./harness/pages.mjs";
import { sha256 } from "./harness/protocol.mjs";

const MIB = 2 ** 20;
// ZWNJ, Arabic letters among the Persian ones, quotation marks, an emoji, lines: nothing of it may change.
const TEXT = 'برای یک امضا، ۵٬۰۰۰٬۰۰۰ ریال «شیرینی» مي‌خواهند.\n\n\tمسئول باجهٔ ۳ می‌گوید: "همه می‌دهند" \\ 🙂\nپایان ';
const REPLY = "گزارش شما رسید.\nبرای بررسی، نامهٔ پیوست را بخوانید. می‌توانید همین‌جا بنویسید.";
const FOLLOW_UP = "نامه را خواندم.\nباجه هر روز صبح باز است؛ عصرها بسته‌اند.";

for (const [browser, photoBytes] of [
  ["chromium", 5 * MIB],
  ["firefox", 5 * MIB],
  ["firefox-safer", 40_000],
]) {
  test(`${browser}: report with a photo, receipt, reply with a document, follow-up`, async (t) => {
    const demo = await startDemo(t);
    const office = inspector(demo);
    const folder = await temporaryFolder(t, "files");
    const picture = await photo(folder, "IMG_20260102.jpg", { bytes: photoBytes, width: photoBytes > MIB ? 1600 : 160 });
    const letter = await pdf(folder, "نامهٔ پاسخ.pdf", "Answer of the office");

    // The citizen reports.
    const citizen = await launch(browser, { t });
    await fillReport(citizen, demo.reporterUrl, { text: TEXT, files: [picture.path] });
    assert.equal(await citizen.attribute("html", "lang"), "fa");
    assert.equal(await citizen.attribute("html", "dir"), "rtl");
    const code = await sendReport(citizen);
    await leaveReceipt(citizen, code);

    // The inspector finds it, and opens the very bytes.
    const [entry, ...others] = await office.inbox();
    assert.deepEqual(others, []);
    assert.equal(entry.status, "received");
    const saved = await temporaryFolder(t, "saved");
    const opened = await office.open(entry.case, { files: saved });
    assert.equal(opened.messages.length, 1);
    const [report] = opened.messages;
    assert.equal(report.from, "reporter");
    assert.equal(report.verified, true);
    assert.equal(report.text, TEXT);
    assert.equal(report.files.length, 1);
    assert.equal(report.files[0].type, "image/jpeg");
    assert.equal(report.files[0].size_bytes, picture.bytes.length);
    assert.equal(report.files[0].sha256, sha256(picture.bytes).toString("hex"));
    assert.deepEqual(await savedFile(saved, report.files[0]), picture.bytes);

    // The inspector answers with a document.
    await office.reply(entry.case, { text: REPLY, attach: [letter.path], status: "awaiting-your-reply" });

    // The citizen comes back with nothing but the code, and reads the answer.
    const visit = await launch(browser, { t });
    assert.equal(await openCase(visit, demo.reporterUrl, code), "awaiting-your-reply");
    const [reply] = (await messages(visit)).filter((message) => message.direction === "to-reporter");
    assert.equal(reply.authenticity, "verified");
    assert.equal(reply.text, REPLY);
    const date = jalali(reply.day);
    for (const part of [date.day, date.month, date.year]) assert.ok(reply.date.includes(part), `${reply.date} has no ${part}`);
    const document = await visit.download("#thread a.file[download]");
    assert.deepEqual(document.bytes, letter.bytes);

    // The citizen writes on, and the inspector reads it as the same person's word.
    await followUp(visit, { text: FOLLOW_UP });
    const thread = (await office.open(entry.case)).messages;
    assert.deepEqual(
      thread.map((message) => message.verified),
      [true, true, true],
    );
    assert.equal(thread[2].from, "reporter");
    assert.equal(thread[2].text, FOLLOW_UP);

    assert.deepEqual([citizen.errors, visit.errors], [[], []]);
  });
}

for (const browser of ["chromium", "firefox"]) {
  test(`${browser}: a text report is at most two requests after the page has loaded`, async (t) => {
    const demo = await startDemo(t);
    const citizen = await launch(browser, { t });
    await citizen.open(new URL("report", demo.reporterUrl).href);
    const toServer = () => citizen.requests.filter((request) => new URL(request.url).pathname.startsWith("/api/"));
    await fillReport(citizen, demo.reporterUrl, { text: TEXT });
    citizen.forgetRequests();
    const code = await sendReport(citizen);
    assert.ok(citizen.requests.length <= 2, `sending took ${JSON.stringify(citizen.requests)}`);
    assert.deepEqual(
      toServer().map((request) => request.method),
      ["POST"],
      "the report itself is one request",
    );

    const [{ case: id }] = await inspector(demo).inbox();
    await inspector(demo).reply(id, { text: REPLY });
    citizen.forgetRequests();
    await openCase(citizen, demo.reporterUrl, code);
    await citizen.waitFor('#thread .message[data-direction="to-reporter"]');
    assert.ok(toServer().length <= 4, `a status visit took ${JSON.stringify(toServer())}`);
  });
}

// The promise to an office whose inspectors have nothing but public tools: a blob from the database, an
// implementation of age that is not ours, and the system's tar.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

import { launch } from "./drivers/driver.mjs";
import { storedBlobs } from "./harness/database.mjs";
import { inspector, reporter, savedFile, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { fillReport, followUp, leaveReceipt, openCase, sendReport } from "./harness/pages.mjs";
import { isSizeClass, keysOfCode, openBlob, profileOf, readIdentityFile, sha256, stanzaTypes } from "./harness/protocol.mjs";

const run = promisify(execFile);

test("every blob in the database opens with typage and tar, and is exactly of its size class", async (t) => {
  const demo = await startDemo(t);
  const profile = profileOf(await readFile(demo.profile, "utf8"));
  const inspectors = await Promise.all(demo.identities.map((path) => readIdentityFile(path, demo.passphraseFile)));
  const folder = await temporaryFolder(t, "files");
  const attach = async (name, size) => {
    const path = join(folder, name);
    await writeFile(path, randomBytes(size));
    return { path, sha256: sha256(await readFile(path)).toString("hex") };
  };

  // Everything that seals, sends: the page in both browsers, and the command line on both sides.
  const sent = new Map(); // What each message says, by its text.
  const say = (text, files = []) => sent.set(text, files) && { text, files: files.map((file) => file.path) };
  const codes = [];
  for (const browser of ["chromium", "firefox"]) {
    const page = await launch(browser, { t });
    await fillReport(page, demo.reporterUrl, say(`صفحه ${browser}`));
    await leaveReceipt(page, await sendReport(page));
    await fillReport(page, demo.reporterUrl, say(`صفحه با پرونده ${browser}`, [await attach(`${browser}.bin`, 150_000)]));
    const code = await sendReport(page);
    await leaveReceipt(page, code);
    await openCase(page, demo.reporterUrl, code);
    await followUp(page, say(`ادامه ${browser}`));
    codes.push(code);
    await page.close();
  }
  const cli = (text, files) => {
    const { files: paths } = say(text, files);
    return { text, attach: paths };
  };
  const { receipt } = await reporter(demo).report(cli("خط فرمان"));
  codes.push(receipt);
  await reporter(demo).report(
    cli("خط فرمان با پرونده‌ها", [await attach("a.bin", 1_000_000), await attach("b.bin", 1), await attach("c.bin", 0)]),
  );
  await reporter(demo).report(cli("خط فرمان بزرگ", [await attach("large.bin", 2_500_000)]));
  await reporter(demo).followUp(receipt, cli("ادامه از خط فرمان"));
  for (const { case: id } of await inspector(demo).inbox()) {
    await inspector(demo).reply(id, cli(`پاسخ ${id}`, [await attach(`${id}.bin`, 40_000)]));
  }

  const blobs = await storedBlobs(demo.database);
  assert.equal(blobs.length, sent.size);
  const reporters = await Promise.all(codes.map((code) => keysOfCode(code.replace(/[^0-9]/g, ""), profile.office)));
  for (const { caseId, position, toOffice, declaredBytes, blob } of blobs) {
    const place = `${caseId} ${position}`;
    assert.equal(blob.length, declaredBytes, place);
    assert.ok(isSizeClass(blob.length), `${place}: ${blob.length} is no size class`);
    const types = stanzaTypes(blob).filter((type) => !type.endsWith("-grease"));
    assert.deepEqual(types, Array(profile.inspectors.length + (toOffice ? 0 : 1)).fill("mlkem768x25519"), place);

    // Each inspector opens each message.
    const archives = await Promise.all(inspectors.map(({ identity }) => openBlob(blob, identity)));
    assert.ok(
      archives.every((archive) => archive.equals(archives[0])),
      place,
    );
    const unpacked = await temporaryFolder(t, "unpacked");
    await writeFile(join(unpacked, "message.tar"), archives[0]);
    const { stderr } = await run("tar", ["-xf", "message.tar"], { cwd: unpacked });
    assert.equal(stderr, "", `${place}: tar has nothing to say`);
    const message = JSON.parse(await readFile(join(unpacked, "message.json"), "utf8"));
    const files = sent.get(message.text);
    assert.ok(files, `${place}: ${message.text}`);
    assert.deepEqual(message.files.length, files.length, place);
    if (files.length === 0) assert.equal(blob.length, 32_768, `${place}: a message without files`);
    for (const file of files) assert.ok(await savedFile(unpacked, file), `${place}: ${file.path}`);
    sent.delete(message.text);

    // The reporter opens the replies with the code alone, and not the reports.
    const opening = await Promise.allSettled(reporters.map(({ identity }) => openBlob(blob, identity)));
    const opened = opening.filter(({ status }) => status === "fulfilled").length;
    if (toOffice) assert.equal(opened, 0, `${place}: a code does not open a report`);
    else if (opened > 0) assert.equal(opened, 1, place);
  }
  assert.deepEqual([...sent.keys()], [], "every message was found");
});

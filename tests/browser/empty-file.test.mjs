// A file of no bytes, as pickers of cloud storage and downloads that broke off leave behind: it is named before it is sent.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { inspector, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { fillReport, sendReport } from "./harness/pages.mjs";

for (const browser of ["chromium", "firefox"]) {
  test(`${browser}: an empty file is said to be empty where it is chosen and before it is sent`, async (t) => {
    const demo = await startDemo(t);
    const folder = await temporaryFolder(t, "empty");
    const path = join(folder, "empty.jpg");
    await writeFile(path, "");
    const page = await launch(browser, { t });
    await fillReport(page, demo.reporterUrl.replace("/fa/", "/en/"), {
      text: "گزارش",
      files: [path],
      keepFiles: false,
      onStep: async (step) => {
        if (step !== "known") return;
        await page.back();
        await page.waitFor("[data-file] [data-empty]");
        const shown = await page.text("[data-file]");
        assert.match(shown, /This file is empty/);
        assert.match(shown, /jpg0 kB/);
        assert.match(shown, /sent under the name: 01\.jpg/);
        assert.doesNotMatch(shown, /We do not know|hidden traces/);
        await page.click("#next");
        await page.waitUntil(async () => (await page.attribute("body", "data-step")) === "known");
      },
    });
    assert.match(await page.text(".answers"), /This file is empty/);
    await sendReport(page);
    const [{ case: id }] = await inspector(demo).inbox();
    const [report] = (await inspector(demo).open(id)).messages;
    assert.deepEqual(
      report.files.map(({ name, size_bytes }) => [name, size_bytes]),
      [["01.jpg", 0]],
    );
    assert.deepEqual(page.errors, []);
  });
}

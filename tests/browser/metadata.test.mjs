// What a photograph, a PDF and a Word document tell of their maker stays with the reporter, unless the reporter sends the
// originals.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { launch } from "./drivers/driver.mjs";
import { docx, pdfWithAuthor, unpackZip } from "./harness/documents.mjs";
import { photo } from "./harness/files.mjs";
import { inspector, lifetime, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { fillReport, leaveReceipt, sendReport } from "./harness/pages.mjs";
import { searchIn } from "./harness/search.mjs";

const run = promisify(execFile);

const ARTIST = "honarmand-qanari";
const AUTHOR = "nevisande-qanari";
const EDITOR = "virastar-qanari";
const COMPANY = "sherkat-qanari";
const CANARIES = [ARTIST, AUTHOR, EDITOR, COMPANY];
const NAMES = ["IMG_20260102_qanari.jpg", "nameh-qanari.pdf", "gozaresh-qanari.docx"];
const TEXT_IN_DOCUMENT = "matn-e sanad";

describe("metadata of files", () => {
  const life = lifetime();
  let demo, originals, paths;
  before(async () => {
    demo = await startDemo(life);
    const folder = await temporaryFolder(life, "files");
    originals = [
      await photo(folder, NAMES[0], { bytes: 20_000, width: 160, artist: ARTIST }),
      await pdfWithAuthor(folder, NAMES[1], { text: TEXT_IN_DOCUMENT, author: AUTHOR }),
      await docx(folder, NAMES[2], { text: TEXT_IN_DOCUMENT, author: AUTHOR, lastEditor: EDITOR, company: COMPANY }),
    ];
    paths = originals.map(({ path }) => path);
    // What goes in does tell: a test of nothing would pass as well.
    assert.notDeepEqual(await metadata(paths[0], ["GPSLatitude", "Artist", "Make"]), {});
    assert.equal((await metadata(paths[1], ["Author"])).Author, AUTHOR);
    assert.equal((await metadata(paths[2], ["LastModifiedBy"])).LastModifiedBy, EDITOR);
  });
  after(() => life.end());

  /// Sends the files and gives the report as an inspector opens it, with its files: `{name, path, bytes}`.
  async function sendAndOpen(t, browser, { keepFiles, onStep }) {
    const office = inspector(demo);
    const known = new Set((await office.inbox()).map((entry) => entry.case));
    const page = await launch(browser, { t });
    await fillReport(page, demo.reporterUrl, { text: "با پرونده‌ها", files: paths, keepFiles, onStep: (step) => onStep?.(page, step) });
    await leaveReceipt(page, await sendReport(page));
    assert.deepEqual(page.errors, []);
    await page.close();
    const [{ case: id }] = (await office.inbox()).filter((entry) => !known.has(entry.case));
    const folder = await temporaryFolder(t, "opened");
    const [report] = (await office.open(id, { files: folder })).messages;
    const files = await Promise.all(
      report.files.map(async ({ name, saved }) => ({ name, path: join(folder, saved), bytes: await readFile(join(folder, saved)) })),
    );
    return { report, files };
  }

  for (const browser of ["chromium", "firefox"]) {
    test(`${browser}: by default nothing of the maker arrives, and the picture is the same`, async (t) => {
      const { report, files } = await sendAndOpen(t, browser, { keepFiles: false });
      const [picture, letter, document] = files;
      assert.deepEqual(
        files.map(({ name }) => name),
        ["01.jpg", "02.pdf", "03.docx"],
        "names that say nothing",
      );
      const everything = [JSON.stringify(report), ...files.map(({ bytes }) => bytes), ...Object.entries(unpackZip(document.bytes)).flat()];
      for (const part of everything) assert.deepEqual(searchIn(part, [...CANARIES, ...NAMES.map((name) => name.split(".")[0])]), []);

      const told = await metadata(picture.path, ["GPS:all", "XMP:all", "Artist", "Make", "Model", "DateTimeOriginal"]);
      assert.deepEqual(told, {}, "exiftool finds nothing in the photograph");
      assert.deepEqual(await metadata(letter.path, ["Author", "Creator", "XMP:all"]), {});
      assert.deepEqual(await metadata(document.path, ["Creator", "LastModifiedBy", "Company", "ModifyDate", "RevisionNumber"]), {});

      assert.ok((await pixels(picture.path)).equals(await pixels(paths[0])), "every pixel is the same");
      assert.match((await run("pdftotext", [letter.path, "-"])).stdout, new RegExp(TEXT_IN_DOCUMENT));
      assert.match(unpackZip(document.bytes)["word/document.xml"].toString(), new RegExp(TEXT_IN_DOCUMENT));
    });

    test(`${browser}: originals arrive byte for byte where the reporter says so, and names where that is said`, async (t) => {
      const { files } = await sendAndOpen(t, browser, {
        keepFiles: true,
        onStep: async (page, step) => {
          if (step !== "check") return;
          await page.click('[data-change="evidence"]');
          await page.click('[data-file="1"] [data-keep="name"]');
          await page.click("#next");
          await page.waitFor("#send");
        },
      });
      assert.deepEqual(
        files.map(({ name }) => name),
        [NAMES[0], "02.pdf", NAMES[2]],
      );
      for (const [index, { bytes }] of files.entries()) assert.ok(bytes.equals(originals[index].bytes), NAMES[index]);
    });
  }
});

/// What exiftool finds of these tags, in any place of the file.
async function metadata(path, tags) {
  const { stdout } = await run("exiftool", ["-json", "-a", ...tags.map((tag) => `-${tag}`), path]);
  const [{ SourceFile, ...found }] = JSON.parse(stdout);
  return found;
}

async function pixels(path) {
  const { stdout } = await run("convert", [path, "-depth", "8", "rgb:-"], { encoding: "buffer", maxBuffer: 2 ** 28 });
  return stdout;
}

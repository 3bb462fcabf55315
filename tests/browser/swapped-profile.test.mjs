// A server that hands out another office profile than the office's own, to be among those who read: the pages
// notice, and nothing is sealed to it.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { inspector, lifetime, mohr, reporter, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { enterCode, fillReport, problem, sendReport } from "./harness/pages.mjs";
import {
  commitmentTo,
  newClassicRecipient,
  newRecipient,
  newRoot,
  newSigner,
  officeIdOf,
  profileOf,
  readRootKeyFile,
  signProfile,
} from "./harness/protocol.mjs";
import { startProxy } from "./harness/proxy.mjs";

/// The first version that the last of these roots signs.
const versionOf = (roots) => (roots.length - 1) * 10_000 + 1;

for (const browser of ["chromium", "firefox"]) {
  describe(`${browser}: the office profile in the hands of a hostile server`, () => {
    const life = lifetime();
    let demo, proxy, note, profile, root, page, home;
    before(async () => {
      demo = await startDemo(life);
      proxy = await startProxy(life, demo.url);
      note = await readFile(demo.profile, "utf8");
      profile = profileOf(note);
      root = await readRootKeyFile(demo.rootKey, demo.passphraseFile);
      page = await launch(browser, { t: life });
      home = `${proxy.url}/fa/`;
    });
    after(() => life.end());
    beforeEach(() => {
      proxy.alter = () => {};
      proxy.seen.length = 0;
    });

    const serve = (swapped) => {
      proxy.alter = (request, response) => {
        if (request.path === "/api/v1/profile") response.body = Buffer.from(swapped);
      };
    };
    const uploads = () => proxy.seen.filter((request) => request.path.startsWith("/api/v1/uploads"));

    /// The report page with this profile tells of a problem, offers nothing to send, and sends nothing.
    async function assertRefused(swapped, { fragment = "" } = {}) {
      serve(swapped);
      await page.open("about:blank");
      await page.open(`${home}report${fragment}`);
      const reason = await problem(page);
      assert.equal(await page.visible("#send"), false);
      assert.deepEqual(uploads(), []);
      return reason;
    }

    const withForeignInspector = async () => ({
      ...profile,
      inspectors: [
        { ...profile.inspectors[0], recipient: await newRecipient(), signer: newSigner().publicKey },
        ...profile.inspectors.slice(1),
      ],
    });

    test("the office's own profile is taken, with its fingerprint in the address and without", async () => {
      for (const fragment of ["", `#office=${profile.office}`]) {
        await page.open("about:blank");
        await fillReport(page, home, { text: "گزارش", fragment });
        await sendReport(page);
      }
      assert.equal((await inspector(demo).inbox()).length, 2);
    });

    test("a profile of another office is refused where the address names the office", async () => {
      const foreign = signProfile(await withForeignInspector(), newRoot());
      assert.equal(await assertRefused(foreign, { fragment: `#office=${profile.office}` }), "profile-foreign");
    });

    test("an inspector exchanged by hand is noticed", async () => {
      const recipient = await newRecipient();
      assert.equal(await assertRefused(note.replace(profile.inspectors[0].recipient, recipient)), "profile-invalid");
    });

    test("a profile signed by somebody else in the name of the office is refused", async () => {
      const forged = signProfile(await withForeignInspector(), newSigner(), { keepOffice: true });
      assert.equal(await assertRefused(forged), "profile-invalid");
    });

    test("a profile whose office does not follow from its root key is refused", async () => {
      const foreign = newRoot();
      const document = { ...(await withForeignInspector()), roots: [foreign.root] };
      assert.equal(await assertRefused(signProfile(document, foreign, { keepOffice: true })), "profile-invalid");
    });

    test("an expired profile is refused, and the page says that it is old", async () => {
      const expired = signProfile({ ...profile, issued: "2020-01-01", expires: "2020-06-30" }, root);
      assert.equal(await assertRefused(expired), "profile-expired");
    });

    test("a recipient that is not post-quantum is refused, though the office signed it", async () => {
      const classic = { ...profile.inspectors[0], recipient: await newClassicRecipient() };
      const mixed = signProfile({ ...profile, inspectors: [classic, ...profile.inspectors.slice(1)] }, root);
      assert.equal(await assertRefused(mixed), "profile-invalid");
    });

    test("a later root signs where the one before it commits to it, and nowhere else", async () => {
      const second = newRoot();
      const first = newRoot(commitmentTo(second.root));
      const office = officeIdOf(first.root);
      const chain = (roots, signer) =>
        signProfile({ ...profile, version: versionOf(roots), office, roots: roots.map(({ root }) => root) }, signer, { keepOffice: true });
      assert.equal(await assertRefused(chain([first, newRoot()], newRoot())), "profile-invalid");
      assert.equal(await assertRefused(chain([first, second], first)), "profile-invalid");
      serve(chain([first, second], second));
      await page.open("about:blank");
      await page.open(`${home}#office=${office}`);
      await page.waitFor("[data-office=name]");
    });

    test("the highest version of an earlier root, or another text of the same version, are refused in the same visit", async () => {
      const second = newRoot();
      const first = newRoot(commitmentTo(second.root));
      const office = officeIdOf(first.root);
      const chain = (roots, signer, change = {}) =>
        signProfile({ ...profile, version: versionOf(roots), ...change, office, roots: roots.map(({ root }) => root) }, signer, {
          keepOffice: true,
        });
      for (const [before, after, said] of [
        [chain([first, second], second), chain([first], first, { version: 10_000 }), "profile-older"],
        [chain([first, second], second), chain([first, second], second, { holidays: ["2026-03-21"] }), "profile-differs"],
      ]) {
        serve(before);
        await page.open("about:blank");
        await page.open(`${home}report#door=suggestion`);
        await page.fill("#text", "پیشنهاد");
        await page.waitUntil(async () => (await page.text("[data-office=fingerprint]")).trim() !== "");
        serve(after);
        // Where something is typed, another fragment asks for the profile again in the same visit.
        await page.evaluate((id) => {
          location.hash = `office=${id}`;
        }, office);
        assert.equal(await problem(page), said);
        await page.fill("#text", "");
      }
      assert.deepEqual(uploads(), []);
    });

    test("a profile that only a newer program understands is said to be so", async () => {
      const newer = signProfile({ ...profile, extensions: { "must-threshold": "2" } }, root, { keepOffice: true });
      assert.equal(await assertRefused(newer), "profile-newer");
    });

    test("what is no profile at all is refused", async () => {
      for (const garbage of ["", "{}", note.slice(0, -20), note + note, `${note.slice(0, 200)}\u0000`]) {
        assert.equal(await assertRefused(garbage), "profile-invalid");
      }
    });

    test("a code is worth nothing under another office", async () => {
      const { receipt } = await reporter(demo).report({ text: "گزارش" });
      serve(signProfile(await withForeignInspector(), newRoot()));
      await enterCode(page, home, receipt);
      assert.equal(await problem(page), "unknown-code");
    });
  });
}

describe("the command line and a swapped profile", () => {
  const life = lifetime();
  after(() => life.end());

  test("a report is not sealed to a foreign office, nor by an older profile, nor by an altered one", async () => {
    const demo = await startDemo(life);
    const proxy = await startProxy(life, demo.url);
    const note = await readFile(demo.profile, "utf8");
    const profile = profileOf(note);
    const folder = await temporaryFolder(life, "text");
    const text = join(folder, "text");
    await writeFile(text, "گزارش");
    const report = (swapped, ...options) => {
      proxy.alter = (request, response) => {
        if (request.path === "/api/v1/profile") response.body = Buffer.from(swapped);
      };
      return mohr(["report", "--server", proxy.url, "--text-file", text, "--json", ...options]);
    };
    assert.equal((await report(note, "--office", profile.office)).code, 0);
    proxy.seen.length = 0;
    const root = await readRootKeyFile(demo.rootKey, demo.passphraseFile);
    for (const [swapped, ...options] of [
      [signProfile(profile, newRoot()), "--office", profile.office],
      [note.replace(profile.inspectors[0].recipient, await newRecipient())],
      [signProfile({ ...profile, issued: "2020-01-01", expires: "2020-06-30" }, root)],
    ]) {
      const { code, stderr } = await report(swapped, ...options);
      assert.notEqual(code, 0);
      assert.notEqual(stderr.trim(), "");
    }
    assert.deepEqual(
      proxy.seen.filter((request) => request.path !== "/api/v1/profile"),
      [],
    );
  });
});

// What anybody wrote is text: a corpus of markup and script goes through every field, from the reporter to the
// inspector and from the office to the reporter, and nothing of it is executed or becomes an element.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { startHostileOffice } from "./harness/hostile.mjs";
import { inspector, mohr, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { enterCode, fillReport, leaveReceipt, messages, openCase, problem, sendReport } from "./harness/pages.mjs";
import { signProfile } from "./harness/protocol.mjs";

const CORPUS = [
  "<script>window.hit=1</script>",
  "</template></textarea></title></style></script><script>window.hit=2</script>",
  "<img src=x onerror=window.hit=3>",
  "<svg/onload=window.hit=4>",
  "<svg><animate onbegin=window.hit=5 attributeName=x dur=1s>",
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hit=6&gt;">',
  '<iframe srcdoc="<script>parent.hit=7</script>"></iframe>',
  "<details open ontoggle=window.hit=8>",
  "<form action=javascript:window.hit=9><button autofocus>",
  '<a href="javascript:window.hit=10">x</a>',
  '<base href=//example.org/><meta http-equiv=refresh content="0;url=javascript:window.hit=11">',
  '<noscript><p title="</noscript><img src=x onerror=window.hit=12>">',
  '"><img src=x onerror=window.hit=13>',
  "' onfocus=window.hit=14 autofocus='",
  "${window.hit=15} {{constructor.constructor('window.hit=16')()}} {text}",
  "&lt;img src=x onerror=window.hit=17&gt; &#x3c;script&#x3e;",
  "\u202e<img src=x onerror=window.hit=18>\u202c \u2066\u2028\u0001\u001b[31m",
  "javascript:window.hit=19",
  "__proto__ constructor toString",
  "<link rel=stylesheet href=//example.org/x.css><style>*{display:none}</style>",
];
const ALL = CORPUS.join("\n");

/// A file's name cannot hold a slash or NUL on disk.
const FILE_NAMES = CORPUS.map((payload) => payload.replace(/[/\0]/g, "∕").slice(0, 60));

async function assertInert(page, place) {
  const state = await page.evaluate(() => ({
    hit: window.hit ?? null,
    // None of these is in a page of ours but the icon and the pages' own scripts.
    strange: [
      ...document.querySelectorAll(
        "iframe, object, embed, base, meta[http-equiv], math, animate, form[action^=javascript], a[href^=javascript], [onerror], [onload], [onfocus], [ontoggle], style",
      ),
    ].map((e) => e.outerHTML.slice(0, 100)),
    images: [...document.querySelectorAll("img")].map((image) => image.src).filter((src) => !src.startsWith("blob:")),
    scripts: [...document.scripts]
      .filter((script) => new URL(script.src, location.href).origin !== location.origin || script.src === "")
      .map((script) => script.outerHTML),
  }));
  assert.deepEqual(state, { hit: null, strange: [], images: [], scripts: [] }, place);
  assert.deepEqual(
    page.dialogs.filter((dialog) => !dialog.startsWith("beforeunload")),
    [],
    place,
  );
  assert.deepEqual(page.errors, [], `${place}: not even an attempt that the policy had to stop`);
}

for (const browser of ["chromium", "firefox"]) {
  test(`${browser}: what a reporter writes stays text, on the page and on the inspector's screen`, async (t) => {
    const demo = await startDemo(t);
    const folder = await temporaryFolder(t, "files");
    const files = FILE_NAMES.map((name) => join(folder, name));
    for (const path of files) await writeFile(path, ALL);
    const page = await launch(browser, { t });

    await fillReport(page, demo.reporterUrl, {
      text: ALL,
      everywhere: CORPUS[0] + CORPUS[2],
      files,
      onStep: (step) => assertInert(page, step),
    });
    await assertInert(page, "the answers before sending");
    assert.ok((await page.evaluate(() => document.body.textContent)).includes(CORPUS[0]), "the answers are shown as they were typed");
    const code = await sendReport(page);
    await assertInert(page, "receipt");
    await leaveReceipt(page, code);

    const [{ case: id }] = await inspector(demo).inbox();
    const [report] = (await inspector(demo).open(id)).messages;
    assert.equal(report.text, ALL);
    assert.equal(report.verified, true);
    // On a terminal, what came in cannot move the cursor, hide text or turn its direction.
    const access = ["--identity", demo.identities[0], "--server", demo.url, "--passphrase-file", demo.passphraseFile];
    for (const args of [
      ["inbox", ...access],
      ["open", id, ...access],
    ]) {
      const { code: exit, stdout } = await mohr(args);
      assert.equal(exit, 0);
      assert.doesNotMatch(stdout, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/, `mohr ${args[0]} prints control characters`);
    }
  });

  test(`${browser}: what an office writes stays text on the reporter's page`, async (t) => {
    const office = await startHostileOffice(t);
    const { proxy, profile, root } = office;
    const everyLanguage = (index) => Object.fromEntries(profile.languages.map((language) => [language, CORPUS[index]]));
    const listed = CORPUS.map((_, index) => ({ id: `x-${index}`, name: everyLanguage(index) }));
    const nasty = signProfile(
      {
        ...profile,
        name: everyLanguage(0),
        legal_note: Object.fromEntries(profile.languages.map((language) => [language, ALL])),
        inspectors: profile.inspectors.map((one, index) => ({ ...one, role: everyLanguage(index + 2) })),
        kinds: listed,
        districts: listed,
        units: listed,
        services: listed.map((choice, index) => ({ ...choice, unit: listed[index].id })),
        version: profile.version + 1,
        contacts: { ...profile.contacts, emergency_phone: CORPUS[2], phone: CORPUS[12], website: CORPUS[17] },
      },
      root,
      { keepOffice: true },
    );
    const files = CORPUS.map((payload) => ({
      name: payload.slice(0, 100),
      type: "text/html",
      bytes: Buffer.from(`<script>opener.hit=20</script>`),
    }));
    const blob = await office.sealReply({ text: ALL, files, change: { status: "closed", outcome: { id: "no-violation", rule: ALL } } });
    office.serveMailbox([office.report, blob]);
    const mailbox = proxy.alter;
    proxy.alter = async (request, response) => {
      await mailbox(request, response);
      if (request.path === "/api/v1/profile") response.body = Buffer.from(nasty);
    };

    const page = await launch(browser, { t });
    const home = `${proxy.url}/fa/`;
    await page.open(home);
    await page.waitUntil(() => page.evaluate((name) => document.body.textContent.includes(name), CORPUS[0]));
    await assertInert(page, "home");
    await fillReport(page, home, { text: "گزارش", onStep: (step) => assertInert(page, step) });
    await openCase(page, home, office.code);
    const [reply] = (await messages(page)).filter((message) => message.kind === "reply");
    assert.equal(reply.authenticity, "verified");
    assert.equal(reply.text, ALL);
    assert.equal(reply.files.length, files.length);
    await assertInert(page, "status");
    await page.fill("#reply-text", ALL);
    await assertInert(page, "the answer to the office");

    await enterCode(page, home, CORPUS[0]);
    await problem(page);
    await assertInert(page, "a code that is none");
    for (const payload of CORPUS) {
      await page.open("about:blank");
      await page.open(`${home}report?door=${encodeURIComponent(payload)}#office=${encodeURIComponent(payload)}`);
      await page.waitUntil(async () => (await page.attribute("body", "data-step")) ?? (await page.visible("#problem[data-reason]")));
      await assertInert(page, `an address with ${payload}`);
    }
  });
}

// What makes the tests above tests.
test("the corpus does execute where it is taken for markup", async (t) => {
  const page = await launch("chromium", { t });
  await page.open("about:blank");
  await page.evaluate((html) => {
    document.body.innerHTML = html;
  }, CORPUS[2]);
  await page.waitUntil(() => page.evaluate(() => window.hit === 3));
  await assert.rejects(assertInert(page, "about:blank"));
});

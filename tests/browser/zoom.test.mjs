// A window of 1280 px at 400 %, which leaves 320 px (WCAG 1.4.10), and at 200 % with the browser's letters twice as large
// (WCAG 1.4.4): nothing is cut off, nothing needs scrolling in two directions, and the focus goes as one reads.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { launch } from "./drivers/driver.mjs";
import { pdf } from "./harness/files.mjs";
import { inspector, lifetime, startDemo, temporaryFolder } from "./harness/mohr.mjs";
import { fillReport, leaveReceipt, openCase, sendReport } from "./harness/pages.mjs";

/// `letters`: what the browser's settings say of the size of letters, in px.
const VIEWS = [
  { zoom: 4, letters: 16 },
  { zoom: 2, letters: 32 },
];

for (const language of ["fa", "en"]) {
  describe(`${language}: zoom and large letters`, () => {
    const life = lifetime();
    let demo, page, home, letter, devTools;
    before(async () => {
      demo = await startDemo(life);
      home = `${demo.url}/${language}/`;
      letter = await pdf(await temporaryFolder(life, "files"), "a-long-name-without-any-place-to-break-it-0123456789.pdf", "x");
      page = await launch("chromium", { t: life });
      devTools = await page.page.context.newCDPSession(page.page.page);
    });
    after(() => life.end());

    test("home, every step of a report, the receipt, and an open case", async () => {
      // All that is wrong is told at once.
      const problems = [];
      const examine = async (name) => problems.push(...(await problemsOf(page, devTools)).map((problem) => `${name}: ${problem}`));
      await page.open(home);
      await examine("home");
      await fillReport(page, home, { text: "یک متن ".repeat(40), files: [letter.path], keepFiles: false, onStep: (step) => examine(step) });
      const code = await sendReport(page);
      await examine("receipt");
      await leaveReceipt(page, code);
      await page.waitFor("#farewell");
      await examine("farewell");

      const [{ case: id }] = await inspector(demo).inbox();
      await inspector(demo).reply(id, { text: "پاسخ بازرس ".repeat(20), attach: [letter.path], status: "awaiting-your-reply" });
      await page.open(`${home}status`);
      await page.waitFor("#code");
      await examine("status");
      await openCase(page, home, code);
      await page.waitFor('#thread .message[data-authenticity="verified"]');
      await examine("open case");
      assert.deepEqual(problems, []);
    });
  });
}

async function problemsOf(page, devTools) {
  const problems = [];
  for (const { zoom, letters } of VIEWS) {
    const width = 1280 / zoom;
    await devTools.send("Emulation.setDeviceMetricsOverride", { width, height: 1024 / zoom, deviceScaleFactor: zoom, mobile: false });
    await devTools.send("Page.setFontSizes", { fontSizes: { standard: letters } });
    assert.deepEqual(await page.evaluate(() => [innerWidth, parseFloat(getComputedStyle(document.documentElement).fontSize)]), [
      width,
      letters,
    ]);
    problems.push(...(await page.evaluate(overflow)).map((problem) => `${problem} (zoom ${zoom}, letters of ${letters} px)`));
    problems.push(...(await focusProblems(page)).map((problem) => `${problem} (zoom ${zoom}, letters of ${letters} px)`));
  }
  return problems;
}

/// What reaches over the window's sides, and whose own words do not fit into it and cannot be scrolled to.
function overflow() {
  const label = (e) =>
    `${e.tagName.toLowerCase()}#${e.id}.${e.getAttribute("class") ?? ""} ${Math.round(e.getBoundingClientRect().left)}…${Math.round(e.getBoundingClientRect().right)}`;
  const unseen = (e) =>
    e.closest(".visually-hidden, .skip, svg, option, [hidden]") !== null || !e.checkVisibility({ visibilityProperty: true });
  const shown = [...document.querySelectorAll("body *")].filter((e) => !unseen(e) && e.getBoundingClientRect().width > 0);
  const scroller = document.scrollingElement;
  const inBox = (e) => {
    for (let box = e.parentElement; box !== null; box = box.parentElement)
      if (/auto|scroll/.test(getComputedStyle(box).overflowX) && box !== scroller) return true;
    return false;
  };
  const wide = shown
    .filter((e) => !inBox(e) && (e.getBoundingClientRect().left < -1 || e.getBoundingClientRect().right > innerWidth + 1))
    .map((e) => `${label(e)} is wider than the window`);
  if (scroller.scrollWidth > innerWidth) wide.unshift(`the page is ${scroller.scrollWidth} px wide`);
  const clips = (style) => /hidden|clip/.test(`${style.overflowX} ${style.overflowY}`) || style.textOverflow === "ellipsis";
  const cut = shown
    .filter(
      (e) => clips(getComputedStyle(e)) && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1) && e.clientWidth > 0,
    )
    .map((e) => `${label(e)} cuts ${e.scrollWidth}×${e.scrollHeight} px to ${e.clientWidth}×${e.clientHeight}`);
  return [...wide.slice(0, 5), ...cut.slice(0, 5)];
}

/// Tab goes through what can be focused in the order of the page's text, down the screen, and leaves nothing out.
async function focusProblems(page) {
  await page.evaluate(() => {
    window.focused = [];
    document.activeElement?.blur();
    document.body.tabIndex = -1;
    document.body.focus({ preventScroll: true });
    document.body.removeAttribute("tabindex");
  });
  const wanted = await page.evaluate(() => {
    const able = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
    const group = (e) => (e.type === "radio" ? e.name : null);
    return able.filter(
      (e) =>
        e.checkVisibility({ visibilityProperty: true }) &&
        !e.disabled &&
        (group(e) === null || able.find((o) => group(o) === group(e)) === e),
    ).length;
  });
  for (let press = 0; press < wanted; press++) {
    await page.press("Tab");
    await page.evaluate(() => window.focused.push(document.activeElement));
  }
  return page.evaluate(() => {
    const label = (e) => `${e.tagName.toLowerCase()}#${e.id}.${e.getAttribute("class") ?? ""}`;
    const rtl = document.documentElement.dir === "rtl";
    const found = [];
    const seen = new Set();
    let last = null;
    for (const element of window.focused) {
      if (element === document.body || seen.has(element)) {
        found.push(`the focus is lost or comes twice: ${label(element)}`);
        continue;
      }
      seen.add(element);
      if (last !== null) {
        if (!(last.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING))
          found.push(`${label(element)} stands before ${label(last)} in the text`);
        const [one, two] = [last, element].map((e) => (e.closest(".choice, .tick") ?? e).getBoundingClientRect());
        // The bar with the exit stays where it is while the page below it is scrolled.
        if (last.closest(".bar") !== element.closest(".bar")) {
          last = element;
          continue;
        }
        const sameRow = two.top < one.bottom && one.top < two.bottom;
        if (two.bottom <= one.top) found.push(`${label(element)} stands above ${label(last)}`);
        else if (sameRow && (rtl ? two.left >= one.right : two.right <= one.left))
          found.push(`${label(element)} is read before ${label(last)}`);
      }
      // The skip link stands outside of the screen until it has the focus.
      last = element.matches(".skip") ? null : element;
    }
    return found;
  });
}

// Takes the pictures of this folder from a demo office: node docs/screenshots/make.mjs (after `cargo build --release`
// and `npm ci` in tests/browser). Run by hand when the pages have changed their looks.

import { fileURLToPath } from "node:url";

import { launch } from "../../tests/browser/drivers/driver.mjs";
import { inspector, lifetime, startDemo } from "../../tests/browser/harness/mohr.mjs";
import { fillReport, leaveReceipt, openCase, sendReport } from "../../tests/browser/harness/pages.mjs";

const LOOKS = [
  { language: "fa", width: 390, scheme: "light" },
  { language: "fa", width: 320, scheme: "dark" },
  { language: "fa", width: 1280, scheme: "light" },
  { language: "en", width: 390, scheme: "dark" },
  { language: "en", width: 1280, scheme: "dark" },
];
const WORDS = {
  fa: {
    report: "در باجهٔ صدور پروانه برای هر امضا پول می‌خواهند. صبح‌ها شلوغ است و همه می‌بینند.",
    reply: "گزارش شما را خواندیم. لطفاً بگویید این کار در کدام نوبت انجام می‌شود؟",
  },
  en: {
    report: "At the permit desk they ask for money for every signature. Mornings are busy and everybody sees it.",
    reply: "We have read your report. Please tell us in which shift this happens.",
  },
};

const folder = fileURLToPath(new URL(".", import.meta.url));
const life = lifetime();
const demo = await startDemo(life);
for (const { language, width, scheme } of LOOKS) {
  const page = await launch("chromium", { t: life, colorScheme: scheme, viewport: { width, height: width < 500 ? 844 : 800 } });
  const take = async (name) => {
    await page.quiet();
    await page.evaluate(() => window.scrollTo(0, 0));
    await page.screenshot(`${folder}${name}-${language}-${width}-${scheme}.png`, { fullPage: false });
  };
  const home = `${demo.url}/${language}/`;
  const known = new Set((await inspector(demo).inbox()).map((entry) => entry.case));
  await page.open(home);
  await page.waitFor("[data-office=name]");
  await take("home");
  await fillReport(page, home, {
    text: WORDS[language].report,
    onStep: async (step) => {
      if (step === "text") await page.fill("#text", WORDS[language].report);
      if (step === "text") await take("report");
    },
  });
  const code = await sendReport(page);
  await take("receipt");
  await leaveReceipt(page, code);
  const [fresh] = (await inspector(demo).inbox()).filter((entry) => !known.has(entry.case));
  await inspector(demo).reply(fresh.case, { text: WORDS[language].reply, status: "awaiting-your-reply" });
  await openCase(page, home, code);
  await take("case");
  await page.close();
}
await life.end();

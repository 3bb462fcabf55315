// The pages as a person uses them. What the tests may rely on in the pages stands here and nowhere else.

import assert from "node:assert/strict";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/// Goes through the report page, whatever it asks, until the report could be sent. Every question but the text and
/// the files is answered with «نمی‌دانم», or with its first choice. `keepFiles` sends the files as they are, names
/// and all, in place of cleaned copies. `everywhere` is typed into each field of words in place of «نمی‌دانم».
/// `onStep(step)` is called on each step before it is answered.
export async function fillReport(
  driver,
  home,
  { text, files = [], keepFiles = true, door = "report", fragment = "", everywhere, onStep } = {},
) {
  await driver.open(new URL(`report${fragment}`, home).href);
  const steps = [];
  for (;;) {
    const step = await driver.waitUntil(() => driver.attribute("body", "data-step"), { what: "a step of the report" });
    assert.ok(steps.length < 40, `the report does not end: ${steps}`);
    steps.push(step);
    await onStep?.(step);
    if (step === "check") break;
    if (step === "doors") {
      await driver.click(`[data-door="${door}"]`);
    } else {
      if (step === "text") await driver.fill("#text", text);
      else if (step === "evidence" && files.length > 0) await addFiles(driver, files, keepFiles);
      else if (everywhere !== undefined && (await typeEverywhere(driver, everywhere))) await driver.waitFor("#next");
      else if (await driver.visible("#unknown")) await driver.click("#unknown");
      else await chooseFirst(driver);
      if ((await driver.attribute("body", "data-step")) === step) await driver.click("#next");
    }
    await driver.waitUntil(async () => (await driver.attribute("body", "data-step")) !== step, { what: `the step after ${step}` });
  }
  await driver.waitFor("#send");
  return steps;
}

async function addFiles(driver, files, keepFiles) {
  await driver.setFiles("#files", files);
  await driver.waitUntil(async () => (await driver.count("[data-file]")) === files.length, {
    what: `${files.map((path) => basename(path))} to be listed`,
  });
  if (!keepFiles) return;
  // A choice that is offered while a file is being cleaned goes away when nothing can be cleaned. Once nothing is left
  // to choose twice in a row, all is chosen.
  let calm = 0;
  await driver.waitUntil(
    async () => {
      const chosen = await driver.evaluate(() => {
        const open = [...document.querySelectorAll("[data-file] [data-keep]")].filter((box) => box.checkVisibility() && !box.checked);
        for (const box of open) box.click();
        return open.length;
      });
      calm = chosen === 0 ? calm + 1 : 0;
      await sleep(200);
      return calm === 2;
    },
    { what: "all files to go out as they are" },
  );
}

/// Whether the step has a field of words.
async function typeEverywhere(driver, words) {
  const fields = "#step textarea, #step input:is([type=text], :not([type]))";
  const count = await driver.count(fields);
  for (let index = 0; index < count; index++) {
    await driver.evaluate(([s, i]) => document.querySelectorAll(s)[i].setAttribute("data-test", i), [fields, index]);
    await driver.fill(`[data-test="${index}"]`, words);
  }
  return count > 0;
}

async function chooseFirst(driver) {
  const radio = "#step input[type=radio]";
  if ((await driver.count(radio)) > 0 && (await driver.count(`${radio}:checked`)) === 0) {
    await driver.evaluate((s) => document.querySelector(s).click(), radio);
  }
}

/// Sends what `fillReport` has prepared and gives the code of the receipt: 32 ASCII digits.
export async function sendReport(driver, { timeout } = {}) {
  await driver.click("#send");
  await driver.waitFor("#receipt", { timeout: timeout ?? 4 * driver.patience });
  return readReceipt(driver);
}

export async function readReceipt(driver) {
  const shown = await driver.text("#receipt");
  const code = asciiDigits(shown).replace(/[^0-9]/g, "");
  assert.match(code, /^[0-9]{32}$/, `the receipt shows ${JSON.stringify(shown)}`);
  assert.equal(BigInt(code) % 97n, 1n, "the check digits hold");
  return code;
}

/// The page asks for the last group again before it lets go.
export async function leaveReceipt(driver, code) {
  await driver.fill("#receipt-check", code.slice(-4));
  await driver.click("#receipt-done");
}

/// Opens the status page and enters a code, without waiting for what comes of it.
export async function enterCode(driver, home, code) {
  await driver.open(new URL("status", home).href);
  await driver.fill("#code", code);
  await driver.click("#open");
}

/// Opens a case with its code and gives its status.
export async function openCase(driver, home, code) {
  await enterCode(driver, home, code);
  await driver.waitFor("#status", { timeout: 2 * driver.patience });
  return driver.attribute("#status", "data-status");
}

/// The word of the problem that the page tells of, once it does.
export async function problem(driver) {
  await driver.waitFor("#problem[data-reason]", { timeout: 2 * driver.patience });
  assert.notEqual((await driver.text("#problem")).trim(), "", "a problem has its words");
  return driver.attribute("#problem", "data-reason");
}

/// The thread as it is shown.
export function messages(driver) {
  return driver.evaluate(() =>
    [...document.querySelectorAll("#thread .message")].map((message) => ({
      kind: message.dataset.kind,
      authenticity: message.dataset.authenticity,
      warnings: [...message.querySelectorAll("[data-warning]")].map((warning) => warning.dataset.warning),
      day: message.querySelector("time")?.getAttribute("datetime") ?? null,
      date: message.querySelector("time")?.textContent ?? null,
      text: message.querySelector(".text")?.textContent ?? null,
      files: [...message.querySelectorAll("a.file[download]")].map((link) => link.getAttribute("download")),
      whole: message.textContent,
    })),
  );
}

/// Writes on in an open case.
export async function followUp(driver, { text, files = [] }) {
  await driver.fill("#reply-text", text);
  if (files.length > 0) await driver.setFiles("#reply-files", files);
  // For whom she writes, the page knows: a question would be one too many.
  assert.equal(await driver.count("[name=left-out]"), 0, "nobody is asked twice");
  await driver.click("#reply-send");
  await driver.waitFor("#reply-sent", { timeout: 4 * driver.patience });
}

export function asciiDigits(text) {
  return text.replace(/[۰-۹٠-٩]/g, (digit) => String(digit.codePointAt(0) & 0xf));
}

export const persianDigits = (text) => text.replace(/[0-9]/g, (digit) => String.fromCodePoint(0x6f0 + Number(digit)));

/// A day as the pages write it in Persian, from its parts: «شنبه ۳۰ آبان ۱۴۰۵».
export function jalali(day) {
  const parts = new Intl.DateTimeFormat("fa-IR-u-ca-persian", {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  }).formatToParts(new Date(`${day}T00:00:00Z`));
  const of = (type) => parts.find((part) => part.type === type).value;
  return { weekday: of("weekday"), day: of("day"), month: of("month"), year: of("year") };
}

/// The path of the script that a page's workers run: the sealing part names it, and nothing else names a script.
export async function workerScript(home) {
  const textAt = async (path) => (await fetch(new URL(path, home))).text();
  const [, core] = (await textAt("report")).match(/ data-core="([^"]+)"/);
  const named = (await textAt(core)).match(/"\/assets\/[0-9A-Z]{8}\.js"/);
  assert.ok(named, "the sealing part names a worker");
  return JSON.parse(named[0]);
}

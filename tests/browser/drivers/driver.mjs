// One browser, one page, one interface, whichever browser it is. `launch` starts a real browser of Debian's with
// a fresh profile folder, which stays after `close` so that a test can search it.
//
//   chromium        by playwright-core
//   chromium-unwatched   Chromium by puppeteer-core, with no eye on its requests: for measuring
//   firefox         Firefox ESR by puppeteer-core over WebDriver BiDi
//   firefox-safer   the same without JIT and WebAssembly and resisting fingerprinting, as in Tor Browser's level "Safer"

import { mkdir, mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { ChromiumDriver } from "./chromium.mjs";
import { FirefoxDriver } from "./firefox.mjs";
import { UnwatchedChromiumDriver } from "./unwatched.mjs";

const KINDS = {
  chromium: ChromiumDriver,
  "chromium-unwatched": UnwatchedChromiumDriver,
  firefox: FirefoxDriver,
  "firefox-safer": FirefoxDriver,
};
export const BROWSERS = ["chromium", "firefox", "firefox-safer"];

/// `colorScheme`: "light" or "dark". `javascript: false` turns scripts off. `resistFingerprinting`: as Tor Browser does, Firefox
/// only. `clockDays`: by how many days the device's clock is ahead. The profile folder is removed by `removeProfile`, or here
/// with the test `t` that is given.
export async function launch(
  browser,
  { t, colorScheme = "light", javascript = true, viewport, resistFingerprinting = false, clockDays = 0 } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), `mohr-${browser}-`));
  const options = {
    profileFolder: join(folder, "profile"),
    downloadFolder: join(folder, "downloads"),
    colorScheme,
    javascript,
    safer: browser === "firefox-safer",
    resistFingerprinting,
    viewport: viewport ?? { width: 390, height: 844 },
  };
  await mkdir(options.profileFolder);
  await mkdir(options.downloadFolder);
  const Kind = KINDS[browser];
  const driver = new Driver(new Kind(options), browser, options, folder);
  t?.after(async () => {
    await driver.close();
    await driver.removeProfile();
  });
  await driver.page.start();
  if (clockDays !== 0) await driver.page.beforeScripts(shiftClock, clockDays);
  return driver;
}

class Driver {
  constructor(page, browser, options, folder) {
    this.page = page;
    this.browser = browser;
    this.profileFolder = options.profileFolder;
    this.downloadFolder = options.downloadFolder;
    this.folder = folder;
    // JIT and WebAssembly off make everything slower, by a factor of about thirty where it is arithmetic.
    this.patience = options.safer ? 120_000 : 30_000;
  }

  /// Every request since the start or `forgetRequests`: `{method, url}`, redirects included.
  get requests() {
    return this.page.requests;
  }

  forgetRequests() {
    this.page.requests.length = 0;
  }

  /// Errors of scripts that nobody caught and the console's error lines (Content-Security-Policy among them).
  get errors() {
    return this.page.errors;
  }

  /// Messages of dialogs (alert, confirm, beforeunload). All are accepted.
  get dialogs() {
    return this.page.dialogs;
  }

  open(url) {
    return this.page.open(url);
  }

  reload() {
    return this.page.reload();
  }

  back() {
    return this.page.back();
  }

  url() {
    return this.page.url();
  }

  /// Runs a function of the page; its arguments and its result are JSON.
  evaluate(functionOfPage, ...argument) {
    return this.page.evaluate(functionOfPage, ...argument);
  }

  async click(selector) {
    await this.waitFor(selector);
    await this.page.click(selector);
  }

  /// As an impatient finger does: three times at one place, whatever comes to stand there.
  async clickThrice(selector) {
    await this.waitFor(selector);
    await this.page.clickThrice(selector);
  }

  /// The same with a key, on what has the focus after each press.
  async pressThrice(selector, key = "Enter") {
    await this.evaluate((s) => document.querySelector(s).focus(), selector);
    for (let count = 0; count < 3; count++) await this.press(key);
  }

  /// Replaces the whole value of a field, as typing does: with the events of a real edit.
  async fill(selector, value) {
    await this.waitFor(selector);
    await this.page.fill(selector, value);
  }

  /// Types key by key into what has the focus.
  type(text) {
    return this.page.type(text);
  }

  /// `key` as in KeyboardEvent.key; "Shift+Tab" for combinations.
  press(key) {
    return this.page.press(key);
  }

  async select(selector, value) {
    await this.waitFor(selector);
    await this.page.select(selector, value);
  }

  async setFiles(selector, paths) {
    await this.waitFor(selector, { state: "attached" });
    await this.page.setFiles(selector, paths);
  }

  /// textContent of the first match, or null.
  text(selector) {
    return this.evaluate((s) => document.querySelector(s)?.textContent ?? null, selector);
  }

  value(selector) {
    return this.evaluate((s) => document.querySelector(s)?.value ?? null, selector);
  }

  attribute(selector, name) {
    return this.evaluate(([s, n]) => document.querySelector(s)?.getAttribute(n) ?? null, [selector, name]);
  }

  count(selector) {
    return this.evaluate((s) => document.querySelectorAll(s).length, selector);
  }

  /// Whether some match is rendered and has a size.
  visible(selector) {
    return this.evaluate(isVisible, selector);
  }

  /// Waits until a match is "visible" or "attached", or until none is visible: "hidden".
  waitFor(selector, { state = "visible", timeout = this.patience } = {}) {
    const holds = {
      visible: () => this.visible(selector),
      attached: async () => (await this.count(selector)) > 0,
      hidden: async () => !(await this.visible(selector)),
    }[state];
    return this.waitUntil(holds, { timeout, what: `${selector} to be ${state}` });
  }

  /// Polls until `condition` gives something true, and gives that back. A page that is just being replaced by
  /// another one is no failure.
  async waitUntil(condition, { timeout = this.patience, what = "a condition" } = {}) {
    const end = Date.now() + timeout;
    let lastError;
    for (;;) {
      try {
        const value = await condition();
        if (value) return value;
        lastError = undefined;
      } catch (error) {
        lastError = error;
      }
      if (Date.now() > end) {
        throw new Error(`${this.browser}: waited ${timeout} ms for ${what}\n${await this.describe()}`, { cause: lastError });
      }
      await sleep(50);
    }
  }

  /// Waits until the page has asked for nothing during half a second.
  async quiet() {
    for (let count = -1; count !== this.requests.length; await sleep(500)) count = this.requests.length;
  }

  /// What somebody who reads a failed test wants to see of the page.
  async describe() {
    try {
      const state = await this.evaluate(() => ({
        url: location.href,
        step: document.body.dataset.step,
        state: document.querySelector("[data-state]")?.dataset.state,
        problem: document.querySelector("#problem")?.textContent.trim(),
        text: document.body.innerText.replace(/\s+/g, " ").slice(0, 400),
      }));
      return JSON.stringify({ ...state, errors: this.errors }, null, 2);
    } catch (error) {
      return `the page cannot be asked: ${error.message}`;
    }
  }

  screenshot(path, { fullPage = true } = {}) {
    return this.page.screenshot(path, fullPage);
  }

  viewport(width, height) {
    return this.page.viewport(width, height);
  }

  /// "light" or "dark", from now on. Chromium only; both take it at the start.
  colorScheme(colorScheme) {
    return this.page.colorScheme(colorScheme);
  }

  /// Slows the network: bits per second and milliseconds of latency. Chromium only.
  throttle(bitsPerSecond, latencyMs) {
    return this.page.throttle(bitsPerSecond, latencyMs);
  }

  /// Clicks a link that saves a file and gives `{name, path, bytes}` of what the browser saved.
  async download(selector) {
    const before = new Set(await readdir(this.downloadFolder));
    await this.click(selector);
    return this.waitUntil(
      async () => {
        const names = await readdir(this.downloadFolder);
        const unfinished = (name) => name.endsWith(".part") || name.endsWith(".crdownload");
        const fresh = names.filter((name) => !before.has(name));
        if (fresh.length !== 1 || unfinished(fresh[0])) return null;
        const path = join(this.downloadFolder, fresh[0]);
        const bytes = await readFile(path);
        // Firefox creates the final name empty, beside the .part file that it fills.
        return bytes.length > 0 ? { name: fresh[0], path, bytes } : null;
      },
      { what: `a saved file after a click on ${selector}` },
    );
  }

  /// Puts what is in the clipboard into a field, as a person does.
  async paste(selector) {
    await this.click(selector);
    await this.press("Control+v");
  }

  /// The page on paper: the bytes of a PDF.
  async print() {
    return Buffer.from(await this.page.print());
  }

  close() {
    this.closed ??= this.page.close();
    return this.closed;
  }

  removeProfile() {
    return rm(this.folder, { recursive: true, force: true });
  }
}

/// Runs in a page before its own scripts: the clock of the device is so many days ahead.
function shiftClock(days) {
  const Real = Date;
  const now = () => Real.now() + days * 86_400_000;
  globalThis.Date = class extends Real {
    constructor(...given) {
      super(...(given.length === 0 ? [now()] : given));
    }
    static now() {
      return now();
    }
  };
}

function isVisible(selector) {
  return [...document.querySelectorAll(selector)].some((element) => {
    const box = element.getBoundingClientRect();
    return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility === "visible";
  });
}

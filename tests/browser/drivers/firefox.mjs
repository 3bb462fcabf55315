import { setTimeout as sleep } from "node:timers/promises";
import puppeteer from "puppeteer-core";

export class FirefoxDriver {
  requests = [];
  errors = [];
  dialogs = [];

  constructor(options) {
    this.options = options;
  }

  async start() {
    const { viewport } = this.options;
    this.browser = await this.launch();
    // The tab with which a headless Firefox begins never has the focus, and :focus-visible never holds there.
    const [first] = await this.browser.pages();
    this.page = await this.browser.newPage();
    await first?.close();
    await this.viewport(viewport.width, viewport.height);
    this.page.setDefaultTimeout(120_000);
    this.page.on("request", (request) => this.requests.push({ method: request.method(), url: request.url() }));
    this.page.on("pageerror", (error) => this.errors.push(String(error)));
    this.page.on("console", (message) => message.type() === "error" && this.errors.push(message.text()));
    this.page.on("dialog", (dialog) => {
      this.dialogs.push(`${dialog.type()}: ${dialog.message()}`);
      dialog.accept().catch(() => {});
    });
  }

  launch() {
    const { profileFolder, downloadFolder, colorScheme, javascript, safer, resistFingerprinting } = this.options;
    return puppeteer.launch({
      browser: "firefox",
      executablePath: "/usr/bin/firefox-esr",
      headless: true,
      defaultViewport: null,
      userDataDir: profileFolder,
      protocolTimeout: 300_000,
      extraPrefsFirefox: {
        "browser.download.folderList": 2,
        "browser.download.dir": downloadFolder,
        "browser.download.useDownloadDir": true,
        "browser.download.always_ask_before_handling_new_types": false,
        "browser.helperApps.neverAsk.saveToDisk": "application/octet-stream",
        "browser.download.alwaysOpenPanel": false,
        "pdfjs.disabled": true,
        // The session is written every second and not every fifteen, so that a search of the profile finds
        // what a browser that is killed later would leave.
        "browser.sessionstore.interval": 1000,
        // A finger that rests longer than this is no tap, and no click follows. Firefox's 300 ms are a person's; here
        // touch and release are two commands, and on a busy machine any time can pass between them.
        "apz.max_tap_time": 600_000,
        "layout.css.prefers-color-scheme.content-override": colorScheme === "dark" ? 0 : 1,
        "javascript.enabled": javascript,
        "privacy.resistFingerprinting": resistFingerprinting,
        ...(safer && {
          "javascript.options.wasm": false,
          "javascript.options.ion": false,
          "javascript.options.baselinejit": false,
          // As Tor Browser has it at every level: a clock of 100 ms, no canvas, an English browser in UTC.
          "privacy.resistFingerprinting": true,
        }),
      },
    });
  }

  open(url) {
    return this.page.goto(url, { waitUntil: "load" });
  }

  reload() {
    return this.page.reload({ waitUntil: "load" });
  }

  back() {
    return this.page.goBack();
  }

  url() {
    return this.page.url();
  }

  evaluate(functionOfPage, argument) {
    return this.page.evaluate(functionOfPage, argument);
  }

  async click(selector) {
    const element = await this.visible(selector);
    await element.click();
    await element.dispose();
  }

  async clickThrice(selector) {
    const element = await this.visible(selector);
    await element.click({ count: 3 });
    await element.dispose();
  }

  async fill(selector, value) {
    const element = await this.visible(selector);
    await element.evaluate((field, text) => {
      field.focus();
      field.select();
      // The one way to edit a field from outside that gives the events of an edit.
      document.execCommand(text === "" ? "delete" : "insertText", false, text);
    }, value);
    await element.dispose();
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  async press(key) {
    const keys = key.split("+");
    for (const modifier of keys.slice(0, -1)) await this.page.keyboard.down(modifier);
    await this.page.keyboard.press(keys.at(-1));
    for (const modifier of keys.slice(0, -1).reverse()) await this.page.keyboard.up(modifier);
  }

  select(selector, value) {
    return this.page.select(selector, value);
  }

  async setFiles(selector, paths) {
    const element = await this.page.$(selector);
    await element.uploadFile(...paths);
    await element.dispose();
  }

  screenshot(path, fullPage) {
    return this.page.screenshot({ path, fullPage });
  }

  async viewport(width, height) {
    try {
      await this.page.setViewport({ width, height });
    } catch (error) {
      // The size is sent together with the screen's orientation, which Firefox 140 does not know yet.
      if (!error.message.includes("emulation.setScreenOrientationOverride")) throw error;
    }
    // Asked from outside: a page whose scripts are off runs no callback of its own.
    const end = Date.now() + 30_000;
    while (!(await this.page.evaluate((w, h) => innerWidth === w && innerHeight === h, width, height))) {
      if (Date.now() > end) throw new Error(`Firefox does not take the size ${width} × ${height}`);
      await sleep(50);
    }
  }

  colorScheme() {
    throw new Error("the colour scheme is changed in Chromium only");
  }

  throttle() {
    throw new Error("the network is throttled in Chromium only");
  }

  beforeScripts(functionOfPage, argument) {
    return this.page.evaluateOnNewDocument(functionOfPage, argument);
  }

  print() {
    return this.page.pdf({ preferCSSPageSize: true });
  }

  async close() {
    await this.browser?.close();
  }

  /// The first match that is rendered.
  async visible(selector) {
    for (const element of await this.page.$$(selector)) {
      if (await element.isVisible()) return element;
      await element.dispose();
    }
    throw new Error(`firefox: nothing visible matches ${selector}`);
  }
}

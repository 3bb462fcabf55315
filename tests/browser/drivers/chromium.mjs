import { join } from "node:path";

import { chromium } from "playwright-core";

export const ARGUMENTS = [
  "--no-sandbox",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

export class ChromiumDriver {
  requests = [];
  errors = [];
  dialogs = [];

  constructor(options) {
    this.options = options;
  }

  async start() {
    const { profileFolder, downloadFolder, colorScheme, javascript, viewport } = this.options;
    this.context = await chromium.launchPersistentContext(profileFolder, {
      executablePath: "/usr/bin/chromium",
      headless: true,
      args: ARGUMENTS,
      acceptDownloads: true,
      bypassCSP: false,
      colorScheme,
      javaScriptEnabled: javascript,
      viewport,
    });
    this.context.on("request", (request) => this.requests.push({ method: request.method(), url: request.url() }));
    this.page = this.context.pages()[0] ?? (await this.context.newPage());
    this.page.on("pageerror", (error) => this.errors.push(String(error)));
    this.page.on("console", (message) => message.type() === "error" && this.errors.push(message.text()));
    this.page.on("dialog", (dialog) => {
      this.dialogs.push(`${dialog.type()}: ${dialog.message()}`);
      dialog.accept().catch(() => {});
    });
    this.page.on("download", (download) => {
      download.saveAs(join(downloadFolder, download.suggestedFilename())).catch((error) => this.errors.push(String(error)));
    });
  }

  open(url) {
    return this.page.goto(url);
  }

  reload() {
    return this.page.reload();
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

  click(selector) {
    return this.page.locator(selector).filter({ visible: true }).first().click();
  }

  async clickThrice(selector) {
    const element = this.page.locator(selector).filter({ visible: true }).first();
    await element.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await element.boundingBox();
    await this.page.mouse.click(x + width / 2, y + height / 2, { clickCount: 3 });
  }

  fill(selector, value) {
    return this.page.locator(selector).filter({ visible: true }).first().fill(value);
  }

  type(text) {
    return this.page.keyboard.type(text);
  }

  press(key) {
    return this.page.keyboard.press(key);
  }

  select(selector, value) {
    return this.page.selectOption(selector, value);
  }

  setFiles(selector, paths) {
    return this.page.setInputFiles(selector, paths);
  }

  screenshot(path, fullPage) {
    return this.page.screenshot({ path, fullPage });
  }

  viewport(width, height) {
    return this.page.setViewportSize({ width, height });
  }

  colorScheme(colorScheme) {
    return this.page.emulateMedia({ colorScheme });
  }

  async throttle(bitsPerSecond, latencyMs) {
    const session = await this.context.newCDPSession(this.page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: latencyMs,
      downloadThroughput: bitsPerSecond / 8,
      uploadThroughput: bitsPerSecond / 8,
    });
  }

  beforeScripts(functionOfPage, argument) {
    return this.context.addInitScript(functionOfPage, argument);
  }

  print() {
    return this.page.pdf({ preferCSSPageSize: true });
  }

  async close() {
    await this.context?.close();
  }
}

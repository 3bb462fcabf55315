// Chromium whose requests nobody watches. A driver that is told of every request is told its body, too: for each piece of an
// upload the page's main thread then writes out some megabytes of it, which takes longer than all that the page does. For measuring.

import puppeteer from "puppeteer-core";

import { ARGUMENTS } from "./chromium.mjs";
import { FirefoxDriver } from "./firefox.mjs";

/// Driven through puppeteer, as Firefox is. Its `requests` stay empty.
export class UnwatchedChromiumDriver extends FirefoxDriver {
  async launch() {
    const { profileFolder } = this.options;
    return puppeteer.launch({
      browser: "chrome",
      executablePath: "/usr/bin/chromium",
      headless: true,
      args: ARGUMENTS,
      defaultViewport: null,
      userDataDir: profileFolder,
      protocolTimeout: 300_000,
      networkEnabled: false,
    });
  }
}

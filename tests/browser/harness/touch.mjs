// A phone in place of a window with a mouse: what is pressed is tapped with a finger, in Chromium through its
// DevTools and in Firefox through WebDriver BiDi's input actions; both give the page true touch events.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/// WCAG 2.5.5.
const SMALLEST_TARGET = 44;

/// Two taps on one spot that follow each other faster are a double tap to every browser, and the pages hear it once. Who
/// looks at what a tap has brought taps no faster.
const LOOK_MS = 600;

/// Makes a phone of `driver`: `{tap(selector), write(selector, text)}`. There is no mouse and no keyboard, but
/// for the letters that go into the field which has the focus.
export async function asPhone(driver, { width, height }) {
  const tapAt = await { chromium: fingerOfChromium, firefox: fingerOfFirefox, "firefox-safer": fingerOfFirefox }[driver.browser](
    driver,
    width,
    height,
  );

  let lastTapMs = -Infinity;

  /// Taps the middle of the first visible match, which must be there and large enough for a finger. The finger rests for
  /// `restMs` between touch and release; to the browsers of the tests that makes no difference (drivers/firefox.mjs).
  async function tap(selector, { restMs = 0 } = {}) {
    await driver.waitFor(selector);
    await sleep(Math.max(0, lastTapMs + LOOK_MS - performance.now()));
    const target = await driver.evaluate(targetOf, selector);
    assert.equal(target.covered, null, `${selector} is covered`);
    assert.ok(target.sideways, `${selector} lies inside the screen's width: ${JSON.stringify(target)}`);
    if (!target.inText) {
      assert.ok(Math.min(target.width, target.height) >= SMALLEST_TARGET, `${selector} is ${target.width} × ${target.height} px`);
    }
    await tapAt(target.x, target.y, restMs);
    lastTapMs = performance.now();
  }

  return {
    tap,
    /// Puts the focus into a field with a tap and types.
    async write(selector, text) {
      await tap(selector);
      await driver.waitUntil(() => driver.evaluate((s) => document.activeElement?.matches(s) ?? false, selector), {
        what: `the focus in ${selector}`,
      });
      await driver.type(text);
    },
  };
}

async function fingerOfChromium(driver, width, height) {
  const session = await driver.page.context.newCDPSession(driver.page.page);
  await session.send("Emulation.setTouchEmulationEnabled", { enabled: true, maxTouchPoints: 1 });
  await session.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 2, mobile: true });
  return async (x, y, restMs) => {
    await session.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [{ x, y }] });
    await sleep(restMs);
    await session.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
}

async function fingerOfFirefox(driver, width, height) {
  await driver.viewport(width, height);
  return async (x, y, restMs) => {
    const touch = await driver.page.page.touchscreen.touchStart(x, y);
    await sleep(restMs);
    await touch.end();
  };
}

/// Scrolls to the first visible match and says where its middle is and how large the target: a box to tick or a point to
/// choose and its label are one. Nobody taps what she has not seen: it must stand where it stood two frames ago. A browser
/// that was typed into owes the page a scroll to the caret until its next frame, and would slide the target away from
/// under the finger.
async function targetOf(selector) {
  const find = () =>
    [...document.querySelectorAll(selector)].find((e) => {
      const box = e.getBoundingClientRect();
      return box.width > 0 && box.height > 0 && getComputedStyle(e).visibility === "visible";
    });
  const frame = () => new Promise((drawn) => requestAnimationFrame(drawn));
  let element, box;
  for (let tries = 0; ; tries++) {
    const [before, place] = [element, box];
    element = find();
    if (element === undefined) throw new Error(`${selector} went away`);
    box = element.getBoundingClientRect();
    if (element === before && ["x", "y", "width", "height"].every((side) => box[side] === place[side])) break;
    if (tries > 50) throw new Error(`${selector} never stands still`);
    element.scrollIntoView({ block: "center", behavior: "instant" });
    box = element.getBoundingClientRect();
    await frame();
    await frame();
  }
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const hit = document.elementFromPoint(x, y);
  const isHit = hit !== null && (element.contains(hit) || hit.contains(element) || hit.closest("label")?.control === element);
  const whole = (element.closest(".choice, .tick") ?? element).getBoundingClientRect();
  return {
    ...{ x, y, width: whole.width, height: whole.height },
    covered: isHit ? null : (hit?.outerHTML.slice(0, 100) ?? "outside of the screen"),
    sideways: box.left >= 0 && box.right <= document.documentElement.clientWidth,
    inText: element.matches("p a, dd a, li a") && getComputedStyle(element).display === "inline",
  };
}

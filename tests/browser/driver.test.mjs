// The drivers themselves: what the other tests rely on does happen, in every browser alike.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { BROWSERS, launch } from "./drivers/driver.mjs";

const PAGE = `<!doctype html><html lang="fa" dir="rtl"><meta charset="utf-8"><title>آزمون</title><link rel="icon" href="data:,">
<textarea id="text"></textarea><select id="choice"><option>a<option>b</select><input id="files" type="file" multiple hidden>
<button id="late" hidden>دیر</button><a id="save" download="x.bin">ذخیره</a><p id="out"></p>
<script>
  const out = document.querySelector("#out");
  document.querySelector("#text").addEventListener("input", (event) => { out.textContent = event.inputType + " " + event.target.value; });
  document.querySelector("#files").addEventListener("change", async (event) => {
    const parts = [];
    for (const file of event.target.files) parts.push(file.name + ":" + (await file.arrayBuffer()).byteLength);
    out.textContent = parts.join(" ");
  });
  document.querySelector("#late").addEventListener("click", () => fetch("/asked?x=1"));
  setTimeout(() => { document.querySelector("#late").hidden = false; }, 200);
  document.querySelector("#save").href = URL.createObjectURL(new Blob([new Uint8Array(5000).fill(7)], { type: "application/octet-stream" }));
  document.body.dataset.wasm = typeof WebAssembly;
  document.body.dataset.scheme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
</script></html>`;

for (const browser of BROWSERS) {
  test(`${browser} does what the driver says`, async (t) => {
    const server = createServer((request, response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end(PAGE);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    const folder = await mkdtemp(join(tmpdir(), "mohr-driver-"));
    t.after(async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    });
    const origin = `http://127.0.0.1:${server.address().port}`;
    const driver = await launch(browser, { t, colorScheme: "dark" });
    await driver.open(`${origin}/page`);

    await driver.fill("#text", "نخست");
    await driver.fill("#text", "می‌خواهم\nسطر دوم");
    assert.equal(await driver.value("#text"), "می‌خواهم\nسطر دوم");
    assert.match(await driver.text("#out"), /می‌خواهم/);
    await driver.fill("#text", "");
    assert.equal(await driver.value("#text"), "");
    await driver.click("#text");
    await driver.type("abc");
    await driver.press("Backspace");
    assert.equal(await driver.value("#text"), "ab");
    await driver.press("Tab");
    await driver.press("Shift+Tab");
    assert.equal(await driver.evaluate(() => document.activeElement.id), "text");
    await driver.select("#choice", "b");
    assert.equal(await driver.value("#choice"), "b");

    await writeFile(join(folder, "عکس.jpg"), Buffer.alloc(300_000));
    await writeFile(join(folder, "two.pdf"), "x");
    await driver.setFiles("#files", [join(folder, "عکس.jpg"), join(folder, "two.pdf")]);
    await driver.waitUntil(async () => (await driver.text("#out")) === "عکس.jpg:300000 two.pdf:1");

    await driver.click("#late");
    await driver.waitUntil(() => driver.requests.some((request) => request.url === `${origin}/asked?x=1`));
    assert.deepEqual(driver.requests[0], { method: "GET", url: `${origin}/page` });
    await assert.rejects(driver.waitFor("#absent", { timeout: 200 }), /waited 200 ms for #absent to be visible/);
    await driver.waitFor("#files", { state: "hidden" });

    const saved = await driver.download("#save");
    assert.equal(saved.name, "x.bin");
    assert.deepEqual(saved.bytes, Buffer.alloc(5000, 7));

    // Who resists fingerprinting is light to everybody.
    assert.equal(await driver.attribute("body", "data-scheme"), browser === "firefox-safer" ? "light" : "dark");
    assert.equal(await driver.attribute("body", "data-wasm"), browser === "firefox-safer" ? "undefined" : "object");
    await driver.viewport(320, 640);
    assert.equal(await driver.evaluate(() => innerWidth), 320);
    await driver.screenshot(join(folder, "page.png"));
    await access(join(folder, "page.png"));

    await driver.evaluate(() =>
      setTimeout(() => {
        throw new Error("uncaught");
      }, 0),
    );
    await driver.waitUntil(() => driver.errors.some((error) => error.includes("uncaught")));
    await driver.close();
    await access(driver.profileFolder);
  });
}

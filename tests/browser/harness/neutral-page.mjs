// The neutral page that the quick exit leads to. It lies on the open network, so the browser's own request for it is
// caught and answered here, when the test says so.

const PAGE = "<!doctype html><title>Neutral</title><link rel=icon href=data:,><h1>An encyclopedia</h1>";

/// Catches requests for `url` in `driver`: `{asked(): how often it was asked for, release(): answers now and from now on}`.
export async function catchNeutralPage(driver, url) {
  let asked = 0;
  let release;
  const released = new Promise((done) => (release = done));
  const neutral = new URL(url);
  const isNeutral = (address) => new URL(address).hostname === neutral.hostname;
  const answer = { status: 200, contentType: "text/html", body: PAGE };

  if (driver.browser === "chromium") {
    await driver.page.context.route((address) => address.hostname === neutral.hostname, async (route) => {
      asked++;
      await released;
      await route.fulfill(answer).catch(() => {}); // The page may be gone meanwhile.
    });
  } else {
    await driver.page.page.setRequestInterception(true);
    driver.page.page.on("request", async (request) => {
      if (!isNeutral(request.url())) return void request.continue().catch(() => {});
      asked++;
      await released;
      await request.respond(answer).catch(() => {});
    });
  }
  return { asked: () => asked, release };
}

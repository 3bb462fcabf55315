// The neutral page that the quick exit leads to. It lies on the open network, so the browser's own request for it is
// caught and answered here, when the test says so.

const PAGE = "<!doctype html><title>Neutral</title><link rel=icon href=data:,><h1>An encyclopedia</h1>";

/// Catches requests for `url` in `driver` from now on: `{hold(), asked(), release()}`. After `hold` they wait until `release`,
/// which answers them, or fails them where the page is not `reachable`. `asked` counts them since `hold`.
export async function catchNeutralPage(driver, url) {
  let asked = 0;
  let release = () => {};
  let released = Promise.resolve({ reachable: true });
  const { hostname } = new URL(url);
  const answer = { status: 200, contentType: "text/html", body: PAGE };

  if (driver.browser === "chromium") {
    await driver.page.context.route(
      (address) => address.hostname === hostname,
      async (route) => {
        asked++;
        const { reachable } = await released;
        await (reachable ? route.fulfill(answer) : route.abort()).catch(() => {}); // The page may be gone meanwhile.
      },
    );
  } else {
    await driver.page.page.setRequestInterception(true);
    driver.page.page.on("request", async (request) => {
      if (new URL(request.url()).hostname !== hostname) return void request.continue().catch(() => {});
      asked++;
      const { reachable } = await released;
      await (reachable ? request.respond(answer) : request.abort()).catch(() => {});
    });
  }
  return {
    hold() {
      asked = 0;
      released = new Promise((done) => (release = done));
    },
    asked: () => asked,
    release: ({ reachable = true } = {}) => release({ reachable }),
  };
}

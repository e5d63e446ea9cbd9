/// <reference lib="dom" />
/** The first load over a slow line: few requests, and something to see within seconds. */
import { assert, assertEquals } from "../support/assert.ts";
import { PageFixture, pageTest, seeText } from "../browser/page_fixture.ts";

/** Milliseconds from a request to its answer, and bytes a second. */
const LINE = { latency: 400, download: 50 * 1024, upload: 50 * 1024 };
const MAX_REQUESTS = 8;
const MAX_BYTES = 110_000;
const MAX_PAINT_MS = 3_000;

pageTest("the first load is small, in few requests, and soon seen", async () => {
  await using fixture = await PageFixture.open();
  await fixture.start("kept", ["one", "two"], () => {});
  const page = await fixture.page("about:blank");
  const requests: string[] = [];
  let bytes = 0;
  const client = await page.createCDPSession();
  await client.send("Network.enable");
  client.on("Network.loadingFinished", ({ encodedDataLength }) => bytes += encodedDataLength);
  page.on("request", (request) => requests.push(request.url()));
  await page.emulateNetworkConditions(LINE);
  await page.goto(`${fixture.server.url}?run=1`, { waitUntil: "domcontentloaded" });
  await seeText(page, ".task-row", "two");
  const paint = await page.evaluate(() =>
    performance.getEntriesByName("first-contentful-paint")[0]!.startTime
  );
  console.log(
    `${requests.length} requests, ${bytes} bytes, first paint after ${Math.round(paint)} ms`,
  );
  assert(requests.length <= MAX_REQUESTS, requests.join(" "));
  assert(bytes <= MAX_BYTES, `${bytes} bytes`);
  assert(paint <= MAX_PAINT_MS, `${paint} ms`);
  assertEquals(fixture.complaints, []);
});

/// <reference lib="dom" />
import { HttpServer } from "../../dashboard/server/http_server.ts";
import { assertEquals } from "../support/assert.ts";
import { SERVED, Served } from "../support/served.ts";
import {
  click,
  findBarriers,
  LOOKS,
  PageFixture,
  pageTest,
  scrollsSideways,
  seeText,
  show,
  waitFor,
} from "./page_fixture.ts";

pageTest(
  "a page runs pipelines, runs failed tasks again after the end, and notifies of it",
  async (t) => {
    await using fixture = await PageFixture.open();
    await using served = new Served([SERVED, `${SERVED}:waits`]);
    const http = await HttpServer.listen(
      { hostname: "127.0.0.1", port: 0, maxActive: 100 },
      (request, info) => served.server.app.fetch(request, info),
    );
    await served.server.load();
    const home = `http://127.0.0.1:${http.port}/`;
    const page = await fixture.page(`${home}#control=${served.server.controlToken}`);
    try {
      await t.step(
        "the form of a run shows what is wrong at its field, and starts it",
        async () => {
          await seeText(page, ".pipeline-name", "numbers");
          await seeText(page, ".schedule-next", "Next");
          for (const look of LOOKS) {
            await show(page, look);
            assertEquals([await findBarriers(page), await scrollsSideways(page)], [[], false]);
          }
          await click(page, ".pipeline-item button", "Run now");
          await page.$eval("#arg-count", (input) => (input as HTMLInputElement).value = "many");
          await page.click("#arg-fail");
          await click(page, ".run-form button", "Run");
          await seeText(page, "#wrong-count", "Expected a number");
          assertEquals(await findBarriers(page, ".run-form"), []);
          await page.$eval("#arg-count", (input) => (input as HTMLInputElement).value = "80");
          await click(page, ".run-form [type=submit]", "Run");
          await seeText(page, ".title-row", "numbers #1");
          await seeText(page, ".title-row .status", "error");
          await seeText(page, ".cause-count", "40");
        },
      );

      await t.step("a task that is opened in a new tab keeps the control", async () => {
        const tab = await fixture.page(`${home}db/served/?task=2`);
        await seeText(tab, ".title-row button", "Retry task");
        await tab.close();
      });

      await t.step("those forty are run again, though the run has ended", async () => {
        await Deno.writeTextFile(served.folder.file("repaired"), "");
        await page.bringToFront();
        await click(page, ".cause-actions button", "Retry these");
        await seeText(page, ".title-row .status", "done");
        await seeText(page, ".page-head .stats", "80 of 80 ended");
      });

      await t.step("the browser notifies of the end of a run", async () => {
        await page.browserContext().overridePermissions(new URL(home).origin, ["notifications"]);
        await served.ask("POST", "/api/pipelines/served-waits/run");
        await page.goto(`${home}db/served/?run=2`);
        await page.evaluate(() => {
          globalThis.Notification = class extends Notification {
            constructor(title: string, options?: NotificationOptions) {
              super(title, options);
              document.body.dataset.notified = title;
            }
          };
        });
        await click(page, ".notify button", "Notify me");
        await page.waitForSelector('.notify button[aria-pressed="true"]');
        await Deno.writeTextFile(served.folder.file("released"), "");
        await waitFor(page, () => document.body.dataset.notified === "waits #2: done");
      });
      assertEquals(fixture.complaints, []);
    } finally {
      await page.close();
      await http.close(0);
    }
  },
);

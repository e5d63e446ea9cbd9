/// <reference lib="dom" />
/** A page whose server has gone: it shows that, and what it knows, and offers nothing that would not work. */
import { serveDashboard } from "../../dashboard/mod.ts";
import { runPipeline, SqliteWriter } from "../../mod.ts";
import { assertEquals } from "../support/assert.ts";
import {
  findBarriers,
  follow,
  PageFixture,
  pageTest,
  seeText,
  textsOf,
  waitFor,
} from "./page_fixture.ts";
import { gates } from "../support/gates.ts";

/** What a browser itself logs when no server answers, or one that is about to end. */
const UNANSWERED = /ERR_CONNECTION|ERR_FAILED|ERR_INCOMPLETE|ERR_EMPTY|of 503/;

pageTest("a page outlives its server", async (t) => {
  await using fixture = await PageFixture.open();
  await using writer = await SqliteWriter.open({ db: fixture.db });
  await fixture.server.shutdown();
  fixture.server = await serveDashboard({ db: fixture.db, port: 0, writer });
  const { open, wait } = gates();
  const options = { db: writer, workers: 2, handleSignals: false };
  const ended = runPipeline(["one", "bad"], {
    ...options,
    name: "import",
    taskName: (name) => name,
    async run(name) {
      if (name === "bad") throw new Error("No");
      await wait("one");
    },
  });
  const pages = [await fixture.page("?run=1"), await fixture.page("?task=1")];
  await pages[0]!.bringToFront();
  await seeText(pages[0]!, ".title-row .status", "running");
  open("one");
  await ended;
  for (const page of pages) {
    await page.bringToFront();
    await waitFor(page, () => !document.querySelector(".title-row .status.is-running"));
  }
  const continued = runPipeline(["long", "short"], {
    ...options,
    name: "long",
    async run(name, task) {
      task.progress(0.25);
      await wait("go");
      if (name === "long") task.progress(0.5, "while no server ran");
      await wait("end");
    },
  });
  const url = new URL(fixture.server.controlUrl!);
  url.search = "?run=2";
  const control = await fixture.page(url.href);
  await seeText(control, ".title-row button", "Cancel run");
  await seeText(control, ".row-running .progress", "25%");
  await fixture.server.shutdown();

  await t.step("it shows how the run ended", async () => {
    for (
      const [i, text] of ["Run #1 had ended as error", "This task had ended as done"].entries()
    ) {
      const page = pages[i]!;
      await page.bringToFront();
      await seeText(page, ".liveness", "Server gone");
      await seeText(page, ".banner", "The server has gone.");
      await seeText(page, ".banner", text);
      assertEquals(await findBarriers(page), []);
    }
  });

  await t.step("it has no buttons that do nothing", async () => {
    await control.bringToFront();
    await seeText(control, ".banner", "run #2 was running, with 0 of 2 tasks ended");
    await seeText(control, ".banner", "pipeloom status --db etl.db");
    assertEquals(await textsOf(control, ".title-row button"), []);
  });

  await t.step("it comes back when its server does", async () => {
    open("go");
    await fixture.serveAgain();
    await seeText(control, ".liveness", "Live");
    await seeText(control, ".row-running", "while no server ran");
    open("end");
    await continued;
    await seeText(control, ".task-row", "done");
  });

  await t.step("a request that fails once is repeated", async () => {
    let isLost = false;
    await control.setRequestInterception(true);
    control.on("request", (request) => {
      if (isLost || !request.url().includes("/api/data")) return void request.continue();
      isLost = true;
      void request.abort();
    });
    await follow(control, "?data=");
    await seeText(control, "main", "The server does not answer");
    await seeText(control, "main", "No task has made a table");
  });

  const unexpected = fixture.complaints.filter((text) =>
    !UNANSWERED.test(text) && !text.includes("/api/control")
  );
  assertEquals(unexpected, []);
});

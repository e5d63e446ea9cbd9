/// <reference lib="dom" />
/** A page whose server has gone: it shows that, and what it knows, and offers nothing that would not work. */
import { connect, initSchema } from "../../db.ts";
import { serveDashboard } from "../../dashboard/mod.ts";
import { runPipeline, SqliteWriter } from "../../mod.ts";
import { assertEquals } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { findBarriers, PageFixture, pageTest, seeText, textsOf, waitFor } from "./page_fixture.ts";

/** What a browser itself logs when no server answers. */
const UNANSWERED = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/;

pageTest("a page without its server shows how the run ended", async () => {
  await using fixture = await PageFixture.open();
  const gate = Promise.withResolvers<void>();
  const report = fixture.start("import", ["one", "two", "bad"], async (name) => {
    if (name === "one") await gate.promise;
    if (name === "bad") throw new Error("No");
  });
  const pages = [await fixture.page("?run=1"), await fixture.page("?task=1")];
  await pages[0]!.bringToFront();
  await seeText(pages[0]!, ".title-row .status", "running");
  gate.resolve();
  await report;
  for (const page of pages) {
    await page.bringToFront();
    await waitFor(page, () => !document.querySelector(".title-row .status.is-running"));
  }
  await fixture.server.shutdown();
  for (const [i, text] of ["Run #1 had ended as error", "This task had ended as done"].entries()) {
    const page = pages[i]!;
    await page.bringToFront();
    await seeText(page, ".liveness", "Server gone");
    await seeText(page, ".banner", "The server has gone.");
    await seeText(page, ".banner", text);
    assertEquals(await findBarriers(page), []);
  }
  assertEquals(fixture.complaints.filter((text) => !UNANSWERED.test(text)), []);
});

pageTest("a page without its server has no buttons that do nothing", async () => {
  await using fixture = await PageFixture.open();
  await using writer = await SqliteWriter.open({ db: fixture.db });
  await fixture.server.shutdown();
  fixture.server = await serveDashboard({ db: fixture.db, port: 0, writer });
  const gate = Promise.withResolvers<void>();
  const report = runPipeline(["one", "two"], {
    db: writer,
    name: "long",
    workers: 2,
    handleSignals: false,
    run: () => gate.promise,
  });
  const url = new URL(fixture.server.controlUrl!);
  url.search = "?run=1";
  const page = await fixture.page(url.href);
  await seeText(page, ".title-row button", "Cancel run");
  await fixture.server.shutdown();
  await seeText(page, ".banner", "run #1 was running, with 0 of 2 tasks ended");
  await seeText(page, ".banner", "pipeloom status --db etl.db");
  assertEquals(await textsOf(page, ".title-row button"), []);
  gate.resolve();
  await report;
  assertEquals(fixture.complaints.filter((text) => !UNANSWERED.test(text)), []);
});

pageTest("a page that is open shows that the process of its run was killed", async () => {
  await using fixture = await PageFixture.open();
  const script = `
    import { runPipeline } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
    await runPipeline(["a", "b"], {
      db: ${JSON.stringify(fixture.db)}, name: "killed", workers: 1,
      run: () => { console.log("runs"); return new Promise((resolve) => setTimeout(resolve, 60_000)); },
    });`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    cwd: ROOT,
    stdout: "piped",
  }).spawn();
  const output = child.stdout.getReader();
  await output.read();
  const page = await fixture.page("?run=1");
  await seeText(page, ".title-row .status", "running");
  child.kill("SIGKILL");
  await child.status;
  await output.cancel();
  await seeText(page, ".title-row", "process gone");
  await seeText(page, ".banner", "2 tasks left: pipeloom run <file> --resume 1 continues it");
  await page.goto(fixture.server.url);
  await seeText(page, ".run-item", "process gone");
  assertEquals(await findBarriers(page), []);
  assertEquals(fixture.complaints, []);
});

pageTest(
  "a run whose process has gone shows its remaining tasks, and the command that continues it",
  async () => {
    await using fixture = await PageFixture.open();
    {
      using connection = await connect(fixture.db);
      initSchema(connection);
      connection.exec(`
      INSERT INTO pipeline_runs (name, status, started_at, done, queued, first_task_id, last_task_id)
      VALUES ('lost', 'interrupted', '2026-01-02T03:04:05.000Z', 1, 2, 1, 3);
      INSERT INTO task_runs (name, status, run_id) VALUES ('a', 'done', 1), ('b', 'queued', 1),
        ('c', 'queued', 1)`);
    }
    const page = await fixture.page("?run=1");
    await seeText(page, ".banner", "2 tasks left: pipeloom run <file> --resume 1 continues it");
    assertEquals(await findBarriers(page), []);
    assertEquals(fixture.complaints, []);
  },
);

/**
 * The hub under load: a writer that never pauses, and browsers that come and go.
 *
 * @module
 */
import { createDashboard, serveDashboard } from "../../dashboard/mod.ts";
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { addRun, Events, show } from "../dashboard/fixture.ts";
import { tempFolder } from "../support/temp.ts";

/** Events that are waited for. */
const EVENTS = 4;

for (const wal of [true, false]) {
  Deno.test(`Hub reports commits while a pipeline writes flat out (wal: ${wal})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await using dashboard = await serveDashboard({ db, port: 0 });
    const enough = new AbortController();
    async function* items() {
      for (let n = 0; !enough.signal.aborted; n++) yield n;
    }
    const begun = Promise.withResolvers<void>();
    const pipeline = runPipeline(items(), {
      db,
      wal,
      schema: "CREATE TABLE row (a INTEGER, b TEXT)",
      workers: 8,
      async run(n, task) {
        await task.insert("row", Array.from({ length: 200 }, (_, i) => [n, `row ${i}`]));
        task.progress(0.5, "half way");
        await task.flush();
        begun.resolve();
      },
    });
    await begun.promise;
    const live = await fetch(`${dashboard.url}api/live?view=run&run=1&sort=-id`);
    const events = new Events(live.body!);
    // Each is of a later commit than the one before. How late it comes, the benchmarks measure.
    const committed: string[] = [];
    while (committed.length < EVENTS) {
      const { data } = await events.until(({ data }) => data.run?.updatedAt);
      committed.push(data.run.updatedAt);
    }
    await events[Symbol.asyncDispose]();
    enough.abort();
    await pipeline;
    assertEquals(committed, [...new Set(committed)].sort());
  });
}

/** Files that this process has open. Deno lets no program look into /proc without all permissions. */
async function openFiles(): Promise<number> {
  const { stdout } = await new Deno.Command("ls", { args: [`/proc/${Deno.pid}/fd`] }).output();
  return new TextDecoder().decode(stdout).trim().split("\n").length;
}

Deno.test({
  name: "Hub frees everything of 1,000 browsers that come and go",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using shown = await show({ maxClients: 1_000 });
    addRun(shown.store, [{ status: "running" }]);
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      shown.app.fetch,
    );
    const { port } = server.addr;
    const views = ["view=runs", "view=run&run=1", "view=task&task=1", "view=run&run=1&sort=name"];
    const visit = async (n: number) => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port });
      const request = `GET /api/live?${views[n % 4]} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
      await connection.write(new TextEncoder().encode(request));
      // Some leave before the answer, others in the midst of it.
      if (n % 3 > 0) await connection.read(new Uint8Array(n % 3 === 1 ? 10 : 5_000));
    };
    const allGone = async () => {
      for (;;) {
        const metrics = await (await shown.app.request("/metrics")).text();
        if (/^pipeloom_dashboard_streams 0$/m.test(metrics)) return;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    await visit(0);
    await allGone();
    const before = await openFiles();
    for (let n = 0; n < 1_000; n += 50) {
      await Promise.all(Array.from({ length: 50 }, (_, i) => visit(n + i)));
    }
    await allGone();
    // The server closes its ends a moment after it has reported them.
    let after = await openFiles();
    for (let n = 0; n < 200 && after > before; n++) after = await openFiles();
    assert(after <= before, `${after} files are open, and there were ${before}`);
  },
});

Deno.test("createDashboard() answers many requests at once", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runPipeline(Array.from({ length: 500 }, (_, n) => `task ${n}`), { db, run: () => 1 });
  using app = createDashboard({ db });
  const paths = ["runs", "runs/1", "runs/1/tasks?q=9&sort=-duration", "runs/1/weave", "tasks/1"];
  const statuses = await Promise.all(Array.from({ length: 500 }, async (_, n) => {
    const response = await app.request(`/api/${paths[n % paths.length]}`);
    await response.json();
    return response.status;
  }));
  assertEquals(new Set(statuses), new Set([200]));
});

/**
 * Statements that never end: the writer's thread cannot leave them, so each run is ended without it, and its process
 * can end. They run in a process of their own, because such a thread computes as long as its process lives. The process
 * rests while it waits for a time to be over: its clocks continue, and its statements take no processor from other tests.
 *
 * @module
 */
import { createDashboard } from "../../dashboard/mod.ts";
import { runPipeline } from "../../mod.ts";
import { assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT, runChild, runScript } from "../support/child.ts";
import { readRow, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const MOD = JSON.stringify(new URL("mod.ts", ROOT).href);

/** Runs whose second task sends what never ends. */
const RUNS = `
  import { startPipeline, SqliteWriter } from ${MOD};
  const folder = FOLDER;
  const endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c) SELECT count(*) FROM c";
  const schema = \`CREATE TABLE t (a);
    CREATE TABLE hooked (a);
    CREATE TRIGGER hook AFTER INSERT ON hooked BEGIN
      INSERT INTO t SELECT count(*) FROM (
        WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c) SELECT n FROM c);
    END\`;
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  /** Stops this process for some seconds, once what has begun was noticed. */
  async function rest(seconds) {
    await pause(200);
    const line = "kill -STOP " + Deno.pid + "; sleep " + seconds + "; kill -CONT " + Deno.pid;
    await new Deno.Command("sh", { args: ["-c", line] }).output();
  }
  function start(name, send, options) {
    const began = Promise.withResolvers();
    const pipeline = startPipeline(["first", "endless"], {
      db: folder + "/" + name + ".db", name, schema, workers: 1, abortGraceMs: 100, ...options,
      async run(item, task) {
        await task.insert("t", [[1]]);
        await task.flush();
        if (item === "first") return;
        began.resolve(task.id);
        await send(task);
      },
    });
    const ended = pipeline.finished.then(() => "ended", ({ name, message }) => [name, message]);
    return { ...pipeline, cancel: (id) => pipeline.cancel(id), began: began.promise, ended };
  }
`;

Deno.test("a statement that never ends ends its run, once that or its task is stopped", async () => {
  using folder = tempFolder();
  const results = await runChild(
    RUNS.replace("FOLDER", JSON.stringify(folder.path)) + `
    const late = { timeoutMs: 100 };
    const runs = {
      execute: start("execute", (task) => task.execute(endless), late),
      query: start("query", (task) => task.query(endless), late),
      trigger: start("trigger", (task) => task.insert("hooked", [[1]]), late),
      atomic: start("atomic", (task) => task.execute("INSERT INTO hooked VALUES (1)"), { atomic: true }),
      cancelled: start("cancelled", (task) => task.transaction([{ sql: endless }]), {}),
      stopped: start("stopped", (task) => task.execute(endless), {}),
      schema: start("schema", () => {}, { schema: "CREATE TABLE x AS " + endless }),
    };
    runs.cancelled.began.then((id) => runs.cancelled.cancel(id).catch(() => {}));
    runs.atomic.began.then(() => pause(100)).then(() => runs.atomic.cancel()).catch(() => {});
    runs.stopped.began.then(() => runs.stopped.cancel().catch(() => {}));
    runs.schema.cancel().catch(() => {});
    await Promise.all(Object.values(runs).filter((run) => run !== runs.schema).map((run) => run.began));
    await rest(1);
    const results = {};
    for (const name in runs) results[name] = await runs[name].ended;
    console.log(JSON.stringify(results));
    Deno.exit();`,
    { flags: ["-A"] },
  ) as Record<string, [string, string]>;
  const reasons: Record<string, RegExp> = {
    execute: /: a statement of task 2 still ran 1000 ms after its time was up: "WITH RECURSIVE /,
    query: /: a statement of task 2 still ran 1000 ms after its time was up: "WITH RECURSIVE /,
    trigger:
      /: a statement of task 2 still ran 1000 ms after its time was up: "INSERT INTO hooked"/,
    atomic: /: a statement .*still ran 1000 ms after the run was stopped: "INSERT INTO hooked/,
    cancelled: /: a statement of task 2 still ran 1000 ms after it was cancelled: "WITH RECURSIVE /,
    stopped:
      /: a statement of task 2 still ran 1000 ms after the run was stopped: "WITH RECURSIVE /,
    schema: /: a statement still ran 1000 ms after the run was stopped: "CREATE TABLE x AS WITH /,
  };
  for (const [name, reason] of Object.entries(reasons)) {
    assertEquals(results[name]![0], "WriterDiedError", name);
    assertMatch(results[name]![1], reason);
  }
  // A reader knows how it ended, before a writer notes it.
  using app = createDashboard({ db: folder.file("execute.db") });
  const run = await (await app.request("/api/runs/1")).json();
  assertEquals([run.status, run.processGone], ["error", true]);
  assertMatch(`${run.reason}`, /^a statement of task 2 still ran /);
  for (const name of Object.keys(reasons)) {
    const db = folder.file(`${name}.db`);
    if (name === "schema") continue;
    // What was acknowledged is there: both rows, but for that of an atomic task.
    const rows = name === "atomic" ? 1 : 2;
    assertEquals(await readValues(db, "SELECT count(*) FROM t"), [[rows]], name);
    const report = await runPipeline(["first", "endless"], {
      db,
      name,
      resume: true,
      run: (_, task) => task.insert("t", [[2]]),
    });
    assertEquals([report.runId, report.status, report.counts.done], [1, "done", 2], name);
    assertEquals(await readRow(db, "PRAGMA integrity_check"), { integrity_check: "ok" });
  }
});

Deno.test("a program that catches the end of such a run is ended as its signal ends it", async () => {
  using folder = tempFolder();
  const { out, err } = await runScript(
    RUNS.replace("FOLDER", JSON.stringify(folder.path)) + `
    const run = start("signal", (task) => task.execute(endless), {});
    await run.began;
    await pause(50);
    Deno.kill(Deno.pid, "SIGTERM");
    await rest(1);
    console.log(JSON.stringify(await run.ended));
    await rest(2);`,
    { flags: ["-A"] },
  );
  assertMatch(out, /^\["WriterDiedError",/, err);
  {
    // The next writer notes why the run failed.
    await runPipeline([1], { db: folder.file("signal.db"), run: () => {} });
    const row = await readRow(
      folder.file("signal.db"),
      "SELECT status, reason FROM pipeline_runs WHERE id=1",
    );
    assertEquals(row.status, "error");
    assertMatch(
      `${row.reason}`,
      /^a statement of task 2 still ran 1000 ms after the run was stopped/,
    );
  }
});

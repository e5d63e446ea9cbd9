/**
 * Tasks of a pool that have ended when their Worker is ended, which the main thread does not know yet: what is
 * written counts.
 */
import { connectReadOnly } from "../../db.ts";
import { runPipeline, SqliteWriter } from "../../mod.ts";
import { assertEquals } from "../support/assert.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const run = { module: new URL("../fixtures/retried_tasks.ts", import.meta.url), export: "endLate" };

/** Milliseconds of grace: longer than the task runs after it was asked to stop. */
const GRACE_MS = 400;

for (const retries of [0, 1]) {
  Deno.test(`runPipeline() believes the end that is written, not its clock (${retries} retries)`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await using writer = await SqliteWriter.open({ db });
    using reader = await connectReadOnly(db);
    const logged = reader.prepare("SELECT 1 FROM task_logs");
    const done = reader.prepare("SELECT 1 FROM task_runs WHERE status='done'");
    const pipeline = runPipeline(["late"], {
      db: writer,
      timeoutMs: 200,
      abortGraceMs: GRACE_MS,
      retries,
      retryDelayMs: 0,
      run,
    });
    await until(() => logged.get() !== undefined);
    // This thread is busy until the time of grace is over, and notices nothing of the task's end.
    const end = performance.now() + GRACE_MS;
    const cell = new Int32Array(new SharedArrayBuffer(4));
    while (!done.get() || performance.now() < end) Atomics.wait(cell, 0, 0, 5);
    const report = await pipeline;
    assertEquals([report.status, report.counts.done, report.failures], ["done", 1, []]);
    assertEquals(reader.prepare("SELECT result FROM task_runs").get()!.result, "1");
  });
}

import { createDashboard, exportRun, serveDashboard } from "../../dashboard/mod.ts";
import { setupLogging } from "../../logging.ts";
import { backup, connect, connectReadOnly } from "../../db.ts";
import { definePipeline, runPipeline, schedulePipeline, SqliteWriter } from "../../mod.ts";
import type { PipelineOptions } from "../../mod.ts";
import { assertEquals, assertRejects } from "../support/assert.ts";
import { namesIn } from "../support/names_in.ts";
import { tempFolder } from "../support/temp.ts";

/** Calls `runPipeline` with options of an earlier version. */
function run(options: object) {
  return (db: string) =>
    runPipeline([1], { run: () => {}, ...options, db } as PipelineOptions<number>);
}

const RENAMED: [old: string, now: string, use: (db: string) => unknown][] = [
  ["policy", "taskOptions", run({ policy: () => ({}) })],
  ["timeoutGraceMs", "abortGraceMs", run({ timeoutGraceMs: 1 })],
  ["perMs", "intervalMs", run({ tags: () => ["a"], limits: { a: { rate: 1, perMs: 1 } } })],
  ["lineMs", "intervalMs", run({ progress: { lineMs: 1 } })],
  ["lastLine", "summary", run({ progress: { lastLine: false } })],
  ["policy", "taskOptions", (db) => {
    const options = { db, items: [1], run: () => {}, policy: () => ({}) };
    return definePipeline(options);
  }],
  ["onNext", "onScheduled", (db) => {
    const definition = definePipeline({ db, items: [1], run: () => {}, schedule: "0 2 * * *" });
    const options = { onNext: () => {} };
    return schedulePipeline(definition, options as object);
  }],
  ["control", "writer", (db) => {
    const options = { db, port: 0, control: undefined };
    return serveDashboard(options);
  }],
  ["maxStreams", "maxClients", (db) => {
    const options = { db, port: 0, maxStreams: 9 };
    return serveDashboard(options);
  }],
  ["maxStreams", "maxClients", (db) => {
    const options = { db, maxStreams: 9 };
    return createDashboard(options);
  }],
];

for (const [old, now, use] of RENAMED) {
  Deno.test(`the old name ${old} is refused by an error that names ${now}: ${use}`, async () => {
    using folder = tempFolder();
    const message = `option "${old}" was renamed. Use "${now}"`;
    await assertRejects(async () => void await use(folder.file("etl.db")), TypeError, message);
    assertEquals(namesIn(folder.path), []);
  });
}

Deno.test("task.run and writer.gone are refused by an error that names the new member", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:" });
  const { failures } = await runPipeline(["run", "runId"], {
    db: writer,
    run: (name, task) => (task as unknown as Record<string, unknown>)[name],
  });
  assertEquals(failures.map(({ name, error }) => [name, error.message]), [
    ["run", "Cannot read task.run: it was renamed. Use task.runId"],
  ]);
  await assertRejects(
    async () => await (writer as unknown as Record<string, unknown>).gone,
    TypeError,
    "Cannot read writer.gone: it was renamed. Use writer.closed",
  );
});

const MISSPELLED: [name: string, meant: string, use: (db: string) => unknown][] = [
  ["busytimeout", "busyTimeoutMs", (db) => connect(db, { ["busytimeout"]: 1 } as object)],
  ["drivr", "driver", (db) => connectReadOnly(db, { ["drivr"]: "ffi" } as object)],
  ["scheme", "schema", (db) => SqliteWriter.open({ db, ["scheme"]: "" } as { db: string })],
  ["tokn", "token", (db) => serveDashboard({ db, port: 0, ["tokn"]: "a" } as { db: string })],
  ["hostnam", "hostname", (db) => serveDashboard({ db, ["hostnam"]: "a" } as { db: string })],
  ["drivr", "driver", (db) => backup(db, `${db}2`, { ["drivr"]: "ffi" } as object)],
  ["drivr", "driver", (db) => exportRun(db, 1, { ["drivr"]: "ffi" } as object)],
  ["verbos", "verbose", () => setupLogging({ ["verbos"]: 1 } as object)],
  ["interval", "intervalMs", run({ progress: { interval: 1 } })],
];

for (const [name, meant, use] of MISSPELLED) {
  Deno.test(`the option ${name} is refused by an error that names ${meant}: ${use}`, async () => {
    using folder = tempFolder();
    const message = `unknown option "${name}"; did you mean "${meant}"?`;
    await assertRejects(async () => void await use(folder.file("etl.db")), TypeError, message);
    assertEquals(namesIn(folder.path), []);
  });
}

Deno.test("schedulePipeline() refuses options of another kind", async () => {
  const definition = definePipeline({ items: [1], run: () => {}, schedule: "0 2 * * *" });
  for (const options of [{ signal: {} }, { onReport: "print" }, { handleSignals: "no" }]) {
    const [name] = Object.keys(options);
    const schedule = () => schedulePipeline(definition, options as object);
    await assertRejects(schedule, TypeError, `for ${name}, got `);
  }
});

Deno.test("progress is refused where its numbers are out of range", async () => {
  for (const progress of [{ intervalMs: 0 }, { intervalMs: 2 ** 31 }, { maxBars: -1 }]) {
    const [name] = Object.keys(progress);
    await assertRejects(() => run({ progress })(":memory:"), RangeError, `for ${name}, got `);
  }
});

/**
 * Processes that die, hang and share a file: which runs are taken for dead, and what becomes of them.
 *
 * @module
 */
import { connect } from "../../../db.ts";
import { runPipeline, SqliteWriter } from "../../../mod.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { ROOT, runChild } from "../../support/child.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { readRow, readRows, readValues } from "../../support/read.ts";
import { Fixture } from "../../support/spawn.ts";
import { tempFolder } from "../../support/temp.ts";

const LATE = "2999-01-01T00:00:00.000Z";
const RUNS = "SELECT id, status FROM pipeline_runs ORDER BY id";
const COUNTS = "SELECT queued, running, done, error, cancelled FROM pipeline_runs";

/** Lock files beside the databases of a folder. */
function locks(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name)
    .filter((name) => name.includes("-owner-"));
}

/** Opens a file for writing, as any pipeline does, and closes it. */
async function open(db: string): Promise<void> {
  await using _ = await SqliteWriter.open({ db });
}

/** A pipeline of three tasks in a process of its own: one done, one that never ends, one queued. */
async function held(folder: string, db: string, mode: "hold" | "block"): Promise<Fixture> {
  const fixture = new Fixture("durable.ts", folder, db, "auto", "3", mode);
  assertEquals(await fixture.line(), "begun");
  assertEquals(await fixture.line(), "held");
  return fixture;
}

/** Waits until the system has cleared up after a process. */
async function kill(fixture: Fixture): Promise<void> {
  fixture.kill("SIGKILL");
  await fixture.status;
}

Deno.test("recoverRuns() marks the run of a killed process, and keeps what its tasks had", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using fixture = await held(folder.path, db, "hold");
  const { owner, pid } = await readRow(db, "SELECT owner, pid FROM pipeline_runs");
  assertEquals(locks(folder.path), [`a.db-owner-${owner}`]);
  assert(pid !== Deno.pid);
  await kill(fixture);
  {
    // What a run records of itself is a little behind.
    using connection = await connect(db);
    connection.exec(`UPDATE task_runs SET updated_at='${LATE}' WHERE status='running'`);
  }
  await open(db);

  const { status, updated_at, finished_at } = await readRow(db, "SELECT * FROM pipeline_runs");
  assertEquals([status, finished_at], ["interrupted", LATE]);
  assert(`${updated_at}` < LATE);
  assertEquals(await readValues(db, COUNTS), [[1, 0, 1, 1, 0]]);
  const tasks = await readRows(db, "SELECT * FROM task_runs ORDER BY id");
  assertEquals(tasks.map(({ status }) => status), ["done", "error", "queued"]);
  assertEquals(tasks[1]!.progress, 11 / 12);
  assertEquals(tasks[1]!.finished_at, finished_at);
  assertMatch(`${tasks[1]!.message}`, /^Interrupted: /);
  assertMatch(`${tasks[1]!.error}`, /^Interrupted: /);
  assertEquals(
    await readValues(db, "SELECT running, error FROM run_samples ORDER BY id DESC LIMIT 1"),
    [[0, 1]],
  );
  assertEquals(locks(folder.path), []);
});

for (const mode of ["block", "stop"] as const) {
  Deno.test(`recoverRuns() takes no process for dead that lives and does nothing (${mode})`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await using fixture = await held(folder.path, db, mode === "block" ? "block" : "hold");
    if (mode === "stop") fixture.kill("SIGSTOP");
    await open(db);
    assertEquals(await readValues(db, RUNS), [[1, "running"]]);
    assertEquals(locks(folder.path).length, 1);
    await kill(fixture);
    await open(db);
    assertEquals(await readValues(db, RUNS), [[1, "interrupted"]]);
  });
}

Deno.test("recoverRuns() may be called by two at once", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using fixture = await held(folder.path, db, "hold");
  await kill(fixture);
  await Promise.all([open(db), open(db), open(db)]);
  assertEquals(await readValues(db, RUNS), [[1, "interrupted"]]);
  assertEquals(await readValues(db, COUNTS), [[1, 0, 1, 1, 0]]);
  assertEquals(locks(folder.path), []);
});

Deno.test("recoverRuns() knows a writer that died in a process that lives", async () => {
  using folder = tempFolder();
  // The import map puts a SQLite into the Worker that breaks its thread at this statement.
  const script = `import { runPipeline } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
    const run = (sql) => runPipeline([{ key: "a" }, { key: "b" }], {
      db: ${JSON.stringify(folder.file("a.db"))}, driver: "builtin", resume: true, workers: 1,
      run: ({ key }, task) => key === "b" ? task.execute(sql) : task.flush(),
    });
    const death = await run("SELECT 'break'").catch(({ name }) => name);
    const { runId, counts } = await run("SELECT 1");
    console.log(JSON.stringify([death, runId, counts.done]));`;
  const map = new URL("tests/fixtures/breaking_sqlite.json", ROOT).href;
  const flags = ["--allow-read", "--allow-write", `--import-map=${map}`];
  assertEquals(await runChild(script, { flags }), ["WriterDiedError", 1, 2]);
  assertEquals(locks(folder.path), []);
});

Deno.test("recoverRuns() leaves alone runs without an owner, and follows no token of another make", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await open(db);
  const stranger = folder.file("a.db-owner-stranger");
  Deno.writeTextFileSync(stranger, "");
  {
    using connection = await connect(db);
    const insert = connection.prepare(
      `INSERT INTO pipeline_runs (name, status, started_at, owner) VALUES ('x', ?, ?, ?)`,
    );
    const at = "2026-01-02T03:04:05.678Z";
    insert.run("running", at, null);
    insert.run("running", at, "stranger");
    insert.run("done", at, "stranger");
    insert.run("running", at, "00000000-0000-4000-8000-000000000000");
  }
  await open(db);
  assertEquals((await readValues(db, RUNS)).map(([, status]) => status), [
    "running",
    "running",
    "done",
    "interrupted",
  ]);
  assertEquals(locks(folder.path), ["a.db-owner-stranger"]);
});

Deno.test("recoverRuns() finds the lock file of a database that is opened through a link", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using fixture = await held(folder.path, db, "hold");
  Deno.mkdirSync(folder.file("elsewhere"));
  Deno.symlinkSync(db, folder.file("elsewhere/b.db"));
  await open(folder.file("elsewhere/b.db"));
  assertEquals(await readValues(db, RUNS), [[1, "running"]]);
  await kill(fixture);
});

Deno.test("an owner removes the lock file of a process that was killed between its runs", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline([1], { db, run: () => {} });
  const { owner } = await readRow(db, "SELECT owner FROM pipeline_runs");
  Deno.writeTextFileSync(`${db}-owner-${owner}`, "");
  await open(db);
  assertEquals(locks(folder.path), []);
});

Deno.test("a writer that runs nothing has no lock file, and closing removes it", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  {
    await using writer = await SqliteWriter.open({ db });
    assertEquals(locks(folder.path), []);
    await runPipeline([1], { db: writer, run: () => {} });
    assertEquals(locks(folder.path).length, 1);
  }
  assertEquals(locks(folder.path), []);
  await runPipeline([1], { db: folder.file("b.db"), storeTaskStatus: false, run: () => {} });
  assertEquals(locks(folder.path), []);
});

Deno.test("a run has no owner where the folder may not be written, and asks for nothing", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await open(db);
  const script = `import { runPipeline } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
    const report = await runPipeline([1, 2], { db: ${JSON.stringify(db)}, run: () => {} });
    console.log(JSON.stringify(report.counts.done));`;
  const files = ["", "-wal", "-shm"].map((end) => db + end).join();
  const root = decodeURIComponent(ROOT.pathname);
  const flags = [`--allow-read=${files},${root}`, `--allow-write=${files}`];
  assertEquals(await runChild(script, { flags }), 2);
  assertEquals(await readValues(db, "SELECT owner, host FROM pipeline_runs"), [[null, null]]);
});

Deno.test("a run records which process owns it, and of the machine what may be asked", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const script = `import { runPipeline } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
    await runPipeline([1], { db: ${JSON.stringify(db)}, run: () => {} });
    console.log(JSON.stringify([Deno.pid, new Date(performance.timeOrigin).toISOString()]));`;
  const root = decodeURIComponent(ROOT.pathname);
  const flags = [`--allow-read=${folder.path},${root}`, `--allow-write=${folder.path}`];
  const first = await runChild(script, { flags });
  const second = await runChild(script, { flags: [...flags, "--allow-sys=hostname,osUptime"] });
  const columns = "pid, process_started_at, host, booted_at";
  const [restricted, full] = await readValues(
    db,
    `SELECT ${columns} FROM pipeline_runs ORDER BY id`,
  );
  assertEquals([...restricted!], [...first as unknown[], null, null]);
  assertEquals(full!.slice(0, 3), [...second as unknown[], Deno.hostname()]);
  const booted = Date.now() - 1_000 * Deno.osUptime();
  assert(Math.abs(Date.parse(`${full![3]}`) - booted) < 10_000, `${full![3]}`);
});

for (const driver of DRIVERS) {
  Deno.test(`${driver}: pipelines on one file take turns, in one process and in two`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await using one = new Fixture("durable.ts", folder.path, db, driver, "200");
    assertEquals(await one.line(), "begun");
    const items = Array.from({ length: 300 }, (_, n) => n);
    const reports = await Promise.all(["a", "b"].map((name) =>
      runPipeline(items, {
        db,
        driver,
        name,
        schema: `CREATE TABLE IF NOT EXISTS of_${name} (n INTEGER)`,
        async run(n, task) {
          await task.insert(`of_${name}`, [{ n }]);
          await task.flush();
        },
      })
    ));
    assertEquals(reports.map(({ status }) => status), ["done", "done"]);
    assertEquals(await one.line(), "done");
    assert((await one.status).success);
    assertEquals(
      await readValues(db, "SELECT name, status, done FROM pipeline_runs ORDER BY name"),
      [["a", "done", 300], ["b", "done", 300], ["durable", "done", 200]],
    );
    for (const table of ["of_a", "of_b"]) {
      assertEquals(await readValues(db, `SELECT count(DISTINCT n) FROM ${table}`), [[300]]);
    }
    assertEquals(locks(folder.path), []);
  });
}

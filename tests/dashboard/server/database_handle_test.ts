import type {
  Run,
  RunPage,
  RunSnapshot,
  TaskDetail,
  TaskPage,
  WeaveBlock,
} from "../../../dashboard/api.ts";
import { createDashboard } from "../../../dashboard/mod.ts";
import { connect, connectReadOnly, initSchema } from "../../../db.ts";
import { runPipeline } from "../../../mod.ts";
import { assert, assertEquals, assertMatch, assertThrows } from "../../support/assert.ts";
import { addRun, foldRun, foldUntil, getJson, openEvents, show } from "../fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { AT, LATER } from "../../writer/worker/store_fixture.ts";
import { tempFolder } from "../../support/temp.ts";

/** Milliseconds that no answer takes: those of a connection that waits for a lock are more. */
const LOCKED_MS = 50_000;

/** What the Python original creates. */
const ORIGINAL = `
  CREATE TABLE task_runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL,
    progress REAL NOT NULL DEFAULT 0.0, message TEXT, started_at TEXT, finished_at TEXT, result TEXT);
  CREATE INDEX idx_task_runs_status ON task_runs(status);`;

for (const driver of DRIVERS) {
  Deno.test(`Source waits for a database, which appears over ${driver}`, async () => {
    using folder = tempFolder();
    const db = folder.file("100%25 new.db");
    using app = createDashboard({ db, driver });
    assertEquals(await getJson(app, "/healthz", 503), { status: "missing" });
    const { error } = await getJson<{ error: string }>(app, "/api/runs", 503);
    assertEquals(
      error,
      "There is no 100%25 new.db yet: runs appear here as soon as a pipeline writes them",
    );
    await using events = await openEvents(app, "view=runs");
    const first = (await events.next())!;
    assertEquals([first.event, first.data.source.state, first.data.runs], [
      "snapshot",
      "missing",
      [],
    ]);
    await using task = await openEvents(app, "view=task&task=1");
    await runPipeline(["a"], { db, driver, run: () => 1 });
    const { data } = await events.until(({ event, data }) =>
      event === "snapshot" && data.runs.length
    );
    assertEquals([data.source.state, data.source.driver], ["ok", driver]);
    await task.until(({ data }) => data.task?.status === "done");
    assertEquals((await getJson<RunPage>(app, "/api/runs")).runs.length, 1);
  });

  Deno.test(`Source shows a file that the Python original writes over ${driver}`, async () => {
    using folder = tempFolder();
    const db = folder.file("original.db");
    using original = await connect(db, { driver });
    original.exec(ORIGINAL);
    using app = createDashboard({ db, driver });
    // A file without tasks has no run yet.
    assertEquals((await getJson<RunPage>(app, "/api/runs")).runs, []);
    await getJson(app, "/api/runs/0", 404);
    await using events = await openEvents(app, "view=run&run=0&sort=-id");
    assertEquals((await events.next())!.data.run, null);
    original.exec(`INSERT INTO task_runs VALUES
      (1, 'one', 'done', 1.0, 'fine', '${AT}', '${LATER}', '{"rows": 3}'),
      (7, 'two', 'running', 0.25, 'half-way', '${AT}', NULL, NULL);`);
    const seen = await events.until(({ data }) => data.run);
    assertEquals([seen.data.run.id, seen.data.run.total], [0, 2]);
    original.exec(`UPDATE task_runs SET status='error', progress=0, finished_at='${LATER}',
      message='ValueError: no' WHERE id=7`);
    await events.until(({ data }) => data.run?.status === "error");

    const run = await getJson<Run>(app, "/api/runs/0");
    assertEquals([run.status, run.counts.done, run.counts.error], ["error", 1, 1]);
    assertEquals([run.startedAt, run.finishedAt], [AT, LATER]);
    const page = await getJson<TaskPage>(app, "/api/runs/0/tasks?status=error,done&q=VALUE");
    assertEquals(page.tasks.map(({ id, message }) => [id, message]), [[7, "ValueError: no"]]);
    assertEquals((await getJson<TaskPage>(app, "/api/runs/0/tasks?key=x")).tasks, []);
    const task = await getJson<TaskDetail>(app, "/api/tasks/7");
    assertEquals([task.key, task.run.id, task.attempts[0]!.error], [null, 0, "ValueError: no"]);
    assertEquals((await getJson<WeaveBlock[]>(app, "/api/runs/0/weave"))[0]!.ids, [1, 7]);
    assertEquals(await getJson(app, "/api/tasks/7/logs"), { lines: [], previous: null });
    assertEquals((await getJson<{ tasks: [] }>(app, "/api/tasks/7/history")).tasks, []);
    assertEquals((await app.request("/api/runs/0/export")).status, 200);

    // The file is extended while it is watched; the original's tasks stay where they were.
    initSchema(original);
    await runPipeline(["ours"], { db, driver, run: () => 1 });
    const { runs } = await getJson<RunPage>(app, "/api/runs");
    assertEquals(runs.map(({ id, total }) => [id, total]), [[1, 1], [0, 2]]);
  });

  Deno.test(`Source is not held up by a lock over ${driver}`, async () => {
    using folder = tempFolder();
    const db = folder.file("rollback.db");
    using writer = await connect(db, { driver, wal: false });
    initSchema(writer);
    writer.exec("BEGIN EXCLUSIVE");
    using app = createDashboard({ db, driver });
    const quick = async (path: string, status: number) => {
      const before = performance.now();
      const { error } = await getJson<{ error?: string }>(app, path, status);
      const ms = performance.now() - before;
      assert(ms < LOCKED_MS, `${path} took ${ms} ms`);
      return error;
    };
    assertMatch((await quick("/api/runs", 503))!, /^Database is locked \(rollback.db\)/);
    await using events = await openEvents(app, "view=runs");
    assertEquals((await events.next())!.data.source.state, "unreadable");
    writer.exec("COMMIT");
    await events.until(({ data }) => data.source?.state === "ok");
    assertEquals(await quick("/api/runs", 200), undefined);

    writer.exec("BEGIN EXCLUSIVE; INSERT INTO task_runs (name, status) VALUES ('a', 'done')");
    const before = performance.now();
    // However many ask, the thread is free for most of the time.
    await Promise.all(Array.from({ length: 100 }, () => quick("/api/runs", 503)));
    assert(performance.now() - before < LOCKED_MS);
    writer.exec("COMMIT");
    // A snapshot, where nothing could be read before.
    await events.until(({ data }) => (data.runs?.rows ?? data.runs)?.length);
  });
}

/** What happens to a file that is read, the state it is in then, and whether it must be found out. */
const ACCIDENTS: [string, string, (db: string) => void][] = [
  ["deleted", "missing", (db) => Deno.removeSync(db)],
  ["emptied", "missing", (db) => Deno.truncateSync(db)],
  ["truncated", "corrupt", (db) => Deno.truncateSync(db, 4096)],
  ["overwritten", "corrupt", (db) => Deno.writeTextFileSync(db, "not a database ".repeat(5_000))],
  ["replaced by a folder", "unreadable", (db) => {
    Deno.removeSync(db);
    Deno.mkdirSync(db);
  }],
];

async function suffer(accident: typeof ACCIDENTS[number], wal: boolean): Promise<void> {
  const [, state, happen] = accident;
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runPipeline(["a", "b"], { db, wal, run: () => 1 });
  const bytes = Deno.readFileSync(db);
  using app = createDashboard({ db: new URL(`file://${db}`) });
  await using events = await openEvents(app, "view=run&run=1");
  assertEquals((await events.next())!.data.run.total, 2);
  happen(db);
  const { data: { source } } = await events.until(({ data }) => data.source?.state === state);
  assertEquals(source.file, "etl.db");
  assert(!source.message.includes(folder.path), source.message);
  const { error } = await getJson<{ error: string }>(app, "/api/runs", 503);
  assert(!error.includes(folder.path), error);
  assertEquals(await getJson(app, "/healthz", 503), { status: state });
  if (state === "unreadable") Deno.removeSync(db);
  Deno.writeFileSync(db, bytes);
  const back = await events.until(({ event, data }) => event === "snapshot" && data.run);
  // It may come while its tasks are being read.
  const { tasks } = await foldUntil<RunSnapshot>(events, foldRun, {
    from: foldRun(undefined, back),
    isDone: ({ reading }) => !reading,
  });
  assertEquals([back.data.source.state, tasks.length], ["ok", 2]);
  await getJson(app, "/api/runs");
}

for (const wal of [true, false]) {
  const names = ACCIDENTS.map(([name]) => name).join(", ");
  Deno.test(`Source reports a file (wal: ${wal}) that is ${names}, until it is back`, async () => {
    await Promise.all(ACCIDENTS.map((accident) => suffer(accident, wal)));
  });

  Deno.test(`Source shows another file (wal: ${wal}) in place of the first`, async () => {
    using folder = tempFolder();
    const [db, other] = [folder.file("etl.db"), folder.file("other.db")];
    await runPipeline(["a", "b"], { db, wal, run: () => 1 });
    await runPipeline(["a", "b", "c"], { db: other, wal, run: () => 1 });
    for (const replace of [Deno.copyFileSync, Deno.renameSync]) {
      using app = createDashboard({ db });
      await using events = await openEvents(app, "view=run&run=1");
      assertEquals((await events.next())!.data.run.total, 2);
      const before = Deno.readFileSync(db);
      replace(other, db);
      await events.until(({ event, data }) => event === "snapshot" && data.run?.total === 3);
      assertEquals((await getJson<Run>(app, "/api/runs/1")).total, 3);
      Deno.writeFileSync(db, before);
    }
  });
}

Deno.test("Source refuses what it cannot show", () => {
  assertThrows(() => createDashboard({ db: ":memory:" }), TypeError, "Cannot show :memory:");
});

Deno.test("Source shows many tasks without making others wait", async () => {
  using shown = await show();
  const { store, app } = shown;
  const TASKS = 400_000;
  addRun(store, [{ status: "done" }]);
  store.connection.exec(`
    INSERT INTO task_runs (name, status, progress, started_at, finished_at, run_id)
    WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${TASKS})
    SELECT 'task ' || i, 'done', 1.0, '${AT}', '${LATER}', 1 FROM n;
    UPDATE pipeline_runs SET done = ${TASKS}, last_task_id = ${TASKS}`);
  const page = await shown.get<TaskPage>("/api/runs/1/tasks?sort=-id");
  assertEquals(page.tasks[0]!.id, TASKS);
  await using events = await openEvents(app, "view=run&run=1&sort=-name&limit=3");
  const snapshot = await events.next();
  assertEquals(snapshot!.data.run.total, TASKS);
  // While a page is looked for among all of them, other requests have their turn.
  let isFound = false;
  const slow = shown.get<TaskPage>(`/api/runs/1/tasks?q=task%20${TASKS - 1}`).finally(() => {
    isFound = true;
  });
  await shown.get("/api/runs");
  assert(!isFound, "The search held up the request after it");
  assertEquals((await slow).tasks.map(({ id }) => id), [TASKS - 1]);
  // What took longer than the snapshot comes in a patch.
  const { data } = await events.until(({ data }) => data.tasks?.order?.length === 3);
  assertEquals(data.tasks.rows[0].name, "task 99999");
  using second = await connectReadOnly(shown.db);
  assertEquals(second.prepare("SELECT count(*) AS n FROM task_runs").get()!.n, TASKS);
});

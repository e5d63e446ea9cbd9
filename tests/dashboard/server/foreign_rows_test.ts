/**
 * Files with what no program of ours writes, texts of every script, and reads that take long.
 *
 * @module
 */
import type { Run, RunPage, TaskDetail, TaskPage } from "../../../dashboard/api.ts";
import { createDashboard, serveDashboard } from "../../../dashboard/mod.ts";
import { connect, initSchema } from "../../../db.ts";
import { chooseRuns, countRows, findRests } from "../../../writer/client/prune.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { tempFolder } from "../../support/temp.ts";
import { addRun, getJson, openEvents, show } from "../fixture.ts";
import { runCli } from "../../cli/cli_terminal.ts";

Deno.test("a search finds texts of every script, whatever their case and composition", async () => {
  using shown = await show();
  const names = ["Ägypten.csv", "A\u0308gypten.csv", "ПРИВЕТ", "Ås", "plain.csv", "STRASSE"];
  addRun(shown.store, [
    ...names.map((name) => ({ name })),
    { name: "x", message: "grüße" },
    { name: "y", message: "GRÜSSE" },
    { name: "far", message: `${"x".repeat(3_000_000)}needle` },
  ]);
  const find = async (q: string, more = "") => {
    const path = `/api/runs/1/tasks?q=${encodeURIComponent(q)}${more}`;
    return (await shown.get<TaskPage>(path)).tasks.map(({ name }) => name);
  };
  for (const q of ["ägypten", "ÄGYPTEN", "a\u0308gypten"]) {
    assertEquals(await find(q), names.slice(0, 2), q);
    assertEquals(await find(q, "&sort=-id&limit=1"), [names[1]], q);
  }
  assertEquals(await find("привет"), ["ПРИВЕТ"]);
  assertEquals(await find("ås"), ["Ås"]);
  assertEquals(await find(".CSV", "&sort=-name"), [names[0], "plain.csv", names[1]]);
  assertEquals(await find("straße"), ["STRASSE"]);
  assertEquals(await find("grüsse"), ["x", "y"]);
  assertEquals(await find("needle"), []);
  await shown.get(`/api/runs/1/tasks?q=${"x".repeat(201)}`, 400);
  const found = async (q: string, more = "") =>
    (await shown.get<TaskPage>(`/api/runs/1/tasks?q=${encodeURIComponent(q)}${more}`)).found;
  assertEquals([await found("s"), await found("s", "&limit=1&sort=-name"), await found("zz")], [
    7,
    7,
    0,
  ]);
  assertEquals([await found(".csv"), await found("s", "&status=done"), await found("")], [
    3,
    0,
    undefined,
  ]);
  // Pages follow one another without gaps.
  const pages: string[] = [];
  let cursor = "";
  do {
    const path = `/api/runs/1/tasks?q=s&sort=name&limit=1&cursor=${encodeURIComponent(cursor)}`;
    const page = await shown.get<TaskPage>(path);
    pages.push(...page.tasks.map(({ name }) => name));
    cursor = page.next ?? "";
  } while (cursor !== "");
  assertEquals(
    pages,
    [names[1], "STRASSE", "plain.csv", "y", "x", names[0], "Ås"].toSorted((a, b) =>
      pages.indexOf(a!) - pages.indexOf(b!)
    ),
  );
  assertEquals(new Set(pages).size, 7);
});

Deno.test("views and virtual tables of our names are not read", async () => {
  using folder = tempFolder();
  const db = folder.file("view.db");
  {
    using connection = await connect(db);
    connection.exec(`
      CREATE VIEW task_runs AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
        SELECT id, 'a' AS name, 'done' AS status, 1.0 AS progress, NULL AS message,
          NULL AS started_at, NULL AS finished_at, NULL AS result FROM n;
      CREATE VIEW pipeline_runs AS SELECT * FROM task_runs;
      CREATE VIRTUAL TABLE task_logs USING fts5(task_id, message)`);
  }
  using app = createDashboard({ db });
  assertEquals((await getJson<RunPage>(app, "/api/runs")).runs, []);
  await getJson(app, "/api/tasks/1", 404);
  assertEquals((await app.request("/healthz")).status, 200);
  const { code, err } = await runCli(["status", "--db", db], { folder: folder.path });
  assertEquals([code, err.includes("no runs yet")], [1, true], err);
});

Deno.test("one view among our tables is not read either, whichever it is, and no writer takes it", async () => {
  const tables = ["task_runs", "task_logs", "run_samples", "run_requests", "pruned_runs"];
  for (const table of tables) {
    using shown = await show();
    addRun(shown.store, [{ name: "a", status: "done" }]);
    const { connection } = shown.store;
    connection.exec(`
      DROP TABLE ${table};
      CREATE VIEW ${table} AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n)
        SELECT 1 AS id, 1 AS run_id, 1 AS task_id, 'a' AS name, 'running' AS status, 0.5 AS progress,
          '' AS message, '' AS error, '' AS result, '' AS level, '' AS logged_at, '' AS started_at,
          '' AS finished_at, '' AS sampled_at, '' AS kind, NULL AS answered_at FROM n WHERE id<0`);
    const paths = ["", "/tasks", "/tasks?q=a", "/weave", "/timeline", "/graph", "/samples"];
    for (const path of paths) await answered(shown, `/api/runs/1${path}`);
    for (const path of ["/api/runs", "/api/tasks/1", "/api/tasks/1/logs", "/api/compare?a=1&b=1"]) {
      await answered(shown, path);
    }
    await answered(shown, "/api/runs/1/export");
    for (const view of ["view=runs", "view=run&run=1", "view=task&task=1"]) {
      await using events = await openEvents(shown.app, view);
      await events.until(({ event }) => event !== "ping");
    }
    const [run] = chooseRuns(connection, { keepRuns: 1 }).runs;
    countRows(connection, run ?? { ...NO_RUN });
    assertEquals(findRests(connection), []);
    assertThrows(() => initSchema(connection), Error, `Cannot use ${table} of`);
  }
});

const NO_RUN = { id: 1, name: "", status: "", endedAt: null, first: 1, last: 1, isAlive: false };

async function answered(shown: Awaited<ReturnType<typeof show>>, path: string): Promise<void> {
  const response = await shown.app.request(path);
  await response.body?.cancel();
  assert([200, 404].includes(response.status), `${path}: ${response.status}`);
}

Deno.test("statuses, names and times of any kind are shown as they are", async () => {
  using shown = await show();
  addRun(shown.store, [{ name: "a" }, { name: "b" }]);
  const bytes = new TextEncoder().encode("odd");
  const { connection } = shown.store;
  connection.prepare("UPDATE pipeline_runs SET status=?1, name=?1, started_at=?1, workers=?1")
    .run(bytes);
  connection.prepare("UPDATE task_runs SET status=?1, started_at=?1 WHERE id=1").run(bytes);
  connection.exec("UPDATE task_runs SET status='paused' WHERE id=2");
  const run = await shown.get<Run>("/api/runs/1");
  assertEquals([run.status, run.name, run.startedAt, run.workers], ["odd", "odd", "odd", null]);
  assertEquals((await shown.get<TaskDetail>("/api/tasks/1")).status, "odd");
  const { tasks } = await shown.get<TaskPage>("/api/runs/1/tasks");
  assertEquals(tasks.map(({ status }) => status), ["odd", "paused"]);
  for (const path of ["", "/timeline", "/weave", "/graph", "/samples"]) {
    await shown.get(`/api/runs/1${path}`);
  }
  await shown.get("/api/compare?a=1&b=1");
  assertEquals((await shown.app.request("/api/runs/1/export")).status, 200);
  for (const command of ["status", "runs"]) {
    const { code, out } = await runCli([command, "--db", shown.db], {
      folder: shown.db.replace(/[^/]+$/, ""),
    });
    assertEquals([code, out.includes("odd")], [0, true], out);
  }
});

Deno.test("reads that take long let other requests in", async () => {
  using folder = tempFolder();
  const db = folder.file("big.db");
  {
    using connection = await connect(db);
    connection.exec(`
      CREATE TABLE task_runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL,
        progress REAL NOT NULL DEFAULT 0.0, message TEXT, started_at TEXT, finished_at TEXT, result TEXT);
      INSERT INTO task_runs (id, name, status, started_at, finished_at)
        WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 40000)
        SELECT id, 'täsk ' || id, 'done', '2026-11-26T10:00:00.000Z', '2026-11-26T10:00:01.000Z' FROM n`);
  }
  await using dashboard = await serveDashboard({ db, port: 0 });
  const get = async (path: string) => {
    const response = await fetch(new URL(path, dashboard.url));
    await response.body?.cancel();
    assertEquals(response.status, 200, path);
    return path;
  };
  await get("api/runs");
  for (const path of ["api/compare?a=0&b=0", "api/runs/0/tasks?q=zzz%C3%A4&sort=-name"]) {
    let isOver = false;
    const long = get(path).finally(() => isOver = true);
    await get("healthz");
    assert(!isOver, `${path} was answered before /healthz`);
    await long;
  }
});

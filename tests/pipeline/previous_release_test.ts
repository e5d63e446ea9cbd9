/**
 * A file of the previous release, whose process was killed: it is shown as it is, extended in place when it is opened
 * for writing, and its run is resumed. The previous release can still read and write it.
 */
import { connect, type SqlValue } from "../../db.ts";
import { createDashboard } from "../../dashboard/mod.ts";
import type { Run, RunPage, TaskPage } from "../../dashboard/api.ts";
import { type PipelineOptions, runPipeline, SqliteWriter } from "../../mod.ts";
import { getJson } from "../dashboard/fixture.ts";
import { assertEquals } from "../support/assert.ts";
import { original } from "../support/original.ts";
import { readRow, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const DUMP = await Deno.readTextFile(new URL("../fixtures/previous_release.sql", import.meta.url));

const ITEMS = Array.from({ length: 12 }, (_, i) => ({ key: `k${i + 1}` }));
const LEFT = ["k10", "k11", "k12", "k3", "k4", "k8", "k9"];

/** Its columns, in their order. */
const TWELVE =
  "id,name,status,progress,message,started_at,finished_at,result,run_id,key,error,updated_at";
const ROWS = `SELECT ${TWELVE} FROM task_runs WHERE status='done' ORDER BY id`;
const COUNTS = "SELECT status, queued, running, done, error, cancelled FROM pipeline_runs";

/** The file, beside the lock file that a process leaves when it is killed. */
async function restore(folder: ReturnType<typeof tempFolder>): Promise<string> {
  const db = folder.file("old.db");
  using connection = await connect(db);
  connection.exec(DUMP);
  const { owner } = connection.prepare("SELECT owner FROM pipeline_runs WHERE id=2").get()!;
  await Deno.writeTextFile(`${db}-owner-${owner}`, "");
  return db;
}

/** What its script did, with nothing that fails. */
function options(db: string, ran: string[]): PipelineOptions<{ key: string }> {
  return {
    db,
    name: "nightly",
    atomic: true,
    resume: true,
    dependsOn: ({ key }) => key === "k12" ? ["k5"] : [],
    async run({ key }, task) {
      ran.push(key);
      await task.insert("fact", [{ key, attempt: 2 }]);
      return { key };
    },
  };
}

Deno.test("a file of the previous release opens, is extended and resumes", async () => {
  using folder = tempFolder();
  const db = await restore(folder);
  const before = await readValues(db, ROWS);
  assertEquals(before.length, 8);
  {
    using app = createDashboard({ db });
    const { runs } = await getJson<RunPage>(app, "/api/runs");
    assertEquals(runs.map(({ status, processGone }) => [status, processGone]), [
      ["interrupted", true],
      ["done", false],
    ]);
    const page = await getJson<TaskPage>(app, "/api/runs/2/tasks?status=running");
    assertEquals(page.tasks.map(({ key, rewritten }) => [key, rewritten]), [
      ["k8", null],
      ["k9", null],
    ]);
  }
  await (await SqliteWriter.open({ db })).close();
  assertEquals(await readValues(db, COUNTS), [
    ["done", 0, 0, 3, 0, 0],
    ["interrupted", 5, 0, 5, 2, 0],
  ]);

  const ran: string[] = [];
  const report = await runPipeline(ITEMS, options(db, ran));
  assertEquals([report.runId, report.status, report.counts.done], [2, "done", 12]);
  assertEquals(ran.toSorted(), LEFT);
  assertEquals(await readValues(db, COUNTS), [
    ["done", 0, 0, 3, 0, 0],
    ["done", 0, 0, 12, 0, 0],
  ]);
  // Nothing is lost, nothing doubled, and what was done is as it was.
  const facts = "SELECT key, count(*) FROM (SELECT key FROM fact LIMIT -1 OFFSET 3) GROUP BY key";
  assertEquals((await readValues(db, facts)).filter(([, n]) => n === 1).length, 12);
  assertEquals(
    await readValues(db, ROWS.replace("WHERE", "WHERE id NOT IN (6,7,11,12,13,14,15) AND")),
    before,
  );
  const { rewritten, removed } = await readRow(db, "SELECT * FROM pipeline_runs WHERE id=2");
  assertEquals([rewritten, removed], [null, null]);
  // From now on its rows are known, too.
  await original(db, [8], "error");
  using app = createDashboard({ db });
  assertEquals((await getJson<Run>(app, "/api/runs/2")).rewritten, 1);
  assertEquals((await getJson<Run>(app, "/api/runs/2")).counts.done, 12);
});

Deno.test("a file of the previous release over which the original has written resumes", async () => {
  using folder = tempFolder();
  const db = await restore(folder);
  // No column shows what the earlier release wrote: k3 passes for done, and k1 is run again.
  await original(db, [6]);
  await original(db, [4], "error");
  const ran: string[] = [];
  const { counts } = await runPipeline(ITEMS, options(db, ran));
  assertEquals(ran.toSorted(), ["k1", ...LEFT.filter((key) => key !== "k3")]);
  assertEquals(counts.done, 12);
  assertEquals((await readValues(db, COUNTS))[1], ["done", 0, 0, 12, 0, 0]);
});

Deno.test("the previous release writes to a file of this one with its own statements", async () => {
  using folder = tempFolder();
  const db = folder.file("new.db");
  const fails = { ...options(db, []), schema: "CREATE TABLE fact (key, attempt)" };
  await runPipeline(ITEMS.slice(0, 3), {
    ...fails,
    run: ({ key }) => {
      if (key === "k2") throw new Error("It fails");
    },
  });
  {
    // It resumes the run, and ends k2.
    using connection = await connect(db);
    const run = (sql: string, ...params: SqlValue[]) => connection.prepare(sql).run(...params);
    run(
      `UPDATE pipeline_runs SET status='running', finished_at=NULL, workers=?2, driver=?3,
         sqlite_version=?4, owner=?5, pid=?6, process_started_at=?7, host=?8, booted_at=?9,
         resumed=coalesce(resumed,0)+1 WHERE id=?1`,
      ...[1, 2, "builtin", "3.53.2", null, 4711, null, null, null],
    );
    run(
      `UPDATE task_runs SET status='queued', progress=0, message=?2, started_at=NULL,
         finished_at=NULL, result=NULL, error=NULL, updated_at=NULL WHERE id=?1`,
      2,
      null,
    );
    run(
      `UPDATE task_runs SET started_at=v.column2,finished_at=v.column3,result=v.column4,status='done',progress=1
       FROM (VALUES (?,?,?,?)) AS v
       WHERE task_runs.id=v.column1 AND run_id=1 AND +status='queued'`,
      ...[2, "2026-11-27T03:39:01.994Z", "2026-11-27T03:39:01.995Z", '"k2"'],
    );
    run(
      "INSERT INTO task_runs (id,name,run_id,key,status) VALUES (?,?,?,?,'queued')",
      4,
      "k4",
      1,
      "k4",
    );
    run(
      `UPDATE pipeline_runs SET queued=queued+1, done=done+1, error=error-1, last_task_id=4,
         status='interrupted' WHERE id=1`,
    );
  }
  using app = createDashboard({ db });
  const run = await getJson<Run>(app, "/api/runs/1");
  assertEquals([run.rewritten, run.counts.done, run.counts.queued], [0, 3, 1]);
  const { tasks } = await getJson<TaskPage>(app, "/api/runs/1/tasks");
  assertEquals(tasks.map(({ status }) => status), ["done", "done", "done", "queued"]);
  const ran: string[] = [];
  const report = await runPipeline(ITEMS.slice(0, 4), options(db, ran));
  assertEquals([report.runId, report.status, ran], [1, "done", ["k4"]]);
});

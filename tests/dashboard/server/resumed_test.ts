import type { Run, TaskPage } from "../../../dashboard/api.ts";
import { type PipelineOptions, runPipeline } from "../../../mod.ts";
import { connect } from "../../../db.ts";
import { createDashboard } from "../../../dashboard/mod.ts";
import { assertEquals } from "../../support/assert.ts";
import { getJson, show } from "../fixture.ts";
import { news } from "../../writer/worker/store_fixture.ts";
import { tempFolder } from "../../support/temp.ts";

const ITEMS = Array.from({ length: 30 }, (_, n) => n);

/** Half of the tasks fail, or none does. */
function pipeline(db: string, fails: boolean): PipelineOptions<number> {
  return {
    db,
    resume: true,
    taskKey: String,
    run(n, task) {
      task.progress(0.5, fails ? "first" : "second");
      if (fails && n % 2 === 0) throw new Error("first attempt");
    },
  };
}

Deno.test("listTasks() remembers nothing of ended tasks that a resumed run has run again", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline(ITEMS, pipeline(db, true));
  using app = createDashboard({ db });
  const find = (query: string) =>
    getJson<TaskPage>(app, `/api/runs/1/tasks?limit=200&${query}`).then(({ tasks }) =>
      tasks.length
    );
  const failed = "status=error&q=attempt";
  // Each of them twice, so that the second answer is from memory.
  for (let i = 0; i < 2; i++) assertEquals([await find(failed), await find("q=first")], [15, 30]);
  const order = async () => {
    const { tasks } = await getJson<TaskPage>(app, "/api/runs/1/tasks?sort=-progress&limit=200");
    return tasks.map(({ status }) => status);
  };
  assertEquals((await order()).slice(15), Array(15).fill("error"));

  // While it continues, some have ended for the second time and others have not been taken up.
  using connection = await connect(db);
  connection.exec("UPDATE pipeline_runs SET status='running', resumed=1");
  assertEquals(await find(failed), 15);
  connection.exec(
    "UPDATE task_runs SET status='done', own_status='done', progress=1, message='x' WHERE id < 11",
  );
  assertEquals(await find(failed), 10);
  connection.exec("UPDATE pipeline_runs SET status='error', done=20, error=10");

  const report = await runPipeline(ITEMS, pipeline(db, false));
  assertEquals([report.runId, report.status], [1, "done"]);
  for (let i = 0; i < 2; i++) assertEquals(await find(failed), 0);
  assertEquals(await order(), Array(30).fill("done"));
});

Deno.test("getRun() shows a run whose process died as interrupted", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await runPipeline(ITEMS, pipeline(db, false));
  using connection = await connect(db);
  connection.exec("UPDATE pipeline_runs SET status='interrupted'");
  using app = createDashboard({ db });
  assertEquals((await getJson<Run>(app, "/api/runs/1")).status, "interrupted");
});

Deno.test("listTasks() remembers nothing of ended tasks that were queued again while their run was active", async () => {
  using shown = await show();
  const { store } = shown;
  // As many as are looked at together, and one that keeps the run going.
  const { run } = store.startRun(10_001);
  store.connection.exec(
    `UPDATE task_runs SET status='error', own_status='error', message='first', started_at=''
     WHERE id <= 10000`,
  );
  const find = async (text: string) => {
    const path = `/api/runs/${run}/tasks?limit=200&sort=name&q=${text}`;
    return (await shown.get<TaskPage>(path)).tasks.length;
  };
  for (let i = 0; i < 2; i++) assertEquals([await find("first"), await find("second")], [200, 0]);
  assertEquals(store.write({ kind: "requeue_tasks", run, ids: [7] }), [7]);
  store.commit(
    news(run, 7, { status: "running", startedAt: "", message: "second" }),
    news(run, 7, { status: "done", finishedAt: "" }),
  );
  for (let i = 0; i < 2; i++) assertEquals(await find("second"), 1);
});

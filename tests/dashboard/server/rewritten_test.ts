/**
 * A run over whose rows another program has written, seen by those who only read: counts, lists and pictures agree.
 *
 * @module
 */
import type {
  Comparison,
  Run,
  RunPage,
  RunSnapshot,
  TaskDetail,
  TaskPage,
  Timeline,
  WeaveBlock,
} from "../../../dashboard/api.ts";
import { createDashboard, exportRun } from "../../../dashboard/mod.ts";
import { runPipeline } from "../../../mod.ts";
import { TASK_STATUSES, type TaskStatus } from "../../../internal/task_status.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../../support/assert.ts";
import { another, original } from "../../support/original.ts";
import { tempFolder } from "../../support/temp.ts";
import { runCli } from "../../cli/cli_terminal.ts";
import { foldRun, foldUntil, getJson, show } from "../fixture.ts";
import { end, start } from "../../writer/worker/store_fixture.ts";

const ITEMS = Array.from({ length: 30 }, (_, i) => `k${i}`);
const FAILED = [11, 12, 13, 14, 15];

/** Runs thirty tasks, of which those with the ids 11 to 15 fail, once. */
function run(db: string, fails: boolean) {
  return runPipeline(ITEMS, {
    db,
    resume: true,
    run: (key, task) => {
      if (fails && FAILED.includes(task.id)) throw new Error(`${key} fails`);
    },
  });
}

/** How many tasks are in each status, by everything that counts them. */
async function everyCount(app: ReturnType<typeof createDashboard>, id: number) {
  const get = <T>(path: string) => getJson<T>(app, `/api/runs/${id}${path}`);
  const { counts } = await get<Run>("");
  const listed = async (sort: string) => {
    const numbers = TASK_STATUSES.map(async (status) => {
      const { tasks } = await get<TaskPage>(`/tasks?limit=200&status=${status}&sort=${sort}`);
      return [status, tasks.filter((task) => task.status === status).length] as const;
    });
    return Object.fromEntries(await Promise.all(numbers));
  };
  const found = TASK_STATUSES.map(async (status) => {
    const page = await get<TaskPage>(`/tasks?limit=1&status=${status}&q=a`);
    return [status, page.found!] as const;
  });
  const cells = (await get<WeaveBlock[]>("/weave")).flatMap(({ cells }) => [...cells]);
  const woven = Object.fromEntries(TASK_STATUSES.map((status, i) => [
    status,
    cells.filter((cell) => Math.floor((cell.charCodeAt(0) - 48) / 11) === i).length,
  ]));
  const { tasks } = await get<TaskPage>("/tasks?limit=200");
  const all = Object.fromEntries(
    TASK_STATUSES.map((status) => [status, tasks.filter((task) => task.status === status).length]),
  );
  return {
    counts,
    others: [await listed("id"), await listed("-name"), woven, all],
    found: Object.fromEntries(await Promise.all(found)) as Record<TaskStatus, number>,
  };
}

Deno.test("counts, lists and pictures of a run over which another program has written agree", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  await run(db, true);
  await original(db, Array.from({ length: 20 }, (_, i) => i + 1));
  await original(db, [7], "error");
  await original(db, [9, 14], "running");
  await another(db, [["UPDATE task_runs SET status='paused' WHERE id=25"]]);
  using app = createDashboard({ db });
  const counts = { queued: 0, running: 0, done: 25, error: 5, cancelled: 0 };
  const seen = await everyCount(app, 1);
  assertEquals(seen.counts, counts);
  for (const other of seen.others) assertEquals(other, counts);
  // The original has named twenty of them "task-…".
  assertEquals(seen.found, { ...counts, done: 15 });

  const found = await getJson<Run>(app, "/api/runs/1");
  // Its tasks 9 and 14 run, 7 has failed, 11 to 13 and 15 are done, and 25 is an unknown word.
  assertEquals([found.rewritten, found.removed, found.status], [8, 0, "error"]);
  assertEquals((await getJson<RunPage>(app, "/api/runs")).runs[0]!.rewritten, 8);
  const { tasks } = await getJson<TaskPage>(app, "/api/runs/1/tasks?limit=200");
  assertEquals(
    tasks.filter(({ rewritten }) => rewritten).map(({ id, status, rewritten }) =>
      `${id} ${status} ${rewritten}`
    ),
    ["7 done error", "9 done running", "11 error done", "12 error done", "13 error done"].concat(
      ["14 error running", "15 error done", "25 done paused"],
    ),
  );
  const task = await getJson<TaskDetail>(app, "/api/tasks/14");
  assertEquals([task.status, task.rewritten], ["error", "running"]);
  const { started } = await getJson<Timeline>(app, "/api/runs/1/timeline");
  assertEquals(started, 30);
  const { newlyFailed } = await getJson<Comparison>(app, "/api/compare?a=1&b=1");
  assertEquals(newlyFailed.total, 0);
  assertStringIncludes(await exportRun(db, 1), '"rewritten":"paused"');

  const text = "8 tasks were rewritten by another program; this run keeps its own statuses";
  for (const command of [["status", "--limit", "40"], ["runs"], ["doctor"]]) {
    const { out } = await runCli([...command, "--db", db], { folder: folder.path });
    assertStringIncludes(out.replace(/\s+/g, " "), text.slice(0, 30), out);
  }
  const { out } = await runCli(["status", "--db", db, "--status", "error"], {
    folder: folder.path,
  });
  assertMatch(out, /error 5/);
  assertEquals(out.match(/another program wrote/g)?.length, 5, out);
  const json = await runCli(["status", "--db", db, "--json"], { folder: folder.path });
  assertEquals(JSON.parse(json.out).run.rewritten, 8);

  await run(db, false);
  const after = await everyCount(app, 1);
  assertEquals(after.counts, { ...counts, done: 30, error: 0 });
  for (const other of after.others) assertEquals(other, after.counts);
  const mended = await getJson<Run>(app, "/api/runs/1");
  assertEquals([mended.rewritten, mended.status], [8, "done"]);
});

Deno.test("the page of a live run shows what the run does, and that another program has written there", async () => {
  using shown = await show();
  const { store, db } = shown;
  const { run, ids: [a, b, c] } = store.startRun(3);
  store.commit(start(run, a!), start(run, b!));
  await using live = await shown.live(`view=run&run=${run}`);
  let state: RunSnapshot | undefined;
  const until = async (isDone: (state: RunSnapshot) => boolean) =>
    state = await foldUntil(live, foldRun, { from: state, isDone });
  state = await until(({ tasks }) => tasks.length === 3);
  assertEquals(state.run!.counts.running, 2);
  await original(db, [a!, c!]);
  state = await until(({ run }) => run!.rewritten === 2);
  assertEquals(state.run!.counts, { queued: 1, running: 2, done: 0, error: 0, cancelled: 0 });
  state = await until(({ tasks }) => tasks[2]!.rewritten !== null);
  assertEquals(state.tasks.map(({ status, rewritten }) => [status, rewritten]), [
    ["running", "done"],
    ["running", null],
    ["queued", "done"],
  ]);
  assertEquals(state.weave.map(({ cells }) => cells.length), [3]);
  store.commit(end(run, a!), end(run, b!));
  state = await until(({ run }) => run!.counts.done === 2);
  assertEquals(state.run!.rewritten, 1);
});

Deno.test("what an earlier release has written counts, when it has resumed a run", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  await run(db, true);
  await another(db, [
    ["UPDATE pipeline_runs SET resumed=coalesce(resumed,0)+1, status='done', done=30, error=0"],
    ["UPDATE task_runs SET status='done', progress=1, message=NULL, error=NULL WHERE id BETWEEN 11 AND 15"],
  ]);
  using app = createDashboard({ db });
  const seen = await everyCount(app, 1);
  assertEquals(seen.counts, { queued: 0, running: 0, done: 30, error: 0, cancelled: 0 });
  for (const other of seen.others) assertEquals(other, seen.counts);
  assertEquals((await getJson<Run>(app, "/api/runs/1")).rewritten, 0);
  // Resumed here, nothing is left, and from now on its rows are known again.
  const report = await runPipeline(ITEMS, { db, resume: 1, run: () => assertEquals(0, 1) });
  assertEquals([report.runId, report.status, report.counts.done], [1, "done", 30]);
  await original(db, [11], "error");
  assertEquals((await getJson<Run>(app, "/api/runs/1")).rewritten, 1);
});

Deno.test("tasks that another program has added between two runs are run 0", async () => {
  using folder = tempFolder();
  const db = folder.file("shared.db");
  await run(db, false);
  await original(db, [30, 31, 32]);
  await run(db, false);
  using app = createDashboard({ db });
  const { runs } = await getJson<RunPage>(app, "/api/runs");
  assertEquals(runs.map(({ id, total }) => [id, total]), [[2, 30], [1, 30], [0, 2]]);
  const { tasks } = await getJson<TaskPage>(app, "/api/runs/0/tasks");
  assertEquals(tasks.map(({ name }) => name), ["task-31", "task-32"]);
});

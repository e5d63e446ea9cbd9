import type {
  FailureReport,
  RunDelays,
  RunDurations,
  RunPage,
  TaskDetail,
  TaskPage,
} from "../../../dashboard/api.ts";
import { SqliteWriter, startPipeline } from "../../../mod.ts";
import { createDashboard } from "../../../dashboard/mod.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";
import { gates } from "../../support/gates.ts";
import { tempFolder } from "../../support/temp.ts";
import { addRun, addTask, getJson, show } from "../fixture.ts";

const at = (seconds: number) => new Date(Date.UTC(2026, 10, 27) + seconds * 1_000).toISOString();

/** A task that failed. */
const failure = (message: string, seconds: number, error: string | null = null) => ({
  status: "error",
  message,
  error,
  started_at: at(0),
  finished_at: at(seconds),
});

Deno.test("failures are counted by cause, with the first, the last and a sample", async () => {
  using shown = await show();
  const rows = Array.from({ length: 2_500 }, (_, i) => {
    const stack = `Error: Row ${i} of "f${i}.csv" is empty\n    at load (etl.ts:1:1)`;
    // The last to end is not the last by its id.
    return i % 5 === 0
      ? failure("no such host", 2_500 - i)
      : failure(stack.split("\n")[0]!, i, stack);
  });
  addRun(shown.store, [...rows, { status: "done", message: "no such host" }]);
  const report = await shown.get<FailureReport>("/api/runs/1/failures?limit=1");
  assertEquals([report.total, report.left, report.causes.length], [2_500, 1, 1]);
  const [cause] = report.causes;
  assertEquals(
    [cause!.text, cause!.count, cause!.share, cause!.firstAt, cause!.lastAt],
    ['Error: Row # of "…" is empty', 2_000, 0.8, at(1), at(2_499)],
  );
  assertMatch(cause!.sample.error!, /^Error: Row 1 of "f1.csv" is empty\n {4}at load/);

  const [, other] = (await shown.get<FailureReport>("/api/runs/1/failures")).causes;
  assertEquals([other!.text, other!.firstAt, other!.lastAt], ["no such host", at(5), at(2_500)]);
  const path = `/api/runs/1/tasks?cause=${other!.id}`;
  const page = await shown.get<TaskPage>(`${path}&limit=200`);
  assertEquals([page.found, page.tasks.length], [500, 200]);
  assertEquals(new Set(page.tasks.map(({ message }) => message)), new Set(["no such host"]));
  assertEquals((await shown.get<TaskPage>(`${path}&q=host&status=error,done`)).found, 500);
  assertEquals((await shown.get<TaskPage>(`${path}&status=done`)).found, 0);
  await shown.get("/api/runs/1/tasks?cause=a%20b", 400);
  await shown.get("/api/runs/7/failures", 404);

  // What is remembered of the ended tasks ends when more fail.
  addTask(shown.store, 1, 2_600, failure("no such host", 3));
  assertEquals((await shown.get<FailureReport>("/api/runs/1/failures")).causes[1]!.count, 501);
});

Deno.test("delays show which tasks are silent, wait for a retry, and were slowest", async () => {
  using shown = await show();
  const ago = (seconds: number) => new Date(Date.now() - seconds * 1_000).toISOString();
  const ids = addRun(shown.store, [
    { status: "running", started_at: ago(500), updated_at: ago(72) },
    { status: "running", started_at: ago(90) },
    { status: "done", started_at: ago(300), finished_at: ago(99) },
    { status: "running", started_at: ago(200), updated_at: ago(1) },
    { message: `Attempt 2 of 4 at ${at(9)}, because attempt 1 failed: no` },
    { message: "waits" },
  ]);
  shown.store.connection.exec(`INSERT INTO task_attempts (task_id, run_id, attempt, status)
    VALUES (${ids[4]}, 1, 1, 'error'), (${ids[5]}, 2, 1, 'error')`);
  const read = () => shown.get<RunDelays>("/api/runs/1/delays");
  const { silent, retries, slowest } = await read();
  assertEquals(silent.tasks.map(({ id }) => id), [ids[1], ids[0]]);
  assertEquals([silent.total, silent.holdUp], [2, false]);
  assertEquals([retries.total, retries.nextAt, retries.tasks[0]!.id], [1, at(9), ids[4]]);
  assertEquals(slowest.map(({ id }) => id), [ids[0], ids[2], ids[3], ids[1]]);

  shown.store.connection.exec(`UPDATE task_runs SET status='done' WHERE id > ${ids[2]};
    UPDATE pipeline_runs SET queued=0, running=2, done=4`);
  assertEquals((await read()).silent.holdUp, true);
});

Deno.test("durations are grouped by the pattern of names and by stage, beside the run before", async () => {
  using shown = await show();
  const done = (name: string, ms: number, stage: string) => ({
    name,
    stage,
    status: "done",
    started_at: at(0),
    finished_at: at(ms / 1_000),
  });
  addRun(shown.store, [1, 2, 3].map((i) => done(`load ${i}.csv`, 10, "load")));
  addRun(shown.store, [
    ...Array.from({ length: 100 }, (_, i) => done(`load ${i}.csv`, i + 1, "load")),
    done("report 7", 5_000, "report"),
    { status: "error", started_at: at(0), finished_at: at(9) },
  ]);
  const { all, groups, against } = await shown.get<RunDurations>("/api/runs/2/durations");
  assertEquals([all!.count, all!.maxMs, against], [101, 5_000, 1]);
  assertEquals(groups.map(({ name }) => name), ["load <path>", "report #"]);
  const [load] = groups;
  assertEquals([load!.p50, load!.p95, load!.p99, load!.maxMs], [50, 95, 99, 100]);
  assertEquals(load!.before, { count: 3, p50: 10, p95: 10, p99: 10 });
  assertEquals(load!.histogram, { fromMs: 0, counts: [1, 2, 4, 8, 16, 32, 37] });
  const stages = await shown.get<RunDurations>("/api/runs/2/durations?by=stage&against=2");
  assertEquals(
    stages.groups.map(({ name, count }) => [name, count]),
    [["load", 100], ["report", 1]],
  );
  assertEquals((await shown.get<RunDurations>("/api/runs/1/durations?by=name")).against, null);
  await shown.get("/api/runs/2/durations?by=colour", 400);
});

Deno.test("runs are found by name, status, day, and a text in name, label or arguments", async () => {
  using shown = await show();
  const insert = shown.store.connection.prepare(
    `INSERT INTO pipeline_runs (name, label, args, status, started_at, finished_at, done)
     VALUES (?, ?, ?, ?, ?, ?, 1)`,
  );
  for (let day = 1; day <= 120; day++) {
    const started = new Date(Date.UTC(2026, 7, day, 2)).toISOString();
    const name = day % 3 === 0 ? "weekly" : "nightly";
    const status = day % 10 === 0 ? "error" : "done";
    insert.run(name, `Läufe ${day}`, JSON.stringify({ day }), status, started, started);
  }
  const find = async (params: string) => await shown.get<RunPage>(`/api/runs?${params}`);
  const idsOf = ({ runs }: RunPage) => runs.map(({ id }) => id);
  const first = await find("name=nightly&status=error&limit=3");
  assertEquals([idsOf(first), first.next], [[110, 100, 80], 80]);
  const rest = await find(`name=nightly&status=error&limit=100&before=${first.next}`);
  assertEquals([idsOf(rest), rest.next], [[70, 50, 40, 20, 10], null]);
  assertEquals(idsOf(await find(`q=${encodeURIComponent("LÄUFE 7")}&status=error,running`)), [70]);
  assertEquals(idsOf(await find(`q=${encodeURIComponent('"day":77}')}`)), [77]);
  assertEquals(idsOf(await find("from=2026-08-02&to=2026-08-03")), [3, 2]);
  assertEquals(idsOf(await find("from=2026-08-02T02:00:00.001Z&to=2026-08-03")), [3]);
  for (const wrong of ["status=broken", "from=yesterday"]) {
    await shown.get(`/api/runs?${wrong}`, 400);
  }
});

Deno.test("failures of one cause are run again while their run is active", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await using writer = await SqliteWriter.open({ db });
  using app = createDashboard({ db, driver: writer.driver, writer });
  const { open, wait } = gates();
  let repaired = false;
  const pipeline = startPipeline(["a 1", "a 2", "b 1", "last"], {
    db: writer,
    workers: 1,
    async run(item, task) {
      if (item === "last") {
        await task.flush();
        open("failed");
        await wait("end");
      } else if (!repaired) throw new Error(`${item} is missing`);
    },
  });
  await wait("failed");
  const report = await getJson<FailureReport>(app, "/api/runs/1/failures");
  assertEquals(report.causes.map(({ text }) => text), [
    "Error: a # is missing",
    "Error: b # is missing",
  ]);
  const retry = async (cause: string) => {
    const headers = { Origin: "http://localhost", "X-Pipeloom-Control": app.controlToken! };
    const path = `/api/runs/1/retry?cause=${cause}`;
    return await app.request(path, { method: "POST", headers });
  };
  assertEquals((await retry("nothing")).status, 404);
  repaired = true;
  const answer = await retry(report.causes[0]!.id);
  assertEquals([answer.status, (await answer.json()).answer], [200, "2 tasks are queued again"]);
  open("end");
  const { counts } = await pipeline.finished;
  assertEquals([counts.done, counts.error], [3, 1]);
  assertEquals((await getJson<FailureReport>(app, "/api/runs/1/failures")).total, 1);
});

Deno.test("tags are stored: a task has them, durations are grouped by them, and it is shown what waits under one", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const tagsOf = (item: string) =>
    item === "c" ? undefined : item === "a" ? ["api", "<b>"] : ["api"];
  const pipeline = startPipeline(["a", "c", "b", "d"], {
    db,
    workers: 4,
    handleSignals: false,
    tags: tagsOf,
    limits: { "*": 1 },
    async run(item) {
      if (item !== "a") return;
      begun.resolve();
      await gate.promise;
    },
  });
  await begun.promise;
  using app = createDashboard({ db });
  let delays: RunDelays;
  do delays = await getJson<RunDelays>(app, "/api/runs/1/delays"); while (!delays.tags);
  assertEquals(delays.tags.find(({ tag }) => tag === "api"), { tag: "api", queued: 2, running: 1 });
  gate.resolve();
  await pipeline.finished;
  assertEquals((await getJson<TaskDetail>(app, "/api/tasks/1")).tags, ["api", "<b>"]);
  assertEquals((await getJson<TaskDetail>(app, "/api/tasks/2")).tags, undefined);
  const { all, groups } = await getJson<RunDurations>(app, "/api/runs/1/durations?by=tag");
  assertEquals([all!.count, groups.map(({ name, count }) => [name, count]).sort()], [
    4,
    [["<b>", 1], ["api", 3]],
  ]);
});

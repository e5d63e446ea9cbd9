import { Hono } from "hono";
import type {
  Comparison,
  LogPage,
  Run,
  RunPage,
  Sample,
  TaskDetail,
  TaskHistory,
  TaskPage,
  Timeline,
  WeaveBlock,
} from "../../../dashboard/api.ts";
import { createDashboard } from "../../../dashboard/mod.ts";
import { runPipeline } from "../../../mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../support/assert.ts";
import { addRun, getJson, show } from "../fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { tempFolder } from "../../support/temp.ts";

async function pipeline(db: string, driver: "builtin" | "ffi", failing: string): Promise<number> {
  const items = ["a", "b", "c"].map((name) => ({ name, key: `key ${name}` }));
  const { runId } = await runPipeline(items, {
    db,
    driver,
    name: "words",
    workers: 2,
    run({ name }, task) {
      task.log(`begins ${name}`);
      task.log("continues", "warn");
      task.progress(1, 2, `half of ${name}`);
      if (name === failing) throw new Error(`no ${name}`);
      return { rows: 3 };
    },
  });
  return runId!;
}

for (const driver of DRIVERS) {
  Deno.test(`createDashboard() answers every route over ${driver}`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await pipeline(db, driver, "b");
    await pipeline(db, driver, "c");
    using app = createDashboard({ db, driver });
    const get = <T>(path: string) => getJson<T>(app, path);

    const { runs, next, sparklines } = await get<RunPage>("/api/runs");
    assertEquals(runs.map(({ id, name, status }) => [id, name, status]), [
      [2, "words", "error"],
      [1, "words", "error"],
    ]);
    assertEquals([next, Object.keys(sparklines)], [null, ["1", "2"]]);
    const first = await get<RunPage>("/api/runs?limit=1");
    assertEquals([first.runs.length, first.next], [1, 2]);
    assertEquals((await get<RunPage>("/api/runs?limit=1&before=2")).runs[0], runs[1]);

    const run = await get<Run>("/api/runs/1");
    assertEquals(run, runs[1]!);
    assertEquals([run.counts.done, run.counts.error, run.total], [2, 1, 3]);
    assertEquals([run.driver, run.workers], [driver, 2]);

    const { tasks } = await get<TaskPage>("/api/runs/1/tasks");
    assertEquals(tasks.map(({ name, status }) => [name, status]), [
      ["a", "done"],
      ["b", "error"],
      ["c", "done"],
    ]);
    assertEquals(tasks[1]!.error, "Error: no b");
    assertEquals(tasks[0]!.message, "half of a");

    const task = await get<TaskDetail>("/api/tasks/2");
    assertEquals([task.key, task.run.id, task.cut], ["key b", 1, []]);
    assertMatch(task.error!, /^Error: no b\n +at /);
    assertEquals(task.attempts.map(({ attempt, status }) => [attempt, status]), [[1, "error"]]);
    assertEquals((await get<TaskDetail>("/api/tasks/1")).result, '{"rows":3}');

    const logs = await get<LogPage>("/api/tasks/2/logs?limit=1");
    assertEquals(logs.lines.map(({ level, message }) => [level, message]), [["warn", "continues"]]);
    const before = await get<LogPage>(`/api/tasks/2/logs?before=${logs.previous}`);
    assertEquals(before.lines.map(({ message }) => message), ["begins b"]);
    assertEquals(before.previous, null);

    const history = await get<TaskHistory>("/api/tasks/2/history");
    assertEquals(history.tasks.map(({ runId, status }) => [runId, status]), [[2, "done"]]);
    assertEquals(history.partial, false);

    const compared = await get<Comparison>("/api/compare?a=1&b=2");
    assertEquals([compared.paired, compared.onlyA, compared.onlyB], [3, 0, 0]);
    assertEquals(compared.newlyFailed.tasks.map(({ label }) => label), ["key c"]);
    assertEquals(compared.mended.tasks.map(({ label }) => label), ["key b"]);

    const samples = await get<Sample[]>("/api/runs/1/samples");
    assertEquals([samples.at(-1)!.done, samples.at(-1)!.error], [2, 1]);
    const weave = await get<WeaveBlock[]>("/api/runs/1/weave");
    const cell = (status: number, tenths: number) => String.fromCharCode(48 + 11 * status + tenths);
    assertEquals(weave, [{ first: 1, cells: cell(2, 10) + cell(3, 5) + cell(2, 10) }]);
    const timeline = await get<Timeline>("/api/runs/1/timeline");
    assertEquals([timeline.started, timeline.bars.length], [3, 3]);
    assert(timeline.bars.every(({ from, to }) => from <= to!));
    assertEquals(await get("/healthz"), { status: "ok" });

    const page = await app.request("/api/runs/1/export");
    assertEquals(page.headers.get("Content-Disposition"), 'attachment; filename="run_1.html"');
    assertStringIncludes(await page.text(), "half of a");
  });
}

Deno.test("createDashboard() lists the history of a task without those of its own run", async () => {
  using shown = await show();
  const ended = { name: "same", status: "done", finished_at: "2026-01-01T00:00:00.000Z" };
  const [first] = addRun(shown.store, [ended, ended]);
  const [other] = addRun(shown.store, [ended, { ...ended, name: "another" }]);
  const { tasks } = await shown.get<TaskHistory>(`/api/tasks/${first}/history`);
  assertEquals(tasks.map(({ id, runId }) => [id, runId]), [[other, 2]]);
});

Deno.test("a sparkline is even where the rate was, wherever its samples stand", async () => {
  using shown = await show();
  addRun(shown.store, Array.from({ length: 20 }, () => ({ status: "done" })));
  const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();
  const { connection } = shown.store;
  connection.prepare(
    "UPDATE pipeline_runs SET status = 'done', owner = NULL, started_at = ?, finished_at = ?",
  ).run(at(0), at(100));
  for (const [seconds, done] of [[5, 1], [45, 9], [50, 10], [55, 11]] as const) {
    connection.prepare(
      `INSERT INTO run_samples (run_id, sampled_at, queued, running, done, error, cancelled)
       VALUES (1, ?, 0, 0, ?, 0, 0)`,
    ).run(at(seconds), done);
  }
  const { sparklines } = await shown.get<RunPage>("/api/runs");
  assertEquals(sparklines, { 1: [0.2, 0.2, 0.2, 0.2] });
});

const WRONG = [
  ...["limit=0", "limit=201", "limit=-1", "limit=1e2", "limit=", "limit=99999999999999999"],
  ...["status=lost", "status=done,lost", "sort=size", "sort=--id", "sort=id;--"],
  ...["cursor=x", "cursor=[]", "cursor={}", "cursor=null", 'cursor=["a"]', 'cursor=["a",1.5]'],
  ...[
    "cursor=[null,1]",
    "cursor=[1e999,1]",
    "cursor=[[1],1]",
    'cursor=[1,"1"]',
    "cursor=[1,1e308]",
  ],
  `cursor=${"[".repeat(5_000)}`,
  `q=${"x".repeat(1_001)}`,
  `key=${"x".repeat(1_001)}`,
  "q=a%00b",
  "key=%00",
];

Deno.test("createDashboard() answers wrong parameters with 400 and the reason", async () => {
  using shown = await show();
  addRun(shown.store, [{}]);
  const paths = WRONG.map((params) => `/api/runs/1/tasks?${params}`);
  paths.push(...WRONG.map((params) => `/api/live?view=run&run=1&${params}`));
  paths.push("/api/runs?before=x", "/api/runs?limit=0", "/api/runs/x", "/api/runs/-1");
  paths.push("/api/runs/1e3", "/api/runs/1.5", "/api/runs/9007199254740993", "/api/runs/%ff");
  paths.push("/api/tasks/x", "/api/tasks/1;DROP", "/api/tasks/1/logs?before=0", "/api/compare");
  paths.push(
    "/api/compare?a=1",
    "/api/compare?a=1&b=two",
    "/api/live?view=all",
    "/api/live?view=run",
  );
  paths.push("/api/tasks/1/logs?limit=1001", "/api/live?view=task&task=NaN");
  for (const path of paths) {
    const { error } = await shown.get<{ error: string }>(path, 400);
    assertMatch(error, /^\w+( and \w+)? must (be|have) /, path);
  }
});

Deno.test("createDashboard() answers unknown ids with 404", async () => {
  using shown = await show();
  addRun(shown.store, [{}]);
  const parts = ["", "/tasks", "/samples", "/weave", "/timeline", "/export"];
  // 0 stands for the tasks of no run, of which there are none here.
  const paths = [0, 2, 9007199254740991].flatMap((id) =>
    parts.map((part) => `/api/runs/${id}${part}`)
  );
  paths.push("/api/compare?a=1&b=2", "/api/tasks/2", "/api/tasks/-5", "/api/tasks/2/logs");
  paths.push(
    "/api/tasks/2/history",
    "/api/nothing",
    "/nothing",
    "/assets/x",
    "/api/runs/1/nothing",
  );
  for (const path of paths) {
    const { error } = await shown.get<{ error: string }>(path, 404);
    assertMatch(error, /^There is no/, path);
  }
});

Deno.test("createDashboard() answers every other method with 405", async () => {
  using shown = await show();
  addRun(shown.store, [{}]);
  const paths = ["/", "/api/runs", "/api/tasks/1", "/api/live", "/healthz", "/metrics", "/nothing"];
  for (const path of paths) {
    for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]) {
      const response = await shown.app.request(path, { method });
      assertEquals([response.status, response.headers.get("Allow")], [405, "GET, HEAD"], path);
      assertMatch((await response.json()).error, /is not answered here/);
    }
    const head = await shown.app.request(path, { method: "HEAD" });
    assertEquals([head.status, await head.text()], [path === "/nothing" ? 404 : 200, ""], path);
  }
  assertEquals(shown.store.column("SELECT count(*) FROM task_runs"), [1]);
  // A stream that cannot be read is not opened.
  assertMatch(await (await shown.app.request("/metrics")).text(), /dashboard_streams 0\n/);
  const session = await shown.app.request("/api/session");
  assertEquals([session.status, session.headers.get("Allow")], [405, "POST"]);
});

Deno.test("createDashboard() works where it is mounted, with and without a slash", async () => {
  for (const mount of ["/etl", "/etl/", "/a/b", "/"]) {
    using shown = await show();
    addRun(shown.store, [{}]);
    const outer = new Hono();
    outer.get("/before", (c) => c.text("other"));
    outer.route(mount, shown.app);
    const root = mount.replace(/\/$/, "");
    for (const page of mount === "/etl/" || mount === "/" ? [`${root}/`] : [root, `${root}/`]) {
      const html = await (await outer.request(page)).text();
      // What the page loads is found from its own address.
      const base = new URL(html.match(/<base href="(.*?)">/)![1]!, `http://localhost${page}`);
      assertEquals(base.pathname, `${root}/`, page);
      const script = html.match(/<script src="(.*?)">/)![1]!;
      const { status } = await outer.request(new URL(script, base).pathname);
      assertEquals(status, 200, script);
    }
    assertEquals((await outer.request(`${root}/api/runs/1`)).status, 200);
    assertEquals((await outer.request(`${root}/api/runs/7`)).status, 404);
    assertEquals((await outer.request(`${root}/api/runs/x`)).status, 400);
    assertEquals((await outer.request(`${root}/api/runs`, { method: "PUT" })).status, 405);
    assertEquals(await (await outer.request("/before")).text(), "other");
    const live = await outer.request(`${root}/api/live`);
    assertEquals(live.headers.get("Content-Type"), "text/event-stream; charset=utf-8");
    await live.body!.cancel();
  }
});

Deno.test("createDashboard() gives metrics that Prometheus can parse, whatever runs are named", async () => {
  using shown = await show();
  const names = [
    'a "quoted"',
    "two\nlines",
    "back\\slash\\n",
    'x"} 1\npipeloom_up 7 #',
    "é\u202e",
  ];
  for (const name of names) {
    addRun(shown.store, [{ status: "done" }, {}]);
    shown.store.connection.prepare(
      "UPDATE pipeline_runs SET name=?, commit_p99_ms=2.5 WHERE id=(SELECT max(id) FROM pipeline_runs)",
    ).run(name);
  }
  shown.store.connection.exec(`
    UPDATE pipeline_runs SET wal_held_since=strftime('%Y-%m-%dT%H:%M:%fZ','now','-40 seconds') WHERE id=1;
    UPDATE pipeline_runs SET wal_held_since='no time' WHERE id=2;
    UPDATE pipeline_runs SET wal_held_since='2026-01-01T00:00:00.000Z', status='done' WHERE id=3`);
  const response = await shown.app.request("/metrics");
  assertEquals(response.headers.get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  const samples: { metric: string; labels: Record<string, string>; value: number }[] = [];
  const typed = new Set<string>();
  for (const line of (await response.text()).split("\n").slice(0, -1)) {
    const comment = line.match(/^# (HELP|TYPE) (\w+) \S/);
    if (comment) typed.add(comment[2]!);
    if (line.startsWith("#")) continue;
    const sample = line.match(/^(\w+)(?:\{((?:\w+="(?:[^"\\]|\\["\\n])*",?)*)\})? (-?[\d.e+-]+)$/);
    assert(sample, `Not a sample: ${JSON.stringify(line)}`);
    const labels = [...(sample[2] ?? "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map((
      [, key, text],
    ) => [key, text!.replace(/\\(.)/g, (_, c) => c === "n" ? "\n" : c)]);
    samples.push({
      metric: sample[1]!,
      labels: Object.fromEntries(labels),
      value: Number(sample[3]),
    });
  }
  assert(samples.every(({ metric }) => typed.has(metric)));
  const of = (metric: string) => samples.filter((sample) => sample.metric === `pipeloom_${metric}`);
  assertEquals(of("up").map(({ value }) => value), [1]);
  const done = of("run_tasks").filter(({ labels }) => labels.status === "done");
  assertEquals(done.map(({ labels }) => labels.name), names.toReversed());
  assert(done.every(({ value }) => value === 1));
  assertEquals(of("run_commit_p99_seconds")[0]!.value, 0.0025);
  // Of the second run it is unknown, and a run that has ended holds up no page.
  const held = of("run_wal_held_seconds").map(({ labels, value }) => [labels.run, value]);
  assertEquals(held.slice(0, -1), [["5", 0], ["4", 0], ["3", 0]]);
  const [run, seconds] = held.at(-1)!;
  assert(
    run === "1" && Number(seconds) >= 40 && Number(seconds) < 100,
    `${seconds} s of run ${run}`,
  );
});

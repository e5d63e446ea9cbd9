/**
 * Tasks on other machines, over one real server: what they see and write is what it is on the pool.
 *
 * @module
 */
import { connect } from "@nats-io/transport-node";
import { drawLine } from "../../cli/status/draw_run.ts";
import { readSnapshot } from "../../cli/status/snapshot.ts";
import { listWorkers } from "../../dashboard/server/queries/workers.ts";
import { Reader } from "../../dashboard/server/reader.ts";
import {
  type PipelineOptions,
  runPipeline,
  type Stages,
  startPipeline,
  type TaskModule,
} from "../../mod.ts";
import { natsExecutor, serveWorker } from "../../nats.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { REMOTE_TASKS, remotely, startWorker } from "../support/remote.ts";
import { readRow, readValues, rowsCome } from "../support/read.ts";
import { SCHEMA as STEP_SCHEMA } from "../fixtures/step_tasks.ts";
import { tempFolder } from "../support/temp.ts";
import { until } from "../support/until.ts";

const ignore = !hasNats;
const server = hasNats ? await NatsServer.start() : undefined;
addEventListener("unload", () => server?.signal("SIGKILL"));
const url = server?.url ?? "";
/** The server outlives each test; what a test opens is closed in it. */
const LOOSE = { ignore, sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "tasks on workers write, query, log and return as on the pool, in one table",
  LOOSE,
  async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await using _one = startWorker(url);
    await using _two = startWorker(url);
    const items = Array.from({ length: 40 }, (_, n) => ({ n, key: `item ${n}` }));
    const { counts, failures } = await runPipeline(items.map(({ n }) => n), {
      ...remotely(url, "load"),
      db,
      args: { date: "today" },
      atomic: false,
      retries: 1,
    });
    assertEquals(failures, []);
    assertEquals(counts.done, 40);
    const first = await readRow(db, "SELECT * FROM task_runs WHERE id = 1");
    assertEquals(
      JSON.parse(String(first.result)),
      { seen: 1, args: { date: "today" }, attempt: 1, key: "0" },
    );
    assertMatch(String(first.worker), /:\d+/);
    assertEquals(
      await readValues(db, "SELECT count(*), count(DISTINCT n), sum(n) FROM numbers"),
      [[40, 40, 780]],
    );
    assertEquals(await readValues(db, "SELECT count(*), sum(n) FROM keyed"), [[40, 780]]);
    assertEquals(await readValues(db, "SELECT count(*) FROM task_logs"), [[40]]);
    const run = await readRow(db, "SELECT status, executor FROM pipeline_runs");
    assertEquals(run, { status: "done", executor: "nats" });
    assertEquals(
      await readValues(
        db,
        "SELECT max(slots), max(running), sum(ended), count(*) - count(left_at) FROM workers",
      ),
      // One worker may have run all tasks before the other has joined.
      [[4, 0, 40, 0]],
    );
  },
);

Deno.test(
  "stages that are modules run on workers, the others here, each with its own number at once",
  LOOSE,
  async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await using _ = startWorker(url);
    const { run, ...options } = remotely(url, "idle");
    const { module } = run as TaskModule;
    let most = 0;
    let running = 0;
    const items = Array.from({ length: 24 }, (_, n) => n);
    const staged: PipelineOptions<number> = {
      ...options,
      db,
      run: {
        here: async () => {
          most = Math.max(most, ++running);
          await undefined;
          running--;
        },
        idle: { module, export: "idle" },
        load: { module, export: "load" },
      },
      stage: (n) => ["here", "idle", "load"][n % 3]!,
      workers: { here: 3, load: 1 },
    };
    const { failures, counts } = await runPipeline(items, staged);
    assertEquals(failures, []);
    assertEquals([counts.done, most], [24, 3]);
    assertEquals(
      await readValues(
        db,
        "SELECT stage, count(*), count(worker), count(result) FROM task_runs GROUP BY 1 ORDER BY 1",
      ),
      [["here", 8, 0, 0], ["idle", 8, 8, 0], ["load", 8, 8, 8]],
    );
    const other = { module: new URL("other.ts", module), export: "load" };
    await assertRejects(
      () =>
        runPipeline(items, { ...staged, run: { ...staged.run as Stages<number>, load: other } }),
      TypeError,
      'all stages are exports of one module, and "idle" and "load" are of two',
    );
    await assertRejects(
      () => runPipeline(items, { ...staged, run: { here: () => {} }, workers: 1 }),
      TypeError,
      "needs work that workers can load, and no stage of run is a module",
    );
  },
);

Deno.test("setup() and teardown() are called for each Worker of a worker", LOOSE, async () => {
  using folder = tempFolder();
  const module = new URL("../fixtures/set_up_tasks.ts", import.meta.url);
  const file = folder.file("calls.txt");
  {
    await using _ = startWorker(url, { modules: [module], workers: 2 });
    const { counts } = await runPipeline(["a", "b", "c"], {
      db: folder.file("etl.db"),
      executor: natsExecutor({ servers: url }),
      run: { module, export: "use" },
      args: { file },
    });
    assertEquals(counts.done, 3);
  }
  const lines = Deno.readTextFileSync(file).split("\n");
  const called = (name: string) =>
    lines.filter((line) => line.startsWith(name)).map((line) => line.split(" ")[1]).sort();
  assert(called("setup").length > 0);
  assertEquals(called("teardown"), called("setup"));
});

Deno.test("items, results and rows of many megabytes pass", LOOSE, async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await using _ = startWorker(url);
  const bytes = new Uint8Array(5 * 1024 * 1024).fill(1);
  const item = { bytes, text: "å".repeat(2_000_000), date: new Date(0), big: 2n ** 70n };
  const { failures } = await runPipeline([item], { ...remotely(url, "weigh"), db });
  assertEquals(failures, []);
  const { result: json } = await readRow(db, "SELECT result FROM task_runs");
  const result = JSON.parse(String(json));
  assertEquals(result.sum, bytes.length);
  assertEquals(result.text, item.text);
  assertEquals([result.date, result.big], ["1970-01-01T00:00:00.000Z", `${2n ** 70n}`]);

  const { counts } = await runPipeline([300_000], { ...remotely(url, "loadMany"), db });
  assertEquals(counts.done, 1);
  assertEquals(await readValues(db, "SELECT count(DISTINCT n) FROM numbers"), [[300_000]]);
});

Deno.test(
  "retries, timeouts and cancellation are the scheduler's, wherever tasks run",
  LOOSE,
  async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await using _ = startWorker(url);
    const retried = await runPipeline([1], {
      ...remotely(url, "failOnce"),
      db,
      retries: 1,
      retryDelayMs: 0,
    });
    assertEquals(retried.counts.done, 1);
    assertEquals(
      await readValues(db, "SELECT attempt, status, worker LIKE '%:%' FROM task_attempts"),
      [[1, "error", 1]],
    );

    const timed = await runPipeline([1], {
      ...remotely(url, "block"),
      db,
      timeoutMs: 50,
      abortGraceMs: 50,
    });
    assertMatch(
      timed.failures[0]!.error.message,
      /Timed out after 50 ms; its Worker was terminated/,
    );

    const stopped = startPipeline([1, 2], { ...remotely(url, "untilAborted"), db });
    const ids = await logged(db, "started", 2);
    await stopped.cancel(ids[0]);
    void stopped.cancel();
    const { counts, status } = await stopped.finished;
    assertEquals([status, counts.cancelled], ["cancelled", 2]);
  },
);

Deno.test(
  "steps and sleeps of tasks on other machines are stored by the coordinator",
  LOOSE,
  async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const module = new URL("../fixtures/step_tasks.ts", import.meta.url);
    await using _ = startWorker(url, { modules: [module] });
    const calls = ["step a", "sleep 300", "step b", "fail once", "step c"] as const;
    const { failures, counts } = await runPipeline([{ key: "x", calls }, { key: "y", calls }], {
      ...remotely(url, "follow"),
      run: { module, export: "follow" },
      db,
      schema: STEP_SCHEMA,
      atomic: true,
      // Each Worker fails once.
      retries: 9,
      retryDelayMs: 0,
    });
    assertEquals([failures, counts.done], [[], 2]);
    const rows = await readValues(
      db,
      "SELECT task, group_concat(step) FROM step_row GROUP BY task",
    );
    assertEquals(rows, [["x", "a,b,c"], ["y", "a,b,c"]]);
    const steps = await readValues(
      db,
      "SELECT count(*), count(DISTINCT number), sum(attempt=1 OR name='c') FROM task_steps GROUP BY task_id",
    );
    assertEquals(steps, [[4, 4, 4], [4, 4, 4]]);
    // Where a run is resumed, a task that sleeps is not offered to find that out.
    const sleeps = ["log called", "sleep 3600000"] as const;
    for (const key of ["first", "second"]) {
      const pipeline = startPipeline([{ key: "z", calls: sleeps }, { key, calls: ["step a"] }], {
        ...remotely(url, "follow"),
        run: { module, export: "follow" },
        db,
        name: "asleep",
        resume: true,
      });
      const waits = `SELECT 1 FROM task_runs AS z JOIN task_runs AS other ON other.key='${key}'
        WHERE z.key='z' AND z.status='queued' AND z.wakes_at IS NOT NULL AND other.status='done'`;
      await rowsCome(db, waits, 1);
      await pipeline.cancel();
      await pipeline.finished;
    }
    const called = "SELECT count(*) FROM task_logs WHERE message='called'";
    assertEquals(await readValues(db, called), [[1]]);
  },
);

Deno.test("tasks add tasks, whose names the coordinator gives", LOOSE, async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const module = new URL("../fixtures/query_task.ts", import.meta.url);
  await using _ = startWorker(url, { modules: [module] });
  const { failures, counts } = await runPipeline([{ url: "/", depth: 2 }], {
    ...remotely(url, "crawl"),
    run: { module, export: "crawl" },
    db,
    schema: "CREATE TABLE page (url TEXT)",
    taskKey: (page) => (page as { url: string }).url,
    taskName: (page) => `page ${(page as { url: string }).url}`,
  });
  assertEquals([failures, counts.done, counts.total], [[], 13, 13]);
  assertEquals(
    await readValues(
      db,
      "SELECT name, added_by, worker IS NOT NULL FROM task_runs WHERE key='//0'",
    ),
    [["page //0", 1, 1]],
  );
});

Deno.test(
  "a worker without the module, or with another version of it, is refused and gets no task",
  LOOSE,
  async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    await Deno.copyFile(REMOTE_TASKS, folder.file("remote_tasks.ts"));
    await Deno.writeTextFile(folder.file("remote_tasks.ts"), "// older\n", { append: true });
    const older = new URL(`file://${folder.file("remote_tasks.ts")}`);
    const data = "data:text/javascript,export function idle() {}";
    await using wrong = startWorker(url, { modules: [older] });
    await using other = startWorker(url, { modules: [data] });
    const run = startPipeline([1, 2, 3], { ...remotely(url, "idle"), db });
    await until(() =>
      wrong.lines.concat(other.lines).filter((line) => /Refused/.test(line)).length === 2
    );
    assertMatch(
      wrong.lines.join("\n"),
      /Refused .* its remote_tasks.ts is another version \(\w+, here \w+\)/,
    );
    assertMatch(other.lines.join("\n"), /Refused .* remote_tasks.ts is not among the modules/);
    const byStatus = "SELECT status, count(*) FROM task_runs GROUP BY 1";
    assertEquals(await readValues(db, byStatus), [["queued", 3]]);
    {
      using reader = await Reader.open(db, "builtin");
      const snapshot = await readSnapshot((query) => query(reader), { limit: 1 });
      assertMatch(drawLine(snapshot!), /queued 3 · .*no worker is connected/);
    }
    // One of another version, and what is no announcement.
    const client = await connect({ servers: url });
    const beat = {
      id: "x",
      name: "old:1",
      version: "0.0.1",
      machine: "old",
      slots: 1,
      modules: [],
    };
    for (const text of [JSON.stringify(beat), "null", "{}", "\xff\x0f", '{"id":"y"}']) {
      client.publish("pipeloom.worker", text);
      client.publish("pipeloom.hello", text);
    }
    const hello = { kind: "run", run: "z", name: "old", machine: "m", module: { version: "1" } };
    client.publish("pipeloom.hello", JSON.stringify({ ...hello, version: "0.0.1" }));
    await client.drain();
    await until(() => wrong.lines.some((line) => /another version of pipeloom/.test(line)));
    await using right = startWorker(url);
    const { counts } = await run.finished;
    assertEquals(counts.done, 3);
    assertMatch(right.lines.join("\n"), /Joined the run of pipeline/);
    using reader = await Reader.open(db, "builtin");
    const [worker] = listWorkers(reader, 1);
    assertEquals([worker!.slots, worker!.ended, typeof worker!.leftAt], [4, 3, "string"]);
  },
);

Deno.test(
  "a worker that cannot load the module reports it, and the run waits for another",
  LOOSE,
  async () => {
    using folder = tempFolder();
    const module = new URL(`file://${folder.file("broken.ts")}`);
    await Deno.writeTextFile(module, "if (!self.name) {}; throw new Error('Not on this machine');");
    await using worker = startWorker(url, { modules: [module] });
    const run = startPipeline([1], { ...remotely(url, "idle"), db: ":memory:", run: { module } });
    await until(() => worker.lines.some((line) => /Refused .*Not on this machine/.test(line)));
    void run.cancel();
    assertEquals((await run.finished).counts.cancelled, 1);
  },
);

Deno.test(
  "a worker that ends lets its task end, and gives back what takes too long",
  LOOSE,
  async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const gate = folder.file("gate");
    const gentle = startWorker(url, { workers: 1 });
    const run = startPipeline([gate], { ...remotely(url, "awaitFile"), db });
    await logged(db, "waits", 1);
    const stopping = gentle.stop();
    await Deno.writeTextFile(gate, "");
    await stopping;
    assertEquals((await run.finished).counts.done, 1);
    assertEquals(await readValues(db, "SELECT count(*) FROM task_attempts"), [[0]]);

    await Deno.remove(gate);
    const hasty = startWorker(url, { workers: 1, graceMs: 0 });
    const again = startPipeline([gate], { ...remotely(url, "awaitFile"), db });
    await logged(db, "waits", 2);
    await hasty.stop();
    await using _ = startWorker(url);
    await logged(db, "waits", 3);
    await Deno.writeTextFile(gate, "");
    assertEquals((await again.finished).counts.done, 1);
    assertEquals(
      await readValues(db, "SELECT status, error LIKE '%gave it back%' FROM task_attempts"),
      [["error", 1]],
    );
  },
);

Deno.test(
  "short tasks are claimed ahead; one that finds no slot because of a long one runs elsewhere",
  LOOSE,
  async () => {
    using folder = tempFolder();
    const [db, gate] = [folder.file("etl.db"), folder.file("gate")];
    await using _one = startWorker(url, { workers: 1 });
    const items = [...new Array<string>(1_000).fill(""), ...new Array<string>(10).fill(gate)];
    const run = startPipeline(items, { ...remotely(url, "passOrAwait"), db });
    await logged(db, "waits", 1);
    // It has one slot, and more tasks than that.
    const placed = "SELECT count(*) FROM task_runs WHERE worker IS NOT NULL AND status <> 'done'";
    const [[held]] = await readValues(db, placed) as [[number]];
    assert(held > 1, "no task was claimed ahead");
    await using _two = startWorker(url, { workers: 1 });
    await logged(db, "waits", 2);
    await Deno.writeTextFile(gate, "");
    assertEquals((await run.finished).counts.done, items.length);
    assertEquals(await readValues(db, "SELECT count(*) FROM task_attempts"), [[0]]);
  },
);

Deno.test("wrong options are refused, and so is a run whose work is a function", async () => {
  const servers = "nats://127.0.0.1:4222";
  const wrong = (options: object) => natsExecutor({ servers, ...options } as never);
  const messages = [
    () => wrong({ server: "x" }),
    () => wrong({ servers: [] }),
    () => wrong({ servers: "http://broker" }),
    () => wrong({ leaseMs: 10 }),
    () => wrong({ storage: "disk" }),
    () => wrong({ prefix: "a b" }),
    () => wrong({ token: 12345 }),
  ].map((make) => {
    try {
      make();
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  });
  for (const message of messages) assertMatch(message, /^Cannot run tasks over NATS: /);
  assert(!messages.at(-1)!.includes("12345"), "a secret is revealed");
  const executor = natsExecutor({ servers });
  assert(!JSON.stringify(executor).includes("127.0.0.1"));
  const db = ":memory:";
  await assertRejects(
    () => runPipeline([1], { db, executor, run: (n) => n }),
    TypeError,
    "run is a function",
  );
  await assertRejects(
    () => runPipeline([1], { db, executor: { name: "nats" }, run: (n) => n }),
    TypeError,
    "natsExecutor()",
  );
  await assertRejects(() => serveWorker({ servers, modules: [] }), TypeError, "modules");
});

/** Resolves with the ids of the tasks that have logged a line, when they are `count`. */
async function logged(db: string, line: string, count: number): Promise<number[]> {
  const sql = `SELECT task_id FROM task_logs WHERE message='${line}'`;
  return (await rowsCome(db, sql, count)).map(([id]) => Number(id));
}

import type {
  LogLine,
  LogPage,
  Run,
  RunPage,
  RunSnapshot,
  RunsSnapshot,
  Sample,
  TaskPage,
  TaskSnapshot,
  WeaveBlock,
} from "../../../dashboard/api.ts";
import { createDashboard, type DashboardApp } from "../../../dashboard/mod.ts";
import { connect, initSchema } from "../../../db.ts";
import { DatabaseHandle } from "../../../dashboard/server/database_handle.ts";
import { Reader } from "../../../dashboard/server/reader.ts";
import { Hub } from "../../../dashboard/server/live/hub.ts";
import type { View } from "../../../dashboard/server/live/view.ts";
import { runPipeline, SqliteWriter } from "../../../mod.ts";
import { Turns } from "../../../dashboard/server/queries/turn.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../support/assert.ts";
import { runChild } from "../../support/child.ts";
import {
  addRun,
  Events,
  foldRun,
  foldRuns,
  foldUntil,
  getJson,
  openEvents,
  show,
} from "../fixture.ts";
import { Random } from "../../support/random.ts";
import { LATER, news, start } from "../../writer/worker/store_fixture.ts";
import { IS_LONG } from "../../support/long_form.ts";
import { tempFolder } from "../../support/temp.ts";

/** Items until the test has seen enough. */
async function* until(enough: AbortSignal): AsyncGenerator<string> {
  for (let n = 0; !enough.aborted; n++) {
    yield `item ${n}`;
    if (n % 20 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
}

/** What a fresh look at the run shows. */
async function freshRun(app: DashboardApp, params: string) {
  const { tasks, next, previous } = await getJson<TaskPage>(app, `/api/runs/1/tasks?${params}`);
  const run = await getJson<Run>(app, "/api/runs/1");
  const samples = await getJson<Sample[]>(app, "/api/runs/1/samples");
  const weave = await getJson<WeaveBlock[]>(app, "/api/runs/1/weave");
  return { run, tasks, next, previous, samples, weave };
}

const SEEDS = IS_LONG ? 3 : 1;

function partsOf({ run, tasks, next, previous, samples, weave }: RunSnapshot) {
  return { run, tasks, next, previous, samples, weave };
}

for (let seed = 1; seed <= SEEDS; seed++) {
  Deno.test(`Hub sends patches that add up to a fresh snapshot (seed ${seed})`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    using app = createDashboard({ db });
    const random = new Random(seed);
    const enough = new AbortController();
    const begun = Promise.withResolvers<void>();
    const pipeline = runPipeline(until(enough.signal), {
      db,
      workers: 5,
      async run(_item, task) {
        begun.resolve();
        for (let n = random.below(5); n > 0; n--) {
          task.progress(random.next(), `step ${n}`);
          task.log(`line ${n}`);
          if (random.below(3) === 0) await task.flush();
        }
        if (random.below(5) === 0) throw new Error("bad luck");
      },
    });
    await begun.promise;
    const queries = [
      "sort=-id&limit=20",
      "status=running,error&limit=5",
      "sort=-duration",
      "q=m 1&sort=name",
    ];
    const streams = await Promise.all(
      queries.map((params) => openEvents(app, `view=run&run=1&${params}`)),
    );
    const runs = await openEvents(app, "view=runs");
    let patches = 0;
    const states = await Promise.all(
      streams.map((events) =>
        foldUntil(events, foldRun, {
          isDone: () => {
            if (++patches === 50) enough.abort();
            return enough.signal.aborted;
          },
        })
      ),
    );
    const { counts } = await pipeline;
    assert(counts.done > 0 && counts.error > 0);
    for (const [i, params] of queries.entries()) {
      const want = await freshRun(app, params);
      const isDone = (state: RunSnapshot) =>
        JSON.stringify(partsOf(state)) === JSON.stringify(want);
      const state = await foldUntil(streams[i]!, foldRun, { from: states[i], isDone });
      assertEquals(partsOf(state), want, params);
      await streams[i]![Symbol.asyncDispose]();
    }
    const want = await getJson<RunPage>(app, "/api/runs");
    const isDone = ({ runs, sparklines }: RunsSnapshot) =>
      JSON.stringify({ runs, sparklines, next: null }) === JSON.stringify(want);
    assertEquals((await foldUntil(runs, foldRuns, { isDone })).runs, want.runs);
    await runs[Symbol.asyncDispose]();
  });
}

Deno.test("Hub loses no line of a log over reconnections, and sends pings meanwhile", async () => {
  const begun = Date.now();
  using shown = await show();
  await using idle = await shown.live("view=runs");
  const { store } = shown;
  const { run, ids: [task] } = store.startRun(1);
  const insert = store.connection.prepare(
    "INSERT INTO task_logs (task_id, run_id, logged_at, level, message) VALUES (?, ?, ?, 'info', ?)",
  );
  let written = 0;
  const write = (lines: number) =>
    store.connection.transaction(() => {
      while (lines-- > 0) insert.run(task!, run, LATER, `line ${written++}`);
    });
  const random = new Random(7);
  const seen: LogLine[] = [];
  let lastEventId: string | undefined;
  write(700);
  for (let connection = 0; connection < 12; connection++) {
    const headers: Record<string, string> = lastEventId ? { "Last-Event-ID": lastEventId } : {};
    await using events = await shown.live(`view=task&task=${task}`, headers);
    const { data, id } = (await events.next())!;
    const { lines, previous } = (data as TaskSnapshot).logs;
    const newest = seen.at(-1)?.id ?? 0;
    const missed = lines.filter((line) => line.id > newest);
    // A page that was away for very long loads what is between by the page.
    let before = missed.length === lines.length ? previous : null;
    while (before !== null) {
      const page = await shown.get<LogPage>(`/api/tasks/${task}/logs?before=${before}`);
      missed.unshift(...page.lines.filter((line) => line.id > newest));
      before = page.lines[0]!.id > newest ? page.previous : null;
    }
    seen.push(...missed);
    lastEventId = id;
    for (let n = random.below(4); n > 0; n--) {
      write(1 + random.below(1_500));
      while (seen.length < written) {
        const message = await events.until(({ data }) => data.logs);
        seen.push(...message.data.logs);
        lastEventId = message.id;
      }
    }
    // Written while no page is open, or just before the stream ends.
    write(random.pick([0, 1, 499, 501, 5_100]));
  }
  // Neither lost nor doubled, in their order.
  assert(seen.length > 10_000);
  assert(seen.every(({ message }, i) => message === `line ${i}`));
  const { data } = await idle.until(({ event }) => event === "ping");
  assert(data.now >= begun && data.now <= Date.now());
});

Deno.test("Hub neither polls nor keeps the program alive while no page is open", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await (await SqliteWriter.open({ db })).close();
  const script = `
    import { createDashboard } from "./dashboard/mod.ts";
    const app = createDashboard({ db: ${JSON.stringify(db)} });
    const response = await app.request("/api/live");
    const reader = response.body.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    // It ends by itself, without being disposed of: nothing is left to do.
    console.log(JSON.stringify(new TextDecoder().decode(value).slice(0, 30)));`;
  const first = await runChild(script, { flags: ["-A"] });
  assertEquals(first, 'id: 0\nevent: snapshot\ndata: {"');
});

Deno.test("Hub answers one too many with 503, and others still work", async () => {
  using shown = await show({ maxClients: 3 });
  const streams: Events[] = [];
  for (let n = 0; n < 3; n++) streams.push(await shown.live("view=runs"));
  const flood = await Promise.all(
    Array.from({ length: 100 }, () => shown.app.request("/api/live?view=runs")),
  );
  assertEquals(new Set(flood.map(({ status }) => status)), new Set([503]));
  assertEquals(flood[0]!.headers.get("Retry-After"), "5");
  assertMatch((await flood[0]!.json()).error, /^Cannot send changes to more than 3 pages/);
  await Promise.all(flood.slice(1).map((response) => response.body?.cancel()));
  await shown.get("/api/runs");
  addRun(shown.store, [{}]);
  for (const events of streams) await events.until(({ data }) => data.runs?.rows?.length);
  await streams[0]![Symbol.asyncDispose]();
  streams[0] = await shown.live("view=runs");
  for (const events of streams) await events[Symbol.asyncDispose]();
});

Deno.test("Hub holds nothing for a browser that does not read, and begins again when it does", async () => {
  using shown = await show();
  const { store } = shown;
  const { run, ids: [task] } = store.startRun(1);
  store.write(start(run, task!));
  const stuck = await shown.app.request(`/api/live?view=task&task=${task}`);
  await using other = await shown.live(`view=task&task=${task}`);
  let bytes = 0;
  for (let n = 1; n <= 30; n++) {
    store.write(news(run, task!, { progress: n / 100, message: `${n} `.padEnd(100_000, "x") }));
    // No snapshot of the database is held for it: the WAL can be emptied at once.
    const { data } = await other.until(({ data }) => data.task?.progress === n / 100);
    bytes += JSON.stringify(data).length;
    const checkpoint = store.connection.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get()!;
    assertEquals(checkpoint.busy, 0);
  }
  assert(bytes > 2.7 * 2 ** 20);
  let read = 0;
  const counted = stuck.body!.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>(
      {
        transform(chunk, controller) {
          read += chunk.byteLength;
          controller.enqueue(chunk);
        },
      },
      undefined,
      { highWaterMark: 0 },
    ),
  );
  await using late = new Events(counted);
  await late.until(({ event, data }) => event === "snapshot" && data.task.progress === 0);
  const { data } = await late.until(({ event }) => event === "snapshot");
  assertEquals(data.task.progress, 0.3);
  const snapshot = JSON.stringify(data).length;
  assert(read < 2 * 2 ** 20 + 700_000 + snapshot + 10_000, `${read} bytes were kept`);
});

Deno.test("Hub reads nothing for browsers that take nothing, and at once when they do", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  using connection = await connect(db);
  initSchema(connection);
  using source = new DatabaseHandle(db);
  const hub = new Hub(source, { maxClients: 2 });
  const reads = { stuck: 0, live: 0 };
  const watch = (key: keyof typeof reads, text: string) => ({
    key,
    create: (): View => ({
      pending: false,
      eventId: "0",
      refresh: () => Promise.resolve({ reads: ++reads[key], text }),
      snapshot: () => ({ reads: reads[key] }),
    }),
  });
  const stuck = (await hub.open(watch("stuck", "x".repeat(700_000))))!;
  await using live = new Events((await hub.open(watch("live", "")))!.body);
  const commit = async () => {
    connection.exec(
      "INSERT INTO pipeline_runs (name, status, started_at) VALUES ('a', 'done', '')",
    );
    const { live: before } = reads;
    await live.until(({ data }) => data.reads > before);
  };
  for (let n = 0; n < 4; n++) await commit();
  const { stuck: whenFull } = reads;
  for (let n = 0; n < 4; n++) await commit();
  assertEquals(reads.stuck, whenFull);
  await using late = new Events(stuck.body);
  const { data } = await late.until(({ event, data }) => event === "snapshot" && data.reads > 1);
  assertEquals(data.reads, whenFull + 1);
});

Deno.test("Hub reads a run once for all pages that show it", async () => {
  using shown = await show({});
  const { store } = shown;
  const { run, ids: [task] } = store.startRun(1);
  const pages = await Promise.all(
    Array.from({ length: 20 }, (_, n) => shown.live(`view=run&run=${run}&limit=${n + 1}`)),
  );
  for (const events of pages) await events.until(({ event }) => event === "snapshot");
  const { get } = Reader.prototype;
  let reads = 0;
  Reader.prototype.get = function (sql, ...params) {
    if (/ FROM pipeline_runs WHERE id = \?$/.test(sql) && / workers/.test(sql)) reads++;
    return get.call(this, sql, ...params);
  };
  try {
    store.write(start(run, task!));
    for (const events of pages) await events.until(({ data }) => data.run?.counts.running === 1);
  } finally {
    Reader.prototype.get = get;
  }
  assert(reads > 0 && reads < pages.length / 2, `the run was read ${reads} times`);
  for (const events of pages) await events[Symbol.asyncDispose]();
});

Deno.test("long reads that wait together take turns one at a time", async () => {
  const turns = new Turns();
  const order: string[] = [];
  const reads = Array.from({ length: 5 }, () => turns.next().then(() => order.push("read")));
  const others = (async () => {
    while (order.filter((what) => what === "read").length < 5) {
      await new Promise((resolve) => setTimeout(resolve));
      order.push("other");
    }
  })();
  await Promise.all([...reads, others]);
  assert(!order.join().includes("read,read"), order.join());
});

Deno.test("a long read that is stopped waits for no turn", async () => {
  const turns = new Turns();
  const stopped = new AbortController();
  const read = turns.next(stopped.signal);
  stopped.abort(new Error("The page was closed"));
  // No timer is left, which the sanitizer would find.
  await assertRejects(() => read, Error, "The page was closed");
});

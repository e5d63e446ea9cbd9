/**
 * Runs of one name at the same time: allowed, refused and one after the other, in one process and in several.
 *
 * @module
 */
import { connect } from "../../db.ts";
import { OverlapError, type PipelineOptions, runPipeline, SqliteWriter } from "../../mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { readRow, readValues } from "../support/read.ts";
import { Fixture } from "../support/spawn.ts";
import { until } from "../support/until.ts";
import { tempFolder } from "../support/temp.ts";

const RUNS = "SELECT id, status, coalesce(resumed, 0) FROM pipeline_runs ORDER BY id";
const EVENTS = "SELECT who, what FROM event ORDER BY id";

/** A pipeline of one task in a process of its own; see the fixture. */
function start(folder: string, ...args: string[]): Fixture {
  return new Fixture("overlapping.ts", folder, `${folder}/a.db`, ...args);
}

/** A run of one task of this process under the same name. */
function run(db: string | SqliteWriter, options: Partial<PipelineOptions<string>> = {}) {
  return runPipeline(["a"], { db, name: "nightly", run: () => {}, ...options });
}

/** Lets the task of a fixture end. */
async function letGo(fixture: Fixture): Promise<void> {
  fixture.kill("SIGUSR2");
  assertEquals(JSON.parse(await fixture.line()).status, "done");
  await fixture.status;
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: overlap "refuse" names the active run in another process`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await using other = start(folder.path, "allow", "one", "hold");
    assertEquals(await other.line(), "begun");
    const { pid, started_at } = await readRow(db, "SELECT pid, started_at FROM pipeline_runs");
    assert(pid !== Deno.pid);
    const error = await assertRejects(() => run(db, { overlap: "refuse", driver }), OverlapError);
    assertMatch(
      error.message,
      /^Cannot begin another run of "nightly": run 1 is active \(process \d+[^)]*\); .*"queue"$/,
    );
    assert(error.message.includes(`process ${pid}`) && error.message.includes(`${started_at}`));
    assertEquals(await readValues(db, RUNS), [[1, "running", 0]]);

    // A run of another name, and one that allows overlap, runs as before.
    await run(db, { overlap: "refuse", name: "hourly", driver });
    await run(db, { driver });
    await letGo(other);
    assertEquals((await run(db, { overlap: "refuse", driver })).status, "done");
    assertEquals(
      await readValues(db, RUNS),
      [1, 2, 3, 4].map((id) => [id, "done", 0]),
    );
  });

  Deno.test(`${driver}: overlap "queue" runs one after the other, in three processes`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await using first = start(folder.path, "refuse", "first", "hold");
    assertEquals(await first.line(), "begun");
    await using second = start(folder.path, "queue", "second");
    await using third = start(folder.path, "queue", "third");
    for (const waiter of [second, third]) assertEquals(await waiter.line(), "waits");
    assertEquals(await readValues(db, RUNS), [[1, "running", 0]]);
    await letGo(first);
    for (const waiter of [second, third]) {
      let line: string;
      do line = await waiter.line(); while (!line.startsWith("{"));
      assertEquals(JSON.parse(line).status, "done");
    }
    const events = await readValues(db, EVENTS) as string[][];
    assertEquals(events.map(([, what]) => what), ["begin", "end", "begin", "end", "begin", "end"]);
    assertEquals(new Set(events.map(([who]) => who)), new Set(["first", "second", "third"]));
    for (const at of [0, 2, 4]) assertEquals(events[at]![0], events[at + 1]![0]);
  });
}

for (const resume of [false, true]) {
  Deno.test(`a run that waits begins when the other's process is killed${resume ? ", and resumes its run" : ""}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await using other = start(folder.path, "refuse", "killed", "hold");
    assertEquals(await other.line(), "begun");
    await using waiter = start(folder.path, "queue", "waiter", ...(resume ? ["resume"] : []));
    assertEquals(await waiter.line(), "waits");
    other.kill("SIGKILL");
    assertEquals(await waiter.line(), "begun");
    const report = JSON.parse(await waiter.line());
    assertEquals([report.runId, report.status], [resume ? 1 : 2, "done"]);
    assertEquals(
      await readValues(db, RUNS),
      resume ? [[1, "done", 1]] : [[1, "interrupted", 0], [2, "done", 0]],
    );
  });
}

for (const resume of ["", "resume"]) {
  Deno.test(`a run that waits is stopped by a signal, and leaves nothing behind${resume ? ", though it would resume one" : ""}`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    await using other = start(folder.path, "refuse", "one", "hold");
    assertEquals(await other.line(), "begun");
    await using waiter = start(folder.path, "queue", "waiter", resume);
    assertEquals(await waiter.line(), "waits");
    waiter.kill("SIGTERM");
    const { status, runId, counts } = JSON.parse(await waiter.line());
    assertEquals([status, runId, counts.cancelled, counts.total], ["cancelled", null, 1, 1]);
    assert((await waiter.status).success);
    assertEquals(await readValues(db, RUNS), [[1, "running", 0]]);
    await letGo(other);
    assertEquals(await readValues(db, EVENTS), [["one", "begin"], ["one", "end"]]);
  });
}

Deno.test("a living run is untouched when its lock file is removed", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await using other = start(folder.path, "refuse", "one", "hold");
  assertEquals(await other.line(), "begun");
  const locks = () => [...Deno.readDirSync(folder.path)].filter(({ name }) => /-owner-/.test(name));
  for (const overlap of ["refuse", "allow", "refuse"] as const) {
    const [lock] = locks();
    await Deno.remove(folder.file(lock!.name));
    const second = run(db, { overlap });
    if (overlap === "allow") assertEquals((await second).status, "done");
    else await assertRejects(() => second, OverlapError, "run 1 is");
    await until(() => locks().some(({ name }) => name === lock!.name));
  }
  const resumed = run(db, { resume: 1, taskKey: (item) => item });
  await assertRejects(() => resumed, Error, "Cannot resume run 1: it is running");
  await using waiter = start(folder.path, "queue", "two");
  assertEquals(await waiter.line(), "waits");
  for (const { name } of locks()) await Deno.remove(folder.file(name));
  await letGo(other);
  assertEquals(await waiter.line(), "begun");
  assertEquals(JSON.parse(await waiter.line()).status, "done");
  const statuses = await readValues(db, "SELECT DISTINCT status FROM pipeline_runs");
  assertEquals(statuses, [["done"]]);
  assertEquals(locks(), []);
});

Deno.test("runs of one writer that is shared overlap or wait, too", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:" });
  let under = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++under);
    await writer.execute("SELECT 1");
    under--;
  };
  const together = (overlap: "queue" | "refuse") =>
    Promise.allSettled([1, 2, 3].map(() => run(writer, { overlap, run: work })));
  const before = performance.now();
  const queued = await together("queue");
  assertEquals(queued.map(({ status }) => status), ["fulfilled", "fulfilled", "fulfilled"]);
  // What each waited for the others is not its own time.
  const times = queued.map((it) => it.status === "fulfilled" ? it.value.elapsedMs : Infinity);
  assert(times.reduce((sum, ms) => sum + ms) <= performance.now() - before, times.join());
  assertEquals(most, 1);
  const refused = (await together("refuse")).flatMap((it) =>
    it.status === "rejected" ? [it.reason] : []
  );
  assertEquals(refused.length, 2);
  for (const error of refused) assert(error instanceof OverlapError, `${error}`);
  assertEquals(most, 1);
});

Deno.test("a run that is marked as running and has no owner needs a person", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await run(db);
  {
    using connection = await connect(db);
    connection.exec("UPDATE pipeline_runs SET status='running', owner=NULL");
  }
  for (const overlap of ["refuse", "queue"] as const) {
    const error = await assertRejects(() => run(db, { overlap }), Error);
    assert(!(error instanceof OverlapError));
    assertEquals(
      error.message,
      `Cannot begin another run of "nightly": run 1 is marked as running, and it has no owner that ` +
        `could be asked; when its process is gone, set its status in pipeline_runs to 'interrupted'`,
    );
  }
  {
    using connection = await connect(db);
    connection.exec("UPDATE pipeline_runs SET status='interrupted'");
  }
  assertEquals((await run(db, { overlap: "queue" })).runId, 2);
});

Deno.test("overlap is checked before anything is opened", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  await assertRejects(
    () => run(db, { overlap: "forbid" as "refuse" }),
    TypeError,
    'expected "allow" or "refuse" or "queue" for overlap, got "forbid"',
  );
  await assertRejects(
    () => run(db, { overlap: "queue", storeTaskStatus: false }),
    TypeError,
    'Cannot run the pipeline: overlap "queue" needs storeTaskStatus',
  );
  assertEquals([...Deno.readDirSync(folder.path)].length, 0);
});

/**
 * Workers on hosts of their own: one that loses packets, one whose line is cut for longer than the lease, and one
 * whose clock is set back by an hour while it works. In the long form alone, for the time that it takes.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { isInstalled } from "../support/child.ts";
import { Hosts } from "../support/hosts.ts";
import { IS_LONG } from "../support/long_form.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { readValues } from "../support/read.ts";
import { CoordinatorProcess, WorkerProcess } from "../support/remote.ts";
import { slowClock } from "../support/slow_clock.ts";
import { tempFolder } from "../support/temp.ts";

const LOOSE = { ignore: !hasNats || !IS_LONG, sanitizeOps: false, sanitizeResources: false };

const COUNT = 400;

/** Each row is there once, and all tasks are done. */
async function assertWhole(db: string): Promise<void> {
  const tasks = "SELECT status, count(*) FROM task_runs GROUP BY 1";
  assertEquals(await readValues(db, tasks), [["done", COUNT]]);
  for (const table of ["numbers", "keyed"]) {
    const sql = `SELECT count(*), count(DISTINCT n) FROM ${table}`;
    assertEquals(await readValues(db, sql), [[COUNT, COUNT]], table);
  }
}

/** Resolves when this number of tasks is done. */
async function done(db: string, count: number): Promise<void> {
  const sql = "SELECT count(*) FROM task_runs WHERE status='done'";
  while (Number((await readValues(db, sql).catch(() => [[0]]))[0]![0]) < count) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

Deno.test("hosts lose packets, and one its line for longer than the lease", LOOSE, async () => {
  await using hosts = await Hosts.create(["c", "a", "b"]);
  const { address } = hosts;
  await using server = await NatsServer.start({ address });
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const isLossy = (await Promise.all(["c", "a", "b"].map((host) => hosts.lose(host, 2))))
    .every(Boolean);
  const place = (host: string) => ({ on: hosts.on(host), address });
  await using one = new WorkerProcess(server.url, { workers: 4 }, place("a"));
  await using _two = new WorkerProcess(server.url, { workers: 4 }, place("b"));
  await using coordinator = new CoordinatorProcess(db, server.url, { count: COUNT }, place("c"));
  await done(db, 20);
  // Both have tasks: the host that is cut off takes some with it.
  const busy = "SELECT count(DISTINCT worker) FROM task_runs WHERE status = 'running'";
  while ((await readValues(db, busy))[0]![0] !== 2) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await hosts.setLine("a", "down");
  if (hosts.areApart) {
    const gone = "SELECT count(*) FROM workers WHERE left_at IS NOT NULL";
    while ((await readValues(db, gone).catch(() => [[0]]))[0]![0] === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  await hosts.setLine("a", "up");
  assertEquals(JSON.parse(await coordinator.printed("}")).done, COUNT);
  await assertWhole(db);
  if (hosts.areApart) {
    const [[lost]] = await readValues(db, "SELECT count(*) FROM task_attempts") as [[number]];
    assert(lost >= 1, "no task was lost with its host");
    console.log(
      `NATS on ${
        isLossy ? "hosts that lose 2% of all packets" : "hosts"
      }, one of which had no line ` +
        `for a lease: ${2 * COUNT} rows, 0 lost, 0 doubled; ${lost} attempts were lost; ` +
        `that worker printed:\n${one.text}`,
    );
  }
});

Deno.test("a worker's clock that is set back by an hour changes nothing", LOOSE, async () => {
  if (!await isInstalled("faketime")) return;
  await using server = await NatsServer.start();
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await using worker = new WorkerProcess(server.url, { workers: 4 }, {
    env: await slowClock(3_600, 2),
  });
  await using coordinator = new CoordinatorProcess(db, server.url, { count: COUNT, workers: 4 });
  assertEquals(JSON.parse(await coordinator.printed("}")).done, COUNT);
  await assertWhole(db);
  assertMatch(worker.text, /Joined the run/);
  assertEquals(await readValues(db, "SELECT count(*) FROM task_attempts"), [[0]]);
  const behind = "SELECT count(*) FROM task_runs " +
    "WHERE julianday(finished_at) < julianday('now', '-30 minutes')";
  const [[count]] = await readValues(db, behind) as [[number]];
  assert(count > 0, "the clock was not set back");
  console.log(
    `NATS: a worker's clock went back by an hour before ${count} of ${COUNT} tasks ended`,
  );
});

/**
 * A clock that is set back by an hour while a pipeline runs: for the whole process, by libfaketime.
 *
 * @module
 */
import { createDashboard } from "../../dashboard/mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { isInstalled } from "../support/child.ts";
import { runCli } from "../cli/cli_terminal.ts";
import { DRIVERS } from "../support/drivers.ts";
import { assertKept, printFault, TASKS, Victim, type VictimOptions } from "../support/faulted.ts";
import { readRow, readValues } from "../support/read.ts";
import { slowClock } from "../support/slow_clock.ts";
import { tempFolder } from "../support/temp.ts";

/** Seconds by which the clock is set back. */
const BACK_S = 3_600;

/** A pipeline whose first task began before the clock was set back, and is held. */
interface SetBack extends AsyncDisposable {
  child: Victim;
  db: string;
}

/**
 * Starts a pipeline, and sets its clock back when its first task has begun. When that will be is not known ahead:
 * where it was too late, another is started and gets twice the time.
 */
async function startAndSetBack(options: Omit<VictimOptions, "db">): Promise<SetBack> {
  for (let afterS = 1;; afterS *= 2) {
    const db = `${options.folder}/${afterS}.db`;
    const env = await slowClock(BACK_S, afterS);
    const child = Victim.held({ ...options, db, env, pauseMs: 5 });
    await child.more(1);
    const [[started]] = await readValues(db, "SELECT started_at FROM task_runs") as [[string]];
    if (Date.now() - Date.parse(started) < 500 * BACK_S) {
      await wentBack(child, db);
      return { child, db, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
    }
    await child[Symbol.asyncDispose]();
  }
}

/** Resolves when the last update of the first task is before its beginning. */
async function wentBack(child: Victim, db: string): Promise<void> {
  const isBack = "SELECT updated_at < started_at FROM task_runs ORDER BY id LIMIT 1";
  do {
    const before = child.acknowledged.length;
    await child.more(20);
    assert(child.acknowledged.length > before, "It ended before the clock was set back");
  } while ((await readValues(db, isBack))[0]?.[0] !== 1);
}

/** The answers of the dashboard to everything in which there are times. */
async function answers(db: string, run: number, task: number): Promise<unknown[]> {
  using app = createDashboard({ db });
  const paths = [
    "/api/runs",
    `/api/runs/${run}`,
    `/api/runs/${run}/tasks?sort=-duration`,
    `/api/runs/${run}/tasks?sort=duration`,
    `/api/runs/${run}/tasks?sort=started`,
    `/api/runs/${run}/timeline`,
    `/api/runs/${run}/samples`,
    `/api/compare?a=${run}&b=${run + 1}`,
    `/api/tasks/${task}`,
    `/api/tasks/${task}/history`,
  ];
  return await Promise.all(paths.map(async (path) => {
    const response = await app.fetch(new Request(`http://localhost${path}`));
    assertEquals(response.status, 200, path);
    return await response.json();
  }));
}

/** Every number in an answer, with the names that lead to it; durations of bars among them. */
function* numbers(value: unknown, name = ""): Generator<[string, number]> {
  if (typeof value === "number") yield [name, value];
  if (typeof value !== "object" || value === null) return;
  const { from, to } = value as { from?: unknown | undefined; to?: unknown };
  if (typeof from === "number" && typeof to === "number") yield [`${name}.bar`, to - from];
  for (const [key, inner] of Object.entries(value)) yield* numbers(inner, `${name}.${key}`);
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: a clock that is set back stops nothing, and no duration is negative`, async () => {
    if (!await isInstalled("faketime")) return;
    using folder = tempFolder();
    const options = { driver, folder: folder.path, fails: true };
    await using setBack = await startAndSetBack(options);
    const { child, db } = setBack;
    child.release();
    const ending = await child.end();
    printFault("clock set back by an hour", { ...options, db }, child, ending);
    assertEquals([ending.code, ending.stderr], [0, ""]);
    assertEquals([child.counts?.done, child.counts?.error], [TASKS, 0]);
    await assertKept(db, child.acknowledged);
    // It did go back: the first task ended before it began, and so did the run.
    const backwards =
      "SELECT count(*) AS n, min(id) AS id FROM task_runs WHERE finished_at < started_at";
    const { n, id } = await readRow(db, backwards);
    assert(Number(n) >= 1, "The clock was not set back");
    assertEquals(await readValues(db, "SELECT finished_at < started_at FROM pipeline_runs"), [[1]]);
    // Each task that had failed was run again, after a wait that no clock affected.
    assertEquals(
      await readValues(db, "SELECT count(*), count(DISTINCT task_id) FROM task_attempts"),
      [[TASKS / 10, TASKS / 10]],
    );
    // The next run begins before the first one did, and is the newer one.
    {
      await using next = new Victim({ ...options, db, env: await slowClock(BACK_S) });
      assertEquals((await next.end()).code, 0);
    }
    assertEquals(
      await readValues(
        db,
        "SELECT max(started_at) FILTER (WHERE id = 2) < max(started_at) FROM pipeline_runs",
      ),
      [[1]],
    );
    for (const answer of await answers(db, 1, Number(id))) {
      const negative = [...numbers(answer)].filter(([, value]) => value < 0);
      assertEquals(negative, []);
    }
    const cli = { folder: folder.path };
    const newest = JSON.parse((await runCli(["status", "--db", db, "--json"], cli)).out);
    assertEquals(newest.run.id, 2);
    for (const args of [["status", "--run", "1"], ["runs"]]) {
      const { code, out } = await runCli([...args, "--db", db], cli);
      assertEquals(code, 0);
      assertEquals(out.match(/[-−]\d[\d.]* ?(ms|s|min|h)\b/), null, out);
    }
  });

  Deno.test(`${driver}: a run that was killed after the clock was set back is recovered and ends right`, async () => {
    if (!await isInstalled("faketime")) return;
    using folder = tempFolder();
    const options = { driver, folder: folder.path };
    await using setBack = await startAndSetBack(options);
    const { child, db } = setBack;
    child.kill("SIGKILL");
    await child.end();
    child.release();
    // An hour later by the clock of this process, an hour earlier than it began by that of the one that died.
    await using next = new Victim({ ...options, db });
    assertEquals((await next.end()).code, 0);
    await assertKept(db, [...child.acknowledged, ...next.acknowledged]);
    assertEquals(
      await readValues(db, "SELECT id, status, done, resumed FROM pipeline_runs"),
      [[1, "done", TASKS, 1]],
    );
  });
}

/**
 * Kills a pipeline at random instants until it is done, and counts what is lost and what is doubled.
 *
 * The instants are random but for their seed, which is printed; what the system does meanwhile is not. A handful
 * of kills here, as many as `PIPELOOM_FAULTS` says with `deno task test:faults`. To wait for a random time is the
 * point: there is no signal to wait for.
 *
 * @module
 */
import { connectReadOnly } from "../db.ts";
import type { DriverName } from "../mod.ts";
import { assert, assertEquals } from "./assert.ts";
import { DRIVERS } from "./drivers.ts";
import { Random } from "./random.ts";
import { Fixture } from "./spawn.ts";
import { tempFolder } from "./temp.ts";

const KILLS = Number(Deno.env.get("PIPELOOM_FAULTS") ?? 5);
const SEED = Number(Deno.env.get("PIPELOOM_SEED") ?? Date.now() % 1e6);

/** Tasks of one pipeline, which runs for about half a second when it is let. */
const TASKS = 600;

/** Milliseconds after the first task within which a kill falls: mostly before the end. */
const LATEST_MS = 400;

/** What there is to compare with a run that nobody killed; task ids may differ, keys not. */
const TABLES = {
  line: "SELECT item, line, text FROM line ORDER BY item, line",
  total: "SELECT item, lines FROM total ORDER BY item",
  tasks: "SELECT key, name, status, progress, result FROM task_runs ORDER BY key",
  runs: "SELECT name, status, queued, running, done, error, cancelled FROM pipeline_runs",
};

/** Tasks that are not all or nothing: done without each of their rows, or with rows and not done. */
const HALVES = `SELECT key FROM task_runs LEFT JOIN total ON item = substr(key, 6)
  LEFT JOIN (SELECT item, count(*) AS n FROM line GROUP BY item) AS l USING (item)
  WHERE (status = 'done') <> (lines IS NOT NULL) OR (lines IS NOT NULL AND lines <> n)`;

/** The rows of each table as texts. */
async function dump(db: string): Promise<Record<string, string[]>> {
  using reader = await connectReadOnly(db);
  return Object.fromEntries(
    Object.entries(TABLES).map((
      [name, sql],
    ) => [name, reader.prepare(sql).all().map((row) => JSON.stringify(row))]),
  );
}

/** Checks what must be true at every instant; returns the statuses of the runs. */
async function inspect(db: string): Promise<unknown[]> {
  using reader = await connectReadOnly(db);
  assertEquals(reader.prepare("PRAGMA integrity_check").all().map(Object.values), [["ok"]]);
  const has = (table: string) =>
    reader.prepare("SELECT 1 FROM sqlite_schema WHERE name=?").get(table) !== undefined;
  if (!has("pipeline_runs")) return [];
  if (has("total")) assertEquals(reader.prepare(HALVES).all(), []);
  return reader.prepare("SELECT status FROM pipeline_runs").all().map(({ status }) => status);
}

/** What is in one list and not in the other, each as often as it is there. */
function missing(from: readonly string[], of: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const row of from) counts.set(row, (counts.get(row) ?? 0) + 1);
  return of.filter((row) => {
    const count = counts.get(row) ?? 0;
    counts.set(row, count - 1);
    return count <= 0;
  });
}

/** Runs the pipeline until it is done; kills it, as long as there are kills left. Returns their number. */
async function runThrough(
  folder: string,
  db: string,
  { driver, pool = false, random, kills }: {
    driver: DriverName;
    pool?: boolean;
    random: Random;
    kills: number;
  },
): Promise<number> {
  for (let killed = 0;; killed++) {
    const args = [db, driver, `${TASKS}`, ...(pool ? ["pool"] : [])];
    await using child = new Fixture("durable.ts", folder, ...args);
    if (killed < kills) {
      // One in eight dies while it opens the file, takes the lock or looks for what is done.
      const early = random.below(8) === 0;
      const ms = random.next() * (early ? 150 : LATEST_MS);
      // Where only the end of the run was missing, it is "done" at once.
      if (!early) await child.line();
      const delay = Promise.withResolvers<void>();
      const timer = setTimeout(delay.resolve, ms);
      await Promise.race([delay.promise, child.status]);
      clearTimeout(timer);
      try {
        child.kill("SIGKILL");
      } catch {
        // It has ended before.
      }
    }
    const { signal, success } = await child.status;
    assert(signal === "SIGKILL" || success, "The pipeline failed by itself");
    const statuses = await inspect(db).catch((error) => {
      // Killed before there was a file.
      if (signal && /no such file/.test(error.message)) return [] as unknown[];
      throw error;
    });
    if (statuses.includes("done")) return killed + (signal ? 1 : 0);
  }
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: a pipeline that is killed again and again ends as if it never was`, async () => {
    using folder = tempFolder();
    const random = new Random(SEED);
    const clean = folder.file("clean.db");
    assertEquals(await runThrough(folder.path, clean, { driver, random, kills: 0 }), 0);
    const expected = await dump(clean);
    assertEquals(expected.tasks!.length, TASKS);

    // Every row is of a message of its own: an insert, or the end of a task.
    const sum = { kills: 0, pipelines: 0, rows: 0, lost: 0, doubled: 0 };
    while (sum.kills < KILLS || sum.pipelines < 2) {
      const db = folder.file(`${sum.pipelines}.db`);
      sum.kills += await runThrough(folder.path, db, {
        driver,
        // Every other pipeline runs its tasks on Workers.
        pool: sum.pipelines % 2 === 1,
        random,
        kills: sum.pipelines === 0 ? Math.ceil(KILLS / 2) : KILLS - sum.kills,
      });
      sum.pipelines++;
      const found = await dump(db);
      for (const table of Object.keys(TABLES)) {
        sum.rows += found[table]!.length;
        sum.lost += missing(found[table]!, expected[table]!).length;
        sum.doubled += missing(expected[table]!, found[table]!).length;
      }
    }
    console.log(
      `${driver}, seed ${SEED}: ${sum.kills} kills of ${sum.pipelines} pipelines, ` +
        `${sum.rows} messages, ${sum.lost} lost, ${sum.doubled} doubled`,
    );
    assertEquals([sum.lost, sum.doubled], [0, 0]);
    assert(sum.kills >= KILLS);
  });
}

/**
 * Kills pipelines at random instants until they are done, and counts what is lost and what is doubled.
 *
 * The instants are random but for their seed, which is printed; what the system does meanwhile is not. A handful
 * of kills here, as many as `PIPELOOM_FAULTS` sets with `deno task test:faults`. To wait for a random time is the
 * point: there is no signal to wait for.
 *
 * @module
 */
import { type Connection, connectReadOnly } from "../../db.ts";
import type { DriverName } from "../../db.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { TASKS } from "../fixtures/killed.ts";
import { type KilledPipeline, PIPELINES } from "../support/killed_pipelines.ts";
import { KILLS, SEED } from "../support/long_form.ts";
import { Random } from "../support/random.ts";
import { Fixture } from "../support/spawn.ts";
import { tempFolder } from "../support/temp.ts";

/** Milliseconds within which a process is killed to die before its first task. */
const EARLY_MS = 150;

/** The columns to compare of our own tables; task ids may differ, keys not. */
const STATUS = {
  tasks: `SELECT key, name, status, progress, result,
    CASE status WHEN 'error' THEN message END AS why FROM task_runs`,
  runs: "SELECT name, status, queued, running, done, error, cancelled FROM pipeline_runs",
};

/** How often each row is in a table. */
type Rows = Map<string, number>;

/** The remains of a pipeline, table by table. */
async function read(db: string, { tables }: KilledPipeline): Promise<Map<string, Rows>> {
  using reader = await connectReadOnly(db);
  const found = new Map<string, Rows>();
  for (const [table, sql] of Object.entries({ ...tables, ...STATUS })) {
    const rows: Rows = new Map();
    for (const row of reader.prepare(sql).all()) {
      const text = JSON.stringify(row);
      rows.set(text, (rows.get(text) ?? 0) + 1);
    }
    found.set(table, rows);
  }
  return found;
}

/** How many rows there are. */
function count(rows: Rows): number {
  return rows.values().reduce((sum, n) => sum + n, 0);
}

/** How many rows are in one table and not in the other, each as often as it is there. */
function missing(from: Rows, of: Rows): number {
  return of.entries().reduce((sum, [row, n]) => sum + Math.max(0, n - (from.get(row) ?? 0)), 0);
}

/** Checks what must be true at every instant; returns how the last run stands, if there is one. */
function check(reader: Connection, pipeline: KilledPipeline): unknown {
  assertEquals(reader.prepare("PRAGMA integrity_check").all().map(Object.values), [["ok"]]);
  const tables = reader.prepare("SELECT name FROM sqlite_schema").all().map(({ name }) => name);
  if (!tables.includes("pipeline_runs")) return undefined;
  if (tables.includes("note")) pipeline.checkWhole(reader);
  return reader.prepare("SELECT status FROM pipeline_runs ORDER BY id DESC").get()?.status;
}

/** How much of what a process has printed is missing; and how many notes are there twice. */
function comparePrinted(
  reader: Connection,
  printed: readonly string[],
): { lost: number; twice: number } {
  const notes = reader.prepare("SELECT text FROM note").all().map(({ text }) => `note ${text}`);
  const done = reader.prepare("SELECT key FROM task_runs WHERE status='done'").all();
  const there = new Set([...notes, ...done.map(({ key }) => `done ${key}`)]);
  return {
    lost: printed.filter((line) => !there.has(line)).length,
    twice: notes.length - new Set(notes).size,
  };
}

/** How a pipeline is run. */
interface Killing {
  folder: string;
  db: string;
  driver: DriverName;
  random: Random;
  /** Whether its tasks run on Workers. */
  pool?: boolean;
  /** How often it is killed at most. */
  kills: number;
  /** Milliseconds from the first task on within which a kill falls. */
  latestMs: number;
}

/** What became of it. */
interface Killed {
  kills: number;
  acknowledged: number;
  lost: number;
  doubled: number;
}

/** Runs one process of it, and kills it. Returns what it has printed, and whether it was killed indeed. */
async function runOnce(
  { name }: KilledPipeline,
  { folder, db, driver, pool, random, latestMs }: Killing,
  kill: boolean,
): Promise<{ printed: string[]; killed: boolean }> {
  await using child = new Fixture("killed.ts", folder, name, db, driver, pool ? "pool" : "here");
  // One in eight dies while it opens the file, takes the lock or looks for what is done.
  const early = random.below(8) === 0;
  const ms = random.next() * (early ? EARLY_MS : latestMs);
  const begun = early || !kill ? undefined : await child.linesUpTo("begun");
  const rest = child.rest();
  if (kill) {
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
  const { signal, code } = await child.status;
  assert(signal === "SIGKILL" || code === 0, `The pipeline ended with ${signal ?? code}`);
  const printed = [...begun ?? [], ...await rest].filter((line) => line !== "begun");
  return { printed, killed: signal === "SIGKILL" };
}

/** Runs the pipeline until it is at its end; kills it, as long as there are kills left. */
async function runThrough(pipeline: KilledPipeline, killing: Killing): Promise<Killed> {
  const sum: Killed = { kills: 0, acknowledged: 0, lost: 0, doubled: 0 };
  for (;;) {
    const { printed, killed } = await runOnce(pipeline, killing, sum.kills < killing.kills);
    if (killed) sum.kills++;
    sum.acknowledged += printed.length;
    try {
      using reader = await connectReadOnly(killing.db);
      const status = check(reader, pipeline);
      if (printed.length > 0) {
        const { lost, twice } = comparePrinted(reader, printed);
        sum.lost += lost;
        sum.doubled += twice;
      }
      // Where only the process was left to be ended, that was it.
      if (status === pipeline.status) return sum;
      assert(killed, `The run ended as ${status}`);
    } catch (error) {
      // Killed before there was a file.
      if (!killed || printed.length > 0 || !/no such file/.test((error as Error).message)) {
        throw error;
      }
    }
  }
}

for (const driver of DRIVERS) {
  for (const pipeline of PIPELINES) {
    Deno.test(`${driver}, ${pipeline.name}: a pipeline that is killed again and again ends as if it never was (seed ${SEED})`, async () => {
      using folder = tempFolder();
      const random = new Random(SEED);
      const common = { folder: folder.path, driver, random };
      const clean = folder.file("clean.db");
      const before = performance.now();
      await runThrough(pipeline, { ...common, db: clean, kills: 0, latestMs: 0 });
      // Most kills fall before the end of the remaining work.
      const latestMs = 0.5 * (performance.now() - before);
      const expected = await read(clean, pipeline);
      const { items, total = items.length } = TASKS[pipeline.name]!;
      assertEquals(count(expected.get("tasks")!), total);

      // Every row is of a message of its own: an insert, or the end of a task.
      const sum = { kills: 0, pipelines: 0, acknowledged: 0, rows: 0, lost: 0, doubled: 0 };
      while (sum.kills < KILLS || sum.pipelines < 2) {
        const db = folder.file(`${sum.pipelines}.db`);
        const { kills, acknowledged, lost, doubled } = await runThrough(pipeline, {
          ...common,
          db,
          // Every other pipeline runs its tasks on Workers.
          pool: sum.pipelines % 2 === 1,
          kills: sum.pipelines === 0 ? Math.ceil(KILLS / 2) : KILLS - sum.kills,
          latestMs,
        });
        sum.kills += kills;
        sum.acknowledged += acknowledged;
        sum.lost += lost;
        sum.doubled += doubled;
        sum.pipelines++;
        for (const [table, rows] of await read(db, pipeline)) {
          sum.rows += count(rows);
          sum.lost += missing(rows, expected.get(table)!);
          sum.doubled += missing(expected.get(table)!, rows);
        }
        // The next ones need the room.
        Deno.removeSync(db);
      }
      console.log(
        `${driver}, ${pipeline.name}, seed ${SEED}: ${sum.kills} kills of ${sum.pipelines} pipelines, ` +
          `${sum.rows} rows compared, ${sum.acknowledged} acknowledged, ${sum.lost} lost, ` +
          `${sum.doubled} doubled`,
      );
      assertEquals([sum.lost, sum.doubled], [0, 0]);
      assert(sum.kills >= KILLS);
    });
  }
}

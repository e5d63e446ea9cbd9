/**
 * The statements for a run that is resumed: which run it is, and which of its tasks an item stands for.
 *
 * Tasks are found by their key. There is no index on it, which would cost every task of every run; a run that is
 * resumed gets a table of its keys in memory for as long as it takes, which also detects two items with one
 * key.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import type { RunKey } from "../protocol/run_message.ts";
import type { TaskStatus } from "../../internal/task_status.ts";
import { STATUS_IN_RUN } from "../../sqlite/rewritten_rows.ts";
import type { SqlRow, SqlValue } from "../../sqlite/values.ts";

/** True of the tasks of run ?1, found by the range of their ids. */
export const OF_RUN = `run_id=?1 AND id BETWEEN
  (SELECT first_task_id FROM pipeline_runs WHERE id=?1) AND
  (SELECT last_task_id FROM pipeline_runs WHERE id=?1)`;

/** How many tasks were added to run ?1 by others: they are not among its items. */
export const ADDED_TASKS =
  "(SELECT count(*) FROM task_runs WHERE run_id=?1 AND added_by IS NOT NULL)";

/** The value of `seen` for a key that a task or the program added. */
const ADDED = 2;

/** A task that is there. */
export interface KeyedTask {
  /** Its id. */
  id: number;
  /** What became of it. */
  status: TaskStatus;
}

/** Which run to resume. */
export interface WantedRun {
  /** The name. */
  name: string;
  /** The arguments, as JSON. */
  args: string;
  /** `true` for the newest of this name and these arguments, an id, or a key. */
  resume: true | number | RunKey;
}

/**
 * The run to continue. With `true` it is the newest of this name and these arguments, unless that is `done`, with a
 * key the one that has it, `undefined` when there is none of them. A run of a release that kept no arguments has any.
 *
 * @throws {RangeError} If there is no run of that id, name and arguments
 * @throws {Error} If it is running
 */
export function findRun(connection: Connection, wanted: WantedRun): number | undefined {
  const { name, args, resume } = wanted;
  const row = select(connection, wanted);
  if (!row && typeof resume !== "number") return undefined;
  if (!row) throw new RangeError(`Cannot resume run ${resume}: there is no such run`);
  if (resume === true && row.status === "done") return undefined;
  if (row.name !== name) {
    throw new RangeError(
      `Cannot resume run ${row.id} as ${Deno.inspect(name)}: it is a run of ` +
        Deno.inspect(row.name),
    );
  }
  if (row.args !== null && row.args !== args) {
    throw new RangeError(
      `Cannot resume run ${row.id} with the arguments ${args}: it was started with ${row.args}. ` +
        `Pass these, or begin another run`,
    );
  }
  if (row.status === "running") {
    throw new Error(
      `Cannot resume run ${row.id}: it is running` +
        (row.owner
          ? "; wait for it, or end its process"
          : ", and it has no owner that could be asked; when its process is gone, set its status " +
            "in pipeline_runs to 'interrupted'"),
    );
  }
  return row.id as number;
}

function select(connection: Connection, { name, args, resume }: WantedRun): SqlRow | undefined {
  const last = (which: string, ...params: SqlValue[]) =>
    connection.prepare(
      `SELECT id, name, status, owner, args FROM pipeline_runs WHERE ${which}
       ORDER BY id DESC LIMIT 1`,
    ).get(...params);
  if (resume === true) return last("name=? AND (args IS NULL OR args=?)", name, args);
  if (typeof resume === "number") return last("id=?", resume);
  return last("name=? AND run_key=?", name, resume.key);
}

/** Tasks of a run whose keys were learnt, which are not `done` and which no item stood for. */
export function goneTasks(connection: Connection, run: number): KeyedTask[] {
  if (!isLearnt(connection, run)) return [];
  return connection.prepare(
    `SELECT t.id, coalesce(t.own_status, t.status) AS status
     FROM temp.${tableOf(run)} AS k JOIN task_runs AS t ON t.id=k.id
     WHERE k.seen=0 AND t.run_id=?
       AND coalesce(t.own_status, t.status) IN ('queued','error','cancelled')`,
  ).all(run).map(({ id, status }) => ({ id: id as number, status: status as TaskStatus }));
}

/** A task stands for its own item. */
export function seeKey(connection: Connection, run: number, id: number): void {
  connection.prepare(
    `UPDATE temp.${tableOf(run)} SET seen=1
     WHERE key=(SELECT key FROM task_runs WHERE id=?)`,
  ).run(id);
}

/**
 * Learns the keys of a run.
 *
 * @throws {TypeError} If a task has no key, or two have the same
 */
export function learnKeys(connection: Connection, run: number): void {
  forgetKeys(connection, run);
  connection.exec(createTable(run));
  const learn = connection.prepare(
    `INSERT INTO temp.${tableOf(run)} SELECT key, id, 0 FROM task_runs WHERE ${OF_RUN}`,
  );
  try {
    learn.run(run);
  } catch (error) {
    throw unfit(connection, run) ?? error;
  }
}

function unfit(connection: Connection, run: number): TypeError | undefined {
  const row = connection.prepare(
    `SELECT min(id) AS id, key FROM task_runs WHERE ${OF_RUN}
     GROUP BY key HAVING count(*) > 1 OR key IS NULL LIMIT 1`,
  ).get(run);
  return row && new TypeError(
    `Cannot resume run ${run}: ` +
      (row.key === null
        ? `its task ${row.id} has no key; give items a key, or pass taskKey`
        : `two of its tasks have the key ${Deno.inspect(row.key)}; keys are unique in a run that ` +
          `is to be resumed`),
  );
}

/**
 * The tasks of these keys; `undefined` for a key that is new.
 *
 * @throws {TypeError} If a key has come before
 */
export function matchKeys(
  connection: Connection,
  run: number,
  keys: readonly string[],
): (KeyedTask | undefined)[] {
  const table = `temp.${tableOf(run)}`;
  // What became of a task since its key was learnt counts, too.
  const see = connection.prepare(
    `UPDATE ${table} SET seen=1 WHERE key=? AND seen=0
     RETURNING id,
       (SELECT ${STATUS_IN_RUN} FROM task_runs WHERE task_runs.id=${tableOf(run)}.id) AS status`,
  );
  const add = connection.prepare(
    `INSERT INTO ${table} (key, seen) VALUES (?, 1) ON CONFLICT DO NOTHING`,
  );
  return keys.map((key) => {
    const row = see.get(key);
    if (row?.status) return { id: row.id as number, status: row.status as TaskStatus };
    // The row of the task may have been deleted since.
    if (row) return undefined;
    if (add.run(key) === 1) return undefined;
    throw new TypeError(
      `Cannot resume with two items of the key ${Deno.inspect(key)}: keys are unique`,
    );
  });
}

/**
 * Which of these keys a run has not had yet; from now on it has them. The keys of a run that is not resumed are learnt
 * when they are first asked for.
 */
export function claimKeys(
  connection: Connection,
  run: number,
  keys: readonly string[],
): boolean[] {
  if (!isLearnt(connection, run)) {
    connection.exec(createTable(run));
    connection.prepare(
      `INSERT OR IGNORE INTO temp.${tableOf(run)}
         SELECT key, id, 1 FROM task_runs WHERE ${OF_RUN} AND key IS NOT NULL`,
    ).run(run);
  }
  return noteKeys(connection, run, keys, ADDED);
}

/** Which of these keys were added to a run. */
export function addedAmong(
  connection: Connection,
  run: number,
  keys: readonly (string | null)[],
): boolean[] {
  if (!isLearnt(connection, run)) return [];
  const find = connection.prepare(
    `SELECT 1 FROM temp.${tableOf(run)} WHERE key=? AND seen=${ADDED}`,
  );
  return keys.map((key) => key !== null && find.get(key) !== undefined);
}

/** A run has these keys from now on. Returns which of them it did not have, if its keys were learnt. */
export function noteKeys(
  connection: Connection,
  run: number,
  keys: readonly (string | null)[],
  seen = 1,
): boolean[] {
  if (!isLearnt(connection, run)) return [];
  const note = connection.prepare(
    `INSERT INTO temp.${tableOf(run)} (key, seen) VALUES (?, ${seen}) ON CONFLICT DO NOTHING`,
  );
  return keys.map((key) => key === null || note.run(key) === 1);
}

/** Forgets the keys of a run. */
export function forgetKeys(connection: Connection, run: number): void {
  connection.exec(`DROP TABLE IF EXISTS temp.${tableOf(run)}`);
}

function createTable(run: number): string {
  return `CREATE TEMP TABLE ${tableOf(run)}
    (key TEXT PRIMARY KEY, id INTEGER, seen INTEGER NOT NULL) WITHOUT ROWID`;
}

function isLearnt(connection: Connection, run: number): boolean {
  const found = connection.prepare("SELECT 1 FROM temp.sqlite_schema WHERE name=?");
  return found.get(tableOf(run)) !== undefined;
}

function tableOf(run: number): string {
  return `pipeloom_keys_${Number(run)}`;
}

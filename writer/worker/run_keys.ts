/**
 * The keys of a run's tasks, by which items find them.
 *
 * There is no index on keys, which would cost every task of every run. A run that is resumed, or that tasks are added
 * to, gets a table of its keys in memory for as long as it takes, which also detects two items with one key.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import { STATUS_IN_RUN } from "../../sqlite/rewritten_rows.ts";
import { Statements } from "../../sqlite/statement.ts";
import type { TaskStatus } from "../../internal/task_status.ts";
import type { AddedCall } from "../protocol/task_message.ts";
import { OF_RUN } from "./resume_store.ts";

/** The value of `seen` for a key that a task or the program added. */
const ADDED = 2;

/** The values of `seen` for a key whose task stays as it is, before and after an item stood for it. */
const KEPT = 3;
const KEPT_SEEN = 4;

/** The value of `seen` for a key whose task was added before the run was resumed, and is given out by itself. */
const GIVEN = 5;

/** A task that is there. */
export interface KeyedTask {
  /** Its id. */
  id: number;
  /** What became of it. */
  status: TaskStatus;
}

/** The keys of the runs of one connection. */
export class RunKeys {
  readonly #connection: Connection;
  readonly #statements: Statements;
  /** The statements that use the keys of each. */
  readonly #tables = new Map<number, Statements>();
  /** How often keys were claimed: each key knows with which call it came. */
  #claims = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#statements = new Statements(connection);
  }

  /**
   * Learns the keys of a run that is resumed. With `only`, failed and cancelled tasks stay as they are, except these,
   * those that they depend on and those that depend on them.
   *
   * @throws {TypeError} If a task has no key, or two have the same
   */
  learn(run: number, only?: readonly number[]): void {
    this.forget(run);
    this.#create(run);
    try {
      this.#of(run).of(
        `INSERT INTO temp.${
          tableOf(run)
        } (key, id, seen) SELECT key, id, 0 FROM task_runs WHERE ${OF_RUN}`,
      ).run(run);
    } catch (error) {
      throw this.#unfit(run) ?? error;
    }
    if (only) this.#keepOthers(run, only);
  }

  #keepOthers(run: number, only: readonly number[]): void {
    this.#of(run).of(
      `WITH RECURSIVE chosen(id) AS (SELECT value FROM json_each(?2)),
         above(id) AS (SELECT id FROM chosen UNION SELECT d.depends_on_id FROM above
           JOIN task_dependencies AS d ON d.run_id=?1 AND d.task_id=above.id),
         below(id) AS (SELECT id FROM chosen UNION SELECT d.task_id FROM below
           JOIN task_dependencies AS d ON d.run_id=?1 AND d.depends_on_id=below.id)
       UPDATE temp.${tableOf(run)} SET seen=${KEPT}
       WHERE id NOT IN (SELECT id FROM above UNION SELECT id FROM below)
         AND (SELECT ${STATUS_IN_RUN} FROM task_runs WHERE task_runs.id=${tableOf(run)}.id)
           IN ('error','cancelled')`,
    ).run(run, JSON.stringify(only));
  }

  /** Whether the keys of a run are known: it is resumed, or was added to. A transaction that is undone takes them along. */
  isLearnt(run: number): boolean {
    const found = this.#statements.of("SELECT 1 FROM temp.sqlite_schema WHERE name=?");
    return found.get(tableOf(run)) !== undefined;
  }

  /**
   * The tasks of these keys; `undefined` for a key that is new.
   *
   * @throws {TypeError} If a key has come before, or the run is not resumed
   */
  match(run: number, keys: readonly string[]): (KeyedTask | undefined)[] {
    if (!this.isLearnt(run)) {
      throw new TypeError(`Cannot resume tasks of run ${run}: it is not resumed`);
    }
    const table = `temp.${tableOf(run)}`;
    // What became of a task since its key was learnt counts, too.
    const see = this.#of(run).of(
      `UPDATE ${table} SET seen=iif(seen=${KEPT},${KEPT_SEEN},1) WHERE key=? AND seen IN (0,${KEPT},${GIVEN})
       RETURNING id, iif(seen=${KEPT_SEEN},'done',
         (SELECT ${STATUS_IN_RUN} FROM task_runs WHERE task_runs.id=${tableOf(run)}.id)) AS status`,
    );
    const add = this.#of(run).of(
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

  /** Tasks of a run whose keys were learnt, which are not `done`, not given out and which no item stood for. */
  gone(run: number): KeyedTask[] {
    if (!this.isLearnt(run)) return [];
    return this.#of(run).of(
      `SELECT t.id, coalesce(t.own_status, t.status) AS status
       FROM temp.${tableOf(run)} AS k JOIN task_runs AS t ON t.id=k.id
       WHERE k.seen=0 AND t.run_id=?
         AND coalesce(t.own_status, t.status) IN ('queued','error','cancelled')`,
    ).all(run).map(({ id, status }) => ({ id: id as number, status: status as TaskStatus }));
  }

  /** Tasks that were added before are given out, so they are not {@linkcode gone}. `keys` is JSON. */
  give(run: number, keys: string): void {
    if (!this.isLearnt(run)) return;
    this.#of(run).of(
      `UPDATE temp.${tableOf(run)} SET seen=${GIVEN}
       WHERE seen=0 AND key IN (SELECT value FROM json_each(?))`,
    ).run(keys);
  }

  /** A task stands for its own item. */
  see(run: number, id: number): void {
    this.#of(run).of(
      `UPDATE temp.${tableOf(run)} SET seen=1 WHERE key=(SELECT key FROM task_runs WHERE id=?)`,
    ).run(id);
  }

  /**
   * Which of these keys, a JSON array, a run has not had yet; `undefined` where it had none of them. From now on it has
   * them. The keys of a run that is not resumed are learnt when they are first asked for.
   */
  claim(run: number, { keys, tasks }: Pick<AddedCall, "keys" | "tasks">): boolean[] | undefined {
    if (!this.isLearnt(run)) {
      this.#create(run);
      this.#of(run).of(
        `INSERT OR IGNORE INTO temp.${tableOf(run)} (key, id, seen)
           SELECT key, id, 1 FROM task_runs WHERE ${OF_RUN} AND key IS NOT NULL`,
      ).run(run);
    }
    const claim = ++this.#claims;
    const added = this.#of(run).of(
      `INSERT INTO temp.${tableOf(run)} (key, seen, claim)
         SELECT value, ${ADDED}, ?2 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`,
    ).run(keys, claim);
    if (added === tasks) return undefined;
    const find = this.#of(run).of(
      `SELECT 1 FROM temp.${tableOf(run)} WHERE key=? AND claim=?`,
    );
    const all: string[] = JSON.parse(keys);
    const fresh = new Set(all.filter((key) => find.get(key, claim) !== undefined));
    return all.map((key) => fresh.delete(key));
  }

  /** Which of these keys were added to a run. */
  addedAmong(run: number, keys: readonly (string | null)[]): boolean[] {
    if (!this.isLearnt(run)) return [];
    const find = this.#of(run).of(
      `SELECT 1 FROM temp.${tableOf(run)} WHERE key=? AND seen=${ADDED}`,
    );
    return keys.map((key) => key !== null && find.get(key) !== undefined);
  }

  /** A run has these keys from now on, if its keys were learnt. */
  note(run: number, keys: readonly (string | null)[]): void {
    if (!this.isLearnt(run)) return;
    const note = this.#of(run).of(
      `INSERT INTO temp.${tableOf(run)} (key, seen) VALUES (?, 1) ON CONFLICT DO NOTHING`,
    );
    for (const key of keys) if (key !== null) note.run(key);
  }

  /** Whether a run has tasks that stay as they are. */
  keepsTasks(run: number): boolean {
    if (!this.isLearnt(run)) return false;
    return this.#of(run).of(
      `SELECT 1 FROM temp.${tableOf(run)} WHERE seen IN (${KEPT},${KEPT_SEEN}) LIMIT 1`,
    ).get() !== undefined;
  }

  /** Forgets the keys of a run. */
  forget(run: number): void {
    this.#connection.exec(`DROP TABLE IF EXISTS temp.${tableOf(run)}`);
    this.#tables.delete(run);
  }

  #create(run: number): void {
    this.#connection.exec(
      `CREATE TEMP TABLE ${tableOf(run)}
         (key TEXT PRIMARY KEY, id INTEGER, seen INTEGER NOT NULL, claim INTEGER) WITHOUT ROWID`,
    );
  }

  #of(run: number): Statements {
    let statements = this.#tables.get(run);
    if (!statements) this.#tables.set(run, statements = new Statements(this.#connection));
    return statements;
  }

  #unfit(run: number): TypeError | undefined {
    const row = this.#statements.of(
      `SELECT min(id) AS id, key FROM task_runs WHERE ${OF_RUN}
       GROUP BY key HAVING count(*) > 1 OR key IS NULL LIMIT 1`,
    ).get(run);
    return row && new TypeError(
      `Cannot resume run ${run}: ` +
        (row.key === null
          ? `its task ${row.id} has no key; give items a key, or pass taskKey`
          : `two of its tasks have the key ${Deno.inspect(row.key)}; keys have to be ` +
            `unique in a run that is resumed`),
    );
  }
}

function tableOf(run: number): string {
  return `pipeloom_keys_${Number(run)}`;
}

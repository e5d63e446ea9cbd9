/**
 * How many rows each task wrote into which table: in `task_runs.wrote` for the task, in `run_rows` for its run, in the
 * commit of the rows.
 *
 * SQLite reports after each statement how many rows it changed, so no row is looked at. What
 * a task wrote goes into the statement that writes its news anyway: a short task, whose rows and end share a commit,
 * costs one value more. A row of its own for each task and table would cost such a task as much as the row that it
 * inserts.
 *
 * @module
 */
import { foldName } from "../../internal/fold_name.ts";
import { BulkStatement } from "../../sqlite/bulk_statement.ts";
import type { Connection } from "../../sqlite/connection.ts";
import { OWN_TABLES } from "../../sqlite/schema.ts";
import { Statements } from "../../sqlite/statement.ts";
import type { SqlValue } from "../../sqlite/values.ts";
import { isEnd, type TaskStatus } from "../../internal/task_status.ts";
import type { RowChange } from "../../sqlite/statement_effect.ts";

/** A part of the store that a rollback has to reach, too. */
export interface TransactionPart {
  /** Calling what it returns takes back what is noted after. */
  mark(): () => void;
  /** The transaction is committed. */
  committed(): void;
  /** The transaction is undone. */
  rolledBack(): void;
}

/** Tables that are counted apart for one task; rows of further ones are counted under this name. */
const MAX_TABLES = 100;
const OTHER_TABLES = "*";

const CHANGES: readonly RowChange[] = ["inserted", "upserted", "updated", "deleted"];

/** Rows of one table. */
interface TableRows extends Record<RowChange, number> {
  table: string;
}

/** What a task has written, as long as it may write more. */
interface TaskRows {
  id: number;
  /** Its run; `null` where the task is in no run, `undefined` where that is not known yet. */
  run: number | null | undefined;
  /** Whether what it wrote before this writer, or before it was queued again, is among the counts. */
  isWhole: boolean;
  /** Whether its row in the table does not have all of it. */
  isDirty: boolean;
  tables: TableRows[];
}

/** One addition of this transaction. */
interface Addition {
  task: TaskRows;
  rows: TableRows;
  change: RowChange;
  count: number;
}

/** Counts the rows that tasks write. */
export class RowCounts implements TransactionPart {
  readonly #connection: Connection;
  readonly #statements: Statements;
  readonly #own = new Set(OWN_TABLES);
  /** Active runs, and whether each was resumed. Without any, nothing is counted. */
  readonly #runs = new Map<number, boolean>();
  readonly #tasks = new Map<number, TaskRows>();
  /** Tasks that were queued again after they had ended. */
  readonly #requeued = new Set<number>();
  #write: BulkStatement | undefined;
  // What this transaction has changed so far.
  #added: Addition[] = [];
  #ended: number[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#statements = new Statements(connection);
  }

  /** Counts for the tasks of this run, too. */
  begin(run: number, { resumed = false }: { resumed?: boolean | undefined }): void {
    this.#runs.set(run, resumed);
  }

  /** A run has ended. */
  endRun(run: number): void {
    this.#runs.delete(run);
    if (this.#runs.size > 0) return;
    this.#ended.push(...this.#tasks.keys());
    this.#requeued.clear();
  }

  /** Tasks have been queued again. */
  requeued(ids: readonly number[]): void {
    const ended = new Set(this.#ended);
    for (const id of ids) {
      if (!this.#tasks.has(id) || ended.has(id)) this.#requeued.add(id);
    }
  }

  /** A task has changed rows of a table; a negative number takes back what was counted too much. */
  add(id: number | undefined, table: string, change: RowChange, count: number): void {
    if (id === undefined || this.#runs.size === 0 || count === 0 || this.#own.has(table)) return;
    let task = this.#tasks.get(id);
    if (!task) {
      task = { id, run: undefined, isWhole: false, isDirty: true, tables: [] };
      this.#tasks.set(id, task);
    }
    const rows = rowsOf(task, table);
    rows[change] += count;
    task.isDirty = true;
    this.#added.push({ task, rows, change, count });
  }

  /** The counts to write with a task's update, as JSON; `undefined` where nothing is new. */
  textFor(id: number, run: number): string | null | undefined {
    const task = this.#added.length > 0 ? this.#tasks.get(id) : undefined;
    if (!task?.isDirty) return undefined;
    task.run = run;
    this.#complete(task);
    return textOf(task.tables);
  }

  /** The news of a task are written, with that text. */
  written(id: number, status: TaskStatus | undefined): void {
    const task = this.#tasks.size > 0 ? this.#tasks.get(id) : undefined;
    if (!task) return;
    task.isDirty = false;
    if (status && isEnd(status)) this.#ended.push(id);
  }

  /** Writes what no news have carried. Called before each commit. */
  flush(): void {
    if (this.#added.length === 0) return;
    this.#flushTasks();
    this.#flushRuns();
  }

  /** Calling what it returns takes back what is noted after. */
  mark(): () => void {
    const { length } = this.#added;
    return () => {
      for (const { rows, change, count } of this.#added.splice(length)) rows[change] -= count;
      for (const { task } of this.#added) task.isDirty = true;
    };
  }

  /** The transaction is committed. */
  committed(): void {
    for (const id of this.#ended) this.#tasks.delete(id);
    this.#forget();
  }

  /** The transaction is undone. */
  rolledBack(): void {
    for (const { rows, change, count } of this.#added) rows[change] -= count;
    this.#forget();
  }

  #forget(): void {
    this.#added = [];
    this.#ended = [];
  }

  #flushTasks(): void {
    const values: SqlValue[] = [];
    for (const { task } of this.#added) {
      if (!task.isDirty) continue;
      task.isDirty = false;
      if (task.run === undefined) {
        const row = this.#statements.of("SELECT run_id FROM task_runs WHERE id=?").get(task.id);
        task.run = row ? row.run_id as number | null : null;
      }
      if (task.run === null) continue;
      this.#complete(task);
      values.push(task.id, textOf(task.tables));
    }
    if (values.length === 0) return;
    this.#write ??= new BulkStatement(
      this.#connection,
      "(?,?)",
      (tuples) =>
        `UPDATE task_runs SET wrote=v.column2 FROM (VALUES ${tuples}) AS v WHERE id=v.column1`,
    );
    this.#write.run(values);
  }

  #flushRuns(): void {
    const runs = new Map<number, Map<string, TableRows>>();
    let last: { run: number; rows: TableRows } | undefined;
    for (const { task: { run }, rows: { table }, change, count } of this.#added) {
      if (typeof run !== "number") continue;
      if (last?.run !== run || last.rows.table !== table) {
        let tables = runs.get(run);
        if (!tables) runs.set(run, tables = new Map());
        let rows = tables.get(table);
        if (!rows) tables.set(table, rows = noRows(table));
        last = { run, rows };
      }
      last.rows[change] += count;
    }
    for (const [run, tables] of runs) {
      for (const { table, inserted, upserted, updated, deleted } of tables.values()) {
        this.#statements.of(
          `INSERT INTO run_rows (run_id,table_name,inserted,upserted,updated,deleted)
           VALUES (?,?,?,?,?,?) ON CONFLICT (run_id, table_name COLLATE NOCASE) DO UPDATE SET
             inserted=inserted+excluded.inserted, upserted=upserted+excluded.upserted,
             updated=updated+excluded.updated, deleted=deleted+excluded.deleted`,
        ).runValues([run, table, inserted, upserted, updated, deleted]);
      }
    }
  }

  /** Adds what a task had written before, where it has begun before. */
  #complete(task: TaskRows): void {
    if (task.isWhole) return;
    task.isWhole = true;
    if (!this.#requeued.delete(task.id) && !this.#runs.get(task.run!)) return;
    const row = this.#statements.of("SELECT wrote FROM task_runs WHERE id=?").get(task.id);
    for (const [table, before] of parsed(row?.wrote)) {
      const rows = rowsOf(task, table);
      for (const change of CHANGES) rows[change] += Number(before[change]) || 0;
    }
  }
}

/** The counts of a table, which may be spelled in another case. */
function rowsOf({ tables }: TaskRows, table: string): TableRows {
  if (tables[0]?.table === table) return tables[0];
  const folded = foldName(table);
  const found = tables.find((rows) => rows.table === table || foldName(rows.table) === folded);
  if (found) return found;
  const name = tables.length < MAX_TABLES ? table : OTHER_TABLES;
  const last = tables.at(-1);
  if (name === OTHER_TABLES && last?.table === name) return last;
  const rows = noRows(name);
  tables.push(rows);
  return rows;
}

function noRows(table: string): TableRows {
  return { table, inserted: 0, upserted: 0, updated: 0, deleted: 0 };
}

/** Such as `{"city":{"inserted":3}}`. */
function textOf(tables: readonly TableRows[]): string | null {
  const [first] = tables;
  if (tables.length === 1 && first!.upserted + first!.updated + first!.deleted === 0) {
    // What most tasks write.
    return first!.inserted === 0
      ? null
      : `{${JSON.stringify(first!.table)}:{"inserted":${first!.inserted}}}`;
  }
  let text = "";
  for (const rows of tables) {
    let counts = "";
    for (const change of CHANGES) {
      if (rows[change] > 0) counts += `${counts && ","}"${change}":${rows[change]}`;
    }
    if (counts) text += `${text && ","}${JSON.stringify(rows.table)}:{${counts}}`;
  }
  return text ? `{${text}}` : null;
}

function parsed(text: SqlValue | undefined): [string, Partial<Record<RowChange, unknown>>][] {
  try {
    const value = JSON.parse(String(text));
    return Object.entries(Object(value)).map(([table, rows]) => [table, Object(rows)]);
  } catch {
    return [];
  }
}

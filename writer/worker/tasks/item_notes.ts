/**
 * The statements for what is kept of items beside their tasks: their inputs, and their versions, by which tasks end
 * that need not run, because their work was done before.
 *
 * The version of a task stands in its row until it is done. A trigger then keeps it in `task_versions`, in the same
 * commit, by whatever statement the task ends. It is made when the first version comes: a writer that has none pays
 * nothing for it.
 *
 * @module
 */
import { BulkStatement } from "../../../sqlite/bulk_statement.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import { Statements } from "../../../sqlite/statement.ts";
import { versionTrigger } from "../../../sqlite/tables/task_tables.ts";
import type { SqlValue } from "../../../sqlite/values.ts";
import type { NoteItemsMessage } from "../../protocol/task_message.ts";
import type { RunStore } from "../run_store.ts";

/** The table, in memory, of the pipelines that runs with versions belong to. */
const RUNS = "pipeloom_versioned_runs";

const RUNS_TABLE = `CREATE TEMP TABLE IF NOT EXISTS ${RUNS}
  (run_id INTEGER PRIMARY KEY, name TEXT NOT NULL, cache_key TEXT NOT NULL)`;

const TRIGGER = versionTrigger(
  `INSERT INTO task_versions (name,key,cache_key,version,run_id,task_id,result)
     SELECT name, NEW.key, cache_key, NEW.version, NEW.run_id, NEW.id, NEW.result
     FROM ${RUNS} WHERE run_id=NEW.run_id
   ON CONFLICT (name,key) DO UPDATE SET cache_key=excluded.cache_key, version=excluded.version,
     run_id=excluded.run_id, task_id=excluded.task_id, result=excluded.result`,
);

/** Tasks among these whose work was done with the same version, in another run of the pipeline. */
const UNCHANGED = `SELECT t.id, v.run_id AS since, v.result
  FROM json_each(?2) AS asked CROSS JOIN main.task_runs AS t ON t.id=asked.value
    CROSS JOIN temp.${RUNS} AS r ON r.run_id=?1
    CROSS JOIN main.task_versions AS v ON v.name=r.name AND v.key=t.key
  WHERE t.run_id=?1 AND t.own_status='queued' AND v.cache_key=r.cache_key
    AND v.version=t.version AND v.run_id<>?1`;

/** The part of the store that keeps what items declare. */
export class ItemNotes {
  readonly #connection: Connection;
  readonly #runs: RunStore;
  readonly #statements: Statements;
  readonly #notes = new Map<string, BulkStatement>();

  constructor(connection: Connection, runs: RunStore) {
    this.#connection = connection;
    this.#runs = runs;
    this.#statements = new Statements(connection);
  }

  /** Stores what items declare, and returns the ids of the tasks that are done because of it. */
  note(message: NoteItemsMessage): readonly number[] {
    const { run, ids, inputs, stages, tags, versions, cacheKey = "" } = message;
    if (inputs) this.#note("input", run, ids, inputs);
    if (stages) this.#note("stage", run, ids, stages);
    if (tags) this.#note("tags", run, ids, tags);
    if (!versions) return [];
    this.#connection.exec(`${RUNS_TABLE};${TRIGGER}`);
    this.#statements.of(
      `INSERT OR REPLACE INTO temp.${RUNS} SELECT id, name, ?2 FROM main.pipeline_runs WHERE id=?1`,
    ).run(run, cacheKey);
    this.#note("version", run, ids, versions);
    return this.#endUnchanged(run, ids);
  }

  #note(
    column: "input" | "stage" | "tags" | "version",
    run: number,
    ids: readonly number[],
    texts: readonly (string | null)[],
  ): void {
    let statement = this.#notes.get(column);
    if (!statement) {
      statement = new BulkStatement(
        this.#connection,
        "(?,?,?)",
        (tuples) =>
          `UPDATE main.task_runs SET ${column}=v.column3 FROM (VALUES ${tuples}) AS v
           WHERE task_runs.id=v.column1 AND run_id=v.column2`,
      );
      this.#notes.set(column, statement);
    }
    const values: SqlValue[] = [];
    ids.forEach((id, i) => values.push(id, run, texts[i] ?? null));
    statement.run(values);
  }

  #endUnchanged(run: number, ids: readonly number[]): readonly number[] {
    const unchanged = this.#statements.of(UNCHANGED).all(run, JSON.stringify(ids));
    // Without a version, so that what is kept of it stays as it is.
    const end = this.#statements.of(
      `UPDATE main.task_runs SET status='done', own_status='done', progress=1, version=NULL,
         message='unchanged since run '||?2, result=?3,
         finished_at=strftime('%Y-%m-%dT%H:%M:%fZ','now') WHERE id=?1`,
    );
    for (const { id, since, result } of unchanged) end.run(id!, since!, result!);
    const counts = this.#runs.count(run);
    counts.queued -= unchanged.length;
    counts.done += unchanged.length;
    this.#statements.of(
      "UPDATE main.pipeline_runs SET unchanged=coalesce(unchanged,0)+?2 WHERE id=?1",
    ).run(run, unchanged.length);
    return unchanged.map(({ id }) => Number(id));
  }
}

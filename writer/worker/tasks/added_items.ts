/**
 * The statements for `added_items`: what was added to a run is durable there as one row a call, until each item gets a
 * row of `task_runs`.
 *
 * That happens when the task is about to run: its begin and its end then go into the same INSERT, as those of the run's
 * items do. Whatever looks at the tasks of a run before that has them queued first.
 *
 * @module
 */
import type { Connection } from "../../../sqlite/connection.ts";
import { Statements } from "../../../sqlite/statement.ts";
import type { SqlRow } from "../../../sqlite/values.ts";
import { TAKE_OVER } from "./task_shape.ts";
import type { AddedCall, AddedPage, QueueTasksMessage } from "../../protocol/task_message.ts";

/** Tasks that are read together. */
const PAGE_TASKS = 1_000;

/** Tasks that have rows. */
const ROWS = `SELECT id, name, key, input FROM task_runs
  WHERE run_id=? AND added_by IS NOT NULL AND own_status='queued'`;

/** Those after this id. */
const QUEUED = `${ROWS} AND id>? ORDER BY id LIMIT ${PAGE_TASKS}`;

/** Those of these ids. */
const AGAIN = `${ROWS} AND id IN (SELECT value FROM json_each(?)) ORDER BY id`;

/** Calls after this id, until their tasks are enough. Only those of one page have their items read. */
const LISTED = `SELECT l.* FROM (
    SELECT id, sum(tasks) OVER (ORDER BY id) - tasks AS before FROM (
      SELECT id, tasks FROM added_items WHERE run_id=? AND id>? ORDER BY id LIMIT ${PAGE_TASKS}
    )) AS p CROSS JOIN added_items AS l ON l.id=p.id
  WHERE p.before<${PAGE_TASKS} ORDER BY l.id`;

/** How many added items of run ?1 have no rows yet. */
export const LISTED_TASKS = "(SELECT coalesce(sum(tasks),0) FROM added_items WHERE run_id=?1)";

/** Added items that have no rows yet. */
export class AddedItems {
  readonly #statements: Statements;

  constructor(connection: Connection) {
    this.#statements = new Statements(connection);
  }

  /** Keeps the items of one call, of which all are new. */
  keep(run: number, by: number, first: number, { tasks, names, keys, items }: AddedCall): void {
    this.#statements.of(
      `INSERT INTO main.added_items (id,run_id,added_by,tasks,names,keys,items)
       VALUES (?,?,?,?,?,?,?)`,
    ).run(first, run, by, tasks, names, keys, items);
  }

  /** The next tasks of a run. What has rows comes first: it was added before the others. */
  page(run: number, after: number): AddedPage[] {
    const queued = this.#statements.of(QUEUED).all(run, after);
    if (queued.length > 0) return [toPage(queued)];
    return this.#statements.of(LISTED).all(run, after).map((row) => ({
      ids: Number(row.id),
      tasks: Number(row.tasks),
      names: String(row.names),
      keys: String(row.keys),
      items: String(row.items),
    }));
  }

  /** Tasks of these ids that are queued. */
  again(run: number, ids: readonly number[]): AddedPage[] {
    return [toPage(this.#statements.of(AGAIN).all(run, JSON.stringify(ids)))];
  }

  /** Takes calls out of the list, up to this task; without it the next. The caller queues each. */
  *take(run: number, upTo?: number): Generator<QueueTasksMessage> {
    const next = this.#statements.of(
      "SELECT * FROM added_items WHERE run_id=? AND id<=? ORDER BY id LIMIT 1",
    );
    const forget = this.#statements.of("DELETE FROM added_items WHERE id=?");
    for (;;) {
      const row = next.get(run, upTo ?? Number.MAX_SAFE_INTEGER);
      if (!row) return;
      forget.run(row.id!);
      yield toMessage(row);
      if (upTo === undefined) return;
    }
  }
}

/** Tasks that have rows, of their ids, names, keys and items. */
function toPage(rows: readonly SqlRow[]): AddedPage {
  return {
    ids: rows.map(({ id }) => Number(id)),
    tasks: rows.length,
    names: JSON.stringify(rows.map(({ name }) => name)),
    keys: JSON.stringify(rows.map(({ key }) => key)),
    items: rows.map(({ input }) => input).join("\n"),
  };
}

/** Queues what a process that died had listed for a run. Returns the number of tasks. */
export function queueListed(connection: Connection, run: number): number {
  const insert = connection.prepare(
    // Another program may have written rows under ids that were reserved.
    `${TAKE_OVER} WHERE task_runs.run_id IS NULL`,
  );
  let queued = 0;
  for (
    const { ids, names, keys, added } of new AddedItems(connection).take(
      run,
      Number.MAX_SAFE_INTEGER,
    )
  ) {
    ids.forEach((id, i) => {
      queued += insert.run(id, names[i]!, run, keys[i]!, added!.items[i]!, added!.by);
    });
  }
  return queued;
}

function toMessage({ id, run_id, added_by, names, keys, items }: SqlRow): QueueTasksMessage {
  const first = Number(id);
  const lines = String(items).split("\n");
  return {
    kind: "queue_tasks",
    run: Number(run_id),
    ids: lines.map((_, i) => first + i),
    names: (JSON.parse(String(names)) as (string | null)[])
      .map((name, i) => name ?? `task ${first + i}`),
    keys: JSON.parse(String(keys)),
    added: { items: lines, by: Number(added_by) },
  };
}

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

/** Characters of calls that stay in memory: 100,000 tasks of short items. */
const RECENT_CHARS = 8_000_000;

/** A call whose tasks have no rows yet. */
interface ListedCall extends AddedCall {
  run: number;
  by: number;
}

/** How many added items of run ?1 have no rows yet. */
export const LISTED_TASKS = "(SELECT coalesce(sum(tasks),0) FROM added_items WHERE run_id=?1)";

/** Added items that have no rows yet. */
export class AddedItems {
  readonly #statements: Statements;
  /** Calls that were kept last, by their ids, so that they need not be read back. They may have been undone since. */
  readonly #recent = new Map<number, ListedCall>();
  #recentChars = 0;

  constructor(connection: Connection) {
    this.#statements = new Statements(connection);
  }

  /** Keeps the items of one call, of which all are new. */
  keep(first: number, { run, by, tasks, names, keys, items }: ListedCall): void {
    this.#statements.of(
      `INSERT INTO main.added_items (id,run_id,added_by,tasks,names,keys,items)
       VALUES (?,?,?,?,?,?,?)`,
    ).run(first, run, by, tasks, names, keys, items);
    this.#forget(first);
    if (this.#recentChars > RECENT_CHARS) return;
    this.#recent.set(first, { run, by, tasks, names, keys, items });
    this.#recentChars += names.length + keys.length + items.length;
  }

  /** The next tasks of a run. What has rows comes first: it was added before the others. */
  page(run: number, after: number): AddedPage[] {
    const queued = this.#statements.of(QUEUED).all(run, after);
    if (queued.length > 0) return [toPage(queued)];
    const pages: AddedPage[] = [];
    let first = this.#next(run, after);
    for (let count = 0; first !== undefined && count < PAGE_TASKS;) {
      const { tasks, names, keys, items } = this.#call(first);
      pages.push({ ids: first, tasks, names, keys, items });
      count += tasks;
      first = this.#next(run, first);
    }
    return pages;
  }

  /** Tasks of these ids that are queued. */
  again(run: number, ids: readonly number[]): AddedPage[] {
    return [toPage(this.#statements.of(AGAIN).all(run, JSON.stringify(ids)))];
  }

  /** Takes calls out of the list, up to this task; without it the next. The caller queues each. */
  *take(run: number, upTo?: number): Generator<QueueTasksMessage> {
    const remove = this.#statements.of("DELETE FROM added_items WHERE id=?");
    for (;;) {
      const first = this.#next(run, 0);
      if (first === undefined || first > (upTo ?? Infinity)) return;
      const call = this.#call(first);
      remove.run(first);
      this.#forget(first);
      yield toMessage(first, call);
      if (upTo === undefined) return;
    }
  }

  /** The first call of a run after this id. */
  #next(run: number, after: number): number | undefined {
    const next = this.#statements.of(
      "SELECT id FROM added_items WHERE run_id=? AND id>? ORDER BY id LIMIT 1",
    ).get(run, after);
    return next && Number(next.id);
  }

  /** Forgets what is in memory only. */
  forget(): void {
    this.#recent.clear();
    this.#recentChars = 0;
  }

  /** A call that is in the list. */
  #call(first: number): ListedCall {
    const recent = this.#recent.get(first);
    if (recent) return recent;
    const row = this.#statements.of("SELECT * FROM added_items WHERE id=?").get(first)!;
    return {
      run: Number(row.run_id),
      by: Number(row.added_by),
      tasks: Number(row.tasks),
      names: String(row.names),
      keys: String(row.keys),
      items: String(row.items),
    };
  }

  #forget(first: number): void {
    const call = this.#recent.get(first);
    if (!call) return;
    this.#recent.delete(first);
    this.#recentChars -= call.names.length + call.keys.length + call.items.length;
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

function toMessage(first: number, { run, by, ...call }: ListedCall): QueueTasksMessage {
  const items = call.items.split("\n");
  const ids = items.map((_, i) => first + i);
  const keys: string[] = JSON.parse(call.keys);
  const names: (string | null)[] = JSON.parse(call.names);
  return {
    kind: "queue_tasks",
    run,
    ids,
    names: names.length === 0 ? keys : names.map((name, i) => name ?? `task ${first + i}`),
    keys,
    added: { items, by },
  };
}

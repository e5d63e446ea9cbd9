/**
 * The tables that pipeloom keeps in a user's database.
 *
 * `task_runs` begins with the eight columns of the Python original, names and meaning, so that the
 * original's code can read and write our files and we can read and write its own. What we add stands
 * beside them: nullable columns after the eighth, and tables of our own. `PRAGMA user_version` and every
 * other table belong to the user. All times are ISO 8601 in UTC.
 *
 * @module
 */
import { checkOptionNames } from "../internal/validate.ts";
import type { Connection } from "./connection.ts";
import { findTables } from "./pragmas.ts";
import { REWRITTEN_INDEX } from "./rewritten_rows.ts";
import { ADDED_ITEMS } from "./tables/added_items.ts";
import { IDEMPOTENCY_KEYS } from "./tables/idempotency_keys.ts";
import { ADDED_TO_RUN_REQUESTS, PRUNED_RUNS, RUN_REQUESTS } from "./tables/control_tables.ts";
import { RUN_INDEXES } from "./tables/run_indexes.ts";
import { RUN_ROWS, RUN_ROWS_INDEX } from "./tables/run_rows.ts";
import { ADDED_TO_TASK_ATTEMPTS, TASK_ATTEMPTS } from "./tables/task_attempts.ts";
import { TASK_CHECKS, TASK_CHECKS_INDEXES } from "./tables/task_checks.ts";
import { TASK_STEPS, TASK_STEPS_INDEXES } from "./tables/task_steps.ts";
import { changesOf, type Columns } from "./tables/table_changes.ts";
import { TASK_VERSIONS, TASK_VERSIONS_KEY } from "./tables/task_versions.ts";

/** The eight columns of the original. */
const TASK_RUNS: Columns = {
  id: "INTEGER PRIMARY KEY",
  name: "TEXT NOT NULL",
  status: "TEXT NOT NULL", // queued|running|done|error|cancelled
  progress: "REAL NOT NULL DEFAULT 0.0", // fraction 0..1
  message: "TEXT",
  started_at: "TEXT",
  finished_at: "TEXT",
  result: "TEXT", // JSON
};

/** What we add to them: an older table gets it too, so it must be nullable. */
const ADDED_TO_TASK_RUNS: Columns = {
  run_id: "INTEGER",
  key: "TEXT",
  error: "TEXT",
  updated_at: "TEXT",
  // Its item as JSON, where another task added it or items are stored, and which task that was; 0 for the program.
  input: "TEXT",
  added_by: "INTEGER",
  // The worker of another machine that ran it last.
  worker: "TEXT",
  // The status as we wrote it last; see `rewritten_rows.ts`.
  own_status: "TEXT",
  // What another program had written over the status of a task that was done: its result may be that program's.
  rewritten_as: "TEXT",
  // The version of its work, until it is done.
  version: "TEXT",
  // Which of its run's stages runs it, where that has any.
  stage: "TEXT",
  // Its tags, where it has any: a JSON array.
  tags: "TEXT",
  // Until when it sleeps, or slept last.
  wakes_at: "TEXT",
  // The rows that it inserted, updated and deleted, by table: JSON.
  wrote: "TEXT",
};

const PIPELINE_RUNS: Columns = {
  id: "INTEGER PRIMARY KEY",
  name: "TEXT NOT NULL",
  status: "TEXT NOT NULL", // running|done|error|cancelled|interrupted
  started_at: "TEXT NOT NULL",
  finished_at: "TEXT",
  workers: "INTEGER",
  driver: "TEXT",
  sqlite_version: "TEXT",
  // The ids of the run's tasks lie in this range.
  first_task_id: "INTEGER",
  last_task_id: "INTEGER",
  // Tasks by status, kept in the commit that changes them.
  queued: "INTEGER NOT NULL DEFAULT 0",
  running: "INTEGER NOT NULL DEFAULT 0",
  done: "INTEGER NOT NULL DEFAULT 0",
  error: "INTEGER NOT NULL DEFAULT 0",
  cancelled: "INTEGER NOT NULL DEFAULT 0",
  // The writer's health, at its last commit for this run.
  queue_depth: "INTEGER",
  batch_rows: "INTEGER",
  commit_p99_ms: "REAL",
  wal_bytes: "INTEGER",
  checkpointed_at: "TEXT",
  updated_at: "TEXT",
};

/** What came later: a table from before gets it too. */
const ADDED_TO_PIPELINE_RUNS: Columns = {
  // Names the lock file that shows whether the run's writer is alive; see `process_lock.ts`.
  owner: "TEXT",
  // Which process it was, for people.
  host: "TEXT",
  pid: "INTEGER",
  process_started_at: "TEXT",
  booted_at: "TEXT",
  resumed: "INTEGER", // how often
  dependencies: "INTEGER", // its rows in task_dependencies
  // Since when readers keep the writer from emptying a long WAL.
  wal_held_since: "TEXT",
  // The caller's name for it, by which it is resumed.
  run_key: "TEXT",
  // What it was started with, as JSON; NULL where that is not known.
  args: "TEXT",
  label: "TEXT", // what it is called beside its name
  // Why it failed as a whole, with stacks.
  reason: "TEXT",
  reason_stack: "TEXT",
  // The last id that is reserved for its tasks while it is active.
  reserved_to: "INTEGER",
  // How many tasks that had ended were queued again while it was active.
  retried: "INTEGER",
  // Tasks in all, where that is known: the items have ended, or their number was known from the start.
  expected: "INTEGER",
  // When the run was resumed last, and how many of its tasks were done then: its progress is measured from there.
  resumed_at: "TEXT",
  resumed_done: "INTEGER",
  // Where its tasks run, when that is on other machines: "nats".
  executor: "TEXT",
  // `resumed` as we know it; see `rewritten_rows.ts`.
  own_resumed: "INTEGER",
  // How many tasks other programs had written over, and deleted, when it was resumed: of all resumptions.
  rewritten: "INTEGER",
  removed: "INTEGER",
  // How many tasks did not run because their version was done before; NULL where none has a version.
  unchanged: "INTEGER",
};

/** What became of a run over time: its counts now and then, so that tasks need not be counted by the second. */
const RUN_SAMPLES: Columns = {
  id: "INTEGER PRIMARY KEY",
  run_id: "INTEGER NOT NULL",
  sampled_at: "TEXT NOT NULL",
  queued: "INTEGER NOT NULL",
  running: "INTEGER NOT NULL",
  done: "INTEGER NOT NULL",
  error: "INTEGER NOT NULL",
  cancelled: "INTEGER NOT NULL",
};

const TASK_LOGS: Columns = {
  id: "INTEGER PRIMARY KEY",
  task_id: "INTEGER NOT NULL",
  run_id: "INTEGER",
  logged_at: "TEXT NOT NULL",
  level: "TEXT NOT NULL", // debug|info|warn|error
  message: "TEXT NOT NULL",
};

/** Which task waits for which, of runs where any does. */
const TASK_DEPENDENCIES: Columns = {
  id: "INTEGER PRIMARY KEY",
  run_id: "INTEGER NOT NULL",
  task_id: "INTEGER NOT NULL",
  depends_on_id: "INTEGER NOT NULL",
};

/** The tables of task status, with what was added to them later. */
const TABLES: readonly [name: string, columns: Columns, added?: Columns, key?: string][] = [
  ["task_runs", TASK_RUNS, ADDED_TO_TASK_RUNS],
  ["pipeline_runs", PIPELINE_RUNS, ADDED_TO_PIPELINE_RUNS],
  ["run_samples", RUN_SAMPLES],
  ["task_logs", TASK_LOGS],
  ["task_attempts", TASK_ATTEMPTS, ADDED_TO_TASK_ATTEMPTS],
  ["task_checks", TASK_CHECKS],
  ["task_dependencies", TASK_DEPENDENCIES],
  ["idempotency_keys", IDEMPOTENCY_KEYS],
  ["run_requests", RUN_REQUESTS, ADDED_TO_RUN_REQUESTS],
  ["pruned_runs", PRUNED_RUNS],
  ["task_versions", TASK_VERSIONS, {}, TASK_VERSIONS_KEY],
  ["task_steps", TASK_STEPS],
  ["run_rows", RUN_ROWS],
  ["added_items", ADDED_ITEMS],
];

/** The tables that are ours: all others are the user's. */
export const OWN_TABLES: readonly string[] = [
  ...TABLES.map(([name]) => name),
  "workers",
  "pipeline_schedules",
];

/**
 * Options of {@linkcode initSchema}.
 *
 * @example No tables of task status
 * ```ts ignore
 * import type { InitSchemaOptions } from "@pipeloom/pipeloom/db";
 *
 * const options: InitSchemaOptions = { storeTaskStatus: false };
 * ```
 */
export interface InitSchemaOptions {
  /**
   * Whether the tables of task status are wanted. With `false` nothing is created.
   *
   * @default {true}
   */
  storeTaskStatus?: boolean | undefined;
}

/**
 * Creates `task_runs`, `pipeline_runs`, `run_samples`, `task_logs`, `task_attempts`, `task_checks`,
 * `task_dependencies`, `idempotency_keys`, `run_requests`, `pruned_runs`, `task_versions`, `task_steps`, `run_rows`
 * and `added_items`, or brings them up to date: an older `task_runs` is extended in place and keeps every row. Calling it again changes nothing. It
 * is one transaction.
 *
 * @throws {SqliteError} If the database cannot be written
 * @throws {Error} If there is a table of one of these names of another make
 *
 * @example A schema beside your own tables
 * ```ts
 * import { connect, initSchema } from "@pipeloom/pipeloom/db";
 *
 * using connection = await connect(":memory:");
 * initSchema(connection);
 * connection.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, total REAL)");
 * ```
 */
export function initSchema(connection: Connection, options: InitSchemaOptions = {}): void {
  checkOptionNames(options, { operation: "create the tables", known: ["storeTaskStatus"] });
  if (options.storeTaskStatus === false) return;
  connection.transaction(() => {
    const found = findTables(connection, TABLES.map(([name]) => name));
    const changes = TABLES.flatMap(([name, columns, added, key]) =>
      changesOf(connection.path, { name, columns, added, key, found: found.get(name) })
    );
    connection.exec(`
      ${changes.map((change) => `${change};`).join("\n")}
      CREATE INDEX IF NOT EXISTS idx_task_runs_status ON task_runs(status);
      CREATE INDEX IF NOT EXISTS idx_task_runs_added ON task_runs(run_id, id)
        WHERE added_by IS NOT NULL;
      ${REWRITTEN_INDEX};
      ${TASK_STEPS_INDEXES};
      ${RUN_ROWS_INDEX};
      ${RUN_INDEXES};
      CREATE INDEX IF NOT EXISTS idx_run_samples_run ON run_samples(run_id);
      CREATE INDEX IF NOT EXISTS idx_task_attempts_task ON task_attempts(task_id);
      ${TASK_CHECKS_INDEXES};
      CREATE UNIQUE INDEX IF NOT EXISTS idx_task_dependencies_run
        ON task_dependencies(run_id, task_id, depends_on_id);
      CREATE UNIQUE INDEX IF NOT EXISTS idx_idempotency_keys
        ON idempotency_keys(task_id, table_name, key, part);
      CREATE INDEX IF NOT EXISTS idx_run_requests_open ON run_requests(run_id)
        WHERE answered_at IS NULL;
      CREATE INDEX IF NOT EXISTS idx_task_logs_task ON task_logs(task_id);`);
  });
}

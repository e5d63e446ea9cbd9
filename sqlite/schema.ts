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
import {
  ADDED_TO_PIPELINE_RUNS,
  ADDED_TO_RUN_REQUESTS,
  PIPELINE_RUNS,
  PRUNED_RUNS,
  RUN_INDEXES,
  RUN_REQUESTS,
  RUN_ROWS,
  RUN_SAMPLES,
} from "./tables/run_tables.ts";
import { changesOf, type Columns } from "./tables/table_changes.ts";
import {
  ADDED_ITEMS,
  ADDED_TO_TASK_ATTEMPTS,
  ADDED_TO_TASK_RUNS,
  IDEMPOTENCY_KEYS,
  TASK_ATTEMPTS,
  TASK_CHECKS,
  TASK_DEPENDENCIES,
  TASK_INDEXES,
  TASK_LOGS,
  TASK_RUNS,
  TASK_STEPS,
  TASK_VERSIONS,
  TASK_VERSIONS_KEY,
} from "./tables/task_tables.ts";

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
      ${TASK_INDEXES};
      ${RUN_INDEXES};
      ${REWRITTEN_INDEX}`);
  });
}

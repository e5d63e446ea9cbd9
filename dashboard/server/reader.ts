/**
 * A read-only connection with its prepared statements, and what the file has of our tables.
 *
 * Files come from three makers: this module, the Python original (eight columns, no `pipeline_runs`), and
 * both in turn. So queries ask {@linkcode Reader.has} before they name what we added.
 *
 * @module
 */
import { ownerReason, type OwnerState, ownerState } from "../../internal/owner_lock.ts";
import { SqliteError } from "../../errors.ts";
import { connectReadOnly } from "../../sqlite/connect.ts";
import type { Connection } from "../../sqlite/connection.ts";
import type { DriverChoice } from "../../sqlite/drivers/choose.ts";
import type { SqlRow, SqlValue } from "../../sqlite/values.ts";
import { GuardedTables } from "../../sqlite/tables/guarded_tables.ts";
import { dataVersionOf, isShadowed, schemaVersionOf } from "../../sqlite/pragmas.ts";

/**
 * Milliseconds that a read waits for a lock: a read that waits holds up every request that the thread answers, and
 * the next look tries again.
 */
const BUSY_TIMEOUT_MS = 50;

/** Milliseconds for which it is known whether an owner lives. */
const OWNER_MS = 1_000;

/** Milliseconds that a statement takes at most: a page has slices of some milliseconds, so that this is a fault. */
const LIMIT_MS = 5_000;

/** Columns of free text, which no index has. */
const TEXTS: ReadonlySet<string> = new Set([
  ...["error", "input", "key", "message", "name", "result"],
  ...["args", "label", "reason", "reason_stack", "table_name", "wrote"],
]);

/** What we made, or the original. */
const TABLES = [
  "task_runs",
  "pipeline_runs",
  "run_samples",
  "task_logs",
  "task_attempts",
  "task_checks",
  "task_steps",
  "task_dependencies",
  "run_rows",
  "run_requests",
  "workers",
  "pipeline_schedules",
] as const;

/** A row, or `undefined`. */
export type MaybeRow = SqlRow | undefined;

/** What queries read from. Every read is one short statement: no cursor outlives a call. */
export class Reader implements Disposable {
  /** The connection. */
  readonly connection: Connection;
  readonly #tables: GuardedTables;
  readonly #statements = new Map<string, ReturnType<Connection["prepare"]>>();
  readonly #readDataVersion: () => SqlValue;
  readonly #readSchemaVersion: () => SqlValue;
  #columns = new Map<string, Set<string>>();
  /** Finds names of ours that are views: to read one may take for ever. */
  #views: RegExp | undefined;
  #schemaVersion: SqlValue = -1;
  /** Owners that were alive, or could not be asked, when they were last asked for. */
  readonly #owners = new Map<string, OwnerState>();
  #ownersAt = -Infinity;

  private constructor(connection: Connection, limitMs: number) {
    this.connection = connection;
    this.#tables = new GuardedTables(connection, limitMs);
    this.#readDataVersion = dataVersionOf(connection);
    this.#readSchemaVersion = schemaVersionOf(connection);
  }

  /**
   * Opens a file that is there; statements take `limitMs` at most.
   *
   * @throws {SqliteError} If it cannot be read
   */
  static async open(
    path: string,
    driver: DriverChoice,
    limitMs: number = LIMIT_MS,
  ): Promise<Reader> {
    const reader = new Reader(
      await connectReadOnly(path, { driver, busyTimeoutMs: BUSY_TIMEOUT_MS }),
      limitMs,
    );
    try {
      reader.refreshSchema();
      return reader;
    } catch (error) {
      reader[Symbol.dispose]();
      throw error;
    }
  }

  /** Looks again at what the file has, when its schema is another than before. */
  refreshSchema(): void {
    const version = this.#readSchemaVersion();
    if (version === this.#schemaVersion) return;
    const columns = this.#tables.guard(TABLES, TEXTS);
    const views = TABLES.filter((table) => isShadowed(this.connection, table));
    this.#views = views.length > 0 ? new RegExp(`\\b(${views.join("|")})\\b`) : undefined;
    this.#statements.clear();
    this.#columns = columns;
    this.#schemaVersion = version;
  }

  /** Changes exactly when another connection has committed. */
  get dataVersion(): SqlValue {
    return this.#readDataVersion();
  }

  /** Whether the file has a table, or a column of a table. */
  has(table: string, column?: string): boolean {
    const columns = this.#columns.get(table);
    return !!columns && (column ? columns.has(column) : columns.size > 0);
  }

  /** The columns of a table, in their order. */
  columns(table: string): Iterable<string> {
    return this.#columns.get(table) ?? [];
  }

  /** Whether the process of an owner lives. One that is gone stays so. */
  owner(owner: string): OwnerState {
    this.lookAtOwners();
    let state = this.#owners.get(owner);
    if (!state) this.#owners.set(owner, state = ownerState(this.connection.path, owner));
    return state;
  }

  /** Asks again, now and then, whether the owners live; returns whether any is gone that was not. */
  lookAtOwners(): boolean {
    const now = performance.now();
    if (now - this.#ownersAt < OWNER_MS) return false;
    this.#ownersAt = now;
    let changed = false;
    for (const [owner, state] of this.#owners) {
      if (state === "gone") continue;
      const next = ownerState(this.connection.path, owner);
      this.#owners.set(owner, next);
      changed ||= next !== state;
    }
    return changed;
  }

  /** Why an owner that is gone has ended its runs, where it has noted that. */
  ownerReason(owner: string): string | null {
    return ownerReason(this.connection.path, owner);
  }

  /** Every row of a query, prepared once. */
  all(sql: string, ...params: SqlValue[]): SqlRow[] {
    return this.#tables.run(sql, () => this.#statement(sql).all(...params));
  }

  /** The first row of a query, prepared once. */
  get(sql: string, ...params: SqlValue[]): MaybeRow {
    return this.#tables.run(sql, () => this.#statement(sql).get(...params));
  }

  /**
   * Runs statements on tables of the user within a time limit: their rows have the condition of `inTime`.
   *
   * @throws {OverdueError} If they took longer
   */
  within<T>(limitMs: number, sql: string, read: (connection: Connection) => T): T {
    return this.#tables.run(sql, () => read(this.connection), limitMs);
  }

  /** Runs `read` while there are temporary views beside those of our tables. */
  withViews<T>(views: { create: readonly string[]; drop: readonly string[] }, read: () => T): T {
    return this.#tables.withViews(views, read);
  }

  /** Tables of ours that are read through a temporary view of their name. */
  get guarded(): ReadonlySet<string> {
    return new Set([...this.#columns].flatMap(([table, { size }]) => size > 0 ? [table] : []));
  }

  /** Closes the connection. */
  [Symbol.dispose](): void {
    this.connection.close();
  }

  #statement(sql: string): ReturnType<Connection["prepare"]> {
    const [view] = this.#views?.exec(sql) ?? [];
    if (view) {
      throw new SqliteError(
        `Cannot read ${view} of ${this.connection.path}: it is a view or a virtual table, made by ` +
          `another program. Rename it`,
      );
    }
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, statement = this.connection.prepare(sql));
    return statement;
  }
}

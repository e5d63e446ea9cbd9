/**
 * The user's rows and statements.
 *
 * What a statement looks like is prepared once: messages of the same shape share it.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import type { Statement } from "../../sqlite/statement.ts";
import type {
  ExecuteMessage,
  ExecuteResult,
  InsertMessage,
  RowShapes,
  StatementMessage,
} from "../protocol/write_message.ts";
import type { StatementBoard } from "../protocol/statement_board.ts";
import { InsertStatement } from "./insert_statement.ts";
import type { RowCounts } from "./row_counts.ts";
import { readRows } from "../../sqlite/read_only.ts";
import { schemaVersionOf } from "../../sqlite/pragmas.ts";
import {
  checkUserStatement,
  hasTempObjects,
  refuseTempShadows,
} from "../../sqlite/user_statement.ts";
import type { SqlRow, SqlValue } from "../../sqlite/values.ts";
import { returnsRows, type WriteTarget, writeTarget } from "../../sqlite/statement_effect.ts";

/** Prepared shapes that are kept: more than any pipeline has tables, few enough to hold. */
const MAX_STATEMENTS = 256;

const COUNT_CHANGES =
  "SELECT total_changes() AS total, changes() AS changes, last_insert_rowid() AS id";

/** Rows of several messages were fewer than they held: only each by itself shows which. */
const FEWER_ROWS = new Error("A table has taken fewer rows than were inserted");

/** The part of the store that writes what is the user's. */
export class RowStore {
  readonly #connection: Connection;
  readonly #board: StatementBoard;
  readonly #counts: RowCounts;
  readonly #statements: Readonly<Record<string, string>>;
  readonly #targets = new Map<string, WriteTarget | null>();
  /** Tables that do not take every row, with what happens on a conflict: messages for them share no statement. */
  readonly #picky = new Set<string>();
  readonly #inserts = new Map<string, InsertStatement>();
  readonly #prepared = new Map<string, Statement>();
  readonly #schemaVersion: () => SqlValue;
  /** The version of the schema that the inserts were made for, where any knows more than the name of its table. */
  #madeFor: SqlValue = null;
  /** Whether there are TEMP tables, views or triggers; `undefined` where that is not known. */
  #hasTemp: boolean | undefined;

  #committed = 0;
  /** Rows inserted in this transaction. */
  #inserted = 0;

  /** `statements` are the named statements that messages may refer to. */
  constructor(
    connection: Connection,
    board: StatementBoard,
    counts: RowCounts,
    statements: Readonly<Record<string, string>> = {},
  ) {
    this.#connection = connection;
    this.#counts = counts;
    this.#board = board;
    this.#statements = statements;
    this.#schemaVersion = schemaVersionOf(connection);
  }

  /** Rows inserted and committed since it was made. */
  get rows(): number {
    return this.#committed;
  }

  /** Counts the rows of messages, which are inserted next, for their tasks. */
  count(messages: readonly InsertMessage[]): void {
    for (const message of messages) this.#count(message, rowsOf(message));
  }

  /** Inserts the rows of messages that can share a statement, and are counted. */
  insert(messages: readonly InsertMessage[]): undefined {
    messages.forEach(checkWidth);
    this.#dropStale();
    const [first] = messages;
    const { table, by, task, update } = first!;
    const kind = `${update === "ignore"} ${table}`;
    if (messages.length > 1 && this.#picky.has(kind)) {
      for (const message of messages) this.insert([message]);
      return;
    }
    // A trigger may run for ever.
    this.#board.enter(`INSERT INTO ${table}`, by ?? task);
    if (first!.shapes) return this.#insertShapes(first!, first!.shapes);
    const values = messages.length === 1 ? first!.values : messages.flatMap(({ values }) => values);
    if (values.length === 0) return;
    const rows = values.length / first!.width;
    const statement = this.#insertStatement(first!);
    let changes: number;
    try {
      changes = statement.run(values, rows);
    } catch (error) {
      // Of several messages the bad one is found first, and then its row.
      throw messages.length > 1 ? error : statement.explain(error, values, first!.first ?? 0);
    }
    this.#inserted += rows;
    if (changes === rows) return;
    if (messages.length === 1) return this.#count(first!, changes - rows);
    if (this.#picky.size >= MAX_STATEMENTS) this.#picky.clear();
    this.#picky.add(kind);
    // The batch is tried again, in which they share no statement.
    if (messages.some(({ by, task }) => (by ?? task) !== undefined)) throw FEWER_ROWS;
  }

  #count({ table, onConflict, update, by, task }: InsertMessage, rows: number): undefined {
    const change = onConflict && update !== "ignore" ? "upserted" : "inserted";
    this.#counts.add(by ?? task, table, change, rows);
  }

  /** Inserts rows of which some leave columns out: neighbours of one shape together. */
  #insertShapes(message: InsertMessage, { absent, ofRows }: RowShapes): undefined {
    const statements: InsertStatement[] = [];
    const { values, width, first = 0 } = message;
    let changes = 0;
    for (let end = 0; end < ofRows.length;) {
      const shape = ofRows[end]!;
      const begin = end;
      while (ofRows[end] === shape) end++;
      const left = absent[shape]!;
      const statement = statements[shape] ??= this.#insertStatement(message, left);
      let kept = values.slice(begin * width, end * width);
      if (left.length > 0) kept = kept.filter((_, i) => !left.includes(i % width));
      try {
        changes += statement.run(kept, end - begin);
      } catch (error) {
        throw statement.explain(error, kept, first + begin);
      }
    }
    this.#inserted += ofRows.length;
    this.#count(message, changes - ofRows.length);
  }

  /** Runs one of the named statements. */
  executeNamed({ name, params, rowless, by, task }: Omit<StatementMessage, "kind">): ExecuteResult {
    const sql = Object.hasOwn(this.#statements, name) ? this.#statements[name] : undefined;
    if (sql === undefined) {
      throw new TypeError(
        `Cannot run statement ${Deno.inspect(name)}: register it under "statements" when the ` +
          `writer is opened`,
      );
    }
    return this.execute({ sql, params, rowless, task: by ?? task });
  }

  /** Runs one statement. */
  execute({ sql, params, rowless, by, task }: Omit<ExecuteMessage, "kind">): ExecuteResult {
    const prepare = (sql: string) => this.#connection.prepare(sql);
    const mayChangeNames = checkUserStatement(sql);
    if (!mayChangeNames) this.#refuseShadows();
    const statement = cached(this.#prepared, sql, prepare);
    if (rowless && statement.returnsRows) throw returnsRows(sql);
    const count = cached(this.#prepared, COUNT_CHANGES, prepare);
    const before = count.get()!.total;
    this.#board.enter(sql, by ?? task);
    const rows = statement.returnsRows ? statement.all(...params) : [];
    if (!statement.returnsRows) statement.runValues(params);
    if (mayChangeNames) {
      this.#hasTemp = undefined;
      this.#refuseShadows();
    }
    const { total, changes: last, id } = count.get()!;
    // A statement that changes nothing leaves changes() as it was.
    const changes = total === before ? 0 : Number(last);
    if (changes > 0) this.#countChanges(sql, by ?? task, changes);
    return {
      changes,
      lastInsertRowid: id as number | bigint,
      rows,
    };
  }

  #countChanges(sql: string, task: number | undefined, changes: number): void {
    if (task === undefined) return;
    const target = cached(this.#targets, sql, () => writeTarget(sql) ?? null);
    if (target) this.#counts.add(task, target.table, target.change, changes);
  }

  /**
   * The rows of a statement that only reads.
   *
   * @throws {TypeError} If it returns none, or would change the connection
   * @throws {SqliteError} If it would write
   */
  query({ sql, params, by }: { sql: string; params: readonly SqlValue[]; by?: number }): SqlRow[] {
    checkUserStatement(sql);
    this.#refuseShadows();
    const statement = cached(this.#prepared, sql, (sql) => this.#connection.prepare(sql));
    this.#board.enter(sql, by);
    try {
      return readRows(this.#connection, statement, { sql, params });
    } finally {
      this.#board.leave();
    }
  }

  /** Calling what it returns takes back what is noted after. */
  mark(): () => void {
    const inserted = this.#inserted;
    return () => {
      this.#inserted = inserted;
      this.#forgetSchema();
    };
  }

  /** The transaction is committed. */
  committed(): void {
    this.#committed += this.#inserted;
    this.#inserted = 0;
  }

  /** The transaction is undone. */
  rolledBack(): void {
    this.#inserted = 0;
    this.#forgetSchema();
  }

  /** What was learned of the schema may be undone. */
  #forgetSchema(): void {
    this.#hasTemp = undefined;
    if (this.#madeFor !== null) this.#inserts.clear();
    this.#madeFor = null;
  }

  /** Drops inserts that know how their tables were before the schema changed, perhaps by another process. */
  #dropStale(): void {
    if (this.#madeFor !== null && this.#madeFor !== this.#schemaVersion()) this.#forgetSchema();
  }

  /** Refuses TEMP objects that hide what is in the file, which another process may have made after them. */
  #refuseShadows(): void {
    this.#hasTemp ??= hasTempObjects(this.#connection);
    if (this.#hasTemp) refuseTempShadows(this.#connection);
  }

  #insertStatement(message: InsertMessage, absent: readonly number[] = []): InsertStatement {
    const { table, columns, width, onConflict, update } = message;
    const key = JSON.stringify([table, columns, width, onConflict, update, absent]);
    return cached(this.#inserts, key, () => {
      const statement = new InsertStatement(this.#connection, message, absent);
      if (!statement.isFixed) this.#madeFor ??= this.#schemaVersion();
      return statement;
    });
  }
}

/** How many rows a message holds. */
function rowsOf({ shapes, values, width }: InsertMessage): number {
  return shapes ? shapes.ofRows.length : values.length / (width || 1);
}

function checkWidth({ table, values, width }: InsertMessage): void {
  if (values.length > 0 && !(width > 0 && values.length % width === 0)) {
    throw new TypeError(
      `Cannot insert ${values.length} values into ${table}: they are not whole rows of ${width}`,
    );
  }
}

type Names = readonly string[] | string | null;

/** Whether two messages can share a statement. */
export function sameShape(a: InsertMessage, b: InsertMessage): boolean {
  return !a.shapes && !b.shapes && a.table === b.table && a.width === b.width &&
    sameNames(a.update, b.update) && sameNames(a.columns, b.columns) &&
    sameNames(a.onConflict, b.onConflict);
}

function sameNames(a?: Names, b?: Names): boolean {
  if (a === b) return true;
  if (!Array.isArray(a) || !Array.isArray(b)) return false;
  return a.length === b.length && a.every((name, i) => name === b[i]);
}

/** Looks a statement up; when there are too many, those used least recently are dropped. */
function cached<T>(map: Map<string, T>, key: string, make: (key: string) => T): T {
  let value = map.get(key);
  if (value === undefined) {
    if (map.size >= MAX_STATEMENTS) map.delete(map.keys().next().value!);
    value = make(key);
  } else {
    map.delete(key);
  }
  map.set(key, value);
  return value;
}

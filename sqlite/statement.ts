/**
 * A prepared statement, the same over every driver, and those of one connection that are prepared once.
 *
 * @module
 */
import type { DriverStatement } from "./drivers/driver.ts";
import { shown } from "./sql_text.ts";
import { type Bindable, type SqlRow, type SqlValue, toSqlValue } from "./values.ts";

/** What a statement needs of the connection that prepared it. */
interface StatementOwner {
  assertOpen(): void;
  explain(thrown: unknown): Error;
}

/**
 * A prepared statement. Each call binds, runs to the end and resets; it must bring as many values as the
 * statement has parameters.
 *
 * @example One statement, many rows
 * ```ts
 * import assert from "node:assert/strict";
 * import { connect } from "@pipeloom/pipeloom/db";
 *
 * using connection = await connect(":memory:");
 * connection.exec("CREATE TABLE city (name TEXT, population INTEGER)");
 * const insert = connection.prepare("INSERT INTO city VALUES (?, ?)");
 * assert.equal(insert.run("Oslo", 717_710), 1);
 * insert.run("Bergen", 291_940);
 * const larger = connection.prepare("SELECT name FROM city WHERE population > ?");
 * assert.equal(larger.get(500_000)?.name, "Oslo");
 * assert.equal(larger.all(0).length, 2);
 * ```
 */
export class Statement {
  /** Whether the statement has result columns. */
  readonly returnsRows: boolean;
  readonly #statement: DriverStatement;
  readonly #connection: StatementOwner;

  /** @ignore Made by `Connection.prepare`. */
  constructor(statement: DriverStatement, connection: StatementOwner) {
    this.#statement = statement;
    this.#connection = connection;
    this.returnsRows = statement.returnsRows;
  }

  /**
   * Runs the statement and returns the number of rows that it inserted, updated or deleted. After a
   * statement of another kind that number is still the one before, as in SQLite's `changes()`.
   */
  run(...params: Bindable[]): number {
    return this.runValues(params.map(toSqlValue));
  }

  /**
   * Runs the statement with a range of values that are mapped already.
   *
   * @ignore
   */
  runValues(values: readonly SqlValue[], start = 0, end: number = values.length): number {
    this.#check(end - start);
    try {
      return this.#statement.run(values, start, end);
    } catch (error) {
      throw this.#connection.explain(error);
    }
  }

  /** Returns the first row, or `undefined` when there is none. */
  get(...params: Bindable[]): SqlRow | undefined {
    const values = params.map(toSqlValue);
    this.#check(values.length);
    try {
      return this.#statement.get(values);
    } catch (error) {
      throw this.#connection.explain(error);
    }
  }

  /** Returns every row. */
  all(...params: Bindable[]): SqlRow[] {
    const values = params.map(toSqlValue);
    this.#check(values.length);
    try {
      return this.#statement.all(values);
    } catch (error) {
      throw this.#connection.explain(error);
    }
  }

  #check(count: number): void {
    this.#connection.assertOpen();
    const { parameterCount, sql } = this.#statement;
    if (count !== parameterCount) {
      throw new TypeError(
        `Cannot bind ${count} values to the ${parameterCount} parameters of ${shown(sql)}`,
      );
    }
  }
}

/** Statements that are prepared once, when they are first needed: of one connection, by their text. */
export class Statements {
  readonly #connection: { prepare(sql: string): Statement };
  readonly #prepared: Record<string, Statement> = {};

  constructor(connection: { prepare(sql: string): Statement }) {
    this.#connection = connection;
  }

  /** The statement of this text. */
  of(sql: string): Statement {
    return this.#prepared[sql] ??= this.#connection.prepare(sql);
  }
}

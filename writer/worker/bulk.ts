/**
 * One statement for many rows.
 *
 * A call into SQLite costs more than the row it writes, so rows go in as `VALUES (…), (…), …` with up to
 * 100 tuples: measured, that doubles what single inserts reach, and longer lists gain nothing. The
 * remainder goes through statements of 10 and of 1 tuples, so that each shape needs three statements and
 * not a hundred.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import type { Statement } from "../../sqlite/statement.ts";
import type { SqlValue } from "../../sqlite/values.ts";

const SIZES = [100, 10, 1];

/** Parameters in one statement: SQLite allows 32,766, and from a few thousand on nothing is gained. */
const MAX_PARAMS = 3_000;

/** A statement that takes rows of one width, any number of them. */
export class BulkStatement {
  readonly #connection: Connection;
  readonly #tuple: string;
  readonly #width: number;
  readonly #sql: (tuples: string) => string;
  readonly #statements = new Map<number, Statement>();

  /** `tuple` is one row's placeholders, such as `(?,?)`; `sql` makes the statement around many of them. */
  constructor(connection: Connection, tuple: string, sql: (tuples: string) => string) {
    this.#connection = connection;
    this.#tuple = tuple;
    this.#width = tuple.split("?").length - 1;
    this.#sql = sql;
  }

  /** Writes the rows, one after the other in `values`, and returns how many rows changed. */
  run(values: readonly SqlValue[]): number {
    const width = this.#width;
    if (values.length % width !== 0) {
      throw new RangeError(
        `Cannot write ${values.length} values as rows of ${width}: ${this.#sql(this.#tuple)}`,
      );
    }
    let changes = 0;
    let start = 0;
    for (const size of SIZES) {
      if (size > 1 && size * width > MAX_PARAMS) continue;
      const step = size * width;
      while (values.length - start >= step) {
        changes += this.#statement(size).runValues(values, start, start + step);
        start += step;
      }
    }
    return changes;
  }

  #statement(size: number): Statement {
    let statement = this.#statements.get(size);
    if (!statement) {
      statement = this.#connection.prepare(this.#sql(Array(size).fill(this.#tuple).join(",")));
      this.#statements.set(size, statement);
    }
    return statement;
  }
}

/** The placeholders of a row, such as `(?,?)`. */
export function placeholders(width: number): string {
  return `(${Array(width).fill("?").join(",")})`;
}

/** Quotes a table's or column's name. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

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
import type { Connection } from "./connection.ts";
import type { Statement } from "./statement.ts";
import type { SqlValue } from "./values.ts";

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
  /** Where in the values the last statement begins that was run. */
  #start = 0;

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
    const { length: end } = values;
    if (end % width !== 0) {
      throw new RangeError(
        `Cannot write ${end} values as rows of ${width}: ${this.#sql(this.#tuple)}`,
      );
    }
    let changes = 0;
    let start = 0;
    for (const size of SIZES) {
      if (size > 1 && size * width > MAX_PARAMS) continue;
      const step = size * width;
      while (end - start >= step) {
        this.#start = start;
        changes += this.#statement(size).runValues(values, start, start + step);
        start += step;
      }
    }
    return changes;
  }

  /**
   * Which value the row begins with that made the last run fail; `undefined` where no single row does. What was
   * written before it stays written.
   */
  findBad(values: readonly SqlValue[]): number | undefined {
    const one = this.#statement(1);
    for (let start = this.#start; start < values.length; start += this.#width) {
      try {
        one.runValues(values, start, start + this.#width);
      } catch {
        return start;
      }
    }
    return undefined;
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

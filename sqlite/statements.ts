/**
 * Statements that are prepared once, when they are first needed.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import type { Statement } from "./statement.ts";

/** The statements of one connection, by their text. */
export class Statements {
  readonly #connection: Connection;
  readonly #prepared: Record<string, Statement> = {};

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The statement of this text. */
  of(sql: string): Statement {
    return this.#prepared[sql] ??= this.#connection.prepare(sql);
  }
}

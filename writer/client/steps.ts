/**
 * From the steps that a user has to the messages that the writer takes.
 *
 * @module
 */
import { returnsRows, surelyReturnsRows } from "../../sqlite/statement_effect.ts";
import { checkOptionNames, checkText, unexpected } from "../../internal/validate.ts";
import { toIdempotencyKey } from "./idempotency_key.ts";
import { type InsertOptions, toInsertMessage } from "./insert.ts";
import type {
  ExecuteMessage,
  InsertMessage,
  StatementMessage,
  TransactionMessage,
  WriteMessage,
} from "../protocol/write_message.ts";
import { type Bindable, type SqlValue, toSqlValue } from "../../sqlite/values.ts";

/**
 * One of the things that are written together in a transaction.
 *
 * @example Two steps of one transaction
 * ```ts ignore
 * import type { Step } from "@pipeloom/pipeloom";
 *
 * const steps: Step[] = [
 *   { sql: "DELETE FROM city WHERE name = ?", params: ["Oslo"] },
 *   { table: "city", rows: [{ name: "Oslo", population: 717_710 }] },
 * ];
 * ```
 */
export type Step =
  | { sql: string; params?: readonly Bindable[] | undefined }
  | { statement: string; params?: readonly Bindable[] | undefined }
  | { table: string; rows: readonly object[] } & InsertOptions;

/**
 * Options of a transaction.
 *
 * @example Once, however often it is sent
 * ```ts ignore
 * import type { TransactionOptions } from "@pipeloom/pipeloom";
 *
 * const options: TransactionOptions = { idempotencyKey: "transfer 17" };
 * ```
 */
export interface TransactionOptions {
  /**
   * Key of this transaction, so that its steps are done once although they are sent again; see
   * `InsertOptions.idempotencyKey`.
   *
   * @default {steps are done as often as they are sent}
   */
  idempotencyKey?: string | undefined;
}

const TRANSACTION_OPTIONS: readonly string[] = ["idempotencyKey"] satisfies (
  keyof TransactionOptions
)[];

/** What steps have that are not rows. */
const SQL_STEP: readonly string[] = ["sql", "params"];
const STATEMENT_STEP: readonly string[] = ["statement", "params"];

/**
 * Makes the message of one statement.
 *
 * @throws {TypeError} If it is not a text, or a value has no SQLite form
 */
export function toExecuteMessage(sql: string, params: readonly Bindable[] = []): ExecuteMessage {
  if (typeof sql !== "string") throw unknownStep({ sql, params });
  return { kind: "execute", sql, params: toParameters(params) };
}

/**
 * Makes the message of one step: SQL, a named statement, or rows for a table.
 *
 * @throws {TypeError} If it is not one of these, or a value has no SQLite form
 */
export function toMessage(step: Step): ExecuteMessage | StatementMessage | InsertMessage {
  if (typeof step !== "object" || step === null) throw unknownStep(step);
  if ("sql" in step) {
    checkOptionNames(step, { operation: "execute", known: SQL_STEP });
    return toExecuteMessage(step.sql, step.params);
  }
  if ("statement" in step && typeof step.statement === "string") {
    checkOptionNames(step, { operation: "run a statement", known: STATEMENT_STEP });
    const { statement: name, params = [] } = step;
    return { kind: "statement", name, params: toParameters(params) };
  }
  if ("table" in step && Array.isArray(step.rows)) {
    return toInsertMessage(step.table, step.rows, step);
  }
  throw unknownStep(step);
}

/** Characters of a text that is looked through when it is sent, and not when it is passed. */
const LONG_TEXT = 10_000;

function toParameters(params: readonly Bindable[]): SqlValue[] {
  return listOf(params).map(toParameter);
}

/** Refuses values by name, which would be bound to nothing. */
function listOf(params: readonly Bindable[]): readonly Bindable[] {
  if (Array.isArray(params)) return params;
  throw new TypeError(
    `Cannot bind ${Deno.inspect(params, { depth: 0 })}: pass an array with a value for each ` +
      `parameter, in the order in which the statement first names them`,
  );
}

/**
 * The value of a parameter. Looking through a long text would build it in memory, where it may have been put together
 * from parts: of those that wait for the disk there may be thousands.
 */
function toParameter(value: Bindable, index: number): SqlValue {
  const isLong = typeof value === "string" && value.length > LONG_TEXT;
  return isLong ? value : toSqlValue(value, index);
}

/** Checks the long texts of a message that is sent now. */
export function checkLongTexts(message: WriteMessage): void {
  if (message?.kind === "transaction") message.messages.forEach(checkLongTexts);
  if (message?.kind !== "execute" && message?.kind !== "statement") return;
  message.params?.forEach((value, index) => {
    if (typeof value === "string" && value.length > LONG_TEXT) toSqlValue(value, index);
  });
}

/**
 * Marks statements whose rows no caller gets, because they are carried out when their task has ended.
 *
 * @throws {TypeError} If one of them returns rows
 */
export function markRowless(message: WriteMessage): void {
  if (message.kind === "transaction") return message.messages.forEach(markRowless);
  if (message.kind === "execute" && surelyReturnsRows(message.sql)) throw returnsRows(message.sql);
  if (message.kind === "execute" || message.kind === "statement") message.rowless = true;
}

/**
 * Makes the query of one statement.
 *
 * @throws {TypeError} If it is not a text, or a value has no SQLite form
 */
export function toRowsQuery(
  sql: string,
  params: readonly Bindable[] = [],
): { kind: "rows"; sql: string; params: readonly SqlValue[] } {
  checkText(sql, { operation: "query", name: "sql" });
  return { kind: "rows", sql, params: listOf(params).map(toSqlValue) };
}

function unknownStep(step: unknown): TypeError {
  return new TypeError(
    `Cannot write ${Deno.inspect(step, { depth: 1 })}: ` +
      `pass { sql, params }, { statement, params } or { table, rows }`,
  );
}

/**
 * Makes the message of steps that belong together.
 *
 * @throws {TypeError} If one of them is not a step, a value has no SQLite form, or the key is not a text
 */
export function toTransactionMessage(
  steps: readonly Step[],
  options: TransactionOptions = {},
): TransactionMessage {
  const operation = "write a transaction";
  if (!Array.isArray(steps)) {
    throw new TypeError(
      unexpected(steps, { operation, name: "steps", expected: "an array of steps" }),
    );
  }
  checkOptionNames(options, { operation, known: TRANSACTION_OPTIONS });
  const idempotencyKey = toIdempotencyKey(options.idempotencyKey, operation);
  const message: TransactionMessage = { kind: "transaction", messages: steps.map(toMessage) };
  if (idempotencyKey) message.idempotencyKey = idempotencyKey;
  return message;
}

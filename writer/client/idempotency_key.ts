/**
 * Keys under which rows are written once, however often they are sent.
 *
 * A key belongs to the task that sends it: two tasks that both use "page 3" mean different pages, and so do two
 * tables. What a task sends in another attempt, or when its run is resumed, has the same key; what the same item
 * writes tomorrow is of another task. Keys of `SqliteWriter` belong to the file. See decision 14.
 *
 * @module
 */
import { checkText } from "../../internal/validate.ts";
import type { IdempotencyKey, WriteMessage } from "../protocol/write_message.ts";

/**
 * The key of what is sent; `undefined` where it has none.
 *
 * @param operation What is sent, for an error: such as `insert into city`
 * @throws {TypeError} If it is not a text that differs from others once stored
 */
export function toIdempotencyKey(value: unknown, operation: string): IdempotencyKey | undefined {
  if (value === undefined) return undefined;
  const key = checkText(value, { operation, name: "idempotencyKey" });
  // In UTF-8 all of them would be the same.
  if (!key.isWellFormed()) {
    throw new TypeError(
      `Cannot ${operation}: idempotencyKey ${Deno.inspect(key)} holds half of a surrogate pair, ` +
        `which UTF-8 cannot distinguish from another. Pass whole characters`,
    );
  }
  return { key, part: 0, task: null, run: null };
}

/** The keys of a message and of all in it. */
export function keysIn(message: WriteMessage): IdempotencyKey[] {
  if (message.kind !== "insert" && message.kind !== "transaction") return [];
  const own = message.idempotencyKey ? [message.idempotencyKey] : [];
  return message.kind === "insert" ? own : [...own, ...message.messages.flatMap(keysIn)];
}

/**
 * Refuses keys where there is no table that keeps them.
 *
 * @throws {TypeError} If there is one and the status of tasks is not stored
 */
export function checkKeys(message: WriteMessage, storeTaskStatus: boolean): void {
  if (storeTaskStatus) return;
  const [first] = keysIn(message);
  if (first) {
    throw new TypeError(
      `Cannot write under the idempotencyKey ${Deno.inspect(first.key)} without storeTaskStatus: ` +
        `the keys are kept in idempotency_keys, beside task_runs; leave storeTaskStatus out, or use onConflict`,
    );
  }
}

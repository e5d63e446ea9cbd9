/**
 * Answers that cannot have changed since they were read, for as long as the connection is open.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import type { Reader } from "../reader.ts";

/** Answers that are kept for one connection. */
const MAX_ANSWERS = 5_000;

/** Items of their lists together: some ten megabytes. */
const MAX_ITEMS = 100_000;

const memory = new WeakMap<Reader, LRUCache<string, object | string | number>>();

/** The answer that was kept under `key`, or a new one. `undefined` is not kept. */
export function memoize<T extends object | string | number | undefined>(
  reader: Reader,
  key: string,
  read: () => T,
): T {
  let answers = memory.get(reader);
  if (!answers) {
    answers = new LRUCache({ max: MAX_ANSWERS, maxSize: MAX_ITEMS, sizeCalculation: itemsOf });
    memory.set(reader, answers);
  }
  const kept = answers.get(key);
  if (kept !== undefined) return kept as T;
  const answer = read();
  if (answer !== undefined) answers.set(key, answer);
  return answer;
}

/** One, and the items of a list, or of the lists of an object. */
function itemsOf(answer: object | string | number): number {
  const lists = Array.isArray(answer)
    ? [answer]
    : Object.values(Object(answer)).filter(Array.isArray);
  return lists.reduce((sum, { length }) => sum + length, 1);
}

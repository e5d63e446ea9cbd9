/**
 * Answers that cannot have changed since they were read, for as long as the connection is open.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import type { Reader } from "../reader.ts";

/**
 * Answers that are kept for one connection. The least recent one goes first, so a search with more slices than these finds
 * none of them again: ten million tasks have 2,000 slices, each with its edge.
 */
const MAX_ANSWERS = 10_000;

/** Items of their lists together: some ten megabytes, of which a search through ten million tasks needs 40,000. */
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

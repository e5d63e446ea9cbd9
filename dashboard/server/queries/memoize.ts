/**
 * What was read from a database and cannot have changed since, for as long as the connection is open.
 *
 * @module
 */
import type { Reader } from "../reader.ts";

/** Answers that are kept for one connection; the oldest make room. */
const MAX_ANSWERS = 5_000;

/** Items of their lists together: some ten megabytes. */
const MAX_ITEMS = 100_000;

interface Answers {
  byKey: Map<string, unknown>;
  items: number;
}

const memory = new WeakMap<Reader, Answers>();

/** The answer that was remembered under `key`, or a new one. `undefined` is not remembered. */
export function memoize<T>(reader: Reader, key: string, read: () => T): T {
  let answers = memory.get(reader);
  if (!answers) memory.set(reader, answers = { byKey: new Map(), items: 0 });
  const { byKey } = answers;
  let answer = byKey.get(key) as T | undefined;
  if (answer !== undefined) {
    // Taken out and put in again, it is the youngest.
    byKey.delete(key);
  } else {
    answer = read();
    if (answer === undefined) return answer as T;
    answers.items += itemsOf(answer);
  }
  byKey.set(key, answer);
  while (byKey.size > MAX_ANSWERS || answers.items > MAX_ITEMS) {
    const [oldest, value] = byKey.entries().next().value!;
    byKey.delete(oldest);
    answers.items -= itemsOf(value);
  }
  return answer;
}

/** The items of a list, or of the lists of an object. */
function itemsOf(answer: unknown): number {
  if (Array.isArray(answer)) return answer.length;
  const lists = Object.values(Object(answer)).filter(Array.isArray);
  return lists.reduce((sum, { length }) => sum + length, 1);
}

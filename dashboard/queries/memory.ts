/**
 * What was read from a database and cannot have changed since, for as long as the connection is open.
 *
 * @module
 */
import type { Reader } from "../reader.ts";

/** Answers that are kept for one connection; the oldest make room. */
const MAX_ANSWERS = 5_000;

const memory = new WeakMap<Reader, Map<string, unknown>>();

/** The answer that was remembered under `key`, or a new one. `undefined` is not remembered. */
export function remember<T>(reader: Reader, key: string, read: () => T): T {
  let answers = memory.get(reader);
  if (!answers) memory.set(reader, answers = new Map());
  let answer = answers.get(key) as T | undefined;
  if (answer !== undefined) {
    // Taken out and put in again, it is the youngest.
    answers.delete(key);
  } else {
    answer = read();
    if (answer === undefined) return answer as T;
  }
  answers.set(key, answer);
  if (answers.size > MAX_ANSWERS) answers.delete(answers.keys().next().value!);
  return answer;
}

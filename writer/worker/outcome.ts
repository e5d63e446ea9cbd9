/**
 * What became of the messages of a batch.
 *
 * @module
 */
import type { ErrorData } from "../../errors.ts";
import type { WriteResult } from "../protocol/write_message.ts";

/** What became of the messages of a batch, by their index. */
export interface Outcome {
  /** What each message did, where there is something to report. */
  results: [number, WriteResult][];
  /** Why a message was not written. */
  failures: [number, ErrorData][];
}

/** Adds what became of a part of the messages, the first of which has this index. */
export function append(outcome: Outcome, { results, failures }: Outcome, offset: number): void {
  for (const [index, result] of results) outcome.results.push([offset + index, result]);
  for (const [index, failure] of failures) outcome.failures.push([offset + index, failure]);
}

/** Takes the entries of some messages off the front of a list, by their place among these. */
export function takeUpTo<T>(list: [number, T][], start: number, end: number): [number, T][] {
  const part: [number, T][] = [];
  while (list.length > 0 && list[0]![0] < end) {
    const [index, value] = list.shift()!;
    part.push([index - start, value]);
  }
  return part;
}

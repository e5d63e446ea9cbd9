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

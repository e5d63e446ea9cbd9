/**
 * Queries about requests to runs.
 *
 * @module
 */
import type { Reader } from "../reader.ts";
import { recent } from "./recent.ts";

/** Runs and tasks that were asked to stop and have not. */
export interface Cancelling {
  /** Ids of runs. */
  runs: Set<number>;
  /** Ids of tasks. */
  tasks: Set<number>;
}

/** What became of a request. */
export interface Answer {
  /** Whether it was not done. */
  refused: boolean;
  /** What was done or why not. */
  answer: string;
}

/** Requests that are looked at: pages mark runs and tasks that were asked to stop. */
const MAX_OPEN = 10_000;

/** Everything that was asked to stop and has not: a few rows at most, found through an index of their own. */
export function readCancelling(reader: Reader): Cancelling {
  return recent(reader, "cancelling", () => findCancelling(reader));
}

function findCancelling(reader: Reader): Cancelling {
  const cancelling: Cancelling = { runs: new Set(), tasks: new Set() };
  if (!reader.has("run_requests")) return cancelling;
  const rows = reader.all(
    `SELECT run_id, task_id FROM run_requests WHERE answered_at IS NULL AND kind='cancel'
     ORDER BY +id DESC LIMIT ${MAX_OPEN}`,
  );
  for (const { run_id, task_id } of rows) {
    if (task_id === null) cancelling.runs.add(Number(run_id));
    else cancelling.tasks.add(Number(task_id));
  }
  return cancelling;
}

/** What became of a request; `undefined` as long as it waits. */
export function readAnswer(reader: Reader, request: number): Answer | undefined {
  const row = reader.get(
    "SELECT refused, answer FROM run_requests WHERE id=? AND answered_at IS NOT NULL",
    request,
  );
  return row && { refused: row.refused === 1, answer: String(row.answer) };
}

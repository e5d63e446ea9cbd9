/**
 * What an attempt at a task keeps beside what it sends, where it has any of that. Types only.
 *
 * @module
 */
import type { InsertMessage, WriteMessage } from "../../writer/protocol/write_message.ts";
import type { TaskWrites } from "./task_writes.ts";

/** Checks that matter at the end of an attempt. */
export interface NotedChecks {
  /** Those of an atomic task, which are committed with its end. */
  readonly held: readonly InsertMessage[];
  /** Fails the task if a check has not passed. */
  throwIfFailed(): void;
  /** Notes why one has not passed, and one that is held. */
  add(text: string | undefined, message: InsertMessage | undefined): void;
}

/** Steps that matter at the end of an attempt. */
export interface DurableSteps {
  /** Thrown where the task sleeps: its function is left. */
  readonly sleep: Error | undefined;
  /** Throws if the function may not return yet, or sleeps. */
  end(): void;
}

/** What a task has written outside of a step, while that runs. */
export interface WritesOutside {
  held: WriteMessage[] | undefined;
  checks: NotedChecks | undefined;
  writes: TaskWrites | undefined;
}

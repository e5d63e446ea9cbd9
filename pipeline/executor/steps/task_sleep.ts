/**
 * The error by which a task that sleeps leaves its function. Like a failure it is reported to the main thread, from any
 * thread or machine. The main thread queues the task for the time at which it continues.
 *
 * @module
 */
import type { ErrorData } from "../../../errors.ts";
import { isoTime } from "../../../internal/timestamps.ts";

/** A mark on a run's options by which none of its sleeps takes time: for tests, which no caller can set by its name. */
export const SKIPS_SLEEPS = Symbol("skips sleeps");

/** What is known of a task that sleeps. */
export interface Sleep {
  /** When it continues, in milliseconds since 1970. */
  readonly until: number;
  /** When the attempt began, ISO 8601. */
  readonly startedAt: string;
  /** Milliseconds that the attempt has run so far, where it is timed. */
  readonly awakeMs: number;
}

/** Thrown where a task sleeps. */
export class TaskSleep extends Error implements Sleep {
  /** The name of the class, as it is printed. */
  override readonly name = "TaskSleep";
  readonly until: number;
  readonly startedAt: string;
  readonly awakeMs: number;

  constructor({ until, startedAt, awakeMs }: Sleep) {
    super(`The task sleeps until ${isoTime(until)} and leaves its function: let this error pass`);
    this.until = until;
    this.startedAt = startedAt;
    this.awakeMs = awakeMs;
  }
}

/** The sleep that an error stands for; it may come from a Worker, where its class is another. */
export function sleepOf(error: ErrorData | undefined): Sleep | undefined {
  if (error?.name !== "TaskSleep") return undefined;
  const { until, startedAt, awakeMs } = error.properties ?? {};
  if (typeof until !== "number" || typeof startedAt !== "string") return undefined;
  return { until, startedAt, awakeMs: Number(awakeMs) };
}

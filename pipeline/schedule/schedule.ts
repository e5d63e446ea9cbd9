/**
 * Runs a pipeline again and again, at the times of its schedule.
 *
 * @module
 */
import { absolutePath } from "../../internal/paths.ts";
import { checkOptions, type KindsOf } from "../../internal/validate.ts";
import type { CronTimes } from "./cron_expression.ts";
import { atTimes } from "./clock_timer.ts";
import { DEFAULT_DB, prepareRun } from "../define_pipeline.ts";
import type { PipelineDefinition } from "../pipeline_options.ts";
import { runPipeline } from "../run_pipeline.ts";
import { fromErrorData, OverlapError, toErrorData } from "../../errors.ts";
import { onInterrupt } from "../signals.ts";
import { checkOverlap, type Overlap } from "../overlap.ts";
import type { PipelineReport } from "../report.ts";

/** Runs of one schedule that have not ended, where they queue: one is active and one waits, or both wait. */
const QUEUED = 2;

/**
 * Options of {@linkcode schedulePipeline}.
 *
 * @example Until a signal
 * ```ts ignore
 * import type { ScheduleOptions } from "@pipeloom/pipeloom";
 *
 * const stop = new AbortController();
 * const options: ScheduleOptions = {
 *   signal: stop.signal,
 *   onReport: ({ status }) => console.log(status),
 * };
 * ```
 */
export interface ScheduleOptions {
  /**
   * The arguments of each run, as `--arg` gives them.
   *
   * @default {{}}
   */
  args?: object | undefined;
  /** Ends the schedule when it is aborted; an active run is stopped as by its own `signal`. */
  signal?: AbortSignal | undefined;
  /**
   * Whether SIGINT, SIGTERM and SIGHUP end the schedule as `signal` does.
   *
   * @default {true}
   */
  handleSignals?: boolean | undefined;
  /** Called with the report of each run that has ended. */
  onReport?: ((report: PipelineReport) => void | Promise<void>) | undefined;
  /**
   * Called with the reason why a run was not begun, such as an {@linkcode OverlapError}, or failed as a whole, and
   * with what another listener threw. The schedule continues.
   *
   * @default {writes its message to stderr}
   */
  onError?: ((error: Error) => void | Promise<void>) | undefined;
  /** Called with the time of the next run, whenever none is active. */
  onScheduled?: ((next: Date) => void | Promise<void>) | undefined;
  /**
   * Called before a run that begins late, because the machine slept at its time, with the time that it was due.
   *
   * @default {writes a line to stderr}
   */
  onLate?: ((due: Date) => void | Promise<void>) | undefined;
}

const KINDS: KindsOf<ScheduleOptions> = {
  args: "own check",
  handleSignals: "boolean",
  onError: "function",
  onLate: "function",
  onReport: "function",
  onScheduled: "function",
  signal: "signal",
};

const RENAMED = { onNext: "onScheduled" };

/**
 * Runs a pipeline at the times of its `schedule`, until it is stopped. Times that pass while the machine sleeps
 * lead to one run when it wakes; times that pass while the program does not run are not made up for. What a listener
 * throws or rejects with is given to `onError`, and never ends the schedule.
 *
 * Unless the definition sets it, `overlap` is `"refuse"`: a time at which another run of this name is
 * active, in this process or another, is left out. With `"queue"` it waits; a third run of one schedule is left out, too.
 *
 * @returns When it was stopped and no run is active any more
 * @throws {TypeError} If there is no schedule, it is not a cron expression, there is no such time zone, an option is
 * wrong, or the items can be read only once
 *
 * @example Every night at two, in Oslo
 * ```ts
 * import { definePipeline, schedulePipeline } from "@pipeloom/pipeloom";
 *
 * const nightly = definePipeline({
 *   name: "nightly",
 *   schedule: { cron: "0 2 * * *", timeZone: "Europe/Oslo" },
 *   db: "etl.db",
 *   items: () => Deno.readDirSync("inbox"),
 *   run: (file) => Deno.readTextFileSync(`inbox/${file.name}`).length,
 * });
 *
 * const stop = new AbortController();
 * await schedulePipeline(nightly, {
 *   signal: stop.signal,
 *   onScheduled(next) {
 *     console.log(`Next run at ${next.toISOString()}`);
 *     stop.abort(); // or wait for it
 *   },
 * });
 * ```
 */
export async function schedulePipeline<Item>(
  definition: PipelineDefinition<Item>,
  options: ScheduleOptions = {},
): Promise<void> {
  const { args = {}, signal, handleSignals = true, onReport, onScheduled } = options;
  const { onError = (error: Error) => console.error(error.message), onLate = reportLate } = options;
  checkOptions(options, { operation: "schedule the pipeline", kinds: KINDS, renamed: RENAMED });
  const db = absolutePath(definition.db ?? DEFAULT_DB);
  const plan = await planSchedule(definition);
  const stop = new AbortController();
  using ___ = handleSignals
    ? onInterrupt((name) => stop.abort(new DOMException(`Stopped by ${name}`, "AbortError")))
    : undefined;
  const signals = [stop.signal, signal, definition.signal].filter((one) => one !== undefined);
  const ends = AbortSignal.any(signals);
  await runSchedule(plan, { signal: ends, onScheduled, onError, onLate }, async () => {
    const { items, settings } = await prepareRun(definition, args);
    const report = await runPipeline(items, {
      ...settings,
      db,
      overlap: plan.overlap,
      handleSignals: false,
      signal: ends,
    });
    await onReport?.(report);
  });
}

/** A schedule that was checked. */
export interface SchedulePlan {
  /** The pipeline's name. */
  name: string;
  /** When it is due. */
  times: CronTimes;
  /** What becomes of runs that overlap. */
  overlap: Overlap;
}

/**
 * Checks the schedule of a definition.
 *
 * @throws {TypeError} If there is none, it is wrong, or does not go with the rest
 */
export async function planSchedule<Item>(
  definition: PipelineDefinition<Item>,
): Promise<SchedulePlan> {
  const { schedule, items, overlap = "refuse", storeTaskStatus = true } = definition;
  const { name = "pipeline" } = definition;
  if (schedule === undefined) {
    throw new TypeError(
      `Cannot schedule ${Deno.inspect(name)}: it has no schedule; give its definition one, ` +
        `such as "0 2 * * *", or pass --cron on the command line`,
    );
  }
  // croner is loaded by those only who have a schedule.
  const { readSchedule } = await import("./cron_expression.ts");
  const times = readSchedule(schedule);
  checkOverlap({ overlap }, storeTaskStatus);
  if (isReadOnce(items)) {
    throw new TypeError(
      `Cannot schedule ${
        Deno.inspect(name)
      } with items that can be read only once: pass an array, ` +
        `or a function that returns them`,
    );
  }
  return { name, times, overlap };
}

/** The listeners of a schedule, and what ends it. */
export interface ScheduleListeners {
  /** Ends the schedule. */
  signal: AbortSignal;
  /** Called with what was thrown. */
  onError: NonNullable<ScheduleOptions["onError"]>;
  /** Called with the time at which a run was due that begins late. */
  onLate: NonNullable<ScheduleOptions["onLate"]>;
  /** Called with the time of the next run, whenever none is active. */
  onScheduled?: ScheduleOptions["onScheduled"];
}

/**
 * Runs `work` at the times of a plan until the signal is aborted. What it or a listener throws goes to `onError`; what
 * that throws goes to stderr, because a schedule that a listener ends would be missed nights later.
 */
export async function runSchedule(
  { name, times, overlap }: SchedulePlan,
  { signal, onScheduled, onError, onLate }: ScheduleListeners,
  work: (due: Date) => Promise<void>,
): Promise<void> {
  const report = async (thrown: unknown) => {
    try {
      await onError(toError(thrown));
    } catch (error) {
      console.error(toError(thrown).message);
      console.error(`onError of the schedule of ${name} failed: ${toError(error).message}`);
    }
  };
  const call = async (listener: () => void | Promise<void>) => {
    try {
      await listener();
    } catch (thrown) {
      await report(thrown);
    }
  };
  const onLeftOut = () =>
    void report(
      new OverlapError(
        `Cannot queue another run of ${Deno.inspect(name)}: two have not ended yet`,
      ),
    );
  const most = overlap === "queue" ? QUEUED : Infinity;
  await atTimes(times, {
    signal,
    most,
    onScheduled: (next) => void call(() => onScheduled?.(next)),
    onLeftOut,
    onLate: (due) => void call(() => onLate(due)),
  }, (at) => call(() => work(at)));
}

function reportLate(due: Date): void {
  console.error(`Late: the run that was due at ${due.toISOString()} begins now`);
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : fromErrorData(toErrorData(thrown));
}

/** Whether items are an iterator: what it has given out once it will not give again. */
function isReadOnce(items: unknown): boolean {
  if (typeof items !== "object" || items === null) return false;
  const { [Symbol.iterator]: of, [Symbol.asyncIterator]: ofAsync } = items as {
    [Symbol.iterator]?: () => unknown;
    [Symbol.asyncIterator]?: () => unknown;
  };
  return (of ?? ofAsync)?.call(items) === items;
}

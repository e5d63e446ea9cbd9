/**
 * Runs a pipeline again and again, at the times of its schedule.
 *
 * @module
 */
import { checkOptionNames, namesOf } from "../../internal/validate.ts";
import type { CronTimes } from "./cron_expression.ts";
import { atTimes, checkCron } from "./cron_trigger.ts";
import { DEFAULT_DB, itemsOf } from "../define_pipeline.ts";
import type { PipelineArguments, PipelineDefinition } from "../pipeline_options.ts";
import { runPipeline } from "../run_pipeline.ts";
import { OverlapError } from "../../errors.ts";
import { onInterrupt } from "../signals.ts";
import { checkOverlap, type Overlap } from "../overlap.ts";
import type { PipelineReport } from "../report.ts";

/** Runs of one schedule that have not ended, where they queue: one is under way and one waits, or both wait. */
const QUEUED = 2;

/** Options of {@linkcode schedulePipeline}. */
export interface ScheduleOptions {
  /**
   * What `items` is given, where it is a function.
   *
   * @default {{}}
   */
  args?: PipelineArguments;
  /** Ends the schedule when it is aborted; a run that is under way is stopped as by its own `signal`. */
  signal?: AbortSignal;
  /**
   * Whether SIGINT and SIGTERM end the schedule as `signal` does.
   *
   * @default {true}
   */
  handleSignals?: boolean;
  /** Told of each run that has ended. */
  onReport?: (report: PipelineReport) => void;
  /**
   * Told why a run was not begun, such as an {@linkcode OverlapError}, or could not go on. The schedule goes on.
   *
   * @default {writes its message to stderr}
   */
  onError?: (error: Error) => void;
  /** Told when the next run is, whenever none is under way. */
  onScheduled?: (next: Date) => void;
}

const NAMES = namesOf<ScheduleOptions>({
  args: true,
  handleSignals: true,
  onError: true,
  onReport: true,
  onScheduled: true,
  signal: true,
});

const RENAMED = { onNext: "onScheduled" };

/**
 * Runs a pipeline at the times of its `schedule`, until it is stopped. It takes `--unstable-cron`, because
 * `Deno.cron` is the clock. Times that pass while the program does not run are not made up for.
 *
 * Unless the definition says otherwise, `overlap` is `"refuse"`: a time at which another run of this name is
 * under way, in this process or another, is left out. With `"queue"` it waits; a third run of one schedule is left out, too.
 *
 * @returns When it was stopped and no run is under way any more
 * @throws {TypeError} If there is no schedule, it is no cron expression, an option is wrong, or the items can be
 * read only once
 * @throws {Error} If there is no `Deno.cron`, or what `onScheduled` or `onError` throws, which ends the schedule
 *
 * @example Every night at two, in UTC
 * ```ts
 * import { definePipeline, schedulePipeline } from "@pipeloom/pipeloom";
 *
 * const nightly = definePipeline({
 *   name: "nightly",
 *   schedule: "0 2 * * *",
 *   db: "etl.db",
 *   items: () => Deno.readDirSync("inbox"),
 *   run: (file) => Deno.readTextFileSync(`inbox/${file.name}`).length,
 * });
 *
 * const stop = new AbortController();
 * // There with --unstable-cron only.
 * if ("cron" in Deno) {
 *   await schedulePipeline(nightly, {
 *     signal: stop.signal,
 *     onScheduled(next) {
 *       console.log(`Next run at ${next.toISOString()}`);
 *       stop.abort(); // or wait for it
 *     },
 *   });
 * }
 * ```
 */
export async function schedulePipeline<Item>(
  definition: PipelineDefinition<Item>,
  options: ScheduleOptions = {},
): Promise<void> {
  checkOptionNames(options, { operation: "schedule the pipeline", known: NAMES, renamed: RENAMED });
  const { args = {}, signal, handleSignals = true, onReport, onScheduled } = options;
  const { onError = (error: Error) => console.error(error.message) } = options;
  const plan = await planSchedule(definition, "pipeloom run FILE");
  const { schedule: _, items: __, db = DEFAULT_DB, ...settings } = definition;
  const stop = new AbortController();
  using ___ = handleSignals
    ? onInterrupt((name) => stop.abort(new DOMException(`Stopped by ${name}`, "AbortError")))
    : undefined;
  const signals = [stop.signal, signal, definition.signal].filter((one) => one !== undefined);
  const ends = AbortSignal.any(signals);
  await runSchedule(plan, { signal: ends, onScheduled, onError }, async () => {
    const report = await runPipeline(await itemsOf(definition, args), {
      ...settings,
      db,
      overlap: plan.overlap,
      handleSignals: false,
      signal: ends,
    });
    onReport?.(report);
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
 * Checks the schedule of a definition; `command` is what would run it once.
 *
 * @throws {TypeError} If there is none, it is wrong, or does not go with the rest
 * @throws {Error} If there is no `Deno.cron`
 */
export async function planSchedule<Item>(
  definition: PipelineDefinition<Item>,
  command: string,
): Promise<SchedulePlan> {
  const { schedule, items, overlap = "refuse", storeTaskStatus = true } = definition;
  const { name = "pipeline" } = definition;
  if (schedule === undefined) {
    throw new TypeError(
      `Cannot schedule ${
        Deno.inspect(name)
      }: it does not say when; give its definition a schedule, ` +
        `such as "0 2 * * *", or pass --cron on the command line`,
    );
  }
  // croner is loaded by those only who have a schedule.
  const { readCronExpression } = await import("./cron_expression.ts");
  const times = readCronExpression(schedule);
  checkOverlap({ overlap }, storeTaskStatus);
  if (isReadOnce(items)) {
    throw new TypeError(
      `Cannot schedule ${
        Deno.inspect(name)
      } with items that can be read only once: pass an array, ` +
        `or a function that returns them`,
    );
  }
  checkCron(times.text, `${command} --overlap ${overlap}`);
  return { name, times, overlap };
}

/** Runs `work` at the times of a plan until the signal is aborted; what it throws is told, and it goes on. */
export async function runSchedule(
  { name, times, overlap }: SchedulePlan,
  { signal, onScheduled, onError }: {
    signal: AbortSignal;
    onScheduled?: (next: Date) => void;
    onError: (error: Error) => void;
  },
  work: () => Promise<void>,
): Promise<void> {
  const onLeftOut = () =>
    onError(
      new OverlapError(
        `Cannot queue another run of ${Deno.inspect(name)}: two have not ended yet`,
      ),
    );
  const most = overlap === "queue" ? QUEUED : Infinity;
  await atTimes(times, { name, signal, most, onScheduled, onLeftOut }, async () => {
    try {
      await work();
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  });
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

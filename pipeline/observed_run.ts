/**
 * A run as those see it that look on.
 *
 * @module
 */
import type { StatusCounts } from "../internal/task_status.ts";
import type { Executor } from "./executor/executor.ts";
import type { ObservedRun } from "./observers/run_observer.ts";
import type { Scheduler } from "./scheduler/scheduler.ts";
import type { TaskSource } from "./scheduler/task_source.ts";

/** What a view of a run reads from. */
export interface RunParts<Item> {
  name: string;
  counts: Pick<StatusCounts, "done" | "error" | "cancelled">;
  source: TaskSource<Item>;
  scheduler: Scheduler<Item>;
  executor: Executor<Item>;
  /** Tasks that were done before the run was resumed. */
  skipped: () => number;
}

/** The view of a run. */
export function viewOf<Item>(
  { name, counts, source, scheduler, executor, skipped }: RunParts<Item>,
): ObservedRun {
  return {
    name,
    counts,
    get total() {
      const { total } = source;
      const added = scheduler.supply.count;
      return total === undefined || added === undefined ? undefined : total + added;
    },
    get skipped() {
      return skipped();
    },
    running: () => scheduler.running(),
    notice: () => executor.notice,
  };
}

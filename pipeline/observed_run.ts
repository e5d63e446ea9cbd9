/**
 * A run as its observers see it.
 *
 * @module
 */
import { sleepingText } from "../internal/units.ts";
import type { Executor } from "./executor/executor.ts";
import type { ObservedRun } from "./observers/run_observer.ts";
import type { RunSummary } from "./report.ts";
import type { Scheduler } from "./scheduler/scheduler.ts";
import type { TaskSource } from "./scheduler/task_source.ts";

/** What a view of a run reads from. */
export interface RunParts<Item> {
  name: string;
  summary: RunSummary;
  source: TaskSource<Item>;
  scheduler: Scheduler<Item>;
  executor: Executor<Item>;
}

/** The view of a run. */
export function viewOf<Item>(
  { name, summary, source, scheduler, executor }: RunParts<Item>,
): ObservedRun {
  return {
    name,
    counts: summary.counts,
    get total() {
      const { total } = source;
      const added = scheduler.supply.count;
      return total === undefined || added === undefined ? undefined : total + added;
    },
    get skipped() {
      return summary.skipped;
    },
    running: () => scheduler.running(),
    notice: () => executor.notice ?? sleepNotice(scheduler.asleep),
    workers: () => executor.workers,
  };
}

/** That tasks sleep. */
function sleepNotice({ size, first }: { size: number; first: number | undefined }) {
  return size === 0 ? undefined : sleepingText(size, first!);
}

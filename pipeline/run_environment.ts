/**
 * What the tasks of a run share, from the options of the run.
 *
 * @module
 */
import { SKIPS_SLEEPS } from "./executor/steps/task_sleep.ts";
import type { TaskEnvironment } from "./executor/task_execution.ts";
import type { RunObserver } from "./observers/run_observer.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import { taskArguments } from "./run_arguments.ts";

/** The options of a run; in tests of tasks no sleep takes time. */
export type MarkedOptions<Item> = PipelineOptions<Item> & { [SKIPS_SLEEPS]?: true };

/** What the run itself adds. */
export type RunParts =
  & Pick<
    TaskEnvironment,
    "batchSender" | "deadline" | "isNeeded" | "queueAll" | "queuesLate" | "run" | "signal"
  >
  & { observer: RunObserver | undefined };

/** The environment of the tasks of a run; `adds` comes with its scheduler. */
export function environmentOf<Item>(
  options: MarkedOptions<Item>,
  { observer, ...parts }: RunParts,
): TaskEnvironment {
  const { args, atomic = false, onTaskEnd } = options;
  const environment: TaskEnvironment = {
    ...parts,
    args: taskArguments(args),
    atomic,
    keepsResults: onTaskEnd !== undefined,
    skipsSleeps: options[SKIPS_SLEEPS],
  };
  if (observer?.onLog) {
    environment.onLog = (task, level, message) => observer.onLog!(task, level, message, false);
  }
  return environment;
}

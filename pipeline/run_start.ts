/**
 * How a run begins in the database, when its turn has come.
 *
 * @module
 */
import { isoNow } from "../internal/timestamps.ts";
import type { BatchSender } from "../writer/client/batch_sender.ts";
import type { RunStarted, StartRunMessage } from "../writer/protocol/run_message.ts";
import type { RunObserver } from "./observers/run_observer.ts";
import { startInTurn } from "./overlap.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import type { TaskSource } from "./scheduler/task_source.ts";

/** What is known of a run that begins. */
export interface RunStart<Item> {
  options: Pick<PipelineOptions<Item>, "resume" | "overlap" | "executor">;
  source: TaskSource<Item>;
  name: string;
  /** Its arguments, as JSON. */
  args: string;
  label: string | undefined;
  workers: number;
  signal: AbortSignal;
  observer: RunObserver | undefined;
}

/** Begins a run, unless it was stopped while it waited for another one, and returns whether it waited. */
export function startRun<Item>(
  batchSender: BatchSender,
  { options: { resume, overlap, executor }, source, signal, observer, ...run }: RunStart<Item>,
): Promise<{ started?: RunStarted; waited: boolean }> {
  const { name, args, label, workers } = run;
  return startInTurn(batchSender, () => ({
    kind: "start_run",
    ...resumed(resume),
    name,
    args,
    ...(label === undefined ? {} : { label }),
    workers,
    startedAt: isoNow(),
    reserve: source.reserve,
    executor: executor?.name,
    ...(source.known ? { expected: source.known.length } : {}),
  }), { overlap, signal, observer });
}

/** Which run the writer is to continue, and which of its tasks. */
function resumed(
  resume: PipelineOptions<never>["resume"],
): Pick<StartRunMessage, "resume" | "tasks"> {
  if (!resume) return {};
  if (typeof resume !== "object" || !("run" in resume)) return { resume };
  return { resume: resume.run, tasks: resume.tasks };
}

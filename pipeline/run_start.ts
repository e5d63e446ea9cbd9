/**
 * How a run begins in the database, when its turn has come.
 *
 * @module
 */
import { isoNow } from "../internal/timestamps.ts";
import type { BatchSender } from "../writer/client/batch_sender.ts";
import type { RunStarted } from "../writer/protocol/run_message.ts";
import { startInTurn } from "./overlap.ts";
import type { PipelineOptions } from "./pipeline_options.ts";
import type { TaskSource } from "./scheduler/task_source.ts";

/** What is known of a run that begins. */
export interface RunStart<Item> {
  options: Pick<PipelineOptions<Item>, "resume" | "overlap">;
  source: TaskSource<Item>;
  name: string;
  /** Its arguments, as JSON. */
  args: string;
  label: string | undefined;
  workers: number;
  signal: AbortSignal;
  /** Told which run is waited for. */
  waits: (run: string) => void;
}

/** Begins a run; `undefined` when it was stopped while it waited for another one. */
export function startRun<Item>(
  batchSender: BatchSender,
  { options: { resume, overlap }, source, signal, waits, ...run }: RunStart<Item>,
): Promise<RunStarted | undefined> {
  const { name, args, label, workers } = run;
  return startInTurn(batchSender, () => ({
    kind: "start_run",
    ...(resume ? { resume } : {}),
    name,
    args,
    ...(label === undefined ? {} : { label }),
    workers,
    startedAt: isoNow(),
    reserve: source.reserve,
    ...(source.known ? { expected: source.known.length } : {}),
  }), { overlap, signal, waits });
}

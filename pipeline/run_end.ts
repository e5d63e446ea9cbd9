/**
 * How a run ends in the database: what is left of it is cancelled, and its row says why.
 *
 * @module
 */
import { summarizeError, toReason } from "../internal/error_text.ts";
import { isoNow } from "../internal/timestamps.ts";
import type { EndStatus } from "../internal/task_status.ts";
import type { BatchSender } from "../writer/client/batch_sender.ts";
import type { RunFinished } from "../writer/protocol/run_message.ts";

/** Why a task of a run that was resumed is cancelled when everything else has ended. */
const NOT_AMONG_ITEMS = "Left out: no item has its key any more";

/** What is known of a run that ends. */
export interface RunEnd {
  /** The run, as `pipeline_runs.id`. */
  run: number;
  /** The status that its tasks and its failure give it. */
  status: EndStatus;
  /** What stops it. */
  signal: AbortSignal;
  /** Whether it was, or may have been, resumed. */
  resumes: boolean;
  /** Why it failed as a whole. */
  fatal: Error | undefined;
}

/** Ends a run. Returns what it came to, and how many queued tasks were cancelled. */
export async function endRun(
  batchSender: BatchSender,
  { run, status, signal, resumes, fatal }: RunEnd,
): Promise<{ finished: RunFinished; cancelled: number }> {
  const { aborted, reason } = signal;
  const finishedAt = isoNow();
  let cancelled = 0;
  if (aborted) {
    const message = summarizeError(reason);
    const ended = { ids: "queued", status: "cancelled", message, finishedAt } as const;
    cancelled = (await batchSender.request({ kind: "end_tasks", run, ...ended })).ended;
  }
  const finished = await batchSender.request({
    kind: "finish_run",
    run,
    status,
    finishedAt,
    ...(aborted ? { stopped: true } : {}),
    // Of items that were not read to their end nothing is known.
    ...(resumes && !aborted ? { gone: NOT_AMONG_ITEMS } : {}),
    ...(fatal ? { reason: toReason(fatal) } : {}),
  });
  return { finished, cancelled };
}

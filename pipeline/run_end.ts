/**
 * How a run ends in the database: its remaining tasks are cancelled, and its row holds the reason.
 *
 * @module
 */
import { summarizeError, toReason } from "../internal/error_text.ts";
import { isoNow } from "../internal/timestamps.ts";
import type { EndStatus } from "../internal/task_status.ts";
import type { BatchSender } from "../writer/client/batch_sender.ts";
import type { PipelineReport } from "./report.ts";
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

/** The last check of each name and task of a run. */
const LAST_CHECKS =
  `SELECT c.task_id, c.name, c.passed, c.severity, c.value, c.expected, max(c.id) AS id
  FROM main.pipeline_runs r CROSS JOIN main.task_checks c ON c.task_id BETWEEN r.first_task_id AND r.last_task_id
  WHERE r.id=?1 AND c.run_id=?1 GROUP BY c.task_id, c.name`;

const COUNTS = `SELECT count(*) AS total, coalesce(sum(passed), 0) AS passed,
  coalesce(sum(severity='warn' AND NOT passed), 0) AS warned FROM (${LAST_CHECKS})`;

const FAILING = `SELECT l.task_id, t.name AS task, l.name, l.severity, l.value, l.expected
  FROM (${LAST_CHECKS}) l JOIN main.task_runs t ON t.id=l.task_id WHERE NOT l.passed ORDER BY l.id LIMIT 10`;

/** What the tasks of a run have checked. */
async function readChecks(
  batchSender: BatchSender,
  run: number,
): Promise<NonNullable<PipelineReport["checks"]>> {
  const ask = (sql: string) => batchSender.query({ kind: "rows", sql, params: [run] });
  const [counts] = await ask(COUNTS);
  const [total, passed, warned] = [counts!.total, counts!.passed, counts!.warned].map(Number) as [
    number,
    number,
    number,
  ];
  const parse = (json: unknown) => json === null ? undefined : JSON.parse(String(json));
  const failing = (await ask(FAILING)).map((row) => ({
    id: Number(row.task_id),
    name: String(row.task),
    check: String(row.name),
    severity: String(row.severity),
    value: parse(row.value),
    expected: parse(row.expected),
  }));
  return { passed, failed: total - passed - warned, warned, failing };
}

/** Ends a run. Returns what it came to, and how many queued tasks were cancelled. */
export async function endRun(
  batchSender: BatchSender,
  { run, status, signal, resumes, fatal }: RunEnd,
): Promise<{ finished: RunFinished; cancelled: number; checks?: PipelineReport["checks"] }> {
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
  const checks = finished.checked && await readChecks(batchSender, run);
  return { finished, cancelled, ...(checks ? { checks } : {}) };
}

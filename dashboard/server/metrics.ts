/**
 * The state of the newest runs in the text format of Prometheus.
 *
 * @module
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
import { remainingMs, shareOf } from "../../internal/progress.ts";
import { TASK_STATUSES } from "../../internal/task_status.ts";
import type { Run } from "../api.ts";

/** A metric: its name, its meaning, and its value for a run; `null` where it is not known. */
type Metric = [name: string, help: string, value: (run: Run) => number | null];

const METRICS: Metric[] = [
  ["run_active", "Whether the run is active", ({ status }) => status === "running" ? 1 : 0],
  [
    "run_process_gone",
    "Whether the run was not ended by its process, which is gone",
    ({ processGone }) => processGone === null ? null : processGone ? 1 : 0,
  ],
  ["run_progress_ratio", "Fraction of the run that is done", ({ progress }) => shareOf(progress)],
  [
    "run_remaining_seconds",
    "Estimated time until the run has ended",
    ({ status, progress }) => {
      const left = status === "running" ? remainingMs(progress, Date.now()) : null;
      return left === null ? null : left / 1_000;
    },
  ],
  [
    "run_queue_depth",
    "Messages that wait for the next commit",
    ({ health }) => health?.queueDepth ?? null,
  ],
  ["run_batch_rows", "Rows of the last batch", ({ health }) => health?.batchRows ?? null],
  [
    "run_commit_p99_seconds",
    "99th percentile of the time of a commit",
    ({ health }) => health?.commitP99Ms == null ? null : health.commitP99Ms / 1_000,
  ],
  ["run_wal_bytes", "Size of the WAL", ({ health }) => health?.walBytes ?? null],
  [
    "run_wal_held_seconds",
    "For how long readers have kept a long WAL from being emptied",
    ({ health }) => health && secondsSince(health.walHeldSince),
  ],
];

/** Formats the metrics of some runs. */
export function formatMetrics(
  runs: readonly Run[],
  { up, streams }: { up: boolean; streams: number },
): string {
  const lines: string[] = [];
  const metric = (name: string, help: string, samples: [labels: string, value: number][]) => {
    lines.push(`# HELP pipeloom_${name} ${help}`, `# TYPE pipeloom_${name} gauge`);
    for (const [labels, value] of samples) lines.push(`pipeloom_${name}${labels} ${value}`);
  };
  metric("up", "Whether the database can be read", [["", up ? 1 : 0]]);
  metric("dashboard_streams", "Browsers that watch", [["", streams]]);
  metric(
    "run_tasks",
    "Tasks of a run by status",
    runs.flatMap((run) =>
      TASK_STATUSES.map((status): [string, number] => [
        labelsOf(run, status),
        run.counts[status],
      ])
    ),
  );
  for (const [name, help, value] of METRICS) {
    const samples = runs.map((run): [string, number | null] => [labelsOf(run), value(run)]);
    metric(name, help, samples.filter((sample): sample is [string, number] => sample[1] !== null));
  }
  return lines.join("\n") + "\n";
}

/** Seconds since then, 0 for `null`; `null` where the text is not a time. */
function secondsSince(time: string | null): number | null {
  if (time === null) return 0;
  const seconds = (Date.now() - Date.parse(time)) / 1_000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}

function labelsOf({ id, name }: Run, status?: string): string {
  const escaped = name.replace(/[\\"\n]/g, (c) => c === "\n" ? "\\n" : `\\${c}`);
  return `{run="${id}",name="${escaped}"${status ? `,status="${status}"` : ""}}`;
}

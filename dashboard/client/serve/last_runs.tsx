/**
 * The last runs of a pipeline as squares, oldest first.
 *
 * @module
 */
import type { PastRun, PipelineInfo } from "../../api.ts";
import { StatusIcon } from "../components/status_mark.tsx";
import { cleanText } from "../lib/clean_text.ts";
import { formatDuration, formatWhen, timeOf } from "../../../internal/units.ts";

export function LastRuns({ pipeline: { runs, dashboard } }: { pipeline: PipelineInfo }) {
  if (runs.length === 0) return <span class="faint">No run yet</span>;
  return (
    <ol class="run-squares" aria-label="Last runs, oldest first">
      {runs.map((run) => (
        <li key={run.id}>
          <a
            class={`run-square is-${run.status}`}
            href={`${dashboard ?? ""}?run=${run.id}`}
            title={describe(run)}
            aria-label={describe(run)}
          >
            <StatusIcon status={run.status} />
          </a>
        </li>
      ))}
    </ol>
  );
}

function describe({ id, status, label, startedAt, finishedAt }: PastRun): string {
  const [from, to] = [timeOf(startedAt), timeOf(finishedAt)];
  const took = from !== null && to !== null ? `, ${formatDuration(to - from)}` : "";
  const what = label ? `, ${cleanText(label)}` : "";
  return `#${id}, ${status}, ${formatWhen(from, Date.now())}${took}${what}`;
}

/**
 * Runs × tasks of a pipeline: which task failed in which run, and which took long.
 *
 * @module
 */
import { useState } from "preact/hooks";
import type { GridCell, RunGrid as Grid } from "../../api.ts";
import { formatCount, formatDuration } from "../../../internal/units.ts";
import { Name } from "../components/safe_text.tsx";
import { ScrollTable } from "../components/scroll_table.tsx";
import { StatusIcon } from "../components/status_mark.tsx";
import { runRoute } from "../lib/route.ts";
import { hrefOf } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";

/** Milliseconds between two looks. */
const EVERY_MS = 10_000;

/** Tasks that are shown before the others are asked for. */
const SHOWN = 20;

export function RunGrid({ name, live }: { name: string; live: boolean }) {
  const [isWhole, setWhole] = useState(false);
  const { answer } = useAnswer<Grid>(`api/grid?${new URLSearchParams({ name })}`, {
    everyMs: live ? EVERY_MS : 0,
  });
  if (!answer || answer.tasks.length === 0) return null;
  const { runs, tasks, left, large } = answer;
  const shown = isWhole ? tasks : tasks.slice(0, SHOWN);
  return (
    <section class="panel" aria-labelledby="grid-title">
      <div class="panel-head">
        <h2 id="grid-title">Tasks by run</h2>
        <span class="faint">
          {runs.length === 1 ? "The last run" : `The last ${runs.length} runs`}, tasks that failed
          most often first, then the slowest
        </span>
      </div>
      <ScrollTable caption="Tasks of this pipeline in its last runs, oldest first" class="run-grid">
        <thead>
          <tr>
            <th scope="col">Task</th>
            {runs.map(({ id }) => (
              <th key={id} scope="col">
                <a href={hrefOf(runRoute(id))}>#{id}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ label, cells }) => (
            <tr key={label}>
              <th scope="row">
                <Name text={label} limit={80} />
              </th>
              {cells.map((cell, i) => (
                <td key={runs[i]!.id}>{cell && <Cell cell={cell} run={runs[i]!.id} />}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </ScrollTable>
      {shown.length < tasks.length && (
        <p class="note">
          <button type="button" class="button small" onClick={() => setWhole(true)}>
            {formatCount(tasks.length - shown.length)} more tasks
          </button>
        </p>
      )}
      {left > 0 && <p class="note">{formatCount(left)} more tasks were left out.</p>}
      {large.length > 0 && (
        <p class="note">
          Of{" "}
          {large.map((id) => `#${id}`).join(", ")}, with more than 5,000 tasks, only failures are
          shown.
        </p>
      )}
    </section>
  );
}

function Cell({ cell: { id, status, durationMs }, run }: { cell: GridCell; run: number }) {
  const text = `#${run}: ${status}${durationMs === null ? "" : `, ${formatDuration(durationMs)}`}`;
  return (
    <a
      class={`grid-cell is-${status}`}
      href={hrefOf({ view: "task", task: id })}
      title={text}
      aria-label={text}
    >
      <StatusIcon status={status} />
    </a>
  );
}

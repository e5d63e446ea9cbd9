/**
 * How long the same task took in other runs.
 *
 * @module
 */
import type { TaskDetail, TaskHistory as History } from "../../api.ts";
import { formatDuration } from "../../../internal/units.ts";
import { hrefOf } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";

export function TaskHistory({ task }: { task: TaskDetail }) {
  const { answer } = useAnswer<History>(`api/tasks/${task.id}/history`);
  const earlier = (answer?.tasks ?? []).filter((other) => other.id !== task.id).toReversed();
  if (earlier.length === 0) return null;
  const all = task.durationMs === null
    ? earlier
    : [...earlier, { ...task, runId: task.run.id }].sort((a, b) =>
      a.runId - b.runId || a.id - b.id
    );
  const longest = Math.max(1, ...all.map((other) => other.durationMs ?? 0));
  return (
    <section class="panel" aria-labelledby="history-title">
      <div class="panel-head">
        <h2 id="history-title">In other runs</h2>
        {answer?.partial && <span class="note">of the latest tasks</span>}
      </div>
      <ol class="history">
        {all.map((other) => {
          const label = `Run ${other.runId}: ${other.status}, ${formatDuration(other.durationMs)}`;
          const part = Math.max(0.02, (other.durationMs ?? 0) / longest);
          return (
            <li key={other.id}>
              <a
                href={hrefOf({ view: "task", task: other.id })}
                class={`history-bar ${other.id === task.id ? "is-this" : ""}`}
                aria-label={label}
                title={label}
                aria-current={other.id === task.id ? "page" : undefined}
              >
                <span class={`fill-${other.status}`} style={{ transform: `scaleY(${part})` }} />
              </a>
            </li>
          );
        })}
      </ol>
      <p class="history-scale faint">longest {formatDuration(longest)}</p>
    </section>
  );
}

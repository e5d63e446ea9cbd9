/**
 * A task as a row of the table. It is drawn again when its task changes, and what depends on the clock
 * alone draws itself.
 *
 * @module
 */
import type { Task } from "../../api.ts";
import { useNow } from "../live/clock.ts";
import { ProgressBar } from "../components/bars.tsx";
import { Clock, Elapsed } from "../components/elapsed.tsx";
import { formatElapsed, formatPercent, formatRate, timeOf } from "../../../internal/units.ts";
import { memo } from "../lib/memo.ts";
import { SILENT_MS } from "../../../internal/progress.ts";
import { isStalled, taskPace } from "../live/rates.ts";
import { hrefOf } from "../lib/router.ts";
import { Name, SafeText } from "../components/safe_text.tsx";
import { RewrittenMark, StatusMark } from "../components/status_mark.tsx";
import { withLocalTime } from "../../../internal/text/retry_text.ts";
import { knownEnd } from "../lib/statuses.ts";
import { SleepsUntil } from "./steps.tsx";

export const TaskRow = memo(({ task, active, cancelling, chosen, onChoose }: {
  task: Task;
  /** Whether its run is active: without it no task runs, although it may be marked so. */
  active: boolean;
  cancelling: boolean;
  /** Whether it is ticked; `null` where it cannot be. */
  chosen: boolean | null;
  onChoose: (id: number) => void;
}) => {
  const running = task.status === "running" && active;
  const text = (task.status === "error" ? task.error : null) ??
    (task.message && withLocalTime(task.message));
  return (
    <tr class={`task-row row-${task.status}`}>
      {chosen !== null && (
        <td class="cell-choose">
          <input
            type="checkbox"
            class="run-choose"
            checked={chosen}
            onChange={() => onChoose(task.id)}
            aria-label={`Choose task ${task.id}`}
          />
        </td>
      )}
      <td class="cell-id">{task.id}</td>
      <th scope="row" class="cell-name">
        <a
          href={hrefOf({ view: "task", task: task.id })}
          title={task.key ??
            undefined}
        >
          <Name text={task.name} limit={300} />
        </a>
      </th>
      <td class="cell-status">
        <StatusMark status={task.status} cancelling={cancelling} />
        <RewrittenMark task={task} />
        {running && <Stalled task={task} />}
      </td>
      <td class="cell-progress">
        <span class="progress">
          <ProgressBar progress={task.progress} status={task.status} />
          <span class="progress-text">{formatPercent(task.progress)}</span>
        </span>
      </td>
      <td class={`cell-message ${task.status === "error" ? "is-error-text" : ""}`}>
        {(text || task.sleepsUntil) &&
          (
            <span class="one-line" title={text && text.length > 40 ? text : undefined}>
              <SleepsUntil time={task.sleepsUntil} /> {text && <SafeText text={text} limit={300} />}
            </span>
          )}
      </td>
      <td class="cell-started">
        <Clock time={task.startedAt} />
      </td>
      <td class="cell-duration">
        <Elapsed
          from={task.startedAt}
          to={task.status === "queued" ? null : knownEnd(task, active)}
          running={running}
        />
      </td>
      <td class="cell-pace">{running && <Pace task={task} />}</td>
    </tr>
  );
});

function Stalled({ task }: { task: Task }) {
  const now = useNow();
  if (!isStalled(task, now)) return null;
  const silence = now - (timeOf(task.updatedAt) ?? timeOf(task.startedAt) ?? now);
  const title = `No news for ${formatElapsed(silence)} (more than ${SILENT_MS / 1000} s)`;
  return <span class="stalled" title={title}>stalled</span>;
}

function Pace({ task }: { task: Task }) {
  const pace = taskPace(task, useNow());
  if (!pace) return null;
  return (
    <>
      <span class="pace-eta">{formatElapsed(pace.eta)} left</span>
      <span class="faint pace-rate">{formatRate(pace.rate * 100, "%")}</span>
    </>
  );
}

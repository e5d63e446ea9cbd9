/**
 * A task as a row of the table. It is drawn again when its task changes, and what depends on the clock
 * alone draws itself.
 *
 * @module
 */
import { useNow } from "./clock.js";
import { ProgressBar } from "./bars.js";
import { Clock, Elapsed } from "./elapsed.js";
import { formatElapsed, formatPercent, formatRate, timeOf } from "./format.js";
import { html } from "./html.js";
import { memo } from "./memo.js";
import { isStalled, STALLED_MS, taskPace } from "./rates.js";
import { hrefOf } from "./router.js";
import { SafeText } from "./safe_text.js";
import { StatusMark } from "./status_mark.js";

export const TaskRow = memo(({ task, cancelling }) => {
  const running = task.status === "running";
  const text = (task.status === "error" ? task.error : null) ?? task.message;
  return html`
    <tr class=${`task-row row-${task.status}`}>
      <td class="cell-id">${task.id}</td>
      <th scope="row" class="cell-name">
        <a href=${hrefOf({ view: "task", task: task.id })} title=${task.key ??
          undefined}><${SafeText} text=${task.name} limit=${300} /></a>
      </th>
      <td class="cell-status">
        <${StatusMark} status=${task.status} cancelling=${cancelling} />
        ${running && html`<${Stalled} task=${task} />`}
      </td>
      <td class="cell-progress">
        <span class="progress">
          <${ProgressBar} progress=${task.progress} status=${task.status} />
          <span class="progress-text">${formatPercent(task.progress)}</span>
        </span>
      </td>
      <td class=${`cell-message ${task.status === "error" ? "is-error-text" : ""}`}>
        ${text &&
          html`<span class="one-line" title=${
            text.length > 40 ? text : undefined
          }><${SafeText} text=${text} limit=${300} /></span>`}
      </td>
      <td class="cell-started">
        <${Clock} time=${task.startedAt} />
      </td>
      <td class="cell-duration">
        <${Elapsed} from=${task.startedAt} to=${task.finishedAt} running=${running} />
      </td>
      <td class="cell-pace">${running && html`<${Pace} task=${task} />`}</td>
    </tr>
  `;
});

function Stalled({ task }) {
  const now = useNow();
  if (!isStalled(task, now)) return null;
  const silence = now - (timeOf(task.updatedAt) ?? timeOf(task.startedAt));
  const title = `No news for ${formatElapsed(silence)} (more than ${STALLED_MS / 1000} s)`;
  return html`<span class="stalled" title=${title}>stalled</span>`;
}

function Pace({ task }) {
  const pace = taskPace(task, useNow());
  if (!pace) return null;
  return html`
    <span class="pace-eta">${formatElapsed(pace.eta)} left</span>
    <span class="faint pace-rate">${formatRate(pace.rate * 100, "%")}</span>
  `;
}

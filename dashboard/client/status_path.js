/**
 * The way of a task through its states, with the times of its moves.
 *
 * @module
 */
import { Clock, Elapsed } from "./elapsed.js";
import { html } from "./html.js";
import { StatusIcon } from "./status_mark.js";

export function StatusPath({ task }) {
  const running = task.status === "running";
  const steps = [{ status: "queued" }];
  if (task.startedAt || running) steps.push({ status: "running", at: task.startedAt });
  if (task.finishedAt || !["queued", "running"].includes(task.status)) {
    steps.push({ status: task.status, at: task.finishedAt });
  }
  return html`
    <ol class="status-path">
      ${steps.map(({ status, at }, i) =>
        html`
          <li key=${status} class=${`step is-${status}`} aria-current=${i === steps.length - 1
            ? "step"
            : undefined}>
            <${StatusIcon} status=${status} />
            <span class="step-name">${status}</span>
            <span class="step-time">${at && html`<${Clock} time=${at} />`}</span>
          </li>
        `
      )}
      <li class="step-took">
        <span class="faint">${running ? "running for" : "took"}</span>
        ${" "}<b><${Elapsed} from=${task.startedAt} to=${task.finishedAt} running=${running} /></b>
      </li>
    </ol>
  `;
}

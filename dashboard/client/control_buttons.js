/**
 * What can be asked of a run and of a task, where it makes sense.
 *
 * @module
 */
import { ActionButton } from "./action_button.js";
import { cleanText, cutText } from "./clean_text.js";
import { formatCount } from "./format.js";
import { html } from "./html.js";
import { isOpen } from "./statuses.js";

export function RunButtons({ run }) {
  if (run.status !== "running" || run.cancelling) return null;
  const { running, queued } = run.counts;
  const question = {
    title: `Cancel ${cutText(cleanText(run.name), 60)} #${run.id}?`,
    text: `${count(running, "running task")} will be told to stop, and ` +
      `${count(queued, "queued task")} will never start. What is done stays done.`,
    keep: "Let it run",
  };
  return html`
    ${run.counts.error > 0 && html`
      <${ActionButton} key=${`retry ${run.id}`} path=${`api/runs/${run.id}/retry`}
        label="Retry failed tasks" busyLabel="Retrying …" />
    `}
    <${ActionButton} key=${`cancel ${run.id}`} path=${`api/runs/${run.id}/cancel`} kind="danger"
      label="Cancel run" busyLabel="Cancelling …" question=${question} />
  `;
}

export function TaskButtons({ task }) {
  const { run } = task;
  if (run.status !== "running" || run.cancelling || task.cancelling) return null;
  if (isOpen(task.status)) {
    return html`
      <${ActionButton} key=${`cancel ${task.id}`} path=${`api/tasks/${task.id}/cancel`} kind="danger"
        label="Cancel task" busyLabel="Cancelling …" />
    `;
  }
  if (task.status === "done") return null;
  return html`
    <${ActionButton} key=${`retry ${task.id}`} path=${`api/tasks/${task.id}/retry`}
      label="Retry task" busyLabel="Retrying …" />
  `;
}

function count(number, what) {
  return `${formatCount(number)} ${what}${number === 1 ? "" : "s"}`;
}

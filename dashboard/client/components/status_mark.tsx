/**
 * A status as people see it: a colour, a shape and a word, so that a reader need not rely on any one of them.
 *
 * @module
 */
import type { Run, Task } from "../../api.ts";
import { cleanText, cutText } from "../lib/clean_text.ts";
import { isCancelling } from "../lib/statuses.ts";
import type { VNode } from "preact";

const SHAPES: Record<string, VNode> = {
  queued: <circle cx="6" cy="6" r="4.25" fill="none" stroke-dasharray="2.2 2.2" />,
  running: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" />
      <path class="solid" d="M6 3.2a2.8 2.8 0 0 1 0 5.6z" />
    </>
  ),
  done: <path fill="none" d="M2 6.6 4.8 9.2 10 3.2" />,
  error: <path fill="none" d="m2.8 2.8 6.4 6.4m0-6.4L2.8 9.2" />,
  cancelled: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" />
      <path fill="none" d="m3.2 8.8 5.6-5.6" />
    </>
  ),
  // Of runs and tasks that were asked to stop and have not ended.
  cancelling: (
    <>
      <circle cx="6" cy="6" r="4.25" fill="none" stroke-dasharray="2.2 2.2" />
      <path fill="none" d="m4.2 7.8 3.6-3.6" />
    </>
  ),
  // Of a run, whose process died.
  interrupted: (
    <>
      <path fill="none" d="M7.8 2.2a4.25 4.25 0 1 0 2 2.1" />
      <path fill="none" d="M6 3.4v3.2M6 8.3v.4" />
    </>
  ),
};

export function StatusIcon({ status }: { status: string }) {
  return (
    <svg class={`status-icon is-${status}`} viewBox="0 0 12 12" aria-hidden="true">
      {SHAPES[
        status
      ]}
    </svg>
  );
}

/** `cancelling` marks a run or a task that was asked to stop; that is not a status of its own in the database. */
export function StatusMark(
  { status, cancelling = false }: { status: string; cancelling?: boolean },
) {
  const shown = cancelling ? "cancelling" : status;
  return (
    <span class={`status is-${shown}`}>
      <StatusIcon status={shown} />
      {shown}
    </span>
  );
}

/** That another program has written over the row of a task. */
export function RewrittenMark({ task }: { task: Task }) {
  if (!task.rewritten) return null;
  const status = cleanText(cutText(task.rewritten, 40));
  const title =
    `Another program wrote the status "${status}" here; name, times, message and result ` +
    "may be its own";
  return <span class="rewritten" title={title}>rewritten</span>;
}

/** The status of a run; that its process is gone is known before it is written. */
export function RunStatusMark({ run }: { run: Run }) {
  return (
    <>
      <StatusMark status={run.status} cancelling={isCancelling(run, run)} />
      {run.processGone && <span class="note">process gone</span>}
    </>
  );
}

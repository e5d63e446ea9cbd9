/**
 * The way of a task through its states, with the times of its moves.
 *
 * @module
 */
import type { TaskDetail } from "../../api.ts";
import { Clock, Elapsed } from "../components/elapsed.tsx";
import { isRunning, knownEnd } from "../lib/statuses.ts";
import { StatusIcon } from "../components/status_mark.tsx";

export function StatusPath({ task }: { task: TaskDetail }) {
  const isMarkedRunning = task.status === "running";
  const running = isRunning(task);
  const steps: { status: string; at?: string | null }[] = [{ status: "queued" }];
  if (task.startedAt || isMarkedRunning) steps.push({ status: "running", at: task.startedAt });
  // It sleeps, or has slept, and continues when its turn comes.
  if (task.status === "queued" && task.startedAt) steps.push({ status: "queued" });
  if (task.finishedAt || !["queued", "running"].includes(task.status)) {
    steps.push({ status: task.status, at: task.finishedAt });
  }
  return (
    <ol class="status-path">
      {steps.map(({ status, at }, i) => (
        <li
          key={i}
          class={`step is-${status}`}
          aria-current={i === steps.length - 1 ? "step" : undefined}
        >
          <StatusIcon status={status} />
          <span class="step-name">{status}</span>
          <span class="step-time">{at && <Clock time={at} />}</span>
        </li>
      ))}
      {task.startedAt && (
        <li class="step-took">
          <span class="faint">
            {running ? "running for" : isMarkedRunning ? "ran for" : "took"}
          </span>{" "}
          <b>
            <Elapsed
              from={task.startedAt}
              to={task.status === "queued" ? null : knownEnd(task, running)}
              running={running}
            />
          </b>
        </li>
      )}
    </ol>
  );
}

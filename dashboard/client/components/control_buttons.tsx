/**
 * What can be asked of a run and of a task, where it makes sense.
 *
 * @module
 */
import type { FunctionComponent } from "preact";
import { useContext } from "preact/hooks";
import { Control } from "./control.tsx";
import type { Run, TaskDetail } from "../../api.ts";
import { ActionButton } from "./action_button.tsx";
import { cleanText, cutText } from "../lib/clean_text.ts";
import { formatCount } from "../../../internal/units.ts";
import { useMayContinue } from "../serve/served.ts";
import { isOpen } from "../lib/statuses.ts";

/** What can be asked of a run. */
export const RunControls = whereAllowed(RunButtons);

/** What can be asked of a task. */
export const TaskControls = whereAllowed(TaskButtons);

function whereAllowed<P extends object>(View: FunctionComponent<P>): FunctionComponent<P> {
  return (props) => useContext(Control) ? <View {...props} /> : null;
}

function RunButtons({ run }: { run: Run }) {
  const mayContinue = useMayContinue(run);
  if (mayContinue && run.status !== "done") {
    return (
      <ActionButton
        key={`resume ${run.id}`}
        path={`api/runs/${run.id}/resume`}
        label="Resume"
        busyLabel="Resuming …"
      />
    );
  }
  if (run.status !== "running" || run.cancelling) return null;
  const { running, queued } = run.counts;
  const question = {
    title: `Cancel ${cutText(cleanText(run.name), 60)} #${run.id}?`,
    text: `${count(running, "running task")} will be asked to stop, and ` +
      `${count(queued, "queued task")} will never start. What is done stays done.`,
    keep: "Let it run",
  };
  return (
    <>
      {run.counts.error > 0 && (
        <ActionButton
          key={`retry ${run.id}`}
          path={`api/runs/${run.id}/retry`}
          label="Retry failed tasks"
          busyLabel="Retrying …"
        />
      )}
      <ActionButton
        key={`cancel ${run.id}`}
        path={`api/runs/${run.id}/cancel`}
        kind="danger"
        label="Cancel run"
        busyLabel="Cancelling …"
        question={question}
      />
    </>
  );
}

function TaskButtons({ task }: { task: TaskDetail }) {
  const { run } = task;
  const mayContinue = useMayContinue(run);
  const active = run.status === "running" && !run.cancelling && !task.cancelling;
  if (!active && !mayContinue) return null;
  if (isOpen(task.status)) {
    if (!active) return null;
    return (
      <ActionButton
        key={`cancel ${task.id}`}
        path={`api/tasks/${task.id}/cancel`}
        kind="danger"
        label="Cancel task"
        busyLabel="Cancelling …"
      />
    );
  }
  if (task.status === "done") return null;
  return (
    <ActionButton
      key={`retry ${task.id}`}
      path={`api/tasks/${task.id}/retry`}
      label="Retry task"
      busyLabel="Retrying …"
    />
  );
}

function count(number: number, what: string): string {
  return `${formatCount(number)} ${what}${number === 1 ? "" : "s"}`;
}

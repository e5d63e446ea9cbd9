/**
 * What a task belongs to: its stage, its dependencies in both directions, how long it waited, and what ran it.
 *
 * @module
 */
import { isRunning } from "../lib/statuses.ts";
import type { ComponentChildren } from "preact";
import type { Task, TaskDependencies, TaskDetail } from "../../api.ts";
import { formatCount, formatDuration } from "../../../internal/units.ts";
import { Name, SafeText } from "../components/safe_text.tsx";
import { StatusMark } from "../components/status_mark.tsx";
import { hrefOf } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";

export function TaskFacts({ task }: { task: TaskDetail }) {
  const { answer } = useAnswer<TaskDependencies>(`api/tasks/${task.id}/dependencies`, {
    version: task.status,
  });
  const { stage, tags = [], host, pid, waitedMs } = task;
  const worker = task.attempts.at(-1)?.worker;
  return (
    <dl class="task-facts">
      {stage && (
        <Fact label="Stage">
          <SafeText text={stage} limit={100} />
        </Fact>
      )}
      {tags.length > 0 && (
        <Fact label={tags.length === 1 ? "Tag" : "Tags"}>
          <SafeText text={tags.join(", ")} limit={300} />
        </Fact>
      )}
      {waitedMs != null && waitedMs > 0 && (
        <Fact label="Waited">{formatDuration(waitedMs)} from the start of its run</Fact>
      )}
      {worker
        ? (
          <Fact label={isRunning(task) ? "Runs on" : "Ran on"}>
            the worker <SafeText text={worker} limit={80} />
          </Fact>
        )
        : host && task.startedAt && (
          <Fact label={isRunning(task) ? "Runs on" : "Ran on"}>
            <SafeText text={host} limit={80} />
            {pid !== undefined && <span class="faint">, process {pid}</span>}
          </Fact>
        )}
      {answer && answer.dependsOn.total > 0 && (
        <Fact label="Depends on">
          <Links list={answer.dependsOn} />
        </Fact>
      )}
      {answer && answer.neededBy.total > 0 && (
        <Fact label="Needed by">
          <Links list={answer.neededBy} />
        </Fact>
      )}
    </dl>
  );
}

function Fact({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <>
      <dt class="faint">{label}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Links({ list: { total, tasks } }: { list: { total: number; tasks: Task[] } }) {
  return (
    <ul class="task-links">
      {tasks.map(({ id, name, status }) => (
        <li key={id}>
          <StatusMark status={status} />{" "}
          <a href={hrefOf({ view: "task", task: id })}>
            <Name text={name} limit={100} />
          </a>
        </li>
      ))}
      {total > tasks.length && <li class="faint">and {formatCount(total - tasks.length)} more</li>}
    </ul>
  );
}

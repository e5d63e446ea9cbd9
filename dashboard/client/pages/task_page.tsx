/**
 * The page of one task: its course, its messages, its outcome.
 *
 * @module
 */
import type { TaskDetail, TaskSnapshot } from "../../api.ts";
import type { PageProps } from "./page_props.ts";
import { useEffect, useRef } from "preact/hooks";
import { announce } from "../components/announcer.tsx";
import { TaskWrote } from "../data/written_rows.tsx";
import { TaskChecks } from "../run/checks.tsx";
import { Attempts } from "./attempts.tsx";
import { ProgressBar } from "../components/bars.tsx";
import { useNow } from "../live/clock.ts";
import { TaskControls } from "../components/control_buttons.tsx";
import { formatElapsed, formatPercent, formatRate } from "../../../internal/units.ts";
import { PageTitle } from "../components/page_title.tsx";
import { LongText } from "../components/long_text.tsx";
import { NotFound, PageSkeleton } from "./placeholders.tsx";
import { isStalled, taskPace } from "../live/rates.ts";
import { runRoute } from "../lib/route.ts";
import { hrefOf } from "../lib/router.ts";
import { Name, SafeText } from "../components/safe_text.tsx";
import { StatusMark } from "../components/status_mark.tsx";
import { withLocalTime } from "../../../internal/text/retry_text.ts";
import { isCancelling, isRunning } from "../lib/statuses.ts";
import { StatusPath } from "./status_path.tsx";
import { TaskFacts } from "../run/task_facts.tsx";
import { SleepsUntil, Steps } from "./steps.tsx";
import { TaskHistory } from "./task_history.tsx";
import { TaskLog } from "./task_log.tsx";
import { TaskItem, TaskResult } from "./task_result.tsx";

const LONGEST_TITLE = 200;

/** Longer messages get a box of their own. */
const LONGEST_MESSAGE = 500;

export function TaskPage({ route, live }: PageProps<"task", TaskSnapshot>) {
  const state = live.data;
  const task = state?.task;
  useNews(task);
  if (!state) return <PageSkeleton title={`Task #${route.task}`} />;
  if (!task) return <NotFound what={`task #${route.task}`} />;
  return (
    <>
      <header class="page-head">
        <div class="title-row">
          <PageTitle>
            <Name
              text={task
                .name}
              limit={LONGEST_TITLE}
            />{" "}
            <span class="faint">
              #{task
                .id}
            </span>
          </PageTitle>
          <StatusMark status={task.status} cancelling={isCancelling(task, task.run)} />
          <SleepsUntil time={task.sleepsUntil} />
          <span class="spread" />
          <TaskControls task={task} />
        </div>
        <p class="under-title">
          in{" "}
          <a href={hrefOf(runRoute(task.run.id))}>
            <Name
              text={task.run
                .name}
              limit={200}
            />{" "}
            #{task.run.id}
          </a>
          {task.key &&
            (
              <span class="faint also">
                key{" "}
                <code>
                  <SafeText text={task.key} limit={200} />
                </code>
              </span>
            )}
        </p>
      </header>
      <div class="task-columns">
        <section class="panel" aria-labelledby="path-title">
          <div class="panel-head">
            <h2 id="path-title">Progress</h2>
          </div>
          <div class="panel-body">
            <StatusPath task={task} />
            <div class="task-progress">
              <ProgressBar progress={task.progress} status={task.status} />
              <b>{formatPercent(task.progress)}</b>
              {task.status === "running" &&
                (isRunning(task)
                  ? <Pace task={task} />
                  : <span class="stalled">its process is gone</span>)}
            </div>
            <TaskFacts key={`facts ${task.id}`} task={task} />
            {task.rewritten && (
              <p class="note">
                Another program wrote the status <SafeText text={task.rewritten} limit={40} />{" "}
                here. Name, times, message and result may be its own.
              </p>
            )}
            {task.message && (
              <div class="task-message">
                {task.message.length > LONGEST_MESSAGE
                  ? (
                    <LongText
                      text={task.message}
                      whole={task.cut.includes("message")
                        ? `api/tasks/${task.id}/texts/message`
                        : undefined}
                      label="Message"
                    />
                  )
                  : <SafeText text={withLocalTime(task.message)} />}
              </div>
            )}
          </div>
        </section>
        <TaskHistory key={task.id} task={task} />
      </div>
      <Attempts task={task} />
      <TaskChecks checks={task.checks} />
      <TaskWrote tables={task.wrote} />
      <Steps task={task} />
      <TaskItem key={`item ${task.id}`} task={task} />
      <TaskResult key={`result ${task.id}`} task={task} />
      <TaskLog key={`log ${task.id}`} task={task} logs={state.logs} />
    </>
  );
}

function Pace({ task }: { task: TaskDetail }) {
  const now = useNow();
  const pace = taskPace(task, now);
  return (
    <>
      {pace &&
        (
          <>
            <span>{formatElapsed(pace.eta)} left</span>
            <span class="faint">{formatRate(pace.rate * 100, "%")}</span>
          </>
        )}
      {isStalled(task, now) && <span class="stalled">stalled</span>}
    </>
  );
}

/** Announces how the task has ended. */
function useNews(task: TaskDetail | null | undefined): void {
  const last = useRef<TaskDetail | null | undefined>(null);
  useEffect(() => {
    const before = last.current;
    last.current = task;
    if (!task || before?.id !== task.id || before.status === task.status) return;
    if (task.finishedAt) announce(`The task has ended as ${task.status}`);
  }, [task]);
}

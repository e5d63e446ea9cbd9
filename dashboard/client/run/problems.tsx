/**
 * What went wrong in a run, by cause; what holds it up, and what was slow. It stands above the charts, because it is
 * what people come for.
 *
 * @module
 */
import { causeText } from "../../../internal/text/cause_text.ts";
import { TableLinks } from "../components/table_links.tsx";
import type { FailureCause, FailureReport, Run, RunDelays, Task } from "../../api.ts";
import type { ComponentChildren } from "preact";
import { useContext, useState } from "preact/hooks";
import {
  formatCount,
  formatElapsed,
  formatNumberOf,
  formatShare,
  timeOf,
} from "../../../internal/units.ts";
import { ActionButton } from "../components/action_button.tsx";
import { Control } from "../components/control.tsx";
import { Clock, Elapsed } from "../components/elapsed.tsx";
import { CopyText, LongText } from "../components/long_text.tsx";
import { Name, SafeText } from "../components/safe_text.tsx";
import type { RouteOf } from "../lib/route.ts";
import { hrefOf } from "../lib/router.ts";
import { useMayContinue } from "../serve/served.ts";
import { Command } from "./chosen_tasks.tsx";
import { useNow } from "../live/clock.ts";
import { useAnswer } from "../live/use_answer.ts";

const REFETCH_MS = 3_000;

/** Characters of a cause. */
const LONGEST_CAUSE = 300;

/** Causes that are shown before all are wanted. */
const FIRST = 5;

export function Problems({ route, run, live }: {
  route: RouteOf<"run">;
  run: Run;
  live: boolean;
}) {
  const active = run.status === "running";
  const options = { everyMs: active && live ? REFETCH_MS : 0, version: run.status };
  const failed = run.counts.error > 0;
  const { answer: failures } = useAnswer<FailureReport>(
    failed ? `api/runs/${run.id}/failures` : null,
    options,
  );
  const { answer: delays } = useAnswer<RunDelays>(
    run.total > 0 ? `api/runs/${run.id}/delays` : null,
    options,
  );
  const slowest = delays?.slowest ?? [];
  const hasProblems = failed || (delays && delays.silent.total + delays.retries.total > 0);
  if (!hasProblems && slowest.length === 0) return null;
  return (
    <section class="panel problems" aria-label="Problems">
      {failed && (
        <div class="panel-head">
          <h2>Problems</h2>
          {failures && (
            <span class="faint">
              {formatNumberOf(failures.causes.length + failures.left, "cause")} of{" "}
              {formatNumberOf(failures.total, "failure")}
            </span>
          )}
          <span class="spread" />
          {live && (
            <TableLinks
              csv={`api/runs/${run.id}/csv/failures`}
              json={`api/runs/${run.id}/failures`}
              label="failures"
            />
          )}
        </div>
      )}
      {failed && !failures && <p class="note">Reading the failures …</p>}
      {failures && failures.total > 0 && <Causes route={route} run={run} report={failures} />}
      {delays && delays.silent.total > 0 && <Silent silent={delays.silent} />}
      {delays?.tags && <Tags tags={delays.tags} />}
      {delays && delays.retries.total > 0 && (
        <Fact
          text={`${formatNumberOf(delays.retries.total, "task")} ${
            delays.retries.total === 1 ? "waits" : "wait"
          } for a retry`}
        >
          the first at <Clock time={delays.retries.nextAt} />:{" "}
          <Links tasks={delays.retries.tasks} />
        </Fact>
      )}
      {slowest.length > 0 && (
        <Fact text="Slowest">
          <Links tasks={slowest} timed />
        </Fact>
      )}
    </section>
  );
}

function Causes({ route, run, report }: {
  route: RouteOf<"run">;
  run: Run;
  report: FailureReport;
}) {
  const [all, setAll] = useState(false);
  const mayContinue = useMayContinue(run);
  const mayControl = useContext(Control);
  const mayRetry = mayContinue || mayControl && run.status === "running" && !run.cancelling;
  const { causes, left } = report;
  return (
    <>
      <ul class="causes">
        {(all ? causes : causes.slice(0, FIRST)).map((cause) => (
          <Cause key={cause.id} cause={cause} route={route} mayRetry={mayRetry} />
        ))}
      </ul>
      {!all && causes.length > FIRST && (
        <p class="note">
          <button type="button" class="button small" onClick={() => setAll(true)}>
            {left > 0
              ? `Show the ${causes.length} most frequent causes`
              : `Show all ${causes.length} causes`}
          </button>
        </p>
      )}
      {!mayRetry && <RetryCommand run={run} />}
    </>
  );
}

function Cause({ cause, route, mayRetry }: {
  cause: FailureCause;
  route: RouteOf<"run">;
  mayRetry: boolean;
}) {
  const { id, count, share, firstAt, lastAt, sample } = cause;
  const query = { ...route.query, status: [], q: "", key: "", cause: id, cursor: "" };
  const isShown = route.query.cause === id;
  return (
    <li class="cause">
      <b class="cause-count is-error-text">{formatCount(count)}</b>
      <div class="cause-body">
        <details>
          <summary>
            <SafeText text={causeText(cause)} limit={LONGEST_CAUSE} />
          </summary>
          <p class="under-title">
            Such as <TaskLink task={sample} />
          </p>
          {sample.error && (
            <>
              <LongText text={sample.error} label="Sample error" class="is-error" />
              <p class="button-row">
                <CopyText text={sample.error} label="the sample" />
              </p>
            </>
          )}
        </details>
        <span class="faint cause-facts">
          {formatShare(share)} of the failures · {firstAt === lastAt ? <Clock time={lastAt} /> : (
            <>
              <Clock time={firstAt} /> – <Clock time={lastAt} />
            </>
          )}
        </span>
      </div>
      <span class="cause-actions">
        <a
          class="button small"
          aria-current={isShown ? "true" : undefined}
          href={`${hrefOf({ ...route, query })}`}
        >
          Show these
        </a>
        {mayRetry && (
          <ActionButton
            path={`api/runs/${route.run}/retry?cause=${id}`}
            kind="small"
            label="Retry these"
            busyLabel="Retrying …"
          />
        )}
      </span>
    </li>
  );
}

/** What runs failed tasks again where this page may not. */
function RetryCommand({ run }: { run: Run }) {
  if (run.id === 0) return null;
  const command = run.status === "running"
    ? `pipeloom retry ${run.id}`
    : `pipeloom run <file> --resume ${run.id}`;
  return (
    <p class="note retry-command">
      <Command text={command}>runs what failed again.</Command>
    </p>
  );
}

/** Tags of which some tasks run while others wait. */
function Tags({ tags }: { tags: NonNullable<RunDelays["tags"]> }) {
  return (
    <Fact text="Waiting">
      {tags.map(({ tag, queued, running }, i) => (
        <span key={tag}>
          {i > 0 && ", "}
          {formatCount(queued)} wait under the tag{" "}
          <b>
            <SafeText text={tag} limit={60} />
          </b>{" "}
          while {formatCount(running)} {running === 1 ? "runs" : "run"}
        </span>
      ))}
    </Fact>
  );
}

function Silent({ silent }: { silent: RunDelays["silent"] }) {
  const { total, holdUp, tasks } = silent;
  const [first] = tasks;
  const now = useNow();
  const since = timeOf(first?.updatedAt) ?? timeOf(first?.startedAt) ?? now;
  const what = formatNumberOf(total, "task");
  const one = total === 1;
  return (
    <Fact
      warn
      text={`${
        holdUp
          ? `${what} ${one ? "holds" : "hold"} the run up, silent for`
          : `${what} ${one ? "has" : "have"} been silent for`
      } ${formatElapsed(now - since)}`}
    >
      <Links tasks={tasks} />
    </Fact>
  );
}

function Fact({ text, warn, children }: {
  text: string;
  warn?: boolean;
  children: ComponentChildren;
}) {
  return (
    <p class={`problem-fact ${warn ? "is-warning" : ""}`}>
      <b>{text}</b> <span>{children}</span>
    </p>
  );
}

function Links({ tasks, timed }: { tasks: Task[]; timed?: boolean }) {
  return (
    <>
      {tasks.map((task) => (
        <span key={task.id} class="problem-link">
          <TaskLink task={task} />
          {timed && (
            <>
              {" "}
              <Elapsed from={task.startedAt} to={task.finishedAt} />
            </>
          )}
        </span>
      ))}
    </>
  );
}

function TaskLink({ task }: { task: { id: number; name: string } }) {
  return (
    <a href={hrefOf({ view: "task", task: task.id })}>
      <Name text={task.name} limit={60} />
    </a>
  );
}

/**
 * The head of a run: what it is, how far, how fast, and how long it will still take.
 *
 * @module
 */
import type { ComponentChildren } from "preact";
import type { Run } from "../../api.ts";
import { useNow } from "../live/clock.ts";
import { CountsBar } from "../components/bars.tsx";
import { RunControls } from "../components/control_buttons.tsx";
import { Clock, Elapsed } from "../components/elapsed.tsx";
import {
  formatCount,
  formatElapsed,
  formatNumberOf,
  formatPercent,
  formatRate,
  formatShare,
  timeOf,
} from "../../../internal/units.ts";
import { hrefOf } from "../lib/router.ts";
import { PageTitle } from "../components/page_title.tsx";
import {
  type Moment,
  recentRate,
  remainingMs,
  shareOf,
  workedOf,
} from "../../../internal/progress.ts";
import { rewrittenText } from "../../../internal/rewritten_text.ts";
import { Name } from "../components/safe_text.tsx";
import { Command } from "../run/chosen_tasks.tsx";
import { NotifyButton } from "../run/notify_button.tsx";
import { NoWorker } from "./remote_workers.tsx";
import { RunArguments, RunFailure } from "./run_facts.tsx";
import { Asleep } from "./steps.tsx";
import { RunStatusMark } from "../components/status_mark.tsx";
import { endedOf, knownEnd } from "../lib/statuses.ts";

export function RunHeader(
  { run, recent, exported, isGone }: {
    run: Run;
    recent: Moment[];
    exported: boolean;
    isGone: boolean;
  },
) {
  const running = run.status === "running";
  const ended = endedOf(run.counts);
  const share = shareOf(run.progress);
  const rewritten = rewrittenText(run);
  return (
    <header class="page-head">
      <div class="title-row">
        <PageTitle>
          <Name text={run.name} limit={200} />{" "}
          <span class="faint">
            #{run
              .id}
          </span>
        </PageTitle>
        <RunStatusMark run={run} />
        <span class="spread" />
        <RunControls run={run} />
        {!exported &&
          <a class="button" href={hrefOf({ view: "pipeline", name: run.name })}>All runs</a>}
        {!exported &&
          <a class="button" href={`api/runs/${run.id}/export`} download>Export</a>}
      </div>
      <RunArguments run={run} />
      <dl class="stats">
        <Stat label="Progress" main>
          {share !== null && <b>{formatPercent(share)}</b>}
          <span class="faint">
            {share === null
              ? running
                ? `${formatCount(ended)} ended so far`
                : `${formatCount(ended)} ended; the total is unknown`
              : `${formatCount(ended)} of ${formatCount(run.total)} ended`}
          </span>
        </Stat>
        {running ? <Pace run={run} recent={recent} /> : <Average run={run} />}
        <Stat label={running ? "Elapsed" : "Took"}>
          <b>
            <Elapsed from={run.startedAt} to={knownEnd(run, running)} running={running} />
          </b>
          <span class="faint">
            since <Clock time={run.startedAt} />
          </span>
        </Stat>
        {run.unchanged !== undefined && (
          <Stat label="Unchanged">
            <b>{formatCount(run.unchanged)}</b>
            <span class="faint">done without having run</span>
          </Stat>
        )}
        <Stat label="Failed" alarm={run.counts.error > 0}>
          <b>{formatCount(run.counts.error)}</b>
          {ended > 0 && run.counts.error > 0 &&
            <span class="faint">{formatShare(run.counts.error / ended)} of what has ended</span>}
        </Stat>
      </dl>
      <CountsBar run={run} />
      {!exported && <NotifyButton key={run.id} run={run} isGone={isGone} />}
      <RunFailure run={run} />
      <NoWorker run={run} />
      <Asleep run={run} />
      {(run.status === "interrupted" || run.processGone) && <Left run={run} />}
      {rewritten && (
        <p class="banner" role="status">
          <b>Shared with another program.</b>
          <span>Of this run, {rewritten}.</span>
        </p>
      )}
    </header>
  );
}

/** What a run has left whose process has gone, and what continues it. */
function Left({ run }: { run: Run }) {
  const left = run.counts.queued + run.counts.running;
  return (
    <p class="banner" role="status">
      <b>{run.processGone ? "Its process is gone." : "It was interrupted."}</b>
      <span>
        {formatNumberOf(left, "task")} left:{" "}
        <Command text={`pipeloom run <file> --resume ${run.id}`}>continues it.</Command>
      </span>
    </p>
  );
}

function Stat({ label, main, alarm, children }: {
  label: string;
  main?: boolean;
  alarm?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class={`stat ${main ? "stat-main" : ""} ${alarm ? "stat-alarm" : ""}`}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Rate and time left while it runs; they change with the clock too. */
function Pace({ run, recent }: { run: Run; recent: Moment[] }) {
  const now = useNow();
  const rate = recentRate(recent, now);
  const eta = remainingMs(run.progress, now);
  return (
    <>
      <Stat label="Rate">
        <b>{formatRate(rate)}</b>
        <span class="faint">last 10 s</span>
      </Stat>
      <Stat label="Time left">
        <b>{eta === null ? "–" : formatElapsed(eta)}</b>
      </Stat>
    </>
  );
}

function Average({ run }: { run: Run }) {
  const [from, to] = [timeOf(run.startedAt), timeOf(knownEnd(run, false))];
  const rate = from !== null && to !== null && to > from
    ? workedOf(run.counts) / (to - from) * 1000
    : null;
  return (
    <Stat label="Rate">
      <b>{formatRate(rate)}</b>
      <span class="faint">on average</span>
    </Stat>
  );
}

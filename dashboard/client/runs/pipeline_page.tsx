/**
 * The last runs of one pipeline: as squares, how long they took and what failed, each beside the one before.
 *
 * @module
 */
import type { Run, RunPage } from "../../api.ts";
import { formatCount, formatDuration, formatWhen, timeOf } from "../../../internal/units.ts";
import { knownEnd } from "../lib/statuses.ts";
import { PageTitle } from "../components/page_title.tsx";
import { Name, SafeText } from "../components/safe_text.tsx";
import { RunStatusMark, StatusIcon } from "../components/status_mark.tsx";
import { Ago, Elapsed } from "../components/elapsed.tsx";
import { type RouteOf, runRoute } from "../lib/route.ts";
import { FailedChecks } from "../run/checks.tsx";
import { hrefOf } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";
import { ServedPanel } from "../serve/served_panel.tsx";
import { RunGrid } from "./run_grid.tsx";
import { Failure, NotFound, PageSkeleton } from "../pages/placeholders.tsx";
import { ScrollTable } from "../components/scroll_table.tsx";

const REFETCH_MS = 5_000;

/** Runs that are shown. */
const RUNS = 60;

export function PipelinePage({ route, live }: { route: RouteOf<"pipeline">; live: boolean }) {
  const { answer, failure } = useAnswer<RunPage>(
    `api/runs?${new URLSearchParams({ name: route.name, limit: String(RUNS) })}`,
    { everyMs: live ? REFETCH_MS : 0 },
  );
  if (failure && !answer) {
    return (
      <>
        <PageTitle>{route.name}</PageTitle>
        <Failure failure={failure} />
      </>
    );
  }
  if (!answer) return <PageSkeleton title={route.name} />;
  const { runs } = answer;
  if (runs.length === 0) {
    return (
      <>
        <ServedPanel name={route.name} />
        <NotFound what={`run named ${route.name}`} />
      </>
    );
  }
  const oldestFirst = runs.toReversed();
  return (
    <>
      <header class="page-head">
        <PageTitle>
          <Name text={route.name} limit={200} />
        </PageTitle>
        <p class="under-title">
          The last {runs.length === 1 ? "run" : `${runs.length} runs`}, oldest first
        </p>
      </header>
      <ServedPanel name={route.name} />
      <section class="panel" aria-label="The last runs">
        <ol class="run-squares">
          {oldestFirst.map((run) => (
            <li key={run.id}>
              <a
                class={`run-square is-${run.status}`}
                href={hrefOf(runRoute(run.id))}
                title={describe(run)}
                aria-label={describe(run)}
              >
                <StatusIcon status={run.status} />
              </a>
            </li>
          ))}
        </ol>
        <Trend label="Duration" runs={oldestFirst} of={tookOf} format={formatDuration} />
        <Trend
          label="Failures"
          runs={oldestFirst}
          of={(run) => run.counts.error}
          format={formatCount}
        />
      </section>
      <RunGrid name={route.name} live={live} />
      <section class="panel" aria-label="Runs">
        <ScrollTable caption="Runs of this pipeline, newest first" class="pipeline-runs">
          <thead>
            <tr>
              {["Run", "Status", "Label and arguments", "Started", "Took", "Failed", ""]
                .map((title) => <th key={title} scope="col">{title}</th>)}
            </tr>
          </thead>
          <tbody>
            {runs.map((run, i) => <Row key={run.id} run={run} before={runs[i + 1]} />)}
          </tbody>
        </ScrollTable>
      </section>
    </>
  );
}

function Row({ run, before }: { run: Run; before: Run | undefined }) {
  const { id, label, args, counts } = run;
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf(runRoute(id))}>#{id}</a>
      </th>
      <td>
        <RunStatusMark run={run} />
      </td>
      <td class="pipeline-args">
        {label && <SafeText text={label} limit={100} />} {args && args !== "{}" && (
          <code>
            <SafeText text={args} limit={200} />
          </code>
        )}
      </td>
      <td>
        <Ago time={run.startedAt} />
      </td>
      <td>
        <Elapsed
          from={run.startedAt}
          to={knownEnd(run, run.status === "running")}
          running={run.status === "running"}
        />
      </td>
      <td>
        <span class={counts.error > 0 ? "is-error-text" : ""}>{formatCount(counts.error)}</span>
        {" "}
        <FailedChecks run={run} />
      </td>
      <td>
        {before && (
          <a class="button small" href={hrefOf({ view: "compare", a: before.id, b: id })}>
            Compare with the one before
          </a>
        )}
      </td>
    </tr>
  );
}

/** A bar for each run. */
function Trend({ label, runs, of, format }: {
  label: string;
  runs: Run[];
  of: (run: Run) => number | null;
  format: (value: number) => string;
}) {
  const values = runs.map((run) => of(run) ?? 0);
  const most = Math.max(...values);
  return (
    <div class="trend">
      <span class="faint">{label}, at most {format(most)}</span>
      <ol class="trend-bars" aria-label={label}>
        {runs.map((run, i) => {
          const text = `#${run.id}: ${format(values[i]!)}`;
          return (
            <li key={run.id} title={text}>
              <span class="visually-hidden">{text}</span>
              <span
                class={`trend-bar is-${run.status}`}
                style={{ height: `${most === 0 ? 0 : 100 * values[i]! / most}%` }}
              />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function describe(run: Run): string {
  return `#${run.id}, ${run.status}, ${formatWhen(timeOf(run.startedAt), Date.now())}, ` +
    `${formatDuration(tookOf(run))}, ${formatCount(run.counts.error)} failed`;
}

function tookOf(run: Run): number | null {
  const [from, to] = [timeOf(run.startedAt), timeOf(knownEnd(run, run.status === "running"))];
  return from === null || to === null ? null : Math.max(0, to - from);
}

/**
 * The page of runs, newest first. Two of them can be chosen and compared.
 *
 * @module
 */
import { shareOf, workedOf } from "../../../internal/progress.ts";
import type { Run, RunPage, RunsSnapshot } from "../../api.ts";
import type { PageProps } from "./page_props.ts";
import { CountsBar } from "../components/bars.tsx";
import { Ago, Elapsed } from "../components/elapsed.tsx";
import { formatCount, formatPercent, formatRate, timeOf } from "../../../internal/units.ts";
import { choose, useChosen } from "../lib/chosen.ts";
import { memo } from "../lib/memo.ts";
import { PageTitle } from "../components/page_title.tsx";
import { Failure, PageSkeleton } from "./placeholders.tsx";
import { runRoute } from "../lib/route.ts";
import { hrefOf } from "../lib/router.ts";
import { Name, SafeText } from "../components/safe_text.tsx";
import { SourceState } from "./source_state.tsx";
import { Sparkline } from "../charts/sparkline.tsx";
import { RunStatusMark } from "../components/status_mark.tsx";
import { describeCounts, knownEnd } from "../lib/statuses.ts";
import { FailedChecks } from "../run/checks.tsx";
import { TableLinks } from "../components/table_links.tsx";
import { SavedViews } from "../runs/saved_views.tsx";
import { filterParams, RunFilters } from "../runs/run_filters.tsx";
import { useAnswer } from "../live/use_answer.ts";

const REFETCH_MS = 5_000;

export function RunsPage({ route, live, exported }: PageProps<"runs", RunsSnapshot>) {
  const { filter } = route;
  const isLive = route.before === null && !filter;
  const params = filter ? filterParams(filter) : "";
  const path = [filter ? filterParams(filter) : "", route.before && `before=${route.before}`];
  const older = useAnswer<RunPage>(
    isLive ? null : `api/runs?${path.filter(Boolean).join("&")}`,
    { everyMs: filter && live.link === "live" ? REFETCH_MS : 0 },
  );
  const chosen = useChosen();
  const page = isLive ? live.data : older.answer;
  if (older.failure) {
    return (
      <>
        <PageTitle>Runs</PageTitle>
        <Failure failure={older.failure} />
      </>
    );
  }
  if (!page) {
    if (live.source && live.source.state !== "ok") {
      return <SourceState source={live.source} />;
    }
    return <PageSkeleton title="Runs" />;
  }
  if (page.runs.length === 0 && isLive) {
    return live.source && live.source.state !== "ok"
      ? <SourceState source={live.source} />
      : <NoRuns file={live.source?.file} />;
  }
  const [a, b] = chosen;
  return (
    <>
      <header class="page-head title-row">
        <PageTitle>Runs</PageTitle>
        <span class="spread" />
        {a === undefined || b === undefined
          ? (
            <span class="faint hint">
              {a === undefined
                ? "Choose two to compare"
                : `#${a} is chosen: choose one more to compare`}
            </span>
          )
          : (
            <a class="button primary" href={hrefOf({ view: "compare", a, b })}>
              Compare #{a} with #{b}
            </a>
          )}
      </header>
      {!exported && <RunFilters filter={filter} />}
      {!exported && (
        <div class="title-row runs-links">
          <SavedViews filter={filter} />
          <span class="spread" />
          <TableLinks csv={`api/csv?${params}`} json={`api/runs?${params}`} label="runs" />
        </div>
      )}
      {page.runs.length === 0 && <p class="empty-list" role="status">No run matches.</p>}
      <ul class="runs" hidden={page.runs.length === 0}>
        {page.runs.map((run) => (
          <RunItem
            key={run.id}
            run={run}
            sparkline={page.sparklines[run.id]}
            chosen={chosen
              .includes(run.id)}
          />
        ))}
      </ul>
      <nav class="pager" aria-label="Pages of runs">
        {route.before !== null &&
          <a class="button" href={hrefOf({ ...route, before: null })}>Newest runs</a>}
        {page.next !== null &&
          <a class="button" href={hrefOf({ ...route, before: page.next })}>Older runs</a>}
      </nav>
    </>
  );
}

const RunItem = memo((
  { run, sparkline, chosen }: {
    run: Run;
    sparkline: number[] | undefined;
    chosen: boolean;
  },
) => {
  const running = run.status === "running";
  return (
    <li class="run-item">
      <input
        type="checkbox"
        class="run-choose"
        checked={chosen}
        onChange={() => choose(run.id)}
        aria-label={`Choose run ${run.id} to compare`}
      />
      <div class="run-name">
        <a href={hrefOf(runRoute(run.id))}>
          <Name text={run.name} limit={200} />
        </a>
        <span class="faint">#{run.id}</span>
        <a class="run-all faint" href={hrefOf({ view: "pipeline", name: run.name })}>all runs</a>
        {run.label && (
          <span class="run-note faint">
            <SafeText text={run.label} limit={100} />
          </span>
        )}
        {run.reason && (
          <span class="run-note is-error-text">
            <SafeText text={run.reason} limit={200} />
          </span>
        )}
      </div>
      <div class="run-status">
        <RunStatusMark run={run} />
      </div>
      <div class="run-counts" title={describeCounts(run.counts)}>
        <CountsBar run={run} />
        <span class="run-counts-text">
          <span>
            {running && shareOf(run.progress) !== null
              ? `${formatPercent(shareOf(run.progress))} of `
              : ""}
            {formatCount(
              run.total,
            )} {run.total === 1 ? "task" : "tasks"}
            {!running && run.progress.total === null ? " of an unknown total" : ""}
          </span>
          {run.counts.error > 0 &&
            <span class="is-error-text">{formatCount(run.counts.error)} failed</span>}
          <FailedChecks run={run} />
        </span>
      </div>
      <div class="run-spark">
        <Sparkline values={sparkline} />
      </div>
      <div class="run-rate">
        <span class="run-label">Rate</span>
        {formatRate(averageRate(run))}
      </div>
      <div class="run-took">
        <span class="run-label">{running ? "Elapsed" : "Took"}</span>
        <Elapsed from={run.startedAt} to={knownEnd(run, running)} running={running} />
      </div>
      <div class="run-started">
        <span class="run-label">Started</span>
        <Ago
          time={run
            .startedAt}
        />
      </div>
    </li>
  );
});

function averageRate(run: Run): number | null {
  const from = timeOf(run.startedAt);
  const to = timeOf(run.finishedAt) ?? timeOf(run.updatedAt);
  return from !== null && to !== null && to > from
    ? workedOf(run.counts) / (to - from) * 1000
    : null;
}

function NoRuns({ file }: { file: string | undefined }) {
  return (
    <div class="empty">
      <PageTitle>No runs yet</PageTitle>
      <p>
        {file
          ? (
            <>
              <code>
                <SafeText text={file} />
              </code>{" "}
              holds no pipeline so far.
            </>
          )
          : "This database holds no pipeline so far."} Start one, and it shows here by itself:
      </p>
      <pre class="code">{EXAMPLE}</pre>
    </div>
  );
}

const EXAMPLE = `import { runPipeline } from "@pipeloom/pipeloom";

await runPipeline(["a", "b", "c"], {
  db: "etl.db",
  async run(item, task) {
    task.progress(1, 2, "half way");
    return item.toUpperCase();
  },
});`;

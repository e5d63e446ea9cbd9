/**
 * The first page of a server of pipelines: each with its last runs, when it is due, and what runs it.
 *
 * @module
 */
import type { PipelineInfo } from "../../api.ts";
import { PageTitle } from "../components/page_title.tsx";
import { Name, SafeText } from "../components/safe_text.tsx";
import { formatNumberOf } from "../../../internal/units.ts";
import { useAnswer } from "../live/use_answer.ts";
import { Failure, PageSkeleton } from "../pages/placeholders.tsx";
import { LastRuns } from "./last_runs.tsx";
import { RunNow } from "./run_now.tsx";
import { ScheduleLine } from "./schedule_line.tsx";

const REFETCH_MS = 2_000;

export function HomePage() {
  const { answer, failure } = useAnswer<PipelineInfo[]>("api/pipelines", { everyMs: REFETCH_MS });
  if (!answer) {
    if (!failure) return <PageSkeleton title="Pipelines" />;
    return (
      <>
        <PageTitle>Pipelines</PageTitle>
        <Failure failure={failure} />
      </>
    );
  }
  const databases = new Set(answer.map(({ dashboard }) => dashboard).filter(Boolean));
  return (
    <>
      <header class="page-head">
        <PageTitle>Pipelines</PageTitle>
        <p class="under-title">
          {formatNumberOf(answer.length, "pipeline")} in{" "}
          {formatNumberOf(databases.size, "database")}
        </p>
      </header>
      {failure && (
        <p class="banner" role="status">
          <b>The server does not answer.</b> <span>What is shown is old.</span>
        </p>
      )}
      <ul class="pipelines">
        {answer.map((pipeline) => <Pipeline key={pipeline.id} pipeline={pipeline} />)}
      </ul>
    </>
  );
}

function Pipeline({ pipeline }: { pipeline: PipelineInfo }) {
  const { name, file, state, problem, dashboard, schedule } = pipeline;
  return (
    <li class="pipeline-item">
      <div class="pipeline-name">
        {dashboard
          ? (
            <a href={`${dashboard}?${new URLSearchParams({ pipeline: name })}`}>
              <Name text={name} limit={100} />
            </a>
          )
          : <Name text={name} limit={100} />}
        <span class="faint">
          <SafeText text={file} limit={100} />
          {dashboard && (
            <>
              {" · "}
              <a href={dashboard}>all runs of its database</a>
            </>
          )}
        </span>
      </div>
      <LastRuns pipeline={pipeline} />
      <div class="pipeline-schedule">
        {schedule
          ? <ScheduleLine id={pipeline.id} schedule={schedule} />
          : <span class="faint">{state === "loading" ? "Loading …" : "No schedule"}</span>}
      </div>
      <div class="pipeline-actions">
        <RunNow pipeline={pipeline} />
      </div>
      {problem && (
        <p class="pipeline-problem is-error-text">
          <SafeText text={problem} limit={500} />
        </p>
      )}
    </li>
  );
}

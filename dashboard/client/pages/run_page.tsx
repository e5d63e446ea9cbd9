/**
 * The page of one run.
 *
 * @module
 */
import type { Run } from "../../api.ts";
import type { TaskStatus } from "../lib/statuses.ts";
import type { RunState } from "../live/patches.ts";
import type { PageProps } from "./page_props.ts";
import { useEffect, useRef } from "preact/hooks";
import { announce } from "../components/announcer.tsx";
import { RunWrote } from "../data/written_rows.tsx";
import { RunChecks } from "../run/checks.tsx";
import { NotFound, PageSkeleton } from "./placeholders.tsx";
import { Panels } from "./panels.tsx";
import { navigate } from "../lib/router.ts";
import { Problems } from "../run/problems.tsx";
import { RemoteWorkers } from "./remote_workers.tsx";
import { RunHeader } from "./run_header.tsx";
import { describeCounts } from "../lib/statuses.ts";
import { StatusChips } from "./status_chips.tsx";
import { TaskTable } from "./task_table.tsx";
import { Weave } from "../weave/weave.tsx";

const FAILURES_EVERY_MS = 10_000;

export function RunPage({ route, live, exported }: PageProps<"run", RunState>) {
  const state = live.data;
  useNews(state?.run);
  if (!state) return <PageSkeleton title={`Run #${route.run}`} />;
  const { run } = state;
  if (!run) return <NotFound what={`run #${route.run}`} />;
  const filter = (status: TaskStatus[]) => {
    navigate({ ...route, query: { ...route.query, status, cause: "", cursor: "" } });
  };
  return (
    <>
      <RunHeader
        run={run}
        recent={state.recent}
        exported={exported !== null}
        isGone={live.link === "gone"}
      />
      <Problems route={route} run={run} live={live.link === "live"} />
      <section class="weave-section" aria-label="Weave">
        <StatusChips
          counts={run.counts}
          total={run.total}
          chosen={route.query
            .status}
          onChange={filter}
        />
        <Weave
          blocks={state.weave}
          counts={run.counts}
          total={run.total}
          filter={route.query
            .status}
        />
      </section>
      <Panels
        route={route}
        run={run}
        samples={state.samples}
        blocks={state
          .weave}
        live={live.link === "live"}
      />
      <RunChecks run={run} />
      <RunWrote run={run} />
      <RemoteWorkers workers={run.remoteWorkers} />
      {exported && exported.left > 0 && (
        <p class="note">
          The export carries {exported.tasks.length.toLocaleString(
            "en-US",
          )} tasks, failed ones first; {exported.left.toLocaleString("en-US")} were left out.
        </p>
      )}
      <TaskTable
        route={route}
        state={{ ...state, run }}
        current={live.current}
        exported={exported !== null}
      />
    </>
  );
}

/** Announces the end of the run and, now and then, new failures. */
function useNews(run: Run | null | undefined): void {
  const last = useRef<Run | null | undefined>(null);
  const announcedAt = useRef(0);
  useEffect(() => {
    const before = last.current;
    last.current = run;
    if (!run || before?.id !== run.id) return;
    if (before.status === "running" && run.status !== "running") {
      announce(`The run has ended as ${run.status}: ${describeCounts(run.counts)}`);
    } else if (run.counts.error > before.counts.error) {
      if (Date.now() - announcedAt.current < FAILURES_EVERY_MS) {
        // Counted again with the next ones.
        last.current = before;
        return;
      }
      announcedAt.current = Date.now();
      announce(`${run.counts.error} tasks have failed`);
    }
  }, [run]);
}

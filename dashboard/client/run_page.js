/**
 * The page of one run.
 *
 * @module
 */
import { useEffect, useRef } from "preact/hooks";
import { announce } from "./announcer.js";
import { html } from "./html.js";
import { NotFound, PageSkeleton } from "./placeholders.js";
import { Panels } from "./panels.js";
import { navigate } from "./router.js";
import { RunHeader } from "./run_header.js";
import { describeCounts } from "./statuses.js";
import { StatusChips } from "./status_chips.js";
import { TaskTable } from "./task_table.js";
import { Weave } from "./weave.js";

const FAILURES_EVERY_MS = 10_000;

export function RunPage({ route, live, exported }) {
  const state = live.data;
  useNews(state?.run);
  if (!state) return html`<${PageSkeleton} title=${`Run #${route.run}`} />`;
  const { run } = state;
  if (!run) return html`<${NotFound} what=${`run #${route.run}`} />`;
  const filter = (status) => {
    navigate({ ...route, query: { ...route.query, status, cursor: "" } });
  };
  return html`
    <${RunHeader} run=${run} recent=${state.recent} exported=${exported} />
    <section class="weave-section" aria-label="Weave">
      <${StatusChips} counts=${run.counts} total=${run.total} chosen=${route.query
        .status} onChange=${filter} />
      <${Weave} blocks=${state.weave} counts=${run.counts} total=${run.total} filter=${route.query
        .status} />
    </section>
    <${Panels} route=${route} run=${run} samples=${state.samples} blocks=${state
      .weave}
      live=${live.link === "live"} />
    ${exported?.left > 0 && html`
      <p class="note">The export carries ${exported.tasks.length.toLocaleString(
        "en-US",
      )} tasks, failed ones
        first; ${exported.left.toLocaleString("en-US")} were left out.</p>
    `}
    <${TaskTable} route=${route} state=${state} current=${live.current} />
  `;
}

/** Tells of the end of the run and, now and then, of new failures. */
function useNews(run) {
  const last = useRef(null);
  const toldAt = useRef(0);
  useEffect(() => {
    const before = last.current;
    last.current = run;
    if (!run || before?.id !== run.id) return;
    if (before.status === "running" && run.status !== "running") {
      announce(`The run has ended as ${run.status}: ${describeCounts(run.counts)}`);
    } else if (run.counts.error > before.counts.error) {
      if (Date.now() - toldAt.current < FAILURES_EVERY_MS) {
        // Counted again with the next ones.
        last.current = before;
        return;
      }
      toldAt.current = Date.now();
      announce(`${run.counts.error} tasks have failed`);
    }
  }, [run]);
}

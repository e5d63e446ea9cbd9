/**
 * The pictures of a run behind tabs; a tab that is chosen again folds them away. Which one is shown is part of the
 * address. There is a graph where tasks depend on each other.
 *
 * @module
 */
import { html } from "./html.js";
import { lazy } from "./lazy.js";
import { navigate } from "./router.js";
import { ThroughputChart } from "./throughput_chart.js";
import { Timeline } from "./timeline.js";

const PANELS = [["throughput", "Throughput"], ["timeline", "Timeline"], ["graph", "Graph"]];

const TaskGraph = lazy(() => import("./task_graph.js"), {
  name: "TaskGraph",
  waiting: html`<div class="skeleton chart-skeleton" />`,
});

export function Panels({ route, run, samples, blocks, live }) {
  const isThere = ([name]) => name !== "graph" || run.dependencies > 0 || route.panel === name;
  const toggle = (name) => {
    const panel = route.panel === name ? "none" : name;
    navigate({ ...route, panel }, { replace: true });
  };
  return html`
    <section class="panel" aria-label="Charts">
      <div class="panel-head">
        ${PANELS.filter(isThere).map(([name, label]) =>
          html`
            <button key=${name} type="button" class="tab" aria-expanded=${route.panel === name}
              aria-controls="chart-panel" onClick=${() => toggle(name)}>
              ${label}
            </button>
          `
        )}
      </div>
      <div id="chart-panel" class="panel-body" hidden=${route.panel === "none"}>
        ${route.panel === "throughput" && html`<${ThroughputChart} samples=${samples} />`}
        ${route.panel === "timeline" && html`<${Timeline} run=${run} live=${live} />`}
        ${route.panel === "graph" &&
          html`<${TaskGraph} key=${run.dependencies} run=${run} blocks=${blocks} />`}
      </div>
    </section>
  `;
}

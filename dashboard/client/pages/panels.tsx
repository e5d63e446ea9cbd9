/**
 * The pictures of a run behind tabs; a tab that is chosen again folds them away. Which one is shown is part of the
 * address. There is a graph where tasks depend on each other.
 *
 * @module
 */
import { useContext } from "preact/hooks";
import { BackendContext } from "../live/backend.ts";
import { Durations } from "../run/durations.tsx";
import { RunLog } from "../run/run_log.tsx";
import { TaskGraph } from "../charts/task_graph.tsx";
import type { Run, Sample, WeaveBlock } from "../../api.ts";
import type { Panel, RouteOf } from "../lib/route.ts";
import { navigate } from "../lib/router.ts";
import { ThroughputChart } from "../charts/throughput_chart.tsx";
import { Timeline } from "../charts/timeline.tsx";

const PANELS: readonly [Panel, string][] = [
  ["throughput", "Throughput"],
  ["timeline", "Timeline"],
  ["durations", "Durations"],
  ["graph", "Graph"],
  ["log", "Log"],
];

export function Panels({ route, run, samples, blocks, live }: {
  route: RouteOf<"run">;
  run: Run;
  samples: Sample[];
  blocks: WeaveBlock[];
  live: boolean;
}) {
  const { exported } = useContext(BackendContext);
  // An exported file has the logs of tasks, each on its page.
  const isThere = ([name]: readonly [Panel, string]) =>
    name === "log" || name === "durations"
      ? !exported
      : name !== "graph" || run.dependencies > 0 || route.panel === name;
  const toggle = (name: Panel) => {
    const panel = route.panel === name ? "none" : name;
    navigate({ ...route, panel }, { replace: true });
  };
  return (
    <section class="panel" aria-label="Charts">
      <div class="panel-head">
        {PANELS.filter(isThere).map(([name, label]) => (
          <button
            key={name}
            type="button"
            class="tab"
            aria-expanded={route.panel === name}
            aria-controls="chart-panel"
            onClick={() => toggle(name)}
          >
            {label}
          </button>
        ))}
      </div>
      <div id="chart-panel" class="panel-body" hidden={route.panel === "none"}>
        {route.panel === "throughput" && <ThroughputChart samples={samples} />}
        {route.panel === "timeline" && <Timeline run={run} live={live} />}
        {route.panel === "graph" &&
          <TaskGraph key={run.dependencies} run={run} blocks={blocks} />}
        {route.panel === "durations" && <Durations key={run.id} run={run} live={live} />}
        {route.panel === "log" && <RunLog key={run.id} route={route} run={run} live={live} />}
      </div>
    </section>
  );
}

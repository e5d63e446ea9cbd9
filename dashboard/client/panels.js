/**
 * The two charts of a run behind tabs; a tab that is chosen again folds them away. Which one is shown is
 * part of the address.
 *
 * @module
 */
import { html } from "./html.js";
import { navigate } from "./router.js";
import { ThroughputChart } from "./throughput_chart.js";
import { Timeline } from "./timeline.js";

const PANELS = [["throughput", "Throughput"], ["timeline", "Timeline"]];

export function Panels({ route, run, samples, live }) {
  const toggle = (name) => {
    const panel = route.panel === name ? "none" : name;
    navigate({ ...route, panel }, { replace: true });
  };
  return html`
    <section class="panel" aria-label="Charts">
      <div class="panel-head">
        ${PANELS.map(([name, label]) =>
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
      </div>
    </section>
  `;
}

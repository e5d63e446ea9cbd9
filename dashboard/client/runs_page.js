/**
 * The page of runs, newest first. Two of them can be chosen and compared.
 *
 * @module
 */
import { useCallback, useState } from "preact/hooks";
import { CountsBar } from "./bars.js";
import { Ago, Elapsed } from "./elapsed.js";
import { formatCount, formatPercent, formatRate, timeOf } from "./format.js";
import { html } from "./html.js";
import { memo } from "./memo.js";
import { PageTitle } from "./page_title.js";
import { Failure, PageSkeleton } from "./placeholders.js";
import { runRoute } from "./route.js";
import { hrefOf } from "./router.js";
import { SafeText } from "./safe_text.js";
import { SourceState } from "./source_state.js";
import { Sparkline } from "./sparkline.js";
import { StatusMark } from "./status_mark.js";
import { describeCounts, endedOf, isCancelling, shareEnded } from "./statuses.js";
import { useAnswer } from "./use_answer.js";

export function RunsPage({ route, live }) {
  const older = useAnswer(route.before === null ? null : `api/runs?before=${route.before}`);
  const [chosen, setChosen] = useState([]);
  // Two at most: a third takes the place of the one that was chosen first.
  const choose = useCallback(
    (id) =>
      setChosen((ids) =>
        ids.includes(id) ? ids.filter((other) => other !== id) : [...ids, id].slice(-2)
      ),
    [],
  );
  const page = route.before === null ? live.data : older.answer;
  if (older.failure) {
    return html`
      <${PageTitle}>Runs<//>
      <${Failure} failure=${older.failure} />
    `;
  }
  if (!page) {
    if (live.source && live.source.state !== "ok") {
      return html`<${SourceState} source=${live.source} />`;
    }
    return html`<${PageSkeleton} title="Runs" />`;
  }
  if (page.runs.length === 0 && route.before === null) {
    return live.source && live.source.state !== "ok"
      ? html`<${SourceState} source=${live.source} />`
      : html`<${NoRuns} file=${live.source?.file} />`;
  }
  const [a, b] = chosen.toSorted((x, y) => x - y);
  return html`
    <header class="page-head title-row">
      <${PageTitle}>Runs<//>
      <span class="spread" />
      ${b === undefined
        ? html`<span class="faint hint">${
          chosen.length === 1 ? "Choose one more to compare" : "Choose two to compare"
        }</span>`
        : html`<a class="button primary" href=${
          hrefOf({ view: "compare", a, b })
        }>Compare #${a} with #${b}</a>`}
    </header>
    <ul class="runs">
      ${page.runs.map((run) =>
        html`
          <${RunItem} key=${run.id} run=${run} sparkline=${page.sparklines[run.id]} chosen=${chosen
            .includes(run.id)}
            choose=${choose} />
        `
      )}
    </ul>
    <nav class="pager" aria-label="Pages of runs">
      ${route.before !== null &&
        html`<a class="button" href=${hrefOf({ view: "runs", before: null })}>Newest runs</a>`}
      ${page.next !== null &&
        html`<a class="button" href=${hrefOf({ view: "runs", before: page.next })}>Older runs</a>`}
    </nav>
  `;
}

const RunItem = memo(({ run, sparkline, chosen, choose }) => {
  const running = run.status === "running";
  return html`
    <li class="run-item">
      <input type="checkbox" class="run-choose" checked=${chosen} onChange=${() => choose(run.id)}
        aria-label=${`Choose run ${run.id} to compare`} />
      <div class="run-name">
        <a href=${hrefOf(runRoute(run.id))}><${SafeText} text=${run.name} limit=${200} /></a>
        <span class="faint">#${run.id}</span>
      </div>
      <div class="run-status">
        <${StatusMark} status=${run.status} cancelling=${isCancelling(run, run)} />
      </div>
      <div class="run-counts" title=${describeCounts(run.counts)}>
        <${CountsBar} counts=${run.counts} />
        <span class="run-counts-text">
          <span>${running ? `${formatPercent(shareEnded(run.counts))} of ` : ""}${formatCount(
            run.total,
          )} ${run.total === 1 ? "task" : "tasks"}</span>
          ${run.counts.error > 0 &&
            html`<span class="is-error-text">${formatCount(run.counts.error)} failed</span>`}
        </span>
      </div>
      <div class="run-spark">
        <${Sparkline} values=${sparkline} />
      </div>
      <div class="run-rate"><span class="run-label">Rate</span>${formatRate(averageRate(run))}</div>
      <div
        class="run-took"><span class="run-label">${running
          ? "Elapsed"
          : "Took"}</span><${Elapsed} from=${run.startedAt} to=${run
          .finishedAt} running=${running} /></div>
      <div
        class="run-started"><span class="run-label">Started</span><${Ago} time=${run
          .startedAt} /></div>
    </li>
  `;
});

function averageRate(run) {
  const from = timeOf(run.startedAt);
  const to = timeOf(run.finishedAt) ?? timeOf(run.updatedAt);
  return from !== null && to !== null && to > from
    ? endedOf(run.counts) / (to - from) * 1000
    : null;
}

function NoRuns({ file }) {
  return html`
    <div class="empty">
      <${PageTitle}>No runs yet<//>
      <p>${file
        ? html`<code><${SafeText} text=${file} /></code> holds no pipeline so far.`
        : "This database holds no pipeline so far."} Start one, and it shows here by itself:</p>
      <pre class="code">${EXAMPLE}</pre>
    </div>
  `;
}

const EXAMPLE = `import { runPipeline } from "@pipeloom/pipeloom";

await runPipeline(["a", "b", "c"], {
  db: "etl.db",
  async run(item, task) {
    task.progress(1, 2, "half way");
    return item.toUpperCase();
  },
});`;

/**
 * The head of a run: what it is, how far, how fast, and how long it will still take.
 *
 * @module
 */
import { useNow } from "./clock.js";
import { CountsBar } from "./bars.js";
import { RunControls } from "./control.js";
import { Clock, Elapsed } from "./elapsed.js";
import {
  formatCount,
  formatElapsed,
  formatPercent,
  formatRate,
  formatShare,
  timeOf,
} from "./format.js";
import { html } from "./html.js";
import { PageTitle } from "./page_title.js";
import { recentRate, runEta } from "./rates.js";
import { SafeText } from "./safe_text.js";
import { StatusMark } from "./status_mark.js";
import { endedOf, isCancelling, shareEnded } from "./statuses.js";

export function RunHeader({ run, recent, exported }) {
  const running = run.status === "running";
  const ended = endedOf(run.counts);
  return html`
    <header class="page-head">
      <div class="title-row">
        <${PageTitle}><${SafeText} text=${run.name} limit=${200} /> <span class="faint">#${run
          .id}</span><//>
        <${StatusMark} status=${run.status} cancelling=${isCancelling(run, run)} />
        <span class="spread" />
        <${RunControls} run=${run} />
        ${!exported &&
          html`<a class="button" href=${`api/runs/${run.id}/export`} download>Export</a>`}
      </div>
      <dl class="stats">
        <${Stat} label="Ended" main>
          <b>${formatPercent(shareEnded(run.counts))}</b>
          <span class="faint">${formatCount(ended)} of ${formatCount(run.total)}</span>
        <//>
        ${running ? html`<${Pace} run=${run} recent=${recent} />` : html`<${Average} run=${run} />`}
        <${Stat} label=${running ? "Elapsed" : "Took"}>
          <b><${Elapsed} from=${run.startedAt} to=${run.finishedAt} running=${running} /></b>
          <span class="faint">since <${Clock} time=${run.startedAt} /></span>
        <//>
        <${Stat} label="Failed" alarm=${run.counts.error > 0}>
          <b>${formatCount(run.counts.error)}</b>
          ${ended > 0 && run.counts.error > 0 &&
            html`<span class="faint">${formatShare(run.counts.error / ended)}</span>`}
        <//>
      </dl>
      <${CountsBar} counts=${run.counts} />
    </header>
  `;
}

function Stat({ label, main, alarm, children }) {
  return html`
    <div class=${`stat ${main ? "stat-main" : ""} ${alarm ? "stat-alarm" : ""}`}>
      <dt>${label}</dt>
      <dd>${children}</dd>
    </div>
  `;
}

/** Rate and time left while it runs; they change with the clock too. */
function Pace({ run, recent }) {
  const now = useNow();
  const rate = recentRate(recent, now);
  const eta = runEta(run.counts, rate);
  return html`
    <${Stat} label="Rate">
      <b>${formatRate(rate)}</b>
      <span class="faint">last 10 s</span>
      <//>
      <${Stat} label="Time left">
        <b>${eta === null ? "–" : formatElapsed(eta)}</b>
        <//>
  `;
}

function Average({ run }) {
  const [from, to] = [timeOf(run.startedAt), timeOf(run.finishedAt)];
  const rate = from !== null && to !== null && to > from
    ? endedOf(run.counts) / (to - from) * 1000
    : null;
  return html`<${Stat} label="Rate"><b>${
    formatRate(rate)
  }</b><span class="faint">on average</span><//>`;
}

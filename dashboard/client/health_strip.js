/**
 * The health of the writer and of the page's own view of it, along the bottom of the page.
 *
 * @module
 */
import { useNow } from "./clock.js";
import { Ago, Elapsed } from "./elapsed.js";
import { formatBytes, formatCount, formatDuration, formatElapsed } from "./format.js";
import { html } from "./html.js";

export function HealthStrip({ live, run, exported }) {
  const health = run?.health;
  const { source } = live;
  return html`
    <footer class="health" aria-label="Health">
      <dl>
        ${run?.driver &&
          html`<${Item} label="writer">${run.driver} · SQLite ${run.sqliteVersion ?? "?"}<//>`}
        ${health && html`
          <${Item} label="queue">${formatCount(health.queueDepth)}<//>
          <${Item} label="batch">${formatCount(health.batchRows)} rows<//>
          <${Item} label="commit p99">${formatDuration(health.commitP99Ms)}<//>
          <${Item} label="WAL">
            ${formatBytes(health.walBytes)}
            ${health.walHeldSince && html`<${Held} since=${health.walHeldSince} />`}
            <//>
          <${Item} label="checkpoint"><${Ago} time=${health.checkpointedAt} /><//>
        `}
        ${source?.driver &&
          html`<${Item} label="reader">${source.driver} · SQLite ${
            source.sqliteVersion ?? "?"
          }<//>`}
        ${!exported && html`
          <${Item} label="data">
            <${Age} heardAt=${live.heardAt} />
            <//>
        `}
      </dl>
    </footer>
  `;
}

function Item({ label, children }) {
  return html`
    <div class="health-item">
      <dt>${label}</dt>
      <dd>${children}</dd>
    </div>
  `;
}

/** Readers keep the WAL from being emptied. */
function Held({ since }) {
  return html`
    <span
      class="health-warning"
      title="A reader stays in one transaction: the WAL grows until it ends"
    >⚠ held by readers for <${Elapsed} from=${since} /></span>
  `;
}

function Age({ heardAt }) {
  useNow();
  if (heardAt === null) return "none yet";
  return `${formatElapsed(Date.now() - heardAt)} old`;
}

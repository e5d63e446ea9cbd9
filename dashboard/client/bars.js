/**
 * Bars of progress and of counts. They move by `transform` alone, which costs no layout; the number stands
 * beside them as text, so they are hidden from screen readers.
 *
 * @module
 */
import { html } from "./html.js";
import { STATUSES } from "./statuses.js";

export function ProgressBar({ progress, status }) {
  const part = Math.min(1, Math.max(0, progress));
  return html`
    <span class="bar" aria-hidden="true">
      <span class=${`bar-part fill-${status}`} style=${{ transform: `scaleX(${part})` }} />
    </span>
  `;
}

/** What is settled comes first, what is still to come last. */
const ORDER = ["done", "error", "cancelled", "running", "queued"];

export function CountsBar({ counts }) {
  const total = STATUSES.reduce((sum, status) => sum + counts[status], 0);
  let from = 0;
  const parts = ORDER.map((status) => {
    const share = total === 0 ? 0 : counts[status] / total;
    const style = { transform: `translateX(${from * 100}%) scaleX(${share})` };
    from += share;
    return html`<span key=${status} class=${`bar-part fill-${status}`} style=${style} />`;
  });
  return html`<span class="bar counts-bar" aria-hidden="true">${parts}</span>`;
}

/**
 * The throughput of a run over its life, as small as a word.
 *
 * @module
 */
import { formatRate } from "./format.js";
import { html } from "./html.js";
import { memo } from "./memo.js";

const WIDTH = 120;
const HEIGHT = 24;

export const Sparkline = memo(({ values = [] }) => {
  const most = Math.max(...values, 0);
  if (most === 0) return html`<span class="faint">–</span>`;
  const step = WIDTH / values.length;
  const bars = values.map((value, i) => {
    const height = value > 0 ? Math.max(1.5, value / most * HEIGHT) : 0;
    const x = (i * step).toFixed(2);
    return `M${x} ${HEIGHT}v${-height.toFixed(2)}h${Math.max(1, step - 1).toFixed(2)}v${
      height.toFixed(2)
    }z`;
  });
  return html`
    <svg class="sparkline" viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img"
      aria-label=${`Throughput over time, at most ${formatRate(most)}`}>
      <path d=${bars.join("")} />
    </svg>
  `;
});

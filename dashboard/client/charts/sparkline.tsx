/**
 * The throughput of a run over its life, as small as a word.
 *
 * @module
 */
import { formatRate } from "../../../internal/units.ts";
import { memo } from "../lib/memo.ts";

const WIDTH = 120;
const HEIGHT = 24;

export const Sparkline = memo(({ values = [] }: { values?: number[] | undefined }) => {
  const most = Math.max(...values, 0);
  if (most === 0) return <span class="faint">–</span>;
  const step = WIDTH / values.length;
  const bars = values.map((value, i) => {
    const height = value > 0 ? Math.max(1.5, value / most * HEIGHT) : 0;
    const x = (i * step).toFixed(2);
    return `M${x} ${HEIGHT}v${-height.toFixed(2)}h${Math.max(1, step - 1).toFixed(2)}v${
      height.toFixed(2)
    }z`;
  });
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Throughput over time, at most ${formatRate(most)}`}
    >
      <path d={bars.join("")} />
    </svg>
  );
});

/**
 * Bars of progress and of counts. They move by `transform` alone, which costs no layout; the number stands
 * beside them as text, so they are hidden from screen readers.
 *
 * @module
 */
import { type StatusCounts, STATUSES, type TaskStatus } from "../lib/statuses.ts";

export function ProgressBar({ progress, status }: { progress: number; status: TaskStatus }) {
  const part = Math.min(1, Math.max(0, progress));
  return (
    <span class="bar" aria-hidden="true">
      <span class={`bar-part fill-${status}`} style={{ transform: `scaleX(${part})` }} />
    </span>
  );
}

/** What is settled comes first, what is still to come last. */
const ORDER: readonly TaskStatus[] = ["done", "error", "cancelled", "running", "queued"];

export function CountsBar({ counts }: { counts: StatusCounts }) {
  const total = STATUSES.reduce((sum, status) => sum + counts[status], 0);
  let from = 0;
  const parts = ORDER.map((status) => {
    const share = total === 0 ? 0 : counts[status] / total;
    const style = { transform: `translateX(${from * 100}%) scaleX(${share})` };
    from += share;
    return <span key={status} class={`bar-part fill-${status}`} style={style} />;
  });
  return <span class="bar counts-bar" aria-hidden="true">{parts}</span>;
}

/**
 * Bars of progress and of counts. They move by `transform` alone, which costs no layout; the number stands
 * beside them as text, so they are hidden from screen readers.
 *
 * @module
 */
import type { Run } from "../../api.ts";
import { STATUSES, type TaskStatus } from "../lib/statuses.ts";

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

/** How much of the bar is for tasks that are known, where more may have followed. */
const KNOWN_SHARE = 0.75;

/** Counts of a run as shares of its tasks. One whose total was never known has an end that is left open. */
export function CountsBar(
  { run: { counts, progress } }: { run: Pick<Run, "counts" | "progress"> },
) {
  const isOpen = progress.total === null;
  const known = STATUSES.reduce((sum, status) => sum + counts[status], 0);
  const total = isOpen ? known / KNOWN_SHARE : known;
  let from = 0;
  const parts = ORDER.map((status) => {
    const share = total === 0 ? 0 : counts[status] / total;
    const style = { transform: `translateX(${from * 100}%) scaleX(${share})` };
    from += share;
    return <span key={status} class={`bar-part fill-${status}`} style={style} />;
  });
  return (
    <span class={isOpen ? "bar counts-bar is-open" : "bar counts-bar"} aria-hidden="true">
      {parts}
    </span>
  );
}

/**
 * Above a page whose server has gone: how the run ended where that is known, and where to look where it is not.
 *
 * @module
 */
import type { Live } from "../live/use_live.ts";
import { runIn, taskIn } from "../live/use_live.ts";
import { formatCount, formatNumberOf, formatWhen } from "../../../internal/units.ts";
import { describeCounts, endedOf, isOpen } from "../lib/statuses.ts";

export function GoneBanner({ live }: { live: Live }) {
  return (
    <div class="banner" role="alert">
      <b>The server has gone.</b>
      <span>{lastKnown(live)}</span>
    </div>
  );
}

/** The last known state. */
function lastKnown({ data, receivedAt, source }: Live): string {
  const run = runIn(data);
  const task = taskIn(data);
  const at = receivedAt === null ? "" : ` at ${formatWhen(receivedAt, Date.now())}`;
  const ask = `pipeloom status${source ? ` --db ${source.file}` : ""} shows its state.`;
  if (run && isOpen(run.status)) {
    return `When it last reported${at}, run #${run.id} was running, with ` +
      `${formatCount(endedOf(run.counts))} of ${formatNumberOf(run.total, "task")} ended. ${ask}`;
  }
  if (run) return `Run #${run.id} had ended as ${run.status}: ${describeCounts(run.counts)}.`;
  if (task && isOpen(task.status)) {
    return `When it last reported${at}, this task was ${task.status}. ${ask}`;
  }
  if (task) return `This task had ended as ${task.status}.`;
  return "This page shows itself again as soon as a server answers at its address.";
}

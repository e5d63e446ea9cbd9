/**
 * Times that people read: how long something took or has taken so far, and when something was.
 *
 * @module
 */
import { useNow } from "../live/clock.ts";
import {
  formatAgo,
  formatDuration,
  formatElapsed,
  formatWhen,
  formatZoned,
  timeOf,
} from "../../../internal/units.ts";

/** The time from `from` to `to`, growing while there is no `to` and it is `running`. */
export function Elapsed({ from, to, running = true }: {
  from: string | null;
  to?: string | null;
  running?: boolean;
}) {
  const start = timeOf(from);
  const end = timeOf(to);
  const now = useNow(start !== null && end === null && running);
  if (start === null) return <span class="faint">–</span>;
  if (end !== null) return formatDuration(end - start);
  return running ? formatElapsed(now - start) : <span class="faint">–</span>;
}

/** How long ago something was; the moment itself, with its zone, as a tooltip. */
export function Ago({ time }: { time: string | null }) {
  const at = timeOf(time);
  const now = useNow(at !== null);
  if (at === null) return <span class="faint">–</span>;
  return <time datetime={time!} title={formatZoned(at)}>{formatAgo(now - at)}</time>;
}

/** The time of day, with its day where that is not today; with its zone as a tooltip. */
export function Clock({ time }: { time: string | null }) {
  const at = timeOf(time);
  if (at === null) return <span class="faint">–</span>;
  return <time datetime={time!} title={formatZoned(at)}>{formatWhen(at, Date.now())}</time>;
}

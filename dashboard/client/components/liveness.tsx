/**
 * Whether what the page shows is live: always in sight, with the button that pauses it.
 *
 * @module
 */
import type { ExportedRun } from "../../api.ts";
import type { Live } from "../live/use_live.ts";
import { useEffect, useState } from "preact/hooks";
import { formatClock, formatDateTime } from "../../../internal/units.ts";

/** A stream that has been lost for a moment is being opened again; after this time its data is old. */
const STALE_MS = 10_000;

export function Liveness({ live, paused, onPause, exported }: {
  live: Live;
  paused: boolean;
  onPause: (paused: boolean) => void;
  exported: ExportedRun | null;
}) {
  const stale = useStale(live);
  if (exported) {
    return <span class="liveness is-export">Exported {formatDateTime(exported.now)}</span>;
  }
  const since = live.receivedAt === null ? "" : formatClock(live.receivedAt);
  const broken = live.source && live.source.state !== "ok";
  const [kind, text, time] = live.link === "paused"
    ? ["paused", "Paused", since]
    : live.link === "live" && live.source?.state === "missing"
    ? ["reconnecting", "Waiting"]
    : live.link === "live" && broken
    ? ["stale", "Database not readable"]
    : live.link === "live"
    ? ["live", "Live"]
    : live.link === "gone"
    ? ["stale", "Server gone", since && `since ${since}`]
    : stale && since
    ? ["stale", "Stale", `since ${since}`]
    : live.link === "connecting"
    ? ["connecting", "Connecting"]
    : ["reconnecting", "Reconnecting"];
  return (
    <>
      <span class={`liveness is-${kind}`}>
        <span class="dot" aria-hidden="true" />
        <span>
          {text}
          {time && <span class="liveness-time">{` ${time}`}</span>}
        </span>
      </span>
      <button
        type="button"
        class="button small"
        aria-pressed={paused}
        onClick={() => onPause(!paused)}
      >
        {paused ? "Resume" : "Pause"}
      </button>
    </>
  );
}

function useStale({ link, receivedAt }: Live) {
  const [stale, setStale] = useState(false);
  const lost = link === "reconnecting" || link === "signed-out";
  useEffect(() => {
    if (!lost) return setStale(false);
    const timer = setTimeout(
      () => setStale(true),
      Math.max(0, (receivedAt ?? 0) + STALE_MS - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [lost, receivedAt]);
  return stale;
}

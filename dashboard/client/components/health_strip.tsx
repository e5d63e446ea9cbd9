/**
 * The health of the writer and of the page's own view of it, along the bottom of the page.
 *
 * @module
 */
import type { ComponentChildren } from "preact";
import type { Run } from "../../api.ts";
import type { Live } from "../live/use_live.ts";
import { useNow } from "../live/clock.ts";
import { Ago, Elapsed } from "./elapsed.tsx";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatElapsed,
} from "../../../internal/units.ts";

export function HealthStrip({ live, run, exported }: {
  live: Live;
  run: Run | null | undefined;
  exported: boolean;
}) {
  const health = run?.health;
  const { source } = live;
  return (
    <footer class="health" aria-label="Health">
      <dl>
        {run?.driver &&
          <Item label="writer">{run.driver} · SQLite {run.sqliteVersion ?? "?"}</Item>}
        {health && (
          <>
            <Item label="queue">{formatCount(health.queueDepth)}</Item>
            <Item label="batch">{formatCount(health.batchRows)} rows</Item>
            <Item label="commit p99">{formatDuration(health.commitP99Ms)}</Item>
            <Item label="WAL">
              {formatBytes(health.walBytes)}
              {health.walHeldSince && <Held since={health.walHeldSince} />}
            </Item>
            <Item label="checkpoint">
              <Ago time={health.checkpointedAt} />
            </Item>
          </>
        )}
        {source?.driver &&
          <Item label="reader">{source.driver} · SQLite {source.sqliteVersion ?? "?"}</Item>}
        {!exported && (
          <Item label="data">
            <Age receivedAt={live.receivedAt} />
          </Item>
        )}
      </dl>
    </footer>
  );
}

function Item({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="health-item">
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Readers keep the WAL from being emptied. */
function Held({ since }: { since: string }) {
  return (
    <span
      class="health-warning"
      title="A reader stays in one transaction: the WAL grows until it ends"
    >
      ⚠ held by readers for <Elapsed from={since} />
    </span>
  );
}

function Age({ receivedAt }: { receivedAt: number | null }) {
  useNow();
  if (receivedAt === null) return "none yet";
  return `${formatElapsed(Date.now() - receivedAt)} old`;
}

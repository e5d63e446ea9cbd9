/**
 * When a pipeline is due, and the button that pauses that.
 *
 * @module
 */
import { useContext, useState } from "preact/hooks";
import type { PipelineSchedule } from "../../api.ts";
import { Control } from "../components/control.tsx";
import { Clock } from "../components/elapsed.tsx";
import { announce } from "../components/announcer.tsx";
import { BackendContext } from "../live/backend.ts";
import { useNow } from "../live/clock.ts";
import { formatElapsed, formatZoned, timeOf } from "../../../internal/units.ts";

export function ScheduleLine({ id, schedule }: { id: string; schedule: PipelineSchedule }) {
  const { cron, timeZone, next, pausedAt } = schedule;
  const [first = null, ...later] = next;
  const now = useNow(first !== null);
  const mayControl = useContext(Control);
  const at = timeOf(first);
  const title = later.map((time) => formatZoned(timeOf(time)!)).join("\n");
  return (
    <>
      <span class="schedule-next" title={title && `Then:\n${title}`}>
        {pausedAt
          ? (
            <>
              <b>Paused</b> since <Clock time={pausedAt} />
            </>
          )
          : at !== null && (
            <>
              Next <Clock time={first} />, in {formatElapsed(Math.max(0, at - now))}
            </>
          )}
      </span>
      <span class="faint">
        <code>{cron}</code> {timeZone}
      </span>
      {mayControl && <PauseButton id={id} paused={pausedAt !== null} />}
    </>
  );
}

function PauseButton({ id, paused }: { id: string; paused: boolean }) {
  const backend = useContext(BackendContext);
  const [wanted, setWanted] = useState<boolean | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const busy = wanted !== null && wanted !== paused;
  const onClick = async () => {
    if (busy) return;
    setWanted(!paused);
    setFailure(null);
    try {
      await backend.post(`api/pipelines/${id}/${paused ? "resume" : "pause"}`);
      announce(paused ? "The schedule is resumed" : "The schedule is paused");
    } catch (failure) {
      setWanted(null);
      setFailure((failure as Error).message);
    }
  };
  return (
    <>
      <button type="button" class="button small" aria-disabled={busy} onClick={onClick}>
        {paused ? "Resume schedule" : "Pause schedule"}
      </button>
      {failure && <span class="is-error-text" role="alert">{failure}</span>}
    </>
  );
}

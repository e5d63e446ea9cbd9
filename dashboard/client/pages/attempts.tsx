/**
 * The attempts at a task that failed, or were more than one, with errors and stacks.
 *
 * @module
 */
import { SafeText } from "../components/safe_text.tsx";
import type { TaskAttempt, TaskDetail } from "../../api.ts";
import { Clock, Elapsed } from "../components/elapsed.tsx";
import { CopyText, LongText } from "../components/long_text.tsx";
import { StatusMark } from "../components/status_mark.tsx";

export function Attempts({ task }: { task: TaskDetail }) {
  const { attempts } = task;
  if (attempts.length <= 1 && !attempts.some(({ error }) => error)) return null;
  return (
    <section class="panel" aria-labelledby="attempts-title">
      <div class="panel-head">
        <h2 id="attempts-title">
          {attempts.length > 1 ? "Attempts" : wasCancelled(attempts[0]!) ? "Cancelled" : "Error"}
        </h2>
      </div>
      <ol class="attempts">
        {attempts.toReversed().map((attempt) => (
          <Attempt
            key={attempt.attempt}
            attempt={attempt}
            active={task.run.status === "running"}
            alone={attempts.length === 1}
            isNewest={attempt === attempts.at(-1)}
            whole={attempt.cut
              ? `api/tasks/${task.id}/${
                attempt === attempts.at(-1) ? "texts/error" : `attempts/${attempt.attempt}`
              }`
              : undefined}
          />
        ))}
      </ol>
    </section>
  );
}

function Attempt({ attempt, active, alone, isNewest, whole }: {
  attempt: TaskAttempt;
  /** Whether its run is active. */
  active: boolean;
  alone: boolean;
  isNewest: boolean;
  whole: string | undefined;
}) {
  const { error } = attempt;
  const isCancelled = wasCancelled(attempt);
  return (
    <li>
      <details class="attempt" open={isNewest}>
        <summary class="attempt-head">
          {alone ? <span>{isCancelled ? "Why" : "Error"}</span> : <b>Attempt {attempt.attempt}</b>}
          <StatusMark status={attempt.status} />
          <span class="faint">
            <Clock time={attempt.startedAt} /> ·{" "}
            <Elapsed
              from={attempt.startedAt}
              to={attempt.finishedAt}
              running={attempt.status === "running" && active}
            />
            {attempt.worker && (
              <>
                · on <SafeText text={attempt.worker} limit={80} />
              </>
            )}
          </span>
          {error && !isNewest && (
            <span class="faint one-line">
              <SafeText text={firstLine(error)} limit={200} />
            </span>
          )}
        </summary>
        {error && isCancelled && (
          <p class="note">
            <SafeText text={firstLine(error)} limit={500} />
          </p>
        )}
        {error && !isCancelled && (
          <>
            <LongText
              text={error}
              whole={whole}
              class="is-error"
              label={`Error of attempt ${attempt.attempt}`}
            />
            <p class="button-row">
              <CopyText
                text={error}
                whole={whole}
                label={`the error of attempt ${attempt.attempt}`}
              />
            </p>
          </>
        )}
      </details>
    </li>
  );
}

/** A task that was asked to stop has not failed: its stack shows nothing that needs a fix. */
function wasCancelled({ status }: TaskAttempt): boolean {
  return status === "cancelled";
}

function firstLine(error: string): string {
  return error.split("\n", 1)[0]!.replace(/^\w*Error: /, "");
}

/**
 * The durable steps of a task, and that tasks sleep.
 *
 * @module
 */
import type { Run, TaskDetail, TaskStep } from "../../api.ts";
import { formatNumberOf, timeOf } from "../../../internal/units.ts";
import { useNow } from "../live/clock.ts";
import { Clock, Elapsed } from "../components/elapsed.tsx";
import { SafeText } from "../components/safe_text.tsx";
import { ScrollTable } from "../components/scroll_table.tsx";

/** A note that tasks of a run sleep. */
export function Asleep({ run }: { run: Run }) {
  if (!run.asleep) return null;
  const { tasks, until } = run.asleep;
  return (
    <p class="note" role="status">
      {formatNumberOf(tasks, "task")} sleeping until <Clock time={until} />
      {tasks > 1 && " or later"}.
    </p>
  );
}

/** Until when a task sleeps. */
export function SleepsUntil({ time }: { time: string | null | undefined }) {
  if (!time) return null;
  return (
    <span class="note">
      sleeping until <Clock time={time} />
    </span>
  );
}

export function Steps({ task }: { task: TaskDetail }) {
  const { steps = [] } = task;
  if (steps.length === 0) return null;
  return (
    <section class="panel" aria-labelledby="steps-title">
      <div class="panel-head">
        <h2 id="steps-title">Steps</h2>
        {steps[0]!.number > 1 && <span class="faint">the last {steps.length}</span>}
      </div>
      <ScrollTable caption="Steps that the task has ended, and its sleeps">
        <thead>
          <tr>
            <th scope="col" class="num">No.</th>
            <th scope="col">Step</th>
            <th scope="col">Started</th>
            <th scope="col" class="num">Took</th>
            <th scope="col" class="num">Attempt</th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>{steps.map((step) => <Step key={step.number} step={step} />)}</tbody>
      </ScrollTable>
    </section>
  );
}

function Step({ step }: { step: TaskStep }) {
  const { number, kind, name, attempt, startedAt, finishedAt, result, error } = step;
  const isSleep = kind === "sleep";
  const end = timeOf(finishedAt) ?? 0;
  const isAsleep = useNow(isSleep) < end && isSleep;
  return (
    <tr>
      <td class="num">{number}</td>
      <th scope="row">{isSleep ? <i>sleep</i> : <SafeText text={name} limit={200} />}</th>
      <td>
        <Clock time={startedAt} />
      </td>
      <td class="num">
        {isAsleep
          ? <SleepsUntil time={finishedAt} />
          : <Elapsed from={startedAt} to={finishedAt} />}
      </td>
      <td class="num">{attempt}</td>
      <td class={error ? "is-error-text" : undefined}>
        {(error ?? result) && (
          <span class="one-line">
            <SafeText text={(error ?? result)!} limit={200} />
          </span>
        )}
      </td>
    </tr>
  );
}

/**
 * What a server of pipelines knows of one of them, on its page: when it is due, and the button that runs it.
 *
 * @module
 */
import { useContext, useState } from "preact/hooks";
import type { PipelineInfo } from "../../api.ts";
import { Control } from "../components/control.tsx";
import { SafeText } from "../components/safe_text.tsx";
import { RunForm } from "./run_form.tsx";
import { ScheduleLine } from "./schedule_line.tsx";
import { Served } from "./served.ts";

export function ServedPanel({ name }: { name: string }) {
  const pipeline = useContext(Served).find((one) => one.name === name);
  return pipeline ? <Panel pipeline={pipeline} /> : null;
}

function Panel({ pipeline }: { pipeline: PipelineInfo }) {
  const { id, schedule, problem, state } = pipeline;
  const mayControl = useContext(Control);
  const [asking, setAsking] = useState(false);
  return (
    <section class="panel schedule-bar" aria-label="Schedule">
      {schedule
        ? <ScheduleLine id={id} schedule={schedule} />
        : <span class="faint">No schedule</span>}
      <span class="spread" />
      {mayControl && state === "ready" && (
        <button
          type="button"
          class="button primary"
          onClick={() => setAsking(true)}
        >
          Run now
        </button>
      )}
      {problem && (
        <p class="pipeline-problem is-error-text">
          <SafeText text={problem} limit={500} />
        </p>
      )}
      {asking && <RunForm pipeline={pipeline} onClose={() => setAsking(false)} />}
    </section>
  );
}

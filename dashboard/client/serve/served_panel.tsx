/**
 * What a server of pipelines knows of one of them, on its page: when it is due, and the button that runs it.
 *
 * @module
 */
import { useContext } from "preact/hooks";
import type { PipelineInfo } from "../../api.ts";
import { SafeText } from "../components/safe_text.tsx";
import { RunNow } from "./run_now.tsx";
import { ScheduleLine } from "./schedule_line.tsx";
import { Served } from "./served.ts";

export function ServedPanel({ name }: { name: string }) {
  const pipeline = useContext(Served).find((one) => one.name === name);
  return pipeline ? <Panel pipeline={pipeline} /> : null;
}

function Panel({ pipeline }: { pipeline: PipelineInfo }) {
  const { id, schedule, problem } = pipeline;
  return (
    <section class="panel schedule-bar" aria-label="Schedule">
      {schedule
        ? <ScheduleLine id={id} schedule={schedule} />
        : <span class="faint">No schedule</span>}
      <span class="spread" />
      <RunNow pipeline={pipeline} />
      {problem && (
        <p class="pipeline-problem is-error-text">
          <SafeText text={problem} limit={500} />
        </p>
      )}
    </section>
  );
}

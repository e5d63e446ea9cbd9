/**
 * What runs a pipeline of the server: a button, for those who may control it, and the form that it opens.
 *
 * @module
 */
import { useContext, useState } from "preact/hooks";
import type { PipelineInfo } from "../../api.ts";
import { Control } from "../components/control.tsx";
import { RunForm } from "./run_form.tsx";

export function RunNow({ pipeline }: { pipeline: PipelineInfo }) {
  const mayControl = useContext(Control);
  const [asking, setAsking] = useState(false);
  if (!mayControl) return null;
  return (
    <>
      {pipeline.state === "ready" && (
        <button
          type="button"
          class="button primary"
          onClick={() => setAsking(true)}
        >
          Run now
        </button>
      )}
      {asking && <RunForm pipeline={pipeline} onClose={() => setAsking(false)} />}
    </>
  );
}

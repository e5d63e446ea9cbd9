/**
 * What a task returned: a tree where it is JSON, the text where it is not.
 *
 * @module
 */
import type { TaskDetail } from "../../api.ts";
import { useMemo } from "preact/hooks";
import { formatCount } from "../../../internal/units.ts";
import { JsonTree } from "../components/json_tree.tsx";
import { parseJson } from "../lib/json_nodes.ts";
import { CopyText, LongText } from "../components/long_text.tsx";

export function TaskResult({ task }: { task: TaskDetail }) {
  const { result } = task;
  const parsed = useMemo(() => result === null ? null : parseJson(result), [result]);
  if (result === null) return null;
  const whole = task.cut.includes("result") ? `api/tasks/${task.id}/texts/result` : undefined;
  return (
    <section class="panel" aria-labelledby="result-title">
      <div class="panel-head">
        <h2 id="result-title">Result</h2>
        {whole &&
          <span class="note">cut to {formatCount(result.length)} characters</span>}
        <span class="spread" />
        <CopyText text={result} whole={whole} label="the result" />
      </div>
      <div class="panel-body">
        {parsed
          ? (
            <div class="json">
              <JsonTree value={parsed.value} open />
            </div>
          )
          : <LongText text={result} whole={whole} label="Result" />}
      </div>
    </section>
  );
}

/**
 * What a task returned, and its item: a tree where it is JSON, the text where it is not.
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
  return <JsonPanel task={task} field="result" title="Result" />;
}

/** The item, where it is stored. */
export function TaskItem({ task }: { task: TaskDetail }) {
  return <JsonPanel task={task} field="input" title="Item" />;
}

function JsonPanel(
  { task, field, title }: { task: TaskDetail; field: "result" | "input"; title: string },
) {
  const text = task[field] ?? null;
  const parsed = useMemo(() => text === null ? null : parseJson(text), [text]);
  if (text === null) return null;
  const whole = task.cut.includes(field) ? `api/tasks/${task.id}/texts/${field}` : undefined;
  return (
    <section class="panel" aria-labelledby={`${field}-title`}>
      <div class="panel-head">
        <h2 id={`${field}-title`}>{title}</h2>
        {whole &&
          <span class="note">cut to {formatCount(text.length)} characters</span>}
        <span class="spread" />
        <CopyText text={text} whole={whole} label={`the ${title.toLowerCase()}`} />
      </div>
      <div class="panel-body">
        {parsed
          ? (
            <div class="json">
              <JsonTree value={parsed.value} open />
            </div>
          )
          : <LongText text={text} whole={whole} label={title} />}
      </div>
    </section>
  );
}

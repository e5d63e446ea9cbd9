/**
 * What a task returned: a tree where it is JSON, the text where it is not.
 *
 * @module
 */
import { useMemo } from "preact/hooks";
import { CopyButton } from "./copy_button.js";
import { formatCount } from "./format.js";
import { html } from "./html.js";
import { JsonTree } from "./json_tree.js";
import { parseJson } from "./json_nodes.js";
import { LongText } from "./long_text.js";

export function TaskResult({ task }) {
  const { result } = task;
  const parsed = useMemo(() => result === null ? null : parseJson(result), [result]);
  if (result === null) return null;
  return html`
    <section class="panel" aria-labelledby="result-title">
      <div class="panel-head">
        <h2 id="result-title">Result</h2>
        ${task.cut.includes("result") &&
          html`<span class="note">cut to ${formatCount(result.length)} characters</span>`}
        <span class="spread" />
        <${CopyButton} text=${result} label="the result" />
      </div>
      <div class="panel-body">
        ${parsed
          ? html`
            <div class="json">
              <${JsonTree} value=${parsed.value} open />
            </div>
          `
          : html`<${LongText} text=${result} label="Result" />`}
      </div>
    </section>
  `;
}

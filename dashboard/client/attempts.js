/**
 * The attempts at a task that failed, or were more than one, with errors and stacks.
 *
 * @module
 */
import { CopyButton } from "./copy_button.js";
import { Clock, Elapsed } from "./elapsed.js";
import { html } from "./html.js";
import { LongText } from "./long_text.js";
import { StatusMark } from "./status_mark.js";

export function Attempts({ task }) {
  const { attempts } = task;
  if (attempts.length <= 1 && !attempts.some(({ error }) => error)) return null;
  return html`
    <section class="panel" aria-labelledby="attempts-title">
      <div class="panel-head">
        <h2 id="attempts-title">${attempts.length === 1 ? "Error" : "Attempts"}</h2>
      </div>
      <ol class="attempts">
        ${attempts.map((attempt) =>
          html`<${Attempt} key=${attempt.attempt} attempt=${attempt} alone=${
            attempts.length === 1
          } />`
        )}
      </ol>
    </section>
  `;
}

function Attempt({ attempt, alone }) {
  const { error } = attempt;
  return html`
    <li class="attempt">
      <div class="attempt-head">
        ${!alone && html`<b>Attempt ${attempt.attempt}</b>`}
        <${StatusMark} status=${attempt.status} />
        <span class="faint"><${Clock} time=${attempt.startedAt} /> · <${Elapsed} from=${attempt
          .startedAt} to=${attempt.finishedAt} running=${attempt.status === "running"} /></span>
        <span class="spread" />
        ${error &&
          html`<${CopyButton} text=${error} label=${`the error of attempt ${attempt.attempt}`} />`}
      </div>
      ${error &&
        html`<${LongText} text=${error} class="is-error" label=${`Error of attempt ${attempt.attempt}`} />`}
    </li>
  `;
}

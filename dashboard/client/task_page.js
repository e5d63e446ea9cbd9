/**
 * The page of one task: how it went, what it said, what came of it.
 *
 * @module
 */
import { useEffect, useRef } from "preact/hooks";
import { announce } from "./announcer.js";
import { Attempts } from "./attempts.js";
import { ProgressBar } from "./bars.js";
import { useNow } from "./clock.js";
import { TaskControls } from "./control.js";
import { formatElapsed, formatPercent, formatRate } from "./format.js";
import { html } from "./html.js";
import { PageTitle } from "./page_title.js";
import { LongText } from "./long_text.js";
import { NotFound, PageSkeleton } from "./placeholders.js";
import { isStalled, taskPace } from "./rates.js";
import { runRoute } from "./route.js";
import { hrefOf } from "./router.js";
import { SafeText } from "./safe_text.js";
import { StatusMark } from "./status_mark.js";
import { isCancelling } from "./statuses.js";
import { StatusPath } from "./status_path.js";
import { TaskHistory } from "./task_history.js";
import { TaskLog } from "./task_log.js";
import { TaskResult } from "./task_result.js";

const LONGEST_TITLE = 200;

/** Longer messages get a box of their own. */
const LONGEST_MESSAGE = 500;

export function TaskPage({ route, live }) {
  const state = live.data;
  const task = state?.task;
  useNews(task);
  if (!state) return html`<${PageSkeleton} title=${`Task #${route.task}`} />`;
  if (!task) return html`<${NotFound} what=${`task #${route.task}`} />`;
  return html`
    <header class="page-head">
      <div class="title-row">
        <${PageTitle}><${SafeText} text=${task
          .name} limit=${LONGEST_TITLE} /> <span class="faint">#${task
          .id}</span><//>
        <${StatusMark} status=${task.status} cancelling=${isCancelling(task, task.run)} />
        <span class="spread" />
        <${TaskControls} task=${task} />
      </div>
      <p class="under-title">
        in <a href=${hrefOf(runRoute(task.run.id))}><${SafeText} text=${task.run
          .name} limit=${200} /> #${task.run.id}</a>
        ${task.key &&
          html`<span class="faint"> · key <code><${SafeText} text=${task.key} limit=${200} /></code></span>`}
      </p>
    </header>
    <div class="task-columns">
      <section class="panel" aria-labelledby="path-title">
        <div class="panel-head">
          <h2 id="path-title">Progress</h2>
        </div>
        <div class="panel-body">
          <${StatusPath} task=${task} />
          <div class="task-progress">
            <${ProgressBar} progress=${task.progress} status=${task.status} />
            <b>${formatPercent(task.progress)}</b>
            ${task.status === "running" && html`<${Pace} task=${task} />`}
          </div>
          ${task.message && html`
            <div class="task-message">
              ${task.message.length > LONGEST_MESSAGE
                ? html`<${LongText} text=${task.message} label="Message" />`
                : html`<${SafeText} text=${task.message} />`}
            </div>
          `}
        </div>
      </section>
      <${TaskHistory} key=${task.id} task=${task} />
    </div>
    <${Attempts} task=${task} />
    <${TaskResult} key=${`result ${task.id}`} task=${task} />
    <${TaskLog} key=${`log ${task.id}`} task=${task} logs=${state.logs} />
  `;
}

function Pace({ task }) {
  const now = useNow();
  const pace = taskPace(task, now);
  return html`
    ${pace &&
      html`<span>${formatElapsed(pace.eta)} left</span><span class="faint">${
        formatRate(pace.rate * 100, "%")
      }</span>`}
    ${isStalled(task, now) && html`<span class="stalled">stalled</span>`}
  `;
}

/** Tells how the task has ended. */
function useNews(task) {
  const last = useRef(null);
  useEffect(() => {
    const before = last.current;
    last.current = task;
    if (!task || before?.id !== task.id || before.status === task.status) return;
    if (task.finishedAt) announce(`The task has ended as ${task.status}`);
  }, [task]);
}

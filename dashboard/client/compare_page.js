/**
 * Two runs side by side.
 *
 * @module
 */
import { CountsBar } from "./bars.js";
import { Ago } from "./elapsed.js";
import { formatCount, formatDuration, formatRatio, timeOf } from "./format.js";
import { html } from "./html.js";
import { PageTitle } from "./page_title.js";
import { Failure, PageSkeleton } from "./placeholders.js";
import { runRoute } from "./route.js";
import { hrefOf } from "./router.js";
import { SafeText } from "./safe_text.js";
import { StatusMark } from "./status_mark.js";
import { useAnswer } from "./use_answer.js";

const LISTS = [
  ["newlyFailed", "Newly failed", "Failed in the later run and not in the earlier one"],
  ["mended", "Mended", "Failed in the earlier run and done in the later one"],
  ["slower", "Slower", "Done in both, and slower in the later run"],
  ["faster", "Faster", "Done in both, and faster in the later run"],
];

export function ComparePage({ route }) {
  const title = `Runs #${route.a} and #${route.b}`;
  const { answer, failure } = useAnswer(`api/compare?a=${route.a}&b=${route.b}`);
  if (failure) {
    return html`
      <${PageTitle}>${title}<//>
      <${Failure} failure=${failure} />
    `;
  }
  if (!answer) return html`<${PageSkeleton} title=${title} />`;
  const { a, b } = answer;
  return html`
    <header class="page-head">
      <${PageTitle}>${title}<//>
      <p class="under-title">
        ${formatCount(answer.paired)} tasks in both · ${formatCount(answer.onlyA)} in #${a
          .id} alone · ${formatCount(answer.onlyB)} in #${b.id} alone
        ${answer.partial && html`<span class="note"> · of the first 200,000 tasks of each</span>`}
      </p>
    </header>
    <section class="panel" aria-label="Totals">
      <div class="table-box">
        <table class="totals">
          <caption class="visually-hidden">Totals of both runs</caption>
          <thead>
            <tr>
              <td />
              ${[a, b].map((run) =>
                html`
                  <th key=${run.id} scope="col">
                    <a href=${hrefOf(runRoute(run.id))}><${SafeText} text=${run
                      .name} limit=${80} /> #${run.id}</a>
                    <${StatusMark} status=${run.status} />
                    <${CountsBar} counts=${run.counts} />
                  </th>
                `
              )}
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            <${Row} label="Started" a=${html`<${Ago} time=${a.startedAt} />`} b=${html`<${Ago} time=${b.startedAt} />`} />
            <${Row} label="Took" a=${formatDuration(tookOf(a))} b=${formatDuration(
              tookOf(b),
            )} change=${formatRatio(tookOf(a), tookOf(b))} />
            <${Row} label="Median task" a=${formatDuration(answer.medianMs.a)} b=${formatDuration(
              answer.medianMs.b,
            )} change=${formatRatio(answer.medianMs.a, answer.medianMs.b)} />
            ${[
              ["Tasks", (run) => run.total],
              ...["done", "error", "cancelled"].map((status) => [
                status === "error" ? "Failed" : `${status[0].toUpperCase()}${status.slice(1)}`,
                (run) => run.counts[status],
              ]),
            ].map(([label, of]) =>
              html`
                <${Row} key=${label} label=${label} a=${formatCount(of(a))} b=${formatCount(
                  of(b),
                )} change=${signed(of(b) - of(a))} />
              `
            )}
          </tbody>
        </table>
      </div>
    </section>
    ${LISTS.map(([name, label, hint]) =>
      html`
        <${List} key=${name} label=${label} hint=${hint} list=${answer[name]} runs=${[a, b]} />
      `
    )}
  `;
}

function Row({ label, a, b, change }) {
  return html`
    <tr>
      <th scope="row">${label}</th>
      <td>${a}</td>
      <td>${b}</td>
      <td class="faint">${change}</td>
    </tr>
  `;
}

function List({ label, hint, list, runs }) {
  const { total, tasks } = list;
  return html`
    <section class="panel" aria-label=${label}>
      <div class="panel-head">
        <h2>${label}</h2><span class="faint">${formatCount(total)}</span>
        <span class="spread" />
        <span class="faint hint">${hint}</span>
      </div>
      ${total === 0 ? html`<p class="empty-list">None.</p>` : html`
        <div class="table-box">
          <table class="compared">
            <caption class="visually-hidden">${hint}</caption>
            <thead>
              <tr>
                <th scope="col">Task</th>
                ${runs.map(({ id }) => html`<th key=${id} scope="col">#${id}</th>`)}
                <th scope="col">Ratio</th>
              </tr>
            </thead>
            <tbody>
              ${tasks.map(({ label, a, b }) =>
                html`
                  <tr key=${`${a.id} ${b.id}`}>
                    <th scope="row"><${SafeText} text=${label} limit=${300} /></th>
                    ${[a, b].map((task) =>
                      html`
                        <td key=${task.id}>
                          <a class="compared-task" href=${hrefOf({ view: "task", task: task.id })}>
                            <${StatusMark} status=${task.status} /> ${formatDuration(
                              task.durationMs,
                            )}
                          </a>
                        </td>
                      `
                    )}
                    <td>${a.status === "done" && b.status === "done"
                      ? formatRatio(a.durationMs, b.durationMs)
                      : "–"}</td>
                  </tr>
                `
              )}
            </tbody>
          </table>
        </div>
        ${total > tasks.length &&
          html`<p class="note">The first ${formatCount(tasks.length)} of ${
            formatCount(total)
          }.</p>`}
      `}
    </section>
  `;
}

function tookOf(run) {
  const [from, to] = [timeOf(run.startedAt), timeOf(run.finishedAt)];
  return from === null || to === null ? null : Math.max(0, to - from);
}

function signed(difference) {
  return difference > 0
    ? `+${formatCount(difference)}`
    : difference < 0
    ? `−${formatCount(-difference)}`
    : "=";
}

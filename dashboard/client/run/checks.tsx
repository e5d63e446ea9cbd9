/**
 * What tasks checked about their data: of a run, and of one task.
 *
 * @module
 */
import type { Check, Run, RunChecks as Checks } from "../../api.ts";
import { formatCount } from "../../../internal/units.ts";
import { Clock } from "../components/elapsed.tsx";
import { Name, SafeText } from "../components/safe_text.tsx";
import { hrefOf } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";

/** Milliseconds between two looks while a run is active. */
const EVERY_MS = 5_000;

/** The checks of a run; nothing where its tasks made none. */
export function RunChecks({ run }: { run: Run }) {
  const isActive = run.status === "running";
  const { answer } = useAnswer<Checks>(`api/runs/${run.id}/checks`, {
    everyMs: isActive ? EVERY_MS : 0,
    // Asked for again when it has ended, or runs again.
    version: run.status,
  });
  if (!answer || answer.checks.length === 0) return null;
  const { passed, failed, warned, checks } = answer;
  const total = passed + failed + warned;
  return (
    <section class="panel" aria-labelledby="checks-title">
      <div class="panel-head">
        <h2 id="checks-title">Checks</h2>
        <span class={failed > 0 ? "is-error-text" : "faint"}>{formatCount(failed)} failed</span>
        <span class="faint">
          {warned > 0 && `${formatCount(warned)} warned, `}
          {formatCount(passed)} passed
        </span>
      </div>
      <CheckTable checks={checks} caption="Checks of the run, failed ones first" hasTasks />
      {total > checks.length && (
        <p class="note">The first {formatCount(checks.length)} of {formatCount(total)}.</p>
      )}
    </section>
  );
}

/** The checks of one task. */
export function TaskChecks({ checks }: { checks: Check[] | undefined }) {
  if (!checks?.length) return null;
  return (
    <section class="panel" aria-labelledby="checks-title">
      <div class="panel-head">
        <h2 id="checks-title">Checks</h2>
      </div>
      <CheckTable checks={checks} caption="Checks of the task, failed ones first" />
    </section>
  );
}

/** Checks as a table. */
export function CheckTable({ checks, caption, hasTasks }: {
  checks: Check[];
  caption: string;
  hasTasks?: boolean;
}) {
  return (
    <div class="table-box">
      <table>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Check</th>
            {hasTasks && <th scope="col">Task</th>}
            <th scope="col">Result</th>
            <th scope="col">Found</th>
            <th scope="col">Expected</th>
            <th scope="col">At</th>
          </tr>
        </thead>
        <tbody>
          {checks.map((check) => (
            <tr key={`${check.taskId} ${check.name}`}>
              <th scope="row">
                <SafeText text={check.name} limit={80} />
              </th>
              {hasTasks && (
                <td>
                  <a href={hrefOf({ view: "task", task: check.taskId })}>
                    <Name text={check.task} limit={80} />
                  </a>
                </td>
              )}
              <td class={check.passed ? "" : "is-error-text"}>{resultOf(check)}</td>
              <td>
                <Json text={check.value} />
              </td>
              <td>
                <Json text={check.expected} />
              </td>
              <td class="faint">
                <Clock time={check.at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Json({ text }: { text: string | null }) {
  if (text === null) return <>–</>;
  return (
    <code>
      <SafeText text={text} limit={80} />
    </code>
  );
}

function resultOf({ passed, severity }: Check): string {
  return passed ? "passed" : severity === "warn" ? "warned" : "failed";
}

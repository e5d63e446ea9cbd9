/**
 * What tasks checked about their data: of a run, and of one task.
 *
 * @module
 */
import type { Check, Run, RunChecks as Checks } from "../../api.ts";
import { formatCount, formatNumberOf } from "../../../internal/units.ts";
import { Clock } from "../components/elapsed.tsx";
import { Name, SafeText } from "../components/safe_text.tsx";
import { hrefOf } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";
import { ScrollTable } from "../components/scroll_table.tsx";

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
        {warned > 0 && <span class="faint">{formatCount(warned)} warned</span>}
        {!checks.some(({ passed }) => passed) &&
          <span class="faint">{formatCount(passed)} passed</span>}
      </div>
      <CheckLists checks={checks} passed={passed} of="run" />
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
      <CheckLists
        checks={checks}
        passed={checks.filter(({ passed }) => passed).length}
        of="task"
      />
    </section>
  );
}

/** What did not pass in sight, and what passed behind one line: there may be a hundred of it. */
function CheckLists({ checks, passed, of }: {
  checks: Check[];
  passed: number;
  of: "run" | "task";
}) {
  const others = checks.filter(({ passed }) => !passed);
  const listed = checks.filter(({ passed }) => passed);
  const hasTasks = of === "run";
  return (
    <>
      {others.length > 0 && (
        <CheckTable
          checks={others}
          caption={`Checks of the ${of} that did not pass`}
          hasTasks={hasTasks}
        />
      )}
      {listed.length > 0 && (
        <details class="passed-checks">
          <summary>{formatCount(passed)} passed</summary>
          <CheckTable
            checks={listed}
            caption={`Checks of the ${of} that passed`}
            hasTasks={hasTasks}
          />
        </details>
      )}
    </>
  );
}

/** How many checks of a run did not pass, where any did not. */
export function FailedChecks({ run: { checks } }: { run: Run }) {
  if (!checks) return null;
  const { failed, warned } = checks;
  return (
    <>
      {failed > 0 && <span class="is-error-text">{formatNumberOf(failed, "failed check")}</span>}
      {warned > 0 && <span>{formatNumberOf(warned, "warning")}</span>}
    </>
  );
}

/** Checks as a table. */
export function CheckTable({ checks, caption, hasTasks }: {
  checks: Check[];
  caption: string;
  hasTasks?: boolean;
}) {
  return (
    <ScrollTable caption={caption}>
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
    </ScrollTable>
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

/**
 * Two runs side by side.
 *
 * @module
 */
import type { ComponentChildren } from "preact";
import type { Comparison, Run } from "../../api.ts";
import type { RouteOf } from "../lib/route.ts";
import { CountsBar } from "../components/bars.tsx";
import { Ago } from "../components/elapsed.tsx";
import { formatCount, formatDuration, formatRatio, timeOf } from "../../../internal/units.ts";
import { knownEnd } from "../lib/statuses.ts";
import { ComparedWrote } from "../data/written_rows.tsx";
import { CheckTable } from "../run/checks.tsx";
import { PageTitle } from "../components/page_title.tsx";
import { Failure, PageSkeleton } from "./placeholders.tsx";
import { runRoute } from "../lib/route.ts";
import { hrefOf } from "../lib/router.ts";
import { Name, SafeText } from "../components/safe_text.tsx";
import { StatusMark } from "../components/status_mark.tsx";
import { useAnswer } from "../live/use_answer.ts";
import { ScrollTable } from "../components/scroll_table.tsx";

const LISTS: readonly [
  name: "newlyFailed" | "mended" | "slower" | "faster",
  label: string,
  hint: string,
][] = [
  ["newlyFailed", "Newly failed", "Failed in the later run and not in the earlier one"],
  ["mended", "Mended", "Failed in the earlier run and done in the later one"],
  ["slower", "Slower", "Done in both, and slower in the later run"],
  ["faster", "Faster", "Done in both, and faster in the later run"],
];

/** Numbers of both runs that are compared. */
const COUNTED: readonly [label: string, of: (run: Run) => number][] = [
  ["Tasks", (run) => run.total],
  ["Done", (run) => run.counts.done],
  ["Failed", (run) => run.counts.error],
  ["Cancelled", (run) => run.counts.cancelled],
];

export function ComparePage({ route }: { route: RouteOf<"compare"> }) {
  const title = `Runs #${route.a} and #${route.b}`;
  const { answer, failure } = useAnswer<Comparison>(`api/compare?a=${route.a}&b=${route.b}`);
  if (failure) {
    return (
      <>
        <PageTitle>{title}</PageTitle>
        <Failure failure={failure} />
      </>
    );
  }
  if (!answer) return <PageSkeleton title={title} />;
  const { a, b } = answer;
  return (
    <>
      <header class="page-head">
        <PageTitle>{title}</PageTitle>
        <p class="under-title">
          {formatCount(answer.paired)} tasks in both · {formatCount(answer.onlyA)} in #{a
            .id} alone · {formatCount(answer.onlyB)} in #{b.id}{" "}
          alone{answer.partial && <span class="note also">of the first 200,000 tasks of each</span>}
        </p>
      </header>
      <section class="panel" aria-label="Totals">
        <ScrollTable caption="Totals of both runs" class="totals">
          <thead>
            <tr>
              <td />
              {[a, b].map((run) => (
                <th key={run.id} scope="col">
                  <a href={hrefOf(runRoute(run.id))}>
                    <Name
                      text={run
                        .name}
                      limit={80}
                    />{" "}
                    #{run.id}
                  </a>
                  {run.label && (
                    <span class="faint compared-label">
                      <SafeText text={run.label} limit={80} />
                    </span>
                  )}
                  <StatusMark status={run.status} />
                  <CountsBar run={run} />
                </th>
              ))}
              <th scope="col">Change</th>
            </tr>
          </thead>
          <tbody>
            <Row label="Started" a={<Ago time={a.startedAt} />} b={<Ago time={b.startedAt} />} />
            <Row
              label="Took"
              a={formatDuration(tookOf(a))}
              b={formatDuration(
                tookOf(b),
              )}
              change={formatRatio(tookOf(a), tookOf(b))}
            />
            <Row
              label="Median task"
              a={formatDuration(answer.medianMs.a)}
              b={formatDuration(
                answer.medianMs.b,
              )}
              change={formatRatio(answer.medianMs.a, answer.medianMs.b)}
            />
            {answer.checks.failing.a + answer.checks.failing.b > 0 && (
              <Row
                label="Checks not passed"
                a={formatCount(answer.checks.failing.a)}
                b={formatCount(answer.checks.failing.b)}
                change={signed(answer.checks.failing.b - answer.checks.failing.a)}
              />
            )}
            {COUNTED.map(([label, of]) => (
              <Row
                key={label}
                label={label}
                a={formatCount(of(a))}
                b={formatCount(
                  of(b),
                )}
                change={signed(of(b) - of(a))}
              />
            ))}
          </tbody>
        </ScrollTable>
      </section>
      <ComparedWrote rows={answer.wrote} a={a.id} b={b.id} />
      <ChangedChecks
        label="Checks newly failed"
        hint="Did not pass in the later run, and were not failing in the earlier one"
        list={answer.checks.newlyFailed}
      />
      <ChangedChecks
        label="Checks mended"
        hint="Did not pass in the earlier run, and pass in the later one"
        list={answer.checks.mended}
      />
      {LISTS.map(([name, label, hint]) => (
        <List key={name} label={label} hint={hint} list={answer[name]} runs={[a, b]} />
      ))}
    </>
  );
}

function Row({ label, a, b, change }: {
  label: string;
  a: ComponentChildren;
  b: ComponentChildren;
  change?: string;
}) {
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{a}</td>
      <td>{b}</td>
      <td class="faint">{change}</td>
    </tr>
  );
}

/** A list of what is another in the second run, with its number. */
function ChangePanel({ label, hint, total, children }: {
  label: string;
  hint: string;
  total: number;
  children: ComponentChildren;
}) {
  return (
    <section class="panel" aria-label={label}>
      <div class="panel-head">
        <h2>{label}</h2>
        <span class="faint">{formatCount(total)}</span>
        <span class="spread" />
        <span class="faint hint">{hint}</span>
      </div>
      {children}
    </section>
  );
}

function List({ label, hint, list, runs }: {
  label: string;
  hint: string;
  list: Comparison["slower"];
  runs: Run[];
}) {
  const { total, tasks } = list;
  return (
    <ChangePanel label={label} hint={hint} total={total}>
      {total === 0 ? <p class="empty-list">None.</p> : (
        <>
          <ScrollTable caption={hint} class="compared">
            <thead>
              <tr>
                <th scope="col">Task</th>
                {runs.map(({ id }) => <th key={id} scope="col">#{id}</th>)}
                <th scope="col">Ratio</th>
              </tr>
            </thead>
            <tbody>
              {tasks.map(({ label, a, b }) => (
                <tr key={`${a.id} ${b.id}`}>
                  <th scope="row">
                    <Name text={label} limit={300} />
                  </th>
                  {[a, b].map((task) => (
                    <td key={task.id}>
                      <a class="compared-task" href={hrefOf({ view: "task", task: task.id })}>
                        <StatusMark status={task.status} /> {formatDuration(
                          task.durationMs,
                        )}
                      </a>
                    </td>
                  ))}
                  <td>
                    {a.status === "done" && b.status === "done"
                      ? formatRatio(a.durationMs, b.durationMs)
                      : "–"}
                  </td>
                </tr>
              ))}
            </tbody>
          </ScrollTable>
          {total > tasks.length &&
            <p class="note">The first {formatCount(tasks.length)} of {formatCount(total)}.</p>}
        </>
      )}
    </ChangePanel>
  );
}

function ChangedChecks({ label, hint, list: { total, checks } }: {
  label: string;
  hint: string;
  list: Comparison["checks"]["mended"];
}) {
  if (total === 0) return null;
  return (
    <ChangePanel label={label} hint={hint} total={total}>
      <CheckTable checks={checks} caption={hint} hasTasks />
    </ChangePanel>
  );
}

function tookOf(run: Run): number | null {
  const [from, to] = [timeOf(run.startedAt), timeOf(knownEnd(run, run.status === "running"))];
  return from === null || to === null ? null : Math.max(0, to - from);
}

function signed(difference: number): string {
  return difference > 0
    ? `+${formatCount(difference)}`
    : difference < 0
    ? `−${formatCount(-difference)}`
    : "=";
}

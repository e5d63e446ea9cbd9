/**
 * How long tasks took, by the pattern of their names or by stage, beside the run before.
 *
 * @module
 */
import { TableLinks } from "../components/table_links.tsx";
import type { DurationGroup, Run, RunDurations } from "../../api.ts";
import { useState } from "preact/hooks";
import { formatCount, formatDuration, formatRatio } from "../../../internal/units.ts";
import { Failure } from "../pages/placeholders.tsx";
import { Name } from "../components/safe_text.tsx";
import { hrefOf } from "../lib/router.ts";
import { useAnswer } from "../live/use_answer.ts";
import { ScrollTable } from "../components/scroll_table.tsx";

const TITLES = { name: "Name", stage: "Stage", tag: "Tag" } as const;

const REFETCH_MS = 10_000;

export function Durations({ run, live }: { run: Run; live: boolean }) {
  const [by, setBy] = useState<RunDurations["by"]>("name");
  const { answer, failure } = useAnswer<RunDurations>(`api/runs/${run.id}/durations?by=${by}`, {
    everyMs: run.status === "running" && live ? REFETCH_MS : 0,
    version: run.status,
  });
  if (failure && !answer) return <Failure failure={failure} />;
  const against = answer?.against ?? null;
  return (
    <>
      <div class="log-tools">
        <label class="select-label">
          By<select
            value={by}
            onChange={(event) => setBy(event.currentTarget.value as RunDurations["by"])}
          >
            <option value="name">name</option>
            <option value="stage">stage</option>
            <option value="tag">tag</option>
          </select>
        </label>
        {against !== null && (
          <span class="faint">
            beside run <a href={hrefOf({ view: "compare", a: against, b: run.id })}>#{against}</a>
          </span>
        )}
        <span class="spread" />
        {live && (
          <TableLinks
            csv={`api/runs/${run.id}/csv/durations?by=${by}`}
            json={`api/runs/${run.id}/durations?by=${by}`}
            label="durations"
          />
        )}
      </div>
      {!answer
        ? <p class="note" role="status">Reading the durations …</p>
        : !answer.all
        ? (
          <p class="note">
            No task is done{by === "stage" ? " in a stage" : by === "tag" ? " with a tag" : ""}{" "}
            so far.
          </p>
        )
        : (
          <ScrollTable caption="Durations of tasks that are done" class="durations">
            <thead>
              <tr>
                <th scope="col">{TITLES[by]}</th>
                <th scope="col">Tasks</th>
                <th scope="col">p50</th>
                <th scope="col">p95</th>
                <th scope="col">p99</th>
                <th scope="col">Longest</th>
                <th scope="col">How many took how long</th>
                {against !== null && <th scope="col">p50 to #{against}</th>}
              </tr>
            </thead>
            <tbody>
              {[answer.all, ...answer.groups].map((group, i) => (
                <Row key={i} group={group} isAll={i === 0} compared={against !== null} />
              ))}
            </tbody>
          </ScrollTable>
        )}
      {answer && answer.left > 0 && (
        <p class="note">
          The {answer.groups.length} that took most time together; {formatCount(answer.left)}{" "}
          more were left out.
        </p>
      )}
    </>
  );
}

function Row({ group, isAll, compared }: {
  group: DurationGroup;
  isAll: boolean;
  compared: boolean;
}) {
  const { name, count, p50, p95, p99, maxMs, before } = group;
  return (
    <tr>
      <th scope="row">{isAll ? "All tasks" : <Name text={name} limit={200} />}</th>
      <td>{formatCount(count)}</td>
      {[p50, p95, p99, maxMs].map((ms, i) => <td key={i}>{formatDuration(ms)}</td>)}
      <td>
        <Histogram group={group} />
      </td>
      {compared && (
        <td
          title={before && `p95 ${formatDuration(before.p95)}, p99 ${formatDuration(before.p99)}`}
        >
          {before ? `${formatDuration(before.p50)} · ${formatRatio(before.p50, p50)}` : "–"}
        </td>
      )}
    </tr>
  );
}

/** A bar for each bucket. Screen readers get the same in words. */
function Histogram({ group: { histogram: { fromMs, counts } } }: { group: DurationGroup }) {
  const most = Math.max(...counts);
  const edge = (i: number) => fromMs === 0 ? (i === 0 ? 0 : 2 ** i) : fromMs * 2 ** i;
  const words = counts.map((count, i) =>
    `${formatCount(count)} from ${formatDuration(edge(i))} to ${formatDuration(edge(i + 1))}`
  );
  return (
    <span class="histogram" role="img" aria-label={words.join(", ")}>
      {counts.map((count, i) => (
        <span
          key={i}
          title={words[i]}
          style={{ height: `${count === 0 ? 0 : Math.max(8, 100 * count / most)}%` }}
        />
      ))}
    </span>
  );
}

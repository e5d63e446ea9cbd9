/**
 * How long tasks of a run took, by the pattern of their names or by stage, beside those of an earlier run.
 *
 * Every task that is done is looked at, in slices. What came out of a run that has ended is remembered.
 *
 * @module
 */
import { causeOf } from "../../../../internal/text/failure_cause.ts";
import type { DurationGroup, RunDurations } from "../../../api.ts";
import { memoize } from "../memoize.ts";
import { WHOLE_MS } from "../order.ts";
import { plan } from "../plan.ts";
import { quantiles } from "../quantiles.ts";
import { tasksOf } from "../run_tasks.ts";
import { getRun } from "../runs.ts";
import { type Read, slicesOf } from "../slices.ts";
import { toText } from "../text.ts";
import { Turn } from "../turn.ts";
import { tagsIn } from "./tags.ts";

/** The number of groups in an answer, those that took most time together first. */
const MAX_GROUPS = 20;

/** Groups that are counted: further names count as one. */
const MAX_COUNTED = 2_000;

/** Characters of a name that determine its pattern. */
const NAME_CHARACTERS = 200;

/** Durations that are counted between two looks at the clock. */
const COUNTED_BETWEEN = 10_000;

/** The columns of what is no pattern of names. */
const COLUMNS = { stage: "stage", tag: "tags" } as const;

/** By what tasks are grouped. A task counts for each of its tags. */
export type DurationsBy = "name" | "stage" | "tag";

type Measured = Omit<DurationGroup, "before">;

/** The durations of a run; `undefined` when there is no such run. */
export async function readDurations(
  read: Read,
  id: number,
  { by, against, signal }: { by: DurationsBy; against?: number | undefined; signal?: AbortSignal },
): Promise<RunDurations | undefined> {
  const run = read((reader) => getRun(reader, id));
  if (!run) return;
  const earlier = against ?? read((reader) =>
    reader.has("pipeline_runs")
      ? reader.get(
        "SELECT id FROM pipeline_runs WHERE name=? AND id<? ORDER BY id DESC LIMIT 1",
        run.name,
        id,
      )?.id
      : undefined
  );
  const groups = await measure(read, id, { by, signal });
  const before = earlier === undefined
    ? undefined
    : await measure(read, Number(earlier), { by, signal });
  const byName = new Map(before?.map((group) => [group.name, group]));
  const toGroup = (group: Measured): DurationGroup => {
    const old = byName.get(group.name);
    return old
      ? { ...group, before: { count: old.count, p50: old.p50, p95: old.p95, p99: old.p99 } }
      : group;
  };
  const [all, ...others] = groups;
  return {
    by,
    against: before ? Number(earlier) : null,
    all: all ? toGroup(all) : null,
    groups: others.slice(0, MAX_GROUPS).map(toGroup),
    left: Math.max(0, others.length - MAX_GROUPS),
  };
}

/** All tasks, then the groups; none where no task is done. */
async function measure(
  read: Read,
  id: number,
  { by, signal }: { by: DurationsBy; signal: AbortSignal | undefined },
): Promise<Measured[]> {
  const { run, tasks } = read((reader) => ({
    run: getRun(reader, id),
    tasks: tasksOf(reader, id),
  }));
  if (
    !run || !tasks || (by !== "name" && !read((reader) => reader.has("task_runs", COLUMNS[by])))
  ) {
    return [];
  }
  const key = `durations ${id} ${by} ${run.finishedAt} ${JSON.stringify(run.counts)}`;
  const known = run.finishedAt &&
    read((reader) => memoize<Measured[] | undefined>(reader, key, () => undefined));
  if (known) return known;
  const query = plan(tasks, { status: ["done"], q: "", key: "", sort: "id", limit: 1 });
  const groups = new Map<string, number[]>();
  const patterns = new Map<string, string>();
  const all: number[] = [];
  const label = by !== "name" ? COLUMNS[by] : `substr(CAST(name AS TEXT), 1, ${NAME_CHARACTERS})`;
  for await (const range of slicesOf(read, query, { status: "done", signal })) {
    const row = read((reader) =>
      reader.get(
        `SELECT json_group_array(${label}) AS labels, json_group_array(${WHOLE_MS}) AS times
         FROM task_runs
         WHERE ${tasks.status} = 'done' AND id BETWEEN ? AND ? AND ${tasks.condition}
           AND started_at IS NOT NULL AND finished_at IS NOT NULL`,
        range.low,
        range.high,
        tasks.run,
      )
    );
    // One row of two lists is read in half the time of a row for each task.
    const labels: (string | null)[] = JSON.parse(toText(row!.labels)!);
    const times: number[] = JSON.parse(toText(row!.times)!);
    for (const [i, ms] of times.entries()) {
      const text = labels[i] ?? "";
      const names = by === "tag"
        ? tagsIn(text)
        : [by === "stage" ? text : patternOf(text, patterns)];
      all.push(ms);
      for (let name of names) {
        if (!groups.has(name) && groups.size >= MAX_COUNTED) name = "…";
        const list = groups.get(name);
        if (list) list.push(ms);
        else groups.set(name, [ms]);
      }
    }
  }
  const measured: Measured[] = [];
  for (const [name, list] of groups) {
    measured.push(await toMeasured(name, new Float64Array(list)));
  }
  measured.sort((a, b) => b.totalMs - a.totalMs);
  const whole = await toMeasured("", new Float64Array(all));
  const answer = whole.count === 0 ? [] : [whole, ...measured];
  return run.finishedAt ? read((reader) => memoize(reader, key, () => answer)) : answer;
}

/** The pattern of a name. Most names differ in numbers only: those are looked up. */
function patternOf(name: string, patterns: Map<string, string>): string {
  const known = name.replace(/\d+/g, "#");
  let pattern = patterns.get(known);
  if (pattern === undefined) {
    pattern = causeOf(name);
    if (patterns.size < 10 * MAX_COUNTED) patterns.set(known, pattern);
  }
  return pattern;
}

async function toMeasured(name: string, list: Float64Array): Promise<Measured> {
  const turn = new Turn();
  const buckets: number[] = [];
  let totalMs = 0;
  let maxMs = 0;
  for (const [i, ms] of list.entries()) {
    totalMs += ms;
    if (ms > maxMs) maxMs = ms;
    const bucket = bucketOf(ms);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    if (i % COUNTED_BETWEEN === 0) await turn.pass();
  }
  const first = Math.max(0, buckets.findIndex((n) => n > 0));
  const [p50, p95, p99] = await quantiles(list, [0.5, 0.95, 0.99]);
  return {
    name,
    count: list.length,
    totalMs,
    p50: p50 ?? 0,
    p95: p95 ?? 0,
    p99: p99 ?? 0,
    maxMs,
    histogram: {
      fromMs: first === 0 ? 0 : 2 ** first,
      counts: Array.from(buckets.slice(first), (n) => n ?? 0),
    },
  };
}

/** Buckets are as wide as they are far from zero: 0 to 2 ms, to 4 ms, to 8 ms and so on. */
function bucketOf(ms: number): number {
  return ms < 2 ? 0 : Math.floor(Math.log2(ms));
}

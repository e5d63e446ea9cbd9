/**
 * The tags of tasks: of one, and of those that wait for others under the same tag.
 *
 * @module
 */
import type { SqlValue } from "../../../../sqlite/values.ts";
import type { TaskStatus } from "../../../../internal/task_status.ts";
import type { TagLoad } from "../../../api.ts";
import type { Reader } from "../../reader.ts";
import { isIn, type RunTasks } from "../run_tasks.ts";
import { shorten, toText } from "../text.ts";

/** Tasks of a status whose tags are counted: the first. */
const COUNTED = 5_000;

/** Tags of a list. */
const LISTED = 5;

/** Characters of a tag. */
const CHARACTERS = 200;

/** The tags in a text of ours; none in another. */
export function tagsIn(text: SqlValue | undefined): string[] {
  try {
    const tags = JSON.parse(toText(text) || "[]");
    return Array.isArray(tags) ? tags.map((tag) => shorten(String(tag), CHARACTERS)) : [];
  } catch {
    return [];
  }
}

/** How many tasks of each tag wait and run: the tags of which most wait. */
export function readTagLoads(reader: Reader, tasks: RunTasks): TagLoad[] {
  if (!reader.has("task_runs", "tags")) return [];
  const loads = new Map<string, TagLoad>();
  for (const status of ["queued", "running"] as const) {
    for (const { tags, n } of countTags(reader, tasks, status)) {
      for (const tag of tagsIn(tags)) {
        const load = loads.get(tag) ?? { tag, queued: 0, running: 0 };
        load[status] += Number(n);
        loads.set(tag, load);
      }
    }
  }
  return [...loads.values()].filter(({ queued, running }) => queued > 0 && running > 0)
    .sort((a, b) => b.queued - a.queued).slice(0, LISTED);
}

function countTags(reader: Reader, tasks: RunTasks, status: TaskStatus) {
  return reader.all(
    `SELECT tags, count(*) AS n FROM (
       SELECT tags FROM task_runs
       WHERE ${isIn(status, tasks)} AND id BETWEEN ? AND ? AND ${tasks.condition} LIMIT ${COUNTED})
     WHERE tags IS NOT NULL GROUP BY tags`,
    tasks.first,
    tasks.last,
    tasks.run,
  );
}

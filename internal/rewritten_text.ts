/**
 * The message that another program has changed tasks of a run.
 *
 * @module
 */
import { formatNumberOf } from "./units.ts";

/** What other programs have done to the tasks of a run. */
export interface RewrittenTasks {
  /** How many they have written over. */
  rewritten?: number | undefined;
  /** How many they have deleted. */
  removed?: number | undefined;
}

/** One sentence, without its full stop; `undefined` where nothing has happened. */
export function rewrittenText({ rewritten = 0, removed = 0 }: RewrittenTasks): string | undefined {
  const parts = [[rewritten, "rewritten"], [removed, "deleted"]] as const;
  const changes = parts.filter(([count]) => count > 0).map(([count, done]) =>
    `${formatNumberOf(count, "task")} ${count === 1 ? "was" : "were"} ${done}`
  );
  if (changes.length === 0) return;
  return `${changes.join(" and ")} by another program; this run keeps its own statuses`;
}

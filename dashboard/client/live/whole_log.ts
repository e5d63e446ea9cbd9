/**
 * The whole log of a task, for those who want to keep it. The page holds the end of it only.
 *
 * @module
 */
import type { LogLine, LogPage } from "../../api.ts";
import type { Backend } from "./backend.ts";

/** Lines of an answer: the most that the server gives. */
const PAGE_LINES = 1_000;

/**
 * Reads every line of a task's log.
 *
 * @param known The end of it, as far as the page has it already
 */
export async function readWholeLog(
  backend: Backend,
  task: number,
  known: LogLine[],
): Promise<LogLine[]> {
  const pages = [known];
  let before: number | null = known[0]?.id ?? null;
  while (before !== null) {
    const path = `api/tasks/${task}/logs?before=${before}&limit=${PAGE_LINES}`;
    const page: LogPage = await backend.get(path);
    pages.push(page.lines);
    before = page.previous;
  }
  return pages.toReversed().flat();
}

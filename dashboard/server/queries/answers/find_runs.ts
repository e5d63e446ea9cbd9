/**
 * Finds runs by name, status, date, and by a text in their name, label or arguments.
 *
 * @module
 */
import { foldText } from "../../../../internal/search_text.ts";
import type { Run, RunPage, RunQuery } from "../../../api.ts";
import { listRuns } from "../runs.ts";
import type { Read } from "../slices.ts";
import { Turn } from "../turn.ts";

/** Runs that are read at a time. */
const SLICE_RUNS = 50;

/** Runs that one request looks at: `next` leads to the others. */
const MAX_LOOKED_AT = 10_000;

/** Whether a query leaves any run out. */
export function narrows({ name, q, status, from, to }: RunQuery): boolean {
  return `${name}${q}${from}${to}` !== "" || status.length > 0;
}

/** The newest runs before `before` that match, at most `limit`. */
export async function findRuns(
  read: Read,
  query: RunQuery,
  { before, limit, signal }: { before: number; limit: number; signal?: AbortSignal },
): Promise<RunPage> {
  const page: RunPage = { runs: [], sparklines: {}, next: null };
  const matches = matcherOf(query);
  const turn = new Turn();
  let next: number | null = before;
  for (let seen = 0; next !== null && seen < MAX_LOOKED_AT; seen += SLICE_RUNS) {
    signal?.throwIfAborted();
    const from: number = next;
    const slice = read((reader) =>
      listRuns(reader, { before: from, limit: SLICE_RUNS, only: query })
    );
    next = slice.next;
    for (const run of slice.runs) {
      if (!matches(run)) continue;
      if (page.runs.length === limit) return { ...page, next: page.runs.at(-1)!.id };
      page.runs.push(run);
      page.sparklines[run.id] = slice.sparklines[run.id]!;
    }
    await turn.pass();
  }
  return { ...page, next };
}

function matcherOf({ q, status }: RunQuery): (run: Run) => boolean {
  const wanted = foldText(q);
  return ({ name, label, args, status: now }) =>
    (status.length === 0 || status.includes(now)) &&
    (wanted === "" ||
      [name, label, args].some((text) => text && foldText(text).includes(wanted)));
}

/**
 * Finds runs by name, status, date, and by a text in their name, label or arguments.
 *
 * What decides is read of many runs at a time; only a run that is shown is read whole, because that takes a hundred times
 * as long.
 *
 * @module
 */
import { foldText } from "../../../../internal/search_text.ts";
import type { Run, RunPage, RunQuery } from "../../../api.ts";
import type { SqlRow, SqlValue } from "../../../../sqlite/values.ts";
import type { Reader } from "../../reader.ts";
import { ORIGINAL_RUN } from "../run_tasks.ts";
import { getRun } from "../runs.ts";
import { sparkline } from "../samples.ts";
import type { Read } from "../slices.ts";
import { textStart, toText } from "../text.ts";
import { Turn } from "../turn.ts";

/** Runs that are looked at in one statement. */
const SLICE_RUNS = 500;

/** Runs that one request looks at: `next` leads to the others. */
const MAX_LOOKED_AT = 100_000;

/** Characters of each text in which one is looked for. */
const SEARCHED_CHARACTERS = 10_000;

/** The columns of the texts, beside the name. */
const TEXTS = ["label", "args"] as const;

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
  const turn = new Turn();
  let next: number | null = before;
  for (let seen = 0; next !== null && seen < MAX_LOOKED_AT; seen += SLICE_RUNS) {
    signal?.throwIfAborted();
    const from: number = next;
    const isFull = read((reader) => {
      const slice = readSlice(reader, query, from);
      next = slice.next;
      for (const id of slice.ids) {
        const run = getRun(reader, id);
        // Whether the process of an active run is gone is known now.
        if (!run || !hasStatus(query, run.status)) continue;
        if (page.runs.length === limit) return true;
        page.runs.push(run);
        page.sparklines[id] = sparkline(reader, run);
      }
      return false;
    });
    if (isFull) return { ...page, next: page.runs.at(-1)!.id };
    await turn.pass();
  }
  return { ...page, next };
}

/** Ids of the runs that may match among the next ones, and where the others begin. */
function readSlice(
  reader: Reader,
  query: RunQuery,
  before: number,
): { ids: number[]; next: number | null } {
  const rows = reader.has("pipeline_runs") ? readRows(reader, query, before) : [];
  const ids = rows.filter(matcherOf(query)).map(({ id }) => Number(id));
  if (rows.length === SLICE_RUNS) return { ids, next: Number(rows.at(-1)!.id) };
  // Tasks of the Python original have no name and no date by which they could be looked for.
  const hasOriginal = before > ORIGINAL_RUN && query.name + query.from + query.to === "" &&
    matchesText(query, ["task_runs"]);
  return { ids: hasOriginal ? [...ids, ORIGINAL_RUN] : ids, next: null };
}

function readRows(reader: Reader, { name, from, to, q }: RunQuery, before: number): SqlRow[] {
  const conditions = ["id < ?"];
  const params: SqlValue[] = [before];
  const where = (condition: string, value: string) => {
    if (value === "") return;
    conditions.push(condition);
    params.push(value);
  };
  where("name = ?", name);
  where("started_at >= ?", from);
  where("started_at <= ?", to);
  const searched = q === ""
    ? []
    : ["name", ...TEXTS.filter((text) => reader.has("pipeline_runs", text))];
  const columns = searched.map((text) => `${textStart(text, SEARCHED_CHARACTERS)} AS ${text}`);
  return reader.all(
    `SELECT ${["id", "status", ...columns].join(", ")} FROM pipeline_runs
     WHERE ${conditions.join(" AND ")} ORDER BY id DESC LIMIT ${SLICE_RUNS}`,
    ...params,
  );
}

function matcherOf(query: RunQuery): (row: SqlRow) => boolean {
  return ({ status, name, label, args }) =>
    (status === "running" || hasStatus(query, status)) &&
    matchesText(query, [name, label, args].map(toText));
}

function hasStatus({ status }: RunQuery, now: SqlValue | Run["status"] | undefined): boolean {
  return status.length === 0 || (status as readonly unknown[]).includes(now);
}

function matchesText({ q }: RunQuery, texts: readonly (string | null)[]): boolean {
  const wanted = foldText(q);
  return wanted === "" || texts.some((text) => text && foldText(text).includes(wanted));
}

/**
 * The last runs of a pipeline in a few words each.
 *
 * @module
 */
import type { PastRun } from "../../../api/pipelines.ts";
import type { RunStatus } from "../../../api/run.ts";
import type { Reader } from "../../reader.ts";
import { shorten, textStart, toText } from "../text.ts";

/** Characters of a label. */
const LABEL_LENGTH = 80;

/** The arguments of a run, as JSON, whole; `null` where they are not stored. */
export function argumentsOf(reader: Reader, run: number): string | null {
  if (!reader.has("pipeline_runs", "args")) return null;
  const row = reader.get("SELECT CAST(args AS BLOB) AS args FROM pipeline_runs WHERE id = ?", run);
  return toText(row?.args);
}

/** The last runs of this name, newest last. */
export function listPastRuns(reader: Reader, name: string, limit: number): PastRun[] {
  if (!reader.has("pipeline_runs")) return [];
  const label = reader.has("pipeline_runs", "label") ? textStart("label", LABEL_LENGTH) : "NULL";
  const owner = reader.has("pipeline_runs", "owner") ? "owner" : "NULL";
  return reader.all(
    `SELECT id, status, started_at, finished_at, ${label} AS label, ${owner} AS owner FROM pipeline_runs
     WHERE name = ? ORDER BY id DESC LIMIT ?`,
    name,
    limit,
  ).map((row) => {
    const isGone = row.status === "running" && typeof row.owner === "string" &&
      reader.owner(row.owner) === "gone";
    const label = toText(row.label);
    return {
      id: Number(row.id),
      status: isGone ? "interrupted" as const : toText(row.status) as RunStatus,
      label: label === null ? null : shorten(label, LABEL_LENGTH),
      startedAt: toText(row.started_at),
      finishedAt: toText(row.finished_at),
    };
  }).reverse();
}

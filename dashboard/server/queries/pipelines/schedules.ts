/**
 * Queries about the schedules of a file.
 *
 * @module
 */
import type { Reader } from "../../reader.ts";
import { toText } from "../text.ts";

/** Since when schedules are paused, by the names of their pipelines. */
export function readPauses(reader: Reader): Map<string, string> {
  if (!reader.has("pipeline_schedules", "paused_at")) return new Map();
  const rows = reader.all(
    "SELECT name, paused_at FROM pipeline_schedules WHERE paused_at IS NOT NULL",
  );
  return new Map(rows.map(({ name, paused_at }) => [toText(name)!, toText(paused_at)!]));
}

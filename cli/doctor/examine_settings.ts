/**
 * What `pipeloom doctor` finds of settings that scripts have changed in a file.
 *
 * @module
 */
import type { Reader } from "../../dashboard/server/reader.ts";
import { addedParts, fileSettings } from "../../sqlite/pragmas.ts";
import { OWN_TABLES } from "../../sqlite/schema.ts";
import { formatNumberOf } from "../../internal/units.ts";
import { sanitize } from "../terminal/sanitize.ts";
import type { Check } from "./check.ts";

/** What SQLite gives a new file. */
const USUAL = { pageSize: 4_096, autoVacuum: "none", encoding: "UTF-8" };

/** Triggers and indexes that are named. */
const MAX_NAMES = 10;

/** Reports how the file differs from a new one, apart from its journal. */
export function examineSettings({ connection }: Reader): Check[] {
  const { pageSize, autoVacuum, encoding } = fileSettings(connection);
  const changed = [
    ...(pageSize === USUAL.pageSize ? [] : [`page_size ${pageSize}`]),
    ...(autoVacuum === USUAL.autoVacuum ? [] : [`auto_vacuum ${autoVacuum}`]),
    ...(encoding === USUAL.encoding ? [] : [`encoding ${encoding}`]),
  ];
  const checks: Check[] = [];
  if (changed.length > 0) {
    const found = `set by a script: ${changed.join(", ")}`;
    checks.push({ title: "Settings", state: "note", found });
  }
  const parts = addedParts(connection, OWN_TABLES);
  if (parts.length > 0) {
    const named = parts.slice(0, MAX_NAMES).map(({ type, name, table }) =>
      `${type} ${sanitize(name)} on ${table}`
    );
    const more = parts.length - named.length;
    checks.push({
      title: "Settings",
      state: "note",
      found: `on tables of pipeloom: ${named.join(", ")}` +
        (more > 0 ? ` and ${formatNumberOf(more, "other")}` : ""),
      advice: "each takes time for every task; a trigger that fails fails the task",
    });
  }
  return checks;
}

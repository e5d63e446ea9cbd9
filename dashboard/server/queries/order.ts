/**
 * The orders in which tasks can be listed, as SQL.
 *
 * What is not known (when a task that waits was started, how long one that runs will take) comes last in either
 * direction: it is given a value past all others.
 *
 * @module
 */
import type { SqlValue } from "../../../sqlite/values.ts";
import type { TaskQuery, TaskSort } from "../../api.ts";

/** Characters of a name that count for its order: the value of a page's last row goes into a URL. */
export const NAME_CHARACTERS = 100;

/** From start to end in milliseconds; none at all where the clock was set back in between. */
export const DURATION_MS =
  "max(0.0, round((julianday(finished_at) - julianday(started_at)) * 86400000.0))";

/** The same as an integer, which JSON has in half the time. */
export const WHOLE_MS = `CAST(${DURATION_MS} AS INTEGER)`;

/** An order of tasks. */
export interface Order {
  /** What it is by. */
  by: TaskSort;
  /** The SQL of its value. */
  value: string;
  /** The value of tasks for which it is not known. */
  unknown?: SqlValue;
  /** Whether the largest comes first. */
  descending: boolean;
}

/** The order that a query asks for. */
export function toOrder(sort: TaskQuery["sort"]): Order {
  const descending = sort.startsWith("-");
  const by = sort.replace("-", "") as TaskSort;
  switch (by) {
    case "id":
      return { by, value: by, descending };
    case "progress":
      // As it is shown; whatever a program may have written is a number then.
      return { by, value: "min(1.0, max(0.0, progress))", descending };
    case "name":
      return { by, value: `substr(CAST(name AS TEXT), 1, ${NAME_CHARACTERS})`, descending };
    case "started": {
      const unknown = descending ? "" : "~";
      return { by, value: `coalesce(started_at, '${unknown}')`, unknown, descending };
    }
    case "duration": {
      const unknown = descending ? -9e15 : 9e15;
      return { by, value: `coalesce(${DURATION_MS}, ${unknown})`, unknown, descending };
    }
    default:
      throw new TypeError(`Cannot sort by ${by satisfies never}`);
  }
}

/** Compares values as SQLite does: texts by their code points, which is the order of their UTF-8. */
export function compareValues(a: SqlValue, b: SqlValue): number {
  if (typeof a !== "string" || typeof b !== "string") return a === b ? 0 : a! < b! ? -1 : 1;
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  // Within a pair of surrogates, the first of which is the same, the second decides as it is.
  const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
  if (Number.isNaN(x) || Number.isNaN(y)) return a.length - b.length;
  return rank(x) - rank(y);
}

/** Surrogates stand for what comes after all other code units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

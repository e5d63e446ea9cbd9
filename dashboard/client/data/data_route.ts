/**
 * The addresses of the Data page: the list of tables, or a table with what is looked for in it.
 *
 * @module
 */

/** How a column is compared, and the words for it. */
export const OPERATORS: readonly [op: string, label: string][] = [
  ["contains", "contains"],
  ["is", "is"],
  ["not", "is not"],
  ["from", "from"],
  ["to", "up to"],
  ["empty", "is empty"],
  ["set", "is not empty"],
];

/** Which rows of a table are shown. */
export interface DataFind {
  column: string;
  op: string;
  value: string;
  /** The id of a run; empty for all. */
  run: string;
}

export const NO_FIND: DataFind = { column: "", op: "contains", value: "", run: "" };

/** The list of tables where `table` is `null`, else one of them. */
export interface DataRoute {
  view: "data";
  table: string | null;
  /** What the names of listed tables contain. */
  q: string;
  find: DataFind;
  cursor: string;
}

/** The way to a table, or to the list. */
export function dataRoute(table: string | null, find: Partial<DataFind> = {}): DataRoute {
  return { view: "data", table, q: "", find: { ...NO_FIND, ...find }, cursor: "" };
}

/** Reads an address; `undefined` where it is that of another page. */
export function parseDataRoute(params: URLSearchParams): DataRoute | undefined {
  if (!params.has("data")) return undefined;
  const op = params.get("op") ?? "";
  const run = params.get("run") ?? "";
  return {
    view: "data",
    table: params.get("table"),
    q: params.get("q") ?? "",
    find: {
      column: params.get("column") ?? "",
      op: OPERATORS.some(([known]) => known === op) ? op : NO_FIND.op,
      value: params.get("value") ?? "",
      run: /^\d{1,15}$/.test(run) ? run : "",
    },
    cursor: params.get("cursor") ?? "",
  };
}

export function formatDataRoute({ table, q, find, cursor }: DataRoute): string {
  const params = new URLSearchParams({ data: "" });
  if (table !== null) params.set("table", table);
  if (q) params.set("q", q);
  addFind(params, find);
  if (cursor) params.set("cursor", cursor);
  return params.toString();
}

/** The parameters of the API for the rows of a table: all of them until there is a value to compare with. */
export function rowsParams({ table, find, cursor }: DataRoute): string {
  const params = new URLSearchParams({ name: table ?? "" });
  const isWhole = find.value !== "" || isAlone(find.op);
  addFind(params, isWhole ? find : { ...find, column: "" });
  if (cursor) params.set("cursor", cursor);
  return params.toString();
}

/** Whether the operator needs no value. */
export function isAlone(op: string): boolean {
  return op === "empty" || op === "set";
}

function addFind(params: URLSearchParams, { column, op, value, run }: DataFind): void {
  if (column) {
    params.set("column", column);
    params.set("op", op);
    if (!isAlone(op)) params.set("value", value);
  }
  if (run) params.set("run", run);
}

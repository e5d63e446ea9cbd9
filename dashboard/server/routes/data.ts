/**
 * The routes about the tables of the file.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { BadRequest, choice, integer, type Params, runId } from "../params.ts";
import { fileParts, tableOfFile } from "../queries/data/download.ts";
import { type DataFind, OPERATORS } from "../queries/data/find_rows.ts";
import { NoData } from "../queries/data/no_data.ts";
import { listData, readDataRows } from "../queries/data/pages.ts";
import { toStream } from "../queries/long_text.ts";
import type { Read } from "../queries/slices.ts";

/** Characters of a text that is looked for. */
const MAX_TEXT = 1_000;

/** Characters of a cursor: eight keys of a thousand bytes each. */
const MAX_CURSOR = 24_000;

/** Adds them, or refusals where they are switched off. */
export function addData(app: Hono, read: Read, { isOn }: { isOn: boolean }): void {
  if (!isOn) {
    const error =
      "The tables of the file are not shown here: the dashboard was started with data: false";
    app.get("/api/data", (c) => c.json({ error }, 404));
    app.get("/api/data/*", (c) => c.json({ error }, 404));
    return;
  }
  app.get("/api/data", async (c) => {
    const { q = "" } = c.req.query();
    if (q.length > MAX_TEXT) throw new BadRequest(`q must have at most ${MAX_TEXT} characters`);
    return c.json(await listData(read, q, c.req.raw.signal));
  });
  app.get("/api/data/rows", (c) =>
    answered(c, async () => {
      const params = c.req.query();
      const { cursor: after = "" } = params;
      if (after.length > MAX_CURSOR) throw new BadRequest("cursor must be next of another page");
      const limit = integer(params, "limit", { min: 1, max: 200, otherwise: 50 });
      const query = { find: findOf(params), after, limit, signal: c.req.raw.signal };
      return c.json(await readDataRows(read, nameOf(params), query));
    }));
  for (const format of ["csv", "json"] as const) {
    app.get(`/api/data/${format}`, (c) =>
      answered(c, () => {
        const params = c.req.query();
        const name = nameOf(params);
        const table = tableOfFile(read, name);
        const isRaw = choice(params, "raw", ["0", "1"] as const) === "1";
        const options = { format, find: findOf(params), isRaw, signal: c.req.raw.signal };
        const type = format === "csv"
          ? "text/csv; charset=utf-8; header=present"
          : "application/json";
        c.header("Content-Disposition", attachment(`${name}.${format}`));
        c.header("Content-Type", type);
        return c.req.method === "HEAD"
          ? c.body(null)
          : c.body(toStream(fileParts(read, table, options)));
      }));
  }
}

async function answered(
  c: Context,
  answer: () => Response | Promise<Response>,
): Promise<Response> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof NoData)) throw error;
    return c.json({ error: error.message }, error.status);
  }
}

function nameOf({ name }: Params): string {
  if (name === undefined) throw new BadRequest("name must be that of a table");
  return name;
}

function findOf(params: Params): DataFind {
  const { column = "", value = "", run } = params;
  if (value.length > MAX_TEXT || value.includes("\0")) {
    throw new BadRequest(`value must have at most ${MAX_TEXT} characters and no NUL character`);
  }
  return {
    column,
    op: choice(params, "op", OPERATORS),
    value,
    run: run ? runId(params) : undefined,
  };
}

/** A name of a file that any system takes, and the whole name for those that read it. */
function attachment(name: string): string {
  const plain = name.replaceAll(/[^\w.-]/g, "_").slice(0, 100);
  const whole = encodeURIComponent(name.slice(0, 200).toWellFormed())
    .replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${whole}`;
}

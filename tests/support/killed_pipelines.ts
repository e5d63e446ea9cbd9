/**
 * The pipelines that are killed (`fixtures/killed.ts`): what each leaves behind, and what must be true of it
 * at every instant.
 *
 * @module
 */
import { BROKEN_FILE, SOURCES } from "../../examples/datasets/sources.ts";
import type { Connection } from "../../db.ts";
import { assertEquals } from "./assert.ts";
import { IS_LONG } from "./long_form.ts";

/** What is known of a pipeline's tasks. */
export interface KilledPipeline {
  /** How the fixture calls it. */
  name: string;
  /** Tables that the tasks write, each with the query of all its rows. */
  tables: Record<string, string>;
  /** How its run ends. */
  status: "done" | "error";
  /** Checks that no task is half there: done without each of its rows, or with rows and not done. */
  checkWhole(reader: Connection): void;
}

/** Of the tasks of `fixtures/durable.ts`. */
const HALVES = `SELECT key FROM task_runs LEFT JOIN total ON item = substr(key, 6)
  LEFT JOIN (SELECT item, count(*) AS n FROM line GROUP BY item) AS l USING (item)
  WHERE (status = 'done') <> (lines IS NOT NULL) OR (lines IS NOT NULL AND lines <> n)`;

const loaded = SOURCES.filter(({ name }) => name !== BROKEN_FILE);

/** Small tasks. */
const durable: KilledPipeline = {
  name: "durable",
  tables: {
    line: "SELECT item, line, text FROM line",
    total: "SELECT item, lines FROM total",
  },
  status: "done",
  checkWhole(reader) {
    assertEquals(reader.prepare(HALVES).all(), []);
  },
};

/** Files of real data in 61 tables, with one task that fails whenever it runs. */
const datasets: KilledPipeline = {
  name: "datasets",
  tables: Object.fromEntries(loaded.map(({ key }) => [key, `SELECT * FROM ${key}`])),
  status: "error",
  checkWhole(reader) {
    const done = reader.prepare("SELECT key, result FROM task_runs WHERE status='done'").all();
    const tables = reader.prepare("SELECT name FROM sqlite_schema WHERE type='table'").all();
    const keys = new Set(loaded.map(({ key }) => key));
    const found = tables.map(({ name }) => `${name}`).filter((name) => keys.has(name));
    assertEquals(found.toSorted(), done.map(({ key }) => `${key}`).toSorted());
    for (const { key, result } of done) {
      const { rows } = JSON.parse(`${result}`);
      assertEquals(reader.prepare(`SELECT count(*) AS n FROM ${key}`).get()!.n, rows, `${key}`);
    }
  },
};

/** Tasks that add others and work in steps. */
const growing: KilledPipeline = {
  name: "growing",
  tables: { leaf: "SELECT key, part FROM leaf" },
  status: "done",
  checkWhole(reader) {
    const twice = "SELECT key, part FROM leaf GROUP BY 1, 2 HAVING count(*) > 1";
    assertEquals(reader.prepare(twice).all(), []);
    const halves = `SELECT key, status, parts FROM task_runs
      LEFT JOIN (SELECT key, group_concat(part, '' ORDER BY part) AS parts FROM leaf GROUP BY key) USING (key)
      WHERE (status = 'done') <> (coalesce(parts, '') = '123')`;
    assertEquals(reader.prepare(halves).all(), []);
  },
};

/** Many small tasks, such that grow, and files of real data, in the long form; some small tasks in the suite. */
export const PIPELINES: readonly KilledPipeline[] = IS_LONG
  ? [durable, growing, datasets]
  : [{ ...durable, name: "few_durable" }];

/**
 * The tables as Markdown: columns as a new database has them, with the text of `columns.ts` for each.
 *
 * @module
 */
import { connect } from "../../sqlite/connect.ts";
import { initSchema, OWN_TABLES } from "../../sqlite/schema.ts";
import { createSchedules } from "../../writer/worker/schedule_store.ts";
import { createWorkers } from "../../writer/worker/tasks/remote_worker_store.ts";
import { COLUMNS, TABLES } from "./columns.ts";

/** Every table with its columns and indexes. */
export async function renderTables(): Promise<string> {
  using connection = await connect(":memory:", { driver: "builtin" });
  initSchema(connection);
  createWorkers(connection);
  createSchedules(connection);
  const lines: string[] = [];
  for (const table of OWN_TABLES) {
    const columns = connection.prepare(
      'SELECT name, type, "notnull" AS required, pk FROM pragma_table_info(?)',
    )
      .all(table) as { name: string; type: string; required: number; pk: number }[];
    const texts = COLUMNS[table] ?? {};
    const unknown = Object.keys(texts).filter((name) =>
      !columns.some((column) => column.name === name)
    );
    const lacking = columns.filter(({ name }) => texts[name] === undefined).map(({ name }) => name);
    if (!TABLES[table] || unknown.length + lacking.length > 0) {
      throw new Error(
        `Cannot describe table ${table}: docs/generate/columns.ts lacks ${lacking} and has ${unknown}. ` +
          `Add a sentence for each column of sqlite/tables/`,
      );
    }
    lines.push(
      `## \`${table}\``,
      "",
      TABLES[table],
      "",
      "| Column | Type | Meaning |",
      "| --- | --- | --- |",
    );
    for (const { name, type, required, pk } of columns) {
      const kind = pk > 0 ? `${type}, key` : required ? type : `${type} or NULL`;
      lines.push(`| \`${name}\` | ${kind} | ${texts[name]} |`);
    }
    lines.push("");
  }
  return lines.join("\n");
}

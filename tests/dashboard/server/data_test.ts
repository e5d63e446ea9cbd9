import { assertEquals } from "../../support/assert.ts";
import type { Comparison, RunRows, TaskDetail } from "../../../dashboard/mod.ts";
import { end, start } from "../../writer/worker/store_fixture.ts";
import type { InsertMessage } from "../../../writer/protocol/write_message.ts";
import { show, type Shown } from "../fixture.ts";

/** Rows of one column. */
function rows(task: number, table: string, ...values: number[]): InsertMessage {
  return { kind: "insert", table, columns: null, values, width: 1, task };
}

Deno.test("GET rows and a task have the rows that were written, a comparison those of both runs", async () => {
  using shown = await show();
  const { store } = shown;
  store.connection.exec(`CREATE TABLE city (n); CREATE TABLE "<b>" (n)`);
  for (const count of [1, 3]) {
    const { run, ids: [id] } = store.startRun(1) as { run: number; ids: number[] };
    const values = Array.from({ length: count }, (_, i) => i);
    store.commit(start(run, id!), rows(id!, "city", ...values), rows(id!, "<b>", 1), end(run, id!));
  }
  const of = (table: string, inserted: number) => ({
    table,
    inserted,
    upserted: 0,
    updated: 0,
    deleted: 0,
  });
  const later = [of("city", 3), of("<b>", 1)];
  assertEquals(await shown.get<RunRows>("/api/runs/2/rows"), { tables: later, left: 0 });
  await shown.get("/api/runs/3/rows", 404);
  const { wrote } = await shown.get<TaskDetail>("/api/tasks/2");
  assertEquals(wrote, later);
  const compared = await shown.get<Comparison>("/api/compare?a=1&b=2");
  assertEquals(compared.wrote, [
    { table: "city", a: of("city", 1), b: of("city", 3) },
    { table: "<b>", a: of("<b>", 1), b: of("<b>", 1) },
  ]);
  await withoutOurs(shown);
});

/** A text of another program, and a file of an earlier version. */
async function withoutOurs({ store, get }: Shown): Promise<void> {
  for (const text of ["null", "3", "{", '{"city":"x","t":{"inserted":-1,"deleted":"<i>"}}']) {
    store.connection.prepare("UPDATE task_runs SET wrote=?").run(text);
    const { wrote = [] } = await get<TaskDetail>("/api/tasks/2");
    assertEquals(
      wrote.map(({ inserted, deleted }) => inserted + deleted),
      wrote.map(() => 0),
      text,
    );
  }
  store.connection.exec("DROP TABLE run_rows; ALTER TABLE task_runs DROP COLUMN wrote");
  assertEquals(await get<RunRows>("/api/runs/2/rows"), { tables: [], left: 0 });
  assertEquals((await get<TaskDetail>("/api/tasks/2")).wrote, undefined);
}

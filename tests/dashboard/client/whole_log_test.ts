import type { LogLine } from "../../../dashboard/api.ts";
import type { Backend } from "../../../dashboard/client/live/backend.ts";
import { readWholeLog } from "../../../dashboard/client/live/whole_log.ts";
import { assertEquals } from "../../support/assert.ts";
import { addRun, show } from "../fixture.ts";

Deno.test("readWholeLog() reads what the page does not have, in order", async () => {
  using shown = await show();
  const [task] = addRun(shown.store, [{ status: "done" }]);
  shown.store.connection.exec(
    `INSERT INTO task_logs (task_id, logged_at, level, message)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3300)
     SELECT ${task}, 'now', 'info', 'line ' || i FROM n`,
  );
  const backend = { get: (path: string) => shown.get(`/${path}`) } as Backend;
  const { lines } = await shown.get<{ lines: LogLine[] }>(`/api/tasks/${task}/logs`);
  const log = await readWholeLog(backend, task!, lines);
  assertEquals(
    log.map(({ message }) => message),
    Array.from({ length: 3300 }, (_, i) => `line ${i + 1}`),
  );
  // All of a short log is there already.
  assertEquals(await readWholeLog(backend, task!, []), []);
});

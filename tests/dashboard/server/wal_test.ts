import { walCheckpoint } from "../../../db.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { addRun, show } from "../fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";

/** Every way to read, a search and an order that look at each row among them. */
const PATHS = [
  "runs",
  "runs/1",
  "runs/1/tasks",
  "runs/1/tasks?q=task+7&sort=name",
  "runs/1/tasks?status=done&sort=-duration",
  "runs/1/samples",
  "runs/1/weave",
  "runs/1/timeline",
  "runs/1/graph",
  "runs/1/export",
  "compare?a=1&b=2",
  "tasks/7",
  "tasks/7/logs",
  "tasks/7/history",
];

for (const driver of DRIVERS) {
  Deno.test(`createDashboard() leaves no snapshot behind that would hold the WAL (${driver})`, async () => {
    using shown = await show({ driver });
    const tasks = Array.from({ length: 12_000 }, (_, i) => ({ status: i % 5 ? "done" : "error" }));
    addRun(shown.store, tasks);
    addRun(shown.store, tasks.slice(0, 10));
    for (const path of [...PATHS.map((path) => `/api/${path}`), "/metrics", "/healthz"]) {
      // Otherwise there is nothing to hold.
      shown.store.connection.exec("UPDATE task_runs SET progress = progress / 2 WHERE id < 100");
      const response = await shown.app.request(path);
      assert(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
      await response.body?.cancel();
      const { busy } = walCheckpoint(shown.store.connection, "TRUNCATE", { waitMs: 0 });
      assertEquals(busy, false, path);
    }
  });
}

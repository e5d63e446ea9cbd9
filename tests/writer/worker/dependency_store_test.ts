import type { DependTasksMessage } from "../../../writer/protocol/task_message.ts";
import type { WriteMessage } from "../../../writer/protocol/write_message.ts";
import { assertEquals } from "../../support/assert.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { AT, end, LATER, openStore, queue, start } from "./store_fixture.ts";

const PAIRS = "SELECT run_id, task_id, depends_on_id FROM task_dependencies ORDER BY 1, 2, 3";
const KEPT = "SELECT dependencies FROM pipeline_runs ORDER BY id";

function depend(run: number, ...pairs: [task: number, needed: number][]): DependTasksMessage {
  return {
    kind: "depend_tasks",
    run,
    ids: pairs.map(([task]) => task),
    dependsOn: pairs.map(([, needed]) => needed),
  };
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: DependencyStore keeps each dependency once, and their number`, async () => {
    using store = await openStore({ driver });
    const first = store.startRun(3);
    const second = store.startRun(2);
    assertEquals(store.column(KEPT), [null, null]);
    store.write(depend(first.run, [2, 1], [3, 1]));
    store.write(depend(first.run, [3, 2], [2, 1]));
    store.write(depend(second.run, [5, 4]));
    assertEquals(store.all(PAIRS).map((row) => Object.values(row)), [
      [first.run, 2, 1],
      [first.run, 3, 1],
      [first.run, 3, 2],
      [second.run, 5, 4],
    ]);
    assertEquals(store.column(KEPT), [3, 1]);
  });

  Deno.test(`${driver}: a run that is resumed begins without its dependencies, others keep theirs`, async () => {
    using store = await openStore({ driver });
    const other = store.startRun(2);
    store.write(depend(other.run, [2, 1]));
    const { run, ids } = store.startRun(0);
    assertEquals(ids, []);
    store.write({ ...queue(run, [3, 4]), keys: ["a", "b"] } as WriteMessage);
    store.write(depend(run, [4, 3]));
    store.commit(start(run, 3), end(run, 3, "error"));
    store.write({ kind: "finish_run", run, status: "error", finishedAt: LATER });
    const resume: WriteMessage = {
      kind: "start_run",
      name: "test",
      workers: 1,
      startedAt: AT,
      reserve: 0,
      resume: run,
    };
    store.write(resume);
    assertEquals(store.all(PAIRS).map((row) => Object.values(row)), [[other.run, 2, 1]]);
    assertEquals(store.column(KEPT), [1, null]);
  });
}

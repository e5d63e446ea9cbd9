import type { Run, WeaveBlock } from "../../../dashboard/api.ts";
import { Weave } from "../../../dashboard/server/live/weave.ts";
import { getRun } from "../../../dashboard/server/queries/runs.ts";
import { readWeave } from "../../../dashboard/server/queries/weave.ts";
import { Reader } from "../../../dashboard/server/reader.ts";
import { TASK_STATUSES, type TaskStatus } from "../../../internal/task_status.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { addRun, addTask, show } from "../fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { IS_LONG } from "../../support/long_form.ts";
import { Random } from "../../support/random.ts";
import type { TestStore } from "../../writer/worker/store_fixture.ts";

const SEEDS = IS_LONG ? 3 : 1;
const ROUNDS = IS_LONG ? 40 : 20;

/** Advances until all is read, and returns in how many looks. */
function advance(weave: Weave, reader: Reader): number {
  let looks = 0;
  do {
    weave.advance(reader, (getRun(reader, 1) as Run).counts, looks === 0);
  } while (!weave.complete && ++looks < 1_000);
  return looks;
}

/** What every task is doing by id, as the cells of blocks show. */
function tasksOf(blocks: WeaveBlock[]): [number, string][] {
  return blocks.flatMap(({ first, cells, ids }) =>
    [...cells].map((cell, i): [number, string] => [ids ? ids[i]! : first + i, cell])
  );
}

/** What every task is doing by id, without SQL for the cells. */
function expected(store: TestStore): [number, string][] {
  return store.all("SELECT id, status, progress FROM task_runs WHERE run_id = 1 ORDER BY id").map(
    ({ id, status, progress }) => {
      const number = TASK_STATUSES.indexOf(status as TaskStatus);
      const tenths = Math.floor(10 * Number(progress));
      return [Number(id), String.fromCharCode(48 + 11 * number + tenths)];
    },
  );
}

/** Moves a task, as the writer does, together with the counts. */
function move(store: TestStore, id: number, status: TaskStatus, progress: number): void {
  const before = store.task(id)!.status;
  const run = store.connection.prepare("UPDATE task_runs SET status=?, progress=? WHERE id=?");
  run.run(status, progress, id);
  store.connection.exec(
    `UPDATE pipeline_runs SET ${before} = ${before} - 1 WHERE id = 1;
     UPDATE pipeline_runs SET ${status} = ${status} + 1 WHERE id = 1`,
  );
}

for (const driver of DRIVERS) {
  for (let seed = 1; seed <= SEEDS; seed++) {
    Deno.test(`Weave follows every change over ${driver} (seed ${seed})`, async () => {
      using shown = await show({ driver });
      const { store } = shown;
      const random = new Random(seed);
      const ids = addRun(store, Array.from({ length: 5_500 }, () => ({})));
      using reader = await Reader.open(shown.db, driver);
      const weave = new Weave(1);
      const pending = [...ids];
      const running: number[] = [];
      let folded: WeaveBlock[] = [];
      let version = 0;
      let nextId = ids.at(-1)! + 1;
      for (let round = 0; round < ROUNDS; round++) {
        store.connection.transaction(() => {
          for (let n = random.below(30); n > 0; n--) {
            const [id] = pending.splice(random.below(pending.length), 1);
            if (id === undefined) break;
            running.push(id);
            move(store, id, "running", 0);
          }
          for (let n = random.below(20); n > 0 && running.length > 0; n--) {
            const at = random.below(running.length);
            if (random.below(2)) move(store, running[at]!, "running", random.below(101) / 100);
            else {
              const end = random.pick(["done", "error", "cancelled"] as const);
              move(store, running.splice(at, 1)[0]!, end, 1);
            }
          }
          for (let n = random.below(8) ? 0 : random.below(1_500); n > 0; n--) {
            // A gap now and then, as when two runs share a file.
            if (random.below(100) === 0) nextId += random.below(5);
            pending.push(nextId);
            addTask(store, 1, nextId++, {});
          }
        });
        advance(weave, reader);
        assert(weave.complete);
        assertEquals(tasksOf(weave.blocks), expected(store), `seed ${seed}, round ${round}`);
        // A client that follows the changes alone knows the same.
        folded = [...folded];
        for (const [place, block] of weave.changedSince(version)) folded[place] = block;
        version = weave.version;
        assertEquals(folded, weave.blocks);
        for (const { cells } of folded) assert(cells.length <= 1_000);
      }
      const whole = await readWeave((query) => query(reader), 1);
      assertEquals(tasksOf(whole!), expected(store));
    });
  }
}

Deno.test("Weave reads many tasks in several looks, and changes of progress as well", async () => {
  using shown = await show();
  const { store } = shown;
  const TASKS = 400_000;
  addRun(store, [{ status: "running" }]);
  store.connection.exec(`
    INSERT INTO task_runs (name, status, progress, run_id)
    WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ${TASKS})
    SELECT 'task', iif(i % 1000 = 0, 'running', 'done'), 0.5, 1 FROM n;
    UPDATE pipeline_runs SET done = ${TASKS - TASKS / 1_000 - 1}, running = ${
    TASKS / 1_000 + 1
  }, last_task_id = ${TASKS}`);
  using reader = await Reader.open(shown.db, "builtin");
  const weave = new Weave(1);
  let looks = 0;
  while (!weave.complete) {
    weave.advance(reader, getRun(reader, 1)!.counts, looks++ === 0);
  }
  assert(looks > 1, "All tasks were read at one look");
  assertEquals(weave.blocks.length, TASKS / 1_000);
  // Progress alone leaves the counts as they are, and is sent all the same, wherever it is.
  const { version } = weave;
  store.connection.exec("UPDATE task_runs SET progress = 0.9 WHERE status = 'running'");
  advance(weave, reader);
  const changed = weave.changedSince(version).map(([place]) => place);
  assertEquals(changed, Array.from({ length: TASKS / 1_000 }, (_, i) => i));
});

Deno.test("Weave finds every change where a look has time for one block alone", async () => {
  using shown = await show();
  const { store } = shown;
  const ids = addRun(store, Array.from({ length: 5_500 }, () => ({})));
  using reader = await Reader.open(shown.db, "builtin");
  const weave = new Weave(1);
  advance(weave, reader);
  // From here on each block takes longer to read than a look may.
  const slow = new Proxy(reader, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function") return member;
      return (...args: unknown[]) => {
        const until = performance.now() + 20;
        while (name === "get" && performance.now() < until);
        return member.apply(target, args);
      };
    },
  });
  for (const id of [ids[10]!, ids[2_010]!]) move(store, id, "done", 1);
  advance(weave, slow);
  assertEquals(tasksOf(weave.blocks), expected(store));
});

Deno.test("Weave does not search for ever where counts and tasks differ", async () => {
  using shown = await show();
  addRun(shown.store, Array.from({ length: 2_500 }, () => ({ status: "done" })));
  shown.store.connection.exec("UPDATE pipeline_runs SET done = 7");
  using reader = await Reader.open(shown.db, "builtin");
  const weave = new Weave(1);
  assert(advance(weave, reader) < 1_000);
  assertEquals(weave.blocks.length, 3);
  // Tasks that are deleted leave the others in their places.
  shown.store.connection.exec("DELETE FROM task_runs WHERE id <= 1200");
  advance(weave, reader);
  assertEquals(tasksOf(weave.blocks), expected(shown.store));
});

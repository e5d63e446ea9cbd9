import {
  canMove,
  canRequeue,
  isEnd,
  noCounts,
  TASK_STATUSES,
  type TaskStatus,
} from "../../internal/task_status.ts";
import { assert, assertEquals } from "../support/assert.ts";

/** The whole table, written out: from, and to what. */
const MOVES: Record<TaskStatus, TaskStatus[]> = {
  queued: ["running", "error", "cancelled"],
  running: ["queued", "done", "error", "cancelled"],
  done: [],
  error: [],
  cancelled: [],
};

Deno.test("TASK_STATUSES holds the five statuses of the original, in the order of a task's life", () => {
  assertEquals([...TASK_STATUSES], ["queued", "running", "done", "error", "cancelled"]);
});

Deno.test("canMove() allows the moves of the state machine and no other", () => {
  for (const from of TASK_STATUSES) {
    for (const to of TASK_STATUSES) {
      assertEquals(canMove(from, to), MOVES[from].includes(to), `${from} to ${to}`);
    }
  }
});

Deno.test("canMove() lets no status move to itself", () => {
  assertEquals(TASK_STATUSES.filter((status) => canMove(status, status)), []);
});

Deno.test("canRequeue() lets a resumed run take up all but what is done or running", () => {
  assertEquals(TASK_STATUSES.filter(canRequeue), ["queued", "error", "cancelled"]);
  // A run that is not resumed never does: no move leads back from an end.
  assertEquals(TASK_STATUSES.filter((status) => isEnd(status) && canMove(status, "queued")), []);
});

Deno.test("isEnd() is true of exactly the statuses that no move leaves", () => {
  for (const status of TASK_STATUSES) {
    assertEquals(isEnd(status), TASK_STATUSES.every((to) => !canMove(status, to)), status);
  }
});

Deno.test("isEnd() is false of an unknown status", () => {
  assert(!isEnd("paused" as TaskStatus));
});

Deno.test("noCounts() is zero for every status, and new each time", () => {
  const counts = noCounts();
  assertEquals({ ...counts }, { queued: 0, running: 0, done: 0, error: 0, cancelled: 0 });
  counts.done++;
  assertEquals(noCounts().done, 0);
});

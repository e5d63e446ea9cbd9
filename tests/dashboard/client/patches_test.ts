import {
  applyRun,
  applyRuns,
  applyTask,
  MOST_LOG_LINES,
  patchList,
} from "../../../dashboard/client/live/patches.ts";
import type {
  LogLine,
  Run,
  RunSnapshot,
  Task,
  TaskDetail,
  WeaveBlock,
} from "../../../dashboard/api.ts";
import { noCounts } from "../../../internal/task_status.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const run = (id: number, done: number): Run => ({
  id,
  name: "etl",
  status: "running",
  startedAt: null,
  finishedAt: null,
  workers: 1,
  driver: null,
  sqliteVersion: null,
  counts: { ...noCounts(), done },
  total: 100,
  dependencies: 0,
  health: null,
  updatedAt: null,
  cancelling: false,
  processGone: false,
  progress: { work: 0, total: null, since: null, before: 0 },
});
const task = (id: number, progress: number) => ({ id, progress }) as unknown as Task;
const block = (first: number, cells: string): WeaveBlock => ({ first, cells });
const line = (id: number): LogLine => ({ id, at: "", level: "info", message: `${id}` });

const SNAPSHOT: RunSnapshot = {
  now: 1000,
  run: run(1, 0),
  samples: [{ at: 500, done: 0, error: 0, cancelled: 0, running: 1 }],
  weave: [block(1, "00"), block(3, "0")],
  tasks: [task(1, 0), task(2, 0)],
  next: "c",
  previous: null,
  reading: false,
};

Deno.test("patchList() changes rows, and their order where it is given", () => {
  const rows = [task(1, 0), task(2, 0), task(3, 0)];
  assertEquals(patchList(rows, undefined), rows);
  const patched = patchList(rows, { rows: [task(2, 0.5)] });
  assertEquals(patched, [task(1, 0), task(2, 0.5), task(3, 0)]);
  assert(
    patched[0] === rows[0] && patched[2] === rows[2],
    "Rows that stay must be the same objects",
  );
  assertEquals(patchList(rows, { order: [4, 3, 1], rows: [task(4, 1)] }).map(({ id }) => id), [
    4,
    3,
    1,
  ]);
  // An unknown row is left out rather than shown as nothing.
  assertEquals(patchList(rows, { order: [9, 1], rows: [] }).map(({ id }) => id), [1]);
});

Deno.test("applyRun() changes what a patch holds and nothing else", () => {
  const state = applyRun(null, "snapshot", SNAPSHOT);
  assert(state);
  const patched = applyRun(state, "patch", {
    now: 2000,
    run: run(1, 5),
    tasks: { rows: [task(2, 0.5)] },
    samples: [{ at: 2000, done: 5, error: 0, cancelled: 0, running: 1 }],
    weave: [[1, block(3, "A")], [2, block(4, "0")]],
  });
  assert(patched);
  assertEquals(patched.run?.counts.done, 5);
  assertEquals(patched.tasks.map(({ progress }) => progress), [0, 0.5]);
  assertEquals(patched.samples.length, 2);
  assertEquals(patched.weave.map(({ cells }) => cells), ["00", "A", "0"]);
  assert(patched.weave[0] === state.weave[0], "A block that stays must be the same object");
  assertEquals([patched.next, patched.previous], ["c", null]);
  assertEquals(state.weave.map(({ cells }) => cells), ["00", "0"]);
  assertEquals(patched.recent.map(({ ended }) => ended), [0, 0, 5]);
});

Deno.test("applyRun() never goes back in time", () => {
  const state = applyRun(null, "snapshot", { ...SNAPSHOT, now: 5000, run: run(1, 50) });
  const old = { ...SNAPSHOT, now: 4000, run: run(1, 40) };
  assertEquals(applyRun(state, "snapshot", old)?.run?.counts.done, 50);
  assertEquals(applyRun(state, "patch", { now: 4000, run: run(1, 40) })?.run?.counts.done, 50);
  // The clock of the server was set back by an hour: it is right.
  const later = applyRun(null, "snapshot", { ...SNAPSHOT, now: 3_600_000, run: run(1, 50) });
  assertEquals(applyRun(later, "snapshot", old)?.run?.counts.done, 40);
});

Deno.test("applyRun() keeps the last seconds over a new snapshot of the same run only", () => {
  const state = applyRun(null, "snapshot", SNAPSHOT);
  const same = applyRun(state, "snapshot", { ...SNAPSHOT, now: 2000, run: run(1, 9), samples: [] });
  assertEquals(same?.recent.map(({ ended }) => ended), [0, 0, 9]);
  const other = applyRun(state, "snapshot", {
    ...SNAPSHOT,
    now: 2000,
    run: run(2, 9),
    samples: [],
  });
  assertEquals(other?.recent.map(({ ended }) => ended), [9]);
});

Deno.test("a patch without a snapshot before it is left out", () => {
  assertEquals(applyRun(null, "patch", { now: 1 }), null);
  assertEquals(applyRuns(null, "patch", { now: 1 }), null);
  assertEquals(applyTask(null, "patch", { now: 1 }), null);
});

Deno.test("applyRuns() merges runs and sparklines", () => {
  const state = applyRuns(null, "snapshot", {
    now: 1,
    runs: [run(1, 0)],
    sparklines: { 1: [1] },
    next: null,
  });
  const patched = applyRuns(state, "patch", {
    now: 2,
    runs: { order: [2, 1], rows: [run(2, 1)] },
    sparklines: { 2: [3] },
    next: 1,
  });
  assertEquals(patched?.runs.map(({ id }) => id), [2, 1]);
  assertEquals(patched?.sparklines, { 1: [1], 2: [3] });
  assertEquals(patched?.next, 1);
});

Deno.test("applyTask() adds each line of the log once, and does not hold them all", () => {
  const detail = { id: 7 } as unknown as TaskDetail;
  const state = applyTask(null, "snapshot", {
    now: 1,
    task: detail,
    logs: { lines: [line(1), line(2)], previous: null },
  });
  const patched = applyTask(state, "patch", { now: 2, logs: [line(2), line(3)] });
  assertEquals(patched?.logs.lines.map(({ id }) => id), [1, 2, 3]);
  assert(patched?.task === detail);
  const many = Array.from({ length: MOST_LOG_LINES }, (_, i) => line(10 + i));
  const full = applyTask(patched, "patch", { now: 3, logs: many });
  assertEquals(full?.logs.lines.length, MOST_LOG_LINES);
  // The lines that were dropped can be asked for again.
  assertEquals(full?.logs.previous, full?.logs.lines[0]?.id);
});

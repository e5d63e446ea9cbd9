import { answerOffline, pageOf } from "../../../dashboard/client/live/offline.ts";
import { defaultQuery } from "../../../dashboard/client/lib/route.ts";
import type {
  ExportedRun,
  RunSnapshot,
  TaskDetail,
  TaskPage,
  TaskQuery,
} from "../../../dashboard/api.ts";
import { noCounts, type TaskStatus } from "../../../internal/task_status.ts";
import { assertEquals } from "../../support/assert.ts";

function task(id: number, status: TaskStatus, changes: Partial<TaskDetail> = {}): TaskDetail {
  return {
    id,
    name: `file-${id}`,
    key: null,
    status,
    progress: status === "done" ? 1 : 0.5,
    message: null,
    error: null,
    startedAt: new Date(id * 1000).toISOString(),
    finishedAt: null,
    updatedAt: null,
    cancelling: false,
    durationMs: null,
    run: { id: 5, name: "etl", status: "error", startedAt: null, cancelling: false },
    attempts: [],
    result: null,
    cut: [],
    ...changes,
  };
}

const TASKS = [
  task(1, "error", { durationMs: 30, message: "Half WAY" }),
  task(2, "done", { durationMs: 10, key: "k", name: "Zebra" }),
  task(3, "done", { durationMs: 20 }),
  task(4, "cancelled", { startedAt: null }),
];
const EXPORTED: ExportedRun = {
  now: 1,
  file: "etl.db",
  run: {
    id: 5,
    name: "etl",
    status: "error",
    startedAt: null,
    finishedAt: null,
    workers: null,
    driver: null,
    sqliteVersion: null,
    counts: { ...noCounts(), done: 2, error: 1, cancelled: 1 },
    total: 4,
    dependencies: 0,
    health: null,
    updatedAt: null,
    cancelling: false,
    processGone: false,
    progress: { work: 0, total: null, since: null, before: 0 },
  },
  samples: [],
  weave: [],
  timeline: { bars: [], started: 3, skipped: 0, at: 0 },
  graph: { nodes: [], edges: [], width: 0, height: 0, left: null },
  tasks: TASKS,
  left: 0,
  logs: { 2: [{ id: 1, at: "", level: "info", message: "hello" }] },
};

const ids = (query: Partial<TaskQuery>) =>
  pageOf(TASKS, { ...defaultQuery(), ...query }).tasks.map(({ id }) => id);

Deno.test("pageOf() filters by status, words and key", () => {
  assertEquals(ids({}), [1, 2, 3, 4]);
  assertEquals(ids({ status: ["done"] }), [2, 3]);
  assertEquals(ids({ status: ["error", "cancelled"] }), [1, 4]);
  assertEquals(ids({ q: "zebra" }), [2]);
  assertEquals(ids({ q: "half way" }), [1]);
  assertEquals(ids({ q: "%" }), []);
  assertEquals(ids({ key: "k" }), [2]);
});

Deno.test("pageOf() sorts by every order, both ways", () => {
  assertEquals(ids({ sort: "-id" }), [4, 3, 2, 1]);
  assertEquals(ids({ sort: "name" }), [2, 1, 3, 4]);
  assertEquals(ids({ sort: "duration" }), [4, 2, 3, 1]);
  assertEquals(ids({ sort: "-duration" }), [1, 3, 2, 4]);
  assertEquals(ids({ sort: "started" }), [4, 1, 2, 3]);
  assertEquals(ids({ sort: "progress" }), [1, 4, 2, 3]);
  assertEquals(ids({ sort: "-progress" }), [3, 2, 4, 1]);
  assertEquals(TASKS.map(({ id }) => id), [1, 2, 3, 4]);
});

Deno.test("pageOf() turns pages to the end and back", () => {
  const turn = (cursor: string | null) =>
    pageOf(TASKS, { ...defaultQuery(), limit: 3, cursor: cursor ?? "" });
  const first = turn("");
  assertEquals([first.tasks.length, first.previous], [3, null]);
  const second = turn(first.next);
  assertEquals([second.tasks.map(({ id }) => id), second.next], [[4], null]);
  assertEquals(turn(second.previous), first);
  assertEquals(turn("nonsense"), first);
});

Deno.test("answerOffline() answers what the page asks for", () => {
  const answer = (path: string) => answerOffline(EXPORTED, path);
  assertEquals(answer("api/runs/5"), EXPORTED.run);
  assertEquals((answer("api/runs/5/tasks?status=done") as TaskPage).tasks.length, 2);
  assertEquals(answer("api/runs/5/timeline"), EXPORTED.timeline);
  assertEquals(answer("api/tasks/3"), TASKS[2]);
  assertEquals(answer("api/tasks/2/logs?before=9"), { lines: EXPORTED.logs[2], previous: null });
  assertEquals(answer("api/tasks/3/logs"), { lines: [], previous: null });
  assertEquals(answer("api/tasks/3/history"), { tasks: [], partial: false });
  for (
    const path of ["api/runs/6", "api/tasks/99", "api/tasks/99/logs", "api/compare?a=1&b=2", "api"]
  ) {
    assertEquals(answer(path), null);
  }
});

Deno.test("answerOffline() gives the snapshot of each view", () => {
  const snapshot = answerOffline(
    EXPORTED,
    "api/live?view=run&run=5&sort=-id&limit=2",
  ) as RunSnapshot;
  assertEquals(snapshot.tasks.map(({ id }) => id), [4, 3]);
  assertEquals([snapshot.run, snapshot.source], [EXPORTED.run, { state: "ok", file: "etl.db" }]);
  assertEquals((answerOffline(EXPORTED, "api/live?view=run&run=6") as RunSnapshot).run, null);
  const lone = answerOffline(EXPORTED, "api/live?view=task&task=2") as { task: TaskDetail };
  assertEquals(lone.task, TASKS[1]);
});

import type { Run, TaskDetail, TaskPage, TaskSnapshot, TaskStep } from "../../../dashboard/api.ts";
import { applyTask } from "../../../dashboard/client/live/patches.ts";
import { assertEquals } from "../../support/assert.ts";
import { addRun, show } from "../fixture.ts";

const [BEGAN, ENDED, LATER] = [
  "2026-01-02T03:04:05.000Z",
  "2026-01-02T03:04:06.000Z",
  "2999-01-02T03:04:06.000Z",
];

Deno.test("a task shows its steps, until when it sleeps, and that it has woken", async () => {
  using shown = await show();
  const [id, other] = addRun(shown.store, [
    { name: "export", status: "running" },
    { name: "other", status: "queued", wakes_at: ENDED },
  ]);
  const { connection } = shown.store;
  const add = connection.prepare(
    `INSERT INTO task_steps (task_id, run_id, number, kind, name, attempt, started_at, finished_at, result, error)
     VALUES (?, 1, ?, ?, ?, 1, '${BEGAN}', ?, ?, ?)`,
  );
  for (let n = 1; n <= 120; n++) add.run(id!, n, "step", `poll ${n}`, ENDED, `"${n}"`, null);
  await using events = await shown.live(`view=task&task=${id}`);
  let state: TaskSnapshot | null = null;
  const next = async () => {
    const { event, data } = (await events.next())!;
    state = applyTask(state, event as "snapshot" | "patch", data);
    return data;
  };
  await next();
  add.run(id!, 121, "step", "down", ENDED, null, '{"name":"Error","message":"No answer"}');
  assertEquals(((await next()).steps as TaskStep[]).map(({ error }) => error), ["No answer"]);
  connection.transaction(() => {
    add.run(id!, 122, "sleep", "", LATER, null, null);
    connection.exec(`UPDATE task_runs SET status='queued', wakes_at='${LATER}' WHERE id=${id}`);
  });
  const { steps, task } = await next();
  assertEquals([steps.length, task.sleepsUntil], [1, LATER]);
  const detail = await shown.get(`/api/tasks/${id}`) as TaskDetail;
  assertEquals(
    detail.steps!.map(({ number }) => number),
    Array.from({ length: 100 }, (_, i) => i + 23),
  );
  assertEquals(detail.steps!.slice(-3), [
    {
      number: 120,
      kind: "step",
      name: "poll 120",
      attempt: 1,
      startedAt: BEGAN,
      finishedAt: ENDED,
      result: '"120"',
      error: null,
    },
    {
      number: 121,
      kind: "step",
      name: "down",
      attempt: 1,
      startedAt: BEGAN,
      finishedAt: ENDED,
      result: null,
      error: "No answer",
    },
    {
      number: 122,
      kind: "sleep",
      name: "",
      attempt: 1,
      startedAt: BEGAN,
      finishedAt: LATER,
      result: null,
      error: null,
    },
  ]);
  assertEquals((state as unknown as TaskSnapshot).task!.steps!.length, 102);
  // Of the other the sleep is over.
  const { tasks } = await shown.get("/api/runs/1/tasks") as TaskPage;
  assertEquals(tasks.map(({ id, sleepsUntil }) => [id, sleepsUntil]), [
    [id, LATER],
    [other, undefined],
  ]);
  const run = await shown.get("/api/runs/1") as Run;
  assertEquals(run.asleep, { tasks: 1, until: LATER });
  connection.exec(`UPDATE task_runs SET status='running' WHERE id=${id}`);
  assertEquals((await next()).task, { status: "running", sleepsUntil: null });
  assertEquals((await shown.get("/api/runs/1") as Run).asleep, undefined);
});

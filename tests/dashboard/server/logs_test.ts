/**
 * Logs of any size: their beginnings in kilobytes, the rest when it is wanted.
 *
 * @module
 */
import type { LogPage, TaskSnapshot } from "../../../dashboard/api.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { addRun, show, type Shown } from "../fixture.ts";

const LINES = 1_100;

/** Writes lines of one task: their numbers, as long as the test asks. */
function log(shown: Shown, task: number, { from = 1, to = LINES, length = 0 } = {}): void {
  shown.store.connection.exec(
    `INSERT INTO task_logs (task_id, run_id, logged_at, level, message)
     WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
     SELECT ${task}, 1, 'now', 'info',
       'line ' || i || ' ' || replace(hex(zeroblob(${length / 2})), '0', '\u00e4') FROM n`,
  );
}

Deno.test("lines of 10,000 characters come by kilobytes, and whole when they are wanted", async () => {
  using shown = await show();
  const [task] = addRun(shown.store, [{ status: "running" }]);
  log(shown, task!, { length: 10_000 });
  await using events = await shown.live(`view=task&task=${task}`);
  const { data } = (await events.next())!;
  const { lines, previous } = (data as TaskSnapshot).logs;
  assert(JSON.stringify(data).length < 250_000 && lines.length > 50, `${lines.length} lines`);
  assertEquals(lines.at(-1)!.message.slice(0, 10), `line ${LINES} `);
  assert(lines.every(({ message, cut }) => message.length === 2_000 && cut));
  // All lines are on some page.
  const ids = lines.map(({ id }) => id);
  for (let before = previous; before !== null;) {
    const page = await shown.get<LogPage>(`/api/tasks/${task}/logs?before=${before}&limit=1000`);
    assert(JSON.stringify(page).length < 250_000);
    ids.unshift(...page.lines.map(({ id }) => id));
    before = page.previous;
  }
  assertEquals(ids, Array.from({ length: LINES }, (_, i) => i + 1));
  const line = await shown.app.request(`/api/tasks/${task}/logs/7`);
  assertMatch(line.headers.get("Content-Disposition")!, /^attachment; filename="task_1_line_7/);
  assertEquals(await line.text(), `line 7 ${"\u00e4".repeat(10_000)}`);
  for (const path of [`/api/tasks/${task}/logs/99999`, "/api/tasks/9/logs/7", "/api/tasks/9/log"]) {
    await shown.get(path, 404);
  }
  await shown.get(`/api/tasks/${task}/logs/x`, 400);
  // A task that writes more than people read sends its last lines, and reports that there are others.
  log(shown, task!, { from: LINES + 1, to: 2 * LINES, length: 1_000 });
  const { data: patch } = await events.until(({ data }) => data.logs);
  assertEquals([patch.skipped, patch.logs.at(-1).id], [true, 2 * LINES]);
  assert(JSON.stringify(patch).length < 120_000);
});

Deno.test("a whole log is one text, read in parts as they are taken", async () => {
  using shown = await show();
  const [task] = addRun(shown.store, [{ status: "done" }]);
  log(shown, task!, { length: 2_000 });
  const ask = () => shown.app.request(`/api/tasks/${task}/log`);
  const answer = await ask();
  assertEquals(answer.headers.get("Content-Type"), "text/plain; charset=utf-8");
  const lines = (await answer.text()).split("\n");
  assertEquals(lines.length, LINES + 1);
  assertEquals(lines[6], `now info line 7 ${"\u00e4".repeat(2_000)}`);
  assertEquals(lines.at(-2)!.slice(0, 19), `now info line ${LINES} `);
  // Nothing is read before it is taken.
  const reader = (await ask()).body!.getReader();
  const { value } = await reader.read();
  assert(value!.length < 300_000, `${value!.length} bytes`);
  await reader.cancel();
  shown.store.connection.exec(`
    INSERT INTO task_logs (task_id, run_id, logged_at, level, message) VALUES
      (${task}, 1, 'now', 'warn', ''), (${task}, 1, 'now', 'error', hex(zeroblob(1000000)) || 'e'),
      (${task}, 1, 'now', 'info', 'the last')`);
  const more = (await (await ask()).text()).split("\n").slice(LINES);
  assertEquals(more, ["now warn ", `now error ${"0".repeat(2_000_000)}e`, "now info the last", ""]);
  const head = await shown.app.request(`/api/tasks/${task}/log`, { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
});

Deno.test("texts of many megabytes are read in parts, for as many as take their time", async () => {
  using shown = await show();
  const [task] = addRun(shown.store, [{ status: "done" }]);
  shown.store.connection.exec(
    `UPDATE task_runs SET result = replace(hex(zeroblob(2500000)), '0', '\u00e4') WHERE id=${task}`,
  );
  const ask = () => shown.app.request(`/api/tasks/${task}/texts/result`);
  const readers = await Promise.all(
    Array.from({ length: 40 }, async () => (await ask()).body!.getReader()),
  );
  for (const reader of readers) {
    const { value } = await reader.read();
    assertEquals(value!.length, 1_000_000);
  }
  for (const reader of readers) await reader.cancel();
  assertEquals(await (await ask()).text(), "\u00e4".repeat(5_000_000));
  const missing = await shown.app.request(`/api/tasks/${task}/texts/error`);
  assertEquals([missing.status, await missing.text()], [200, ""]);
  await shown.get("/api/tasks/77/texts/result", 404);
});

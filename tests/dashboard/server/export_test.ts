import type { ExportedRun, TaskPage, Timeline, WeaveBlock } from "../../../dashboard/api.ts";
import { exportRun } from "../../../dashboard/mod.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../support/assert.ts";
import { InTurn } from "../../../dashboard/server/one_at_a_time.ts";
import { addRun, show } from "../fixture.ts";

/** What a file carries. */
function dataOf(html: string): ExportedRun {
  const elements = [
    ...html.matchAll(/<script type="application\/json" id="export">(.*?)<\/script>/gs),
  ];
  assertEquals(elements.length, 1);
  return JSON.parse(elements[0]![1]!);
}

Deno.test("exportRun() writes a run into one file that makes no request", async () => {
  using shown = await show();
  const times = { started_at: "2026-01-01T00:00:00.000Z", finished_at: "2026-01-01T00:00:01.500Z" };
  const message = '</script><script>alert(1)</script><!-- $& $1 {{assets}} "http://evil.example/x"';
  const ids = addRun(shown.store, [
    { name: message, status: "done", message, result: '{"a":1}', ...times },
    { name: "second", status: "error", error: "Error: no\n    at x", ...times },
    { name: "third" },
  ]);
  shown.store.connection.exec(
    `INSERT INTO task_logs (task_id, logged_at, level, message)
     WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
     SELECT ${ids[1]}, 'now', 'info', 'line ' || i FROM n`,
  );
  const html = await exportRun(shown.db, 1);
  assertMatch(html, /^<!DOCTYPE html>/);
  const data = dataOf(html);
  // Those that failed come first.
  assertEquals(data.tasks.map(({ id }) => id), [ids[1]!, ids[0]!, ids[2]!]);
  assertEquals([data.tasks[1]!.name, data.tasks[1]!.message], [message, message]);
  assertEquals([data.tasks[1]!.result, data.tasks[1]!.durationMs], ['{"a":1}', 1500]);
  assertEquals([data.left, data.file], [0, "etl.db"]);
  assertEquals(data.logs[ids[1]!]!.map(({ message }) => message).slice(0, 2), [
    "line 51",
    "line 52",
  ]);
  assertEquals(data.run, await shown.get("/api/runs/1"));
  assertEquals(data.weave, await shown.get<WeaveBlock[]>("/api/runs/1/weave"));
  // Read at two times.
  const { at: _, ...timeline } = data.timeline;
  const { at: __, ...answer } = await shown.get<Timeline>("/api/runs/1/timeline");
  assertEquals(timeline, answer);
  assertEquals(data.graph, await shown.get("/api/runs/1/graph"));
  assertEquals(data.tasks[0], await shown.get(`/api/tasks/${ids[1]}`));

  // Whatever the page loads is in it.
  const page = html.replace(/<script type="application\/json".*?<\/script>/s, "");
  assert(!page.includes("{{"));
  const loaded = [...page.matchAll(/<[a-z]+ [^>]*?\b(?:src|href|action)="([^"]*)"/g)];
  assert(loaded.length > 0 && loaded.every(([, address]) => address!.startsWith("data:")));
  assertEquals(page.match(/url\(\s*["']?(https?:|\/\/)|@import/), null);
});

Deno.test("exportRun() lets the file run its own script alone, and keeps licences", async () => {
  using shown = await show();
  addRun(shown.store, [{ status: "done" }]);
  const html = await exportRun(shown.db, 1);
  const policy = html.match(/<meta http-equiv="Content-Security-Policy" content="([^"]*)">/)![1]!;
  const sources = new Map(
    policy.split("; ").map((part) => {
      const [name, ...values] = part.split(" ");
      return [name, values.join(" ")];
    }),
  );
  assertEquals(sources.get("default-src"), "'none'");
  // Before anything that it governs.
  assert(html.indexOf("Content-Security-Policy") < html.search(/<(script|style|link)\b/));
  for (const [element, directive] of [["script", "script-src"], ["style", "style-src"]]) {
    const texts = [...html.matchAll(new RegExp(`<${element}>([^]*?)</${element}>`, "g"))];
    assertEquals(texts.length, 1);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts[0]![1]!));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    assertEquals(sources.get(directive!), `'sha256-${hash}'`);
    assertMatch(texts[0]![1]!, /Leon Sorokin\n\nPermission is hereby granted/);
  }
});

Deno.test("exportRun() leaves out what is too much, failed tasks last", async () => {
  using shown = await show();
  addRun(shown.store, [{ status: "done" }]);
  shown.store.connection.exec(`
    INSERT INTO task_runs (name, status, run_id)
    WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
    SELECT 'task ' || i, iif(i % 4000 = 0, 'error', 'done'), 1 FROM n;
    UPDATE pipeline_runs SET done = 11997, error = 3, last_task_id = 12000`);
  const { tasks, left, weave } = dataOf(await exportRun(shown.db, 1));
  assertEquals([tasks.length, left, weave.length], [10_000, 2_000, 12]);
  assertEquals(tasks.slice(0, 4).map(({ id }) => id), [4_000, 8_000, 12_000, 1]);
  assertEquals((await shown.get<TaskPage>("/api/runs/1/tasks?status=error")).tasks.length, 3);
});

Deno.test("exportRun() names what is not there", async () => {
  using shown = await show();
  addRun(shown.store, [{}]);
  for (const run of [0, 2, -1, NaN]) {
    await assertRejects(() => exportRun(shown.db, run), RangeError, `run ${run} of etl.db`);
  }
  const missing = shown.db.replace("etl.db", "no.db");
  await assertRejects(() => exportRun(missing, 1), Error, "There is no no.db");
});

Deno.test("an export is made one at a time, and given up with its browser", async () => {
  using shown = await show();
  addRun(shown.store, [{ name: "ä".repeat(1_000), result: "😀".repeat(500_000) }]);
  const ask = () => shown.app.request("/api/runs/1/export");
  const first = await ask();
  const reader = first.body!.getReader();
  await reader.read();
  for (let n = 0; n < 12; n++) {
    const other = await ask();
    assertEquals([other.status, other.headers.get("Retry-After")], [503, "10"]);
    await other.body?.cancel();
  }
  await reader.cancel();
  const whole = await (await ask()).text();
  assert(whole.includes("😀".repeat(1_000)) && !whole.includes("\ufffd"));
  assertEquals((await shown.app.request("/api/runs/9/export")).status, 404);
  assertEquals((await ask()).status, 200);
});

Deno.test("comparisons wait for each other, and one whose request was closed is not made", async () => {
  const turns = new InTurn();
  const { signal } = new AbortController();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const work = (name: string, wait?: Promise<void>) => async () => {
    seen.push(`${name} begins`);
    await wait;
    seen.push(`${name} ends`);
    if (name === "first") throw new Error(name);
  };
  const gone = new AbortController();
  const first = turns.run(signal, work("first", gate.promise));
  const second = turns.run(gone.signal, work("second"));
  const third = turns.run(signal, work("third"));
  gone.abort();
  gate.resolve();
  assertEquals(
    (await Promise.allSettled([first, second, third])).map(({ status }) => status),
    ["rejected", "rejected", "fulfilled"],
  );
  assertEquals(seen, ["first begins", "first ends", "third begins", "third ends"]);
});

import type { RunLogPage } from "../../../dashboard/api.ts";
import { assertEquals, assertMatch } from "../../support/assert.ts";
import { addRun, show, type Shown } from "../fixture.ts";

const LEVELS = ["debug", "info", "warn", "error"];

/** A run of two tasks, with the lines of another run between its own. */
function logOf(shown: Shown, count: number): number[] {
  const ids = addRun(shown.store, [{ name: "first" }, { name: "second" }]);
  const insert = shown.store.connection.prepare(
    "INSERT INTO task_logs (task_id, run_id, logged_at, level, message) VALUES (?, ?, ?, ?, ?)",
  );
  shown.store.connection.transaction(() => {
    for (let i = 1; i <= count; i++) {
      const run = i % 10 === 0 ? 2 : 1;
      const text = i % 7 === 0 ? `Lö${i} ÄRGER` : `line ${i}`;
      insert.run(ids[i % 2]!, run, "2026-11-27T00:00:00.000Z", LEVELS[i % 4]!, text);
    }
  });
  return ids;
}

Deno.test("the log of a run is read from its end, searched, by level and by task", async () => {
  using shown = await show();
  const [, second] = logOf(shown, 12_000);
  const read = (params: string) => shown.get<RunLogPage>(`/api/runs/1/logs?${params}`);
  const idsOf = ({ lines }: RunLogPage) => lines.map(({ id }) => id);

  const last = await read("limit=3");
  assertEquals([idsOf(last), last.previous, last.last], [[11_997, 11_998, 11_999], 11_997, 12_000]);
  assertEquals(last.lines.map(({ task }) => task.name), ["second", "first", "second"]);
  assertEquals(idsOf(await read("limit=2&before=11997")), [11_995, 11_996]);

  // All pages together are all lines, each once.
  const seen: number[] = [];
  const params = `level=warn&q=${encodeURIComponent("ärger")}&task=${second}&limit=100`;
  for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null;) {
    const page: RunLogPage = await read(`${params}&before=${before}`);
    seen.unshift(...idsOf(page));
    before = page.previous;
  }
  const isWanted = (i: number) => i % 10 > 0 && i % 7 === 0 && i % 4 >= 2 && i % 2 === 1;
  const wanted = Array.from({ length: 12_000 }, (_, i) => i + 1).filter(isWanted);
  assertEquals(seen, wanted);

  // What is logged later comes after the last line that was looked at, whether it matched or not.
  const after = await read(`q=nothing&after=${last.last}`);
  assertEquals(after, { lines: [], previous: null, last: 12_000 });
  shown.store.connection.exec(`INSERT INTO task_logs (task_id, run_id, logged_at, level, message)
    VALUES (${second}, 1, '2026-11-27T00:00:01.000Z', 'info', 'late ${"x".repeat(5_000)}')`);
  const [late] = (await read(`after=${after.last}`)).lines;
  assertEquals([late!.id, late!.message.length, late!.cut], [12_001, 2_000, true]);
  await shown.get("/api/runs/1/logs?level=loud", 400);
  await shown.get("/api/runs/9/logs", 404);

  const response = await shown.app.request("/api/runs/1/log?level=warn");
  const lines = (await response.text()).trimEnd().split("\n");
  assertMatch(response.headers.get("Content-Disposition")!, /run_1\.log/);
  assertEquals(lines.length, 12_000 * 0.5 - 600);
  assertEquals(lines[0], "2026-11-27T00:00:00.000Z warn first: line 2");
  const all = await (await shown.app.request(`/api/runs/1/log?q=late`)).text();
  assertEquals(all, `2026-11-27T00:00:01.000Z info second: late ${"x".repeat(5_000)}\n`);
});

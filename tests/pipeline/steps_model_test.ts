/**
 * Random tasks of steps and sleeps against a model: whatever fails, whenever the run is stopped and resumed, each step
 * is stored once, with its rows once where the task is atomic, and the calls after it see what it returned.
 */
import fc from "fast-check";
import { type PipelineOptions, startPipeline, type TaskContext } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { check } from "../support/property.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

/** One call of a task. A number is how many attempts fail first. */
type Call =
  | { do: "step"; fails: number }
  | { do: "caught"; fails: number }
  | { do: "sleep"; ms: number }
  | { do: "throw"; fails: number }
  | { do: "insert" };

/** How a run is made, and after which number of calls it is stopped and resumed each time. */
interface Plan {
  tasks: Call[][];
  stops: number[];
  atomic: boolean;
  workers: number;
}

const fails = fc.constantFrom(0, 0, 0, 1, 2);
const call: fc.Arbitrary<Call> = fc.oneof(
  fails.map((fails) => ({ do: "step" as const, fails })),
  fails.map((fails) => ({ do: "caught" as const, fails })),
  fc.constantFrom(0, 1, 5).map((ms) => ({ do: "sleep" as const, ms })),
  fails.map((fails) => ({ do: "throw" as const, fails })),
  fc.constant({ do: "insert" as const }),
);

const plan: fc.Arbitrary<Plan> = fc.record({
  tasks: fc.array(fc.array(call, { maxLength: 7 }), { minLength: 1, maxLength: 4 }),
  stops: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }),
  atomic: fc.boolean(),
  workers: fc.integer({ min: 1, max: 3 }),
});

Deno.test("tasks of random steps, sleeps and failures, stopped and resumed, come to what a model predicts", async () => {
  await check(plan, async ({ tasks, stops, atomic, workers }) => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    /** How often each call has failed, and each work of a step has been done. */
    const failed = new Map<string, number>();
    const ran = new Map<string, number>();
    let left = Infinity;
    let stop = () => {};
    const failsNow = (name: string, times: number) => {
      const before = failed.get(name) ?? 0;
      failed.set(name, before + 1);
      return before < times;
    };
    const run = async ({ key, calls }: { key: string; calls: Call[] }, task: TaskContext) => {
      const insert = (text: string) => task.insert("line", [[text]], { columns: ["text"] });
      const seen: unknown[] = [];
      for (const [i, call] of calls.entries()) {
        const name = `${key} ${i}`;
        if (--left === 0) stop();
        if (call.do === "sleep") await task.sleep(call.ms);
        else if (call.do === "insert") await insert(`${name} outside`);
        else if (call.do === "throw") {
          if (failsNow(name, call.fails)) throw new Error(name);
        } else {
          const step = task.step(`${i}`, async () => {
            ran.set(name, (ran.get(name) ?? 0) + 1);
            await insert(name);
            if (failsNow(name, call.fails)) throw new Error(name);
            return { name, nth: ran.get(name) };
          });
          const result = await (call.do === "step" ? step : step.catch((error) => {
            if (error.message !== name) throw error;
            return error.message;
          }));
          seen.push(result);
        }
      }
      return seen;
    };
    const options: PipelineOptions<{ key: string; calls: Call[] }> = {
      db,
      schema: "CREATE TABLE IF NOT EXISTS line (text TEXT)",
      name: "model",
      atomic,
      workers,
      resume: true,
      retries: 50,
      retryDelayMs: 0,
      run,
    };
    const items = tasks.map((calls, i) => ({ key: `k${i}`, calls }));
    for (const stopsAt of [...stops, Infinity]) {
      left = stopsAt;
      const pipeline = startPipeline(items, options);
      stop = () => void pipeline.cancel();
      const { status, failures } = await pipeline.finished;
      // What fails while the run is being stopped is not run again before it is resumed.
      if (stopsAt === Infinity) assertEquals([status, failures], ["done", []]);
      if (status === "done") break;
    }
    const rows = await readValues(db, "SELECT key, status, result FROM task_runs ORDER BY key");
    for (const [i, [key, status, result]] of rows.entries()) {
      assertEquals([key, status], [`k${i}`, "done"]);
      const calls = tasks[i]!;
      const stored = await readValues(
        db,
        `SELECT s.number, s.kind, s.name, s.error IS NULL, s.result FROM task_steps s
         JOIN task_runs t ON t.id=s.task_id WHERE t.key='${key}' ORDER BY s.number`,
      );
      const made = calls.flatMap((call, i) =>
        call.do === "throw" || call.do === "insert" ? [] : [i]
      );
      // What came last and was not worth a commit is not stored.
      assert(stored.length <= made.length);
      const seen = JSON.parse(String(result)) as unknown[];
      let at = 0;
      made.forEach((place, n) => {
        const { do: kind } = calls[place]!;
        const row = stored[n];
        const name = `${key} ${place}`;
        if (kind === "sleep") {
          if (row) assertEquals(row.slice(0, 3), [n + 1, "sleep", ""]);
          return;
        }
        const value = seen[at++];
        if (!row) return assertEquals([kind, value], ["caught", name]);
        assertEquals(row.slice(0, 3), [n + 1, "step", `${place}`]);
        // What the task saw at last is what is stored.
        if (row[3] === 1) assertEquals(value, JSON.parse(String(row[4])));
        else assertEquals([kind, value], ["caught", name]);
      });
      const lines = await readValues(
        db,
        `SELECT text, count(*) FROM line WHERE text LIKE '${key} %' GROUP BY text ORDER BY text`,
      );
      const expected = calls.flatMap((call, place): [string, number][] => {
        const name = `${key} ${place}`;
        if (call.do === "insert") return [[`${name} outside`, 1]];
        if (call.do === "sleep" || call.do === "throw") return [];
        const row = stored[made.indexOf(place)];
        return row?.[3] === 1 ? [[name, 1]] : [];
      }).sort(([a], [b]) => a < b ? -1 : 1);
      if (atomic) assertEquals(lines, expected);
      else {
        const written = new Set(lines.map(([text]) => text));
        for (const [text] of expected) assert(written.has(text), text);
      }
    }
  }, { runs: 12 });
});

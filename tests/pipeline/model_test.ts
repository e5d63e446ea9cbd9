/**
 * Random pipelines against a model: whatever their tasks do, whether they fail, are run again, depend on each other,
 * and are resumed in the end, the tables hold what the tasks in their order would have written one by one.
 */
import fc from "fast-check";
import { runPipeline } from "../../mod.ts";
import type { SqlValue } from "../../sqlite/values.ts";
import { assertEquals } from "../support/assert.ts";
import { DRIVERS } from "../support/drivers.ts";
import { interpret, type Program, SCHEMA, type Step } from "../fixtures/programs.ts";
import { check } from "../support/property.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

/** Pipelines in the suite. */
const RUNS = 15;

const POOL = { module: new URL("../fixtures/programs.ts", import.meta.url), export: "interpret" };

/** How a pipeline is run. */
interface Manner {
  atomic: boolean;
  retries: number;
  workers: number;
  pool: boolean;
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.nat(3).map((rows) => ({ do: "insert" as const, rows })),
  fc.constant({ do: "execute" as const }),
  fc.boolean().map((bad) => ({ do: "transaction" as const, bad })),
  fc.constantFrom(0.25, 0.5).map((fraction) => ({ do: "progress" as const, fraction })),
  fc.constant({ do: "throw" as const }),
  fc.boolean().map((waits) => ({ do: "refused" as const, waits })),
  fc.constant({ do: "flush" as const }),
);

/** Programs that depend on some of those before them. */
const programs = fc.array(
  fc.record({
    needs: fc.array(fc.nat(5), { maxLength: 2 }),
    steps: fc.array(step, { maxLength: 6 }),
    until: fc.constantFrom(1, 1, 2, 3, 9),
  }),
  { maxLength: 8, size: "max" },
).map((drafts) =>
  drafts.map(({ needs, ...rest }, i): Program => ({
    key: `k${i}`,
    needs: [...new Set(needs.filter((need) => need < i).map((need) => `k${need}`))],
    ...rest,
  }))
);

const pipeline = fc.record({
  programs,
  manner: fc.record({
    atomic: fc.boolean(),
    retries: fc.nat(2),
    workers: fc.integer({ min: 1, max: 3 }),
    pool: fc.constantFrom(false, false, false, true),
  }),
});

/** What the database should hold after a run, and after the one that resumes it. */
class Model {
  /** Key, status, progress and result. */
  readonly tasks = new Map<string, [string, number, string | null]>();
  readonly facts: SqlValue[][] = [];
  /** Key, attempt and status of attempts that are not the last. */
  readonly attempts: SqlValue[][] = [];

  run(programs: readonly Program[], { atomic, retries }: Manner): void {
    for (const program of programs) {
      const { key, needs } = program;
      const before = this.tasks.get(key);
      if (before?.[0] === "done") continue;
      if (before && before[0] !== "cancelled") this.#keep(key, before[0]);
      if (needs.some((need) => this.tasks.get(need)![0] !== "done")) {
        this.tasks.set(key, ["cancelled", 0, null]);
        continue;
      }
      for (let attempt = 1;; attempt++) {
        const { facts, progress, failed } = attemptOf(program, attempt, atomic);
        this.facts.push(...facts);
        const end = failed ? "error" : "done";
        this.tasks.set(key, failed ? [end, progress, null] : [end, 1, `${attempt}`]);
        if (!failed || attempt > retries) break;
        this.#keep(key, "error");
      }
    }
  }

  #keep(key: string, status: string): void {
    const number = 1 + this.attempts.filter(([other]) => other === key).length;
    this.attempts.push([key, number, status]);
  }
}

/** What one attempt at a program writes. */
function attemptOf({ key, steps, until }: Program, attempt: number, atomic: boolean) {
  const bad = attempt < until;
  const facts: SqlValue[][] = [];
  let progress = 0;
  let failed = false;
  for (const [i, step] of steps.entries()) {
    if (step.do === "insert") {
      for (let n = 0; n < step.rows; n++) facts.push([key, i, attempt, n]);
    }
    if (step.do === "execute") facts.push([key, i, attempt, -1]);
    if (step.do === "progress") progress = step.fraction;
    if (step.do === "transaction" && !(bad && step.bad)) {
      facts.push([key, i, attempt, 0], [key, i, attempt, 1]);
    }
    if (!bad) continue;
    const fails = step.do === "throw" || step.do === "refused" ||
      (step.do === "transaction" && step.bad);
    failed ||= fails;
    // An atomic task only learns what was refused when all of it is written.
    if (fails && (!atomic || step.do === "throw" || (step.do === "refused" && !step.waits))) break;
  }
  return { facts: failed && atomic ? [] : facts, progress, failed };
}

/** Rows in an order that does not depend on whose turn it was. */
function sorted(rows: SqlValue[][]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

async function compare(db: string, model: Model): Promise<void> {
  const counts = { done: 0, error: 0, cancelled: 0 };
  for (const [end] of model.tasks.values()) counts[end as keyof typeof counts]++;
  const status = counts.error > 0 ? "error" : "done";
  assertEquals(sorted(await readValues(db, "SELECT * FROM fact")), sorted(model.facts));
  assertEquals(
    sorted(await readValues(db, "SELECT key, status, progress, result FROM task_runs")),
    sorted([...model.tasks].map(([key, row]) => [key, ...row])),
  );
  assertEquals(
    sorted(
      await readValues(
        db,
        `SELECT key, attempt, task_attempts.status FROM task_attempts
         JOIN task_runs ON task_runs.id = task_id`,
      ),
    ),
    sorted(model.attempts),
  );
  assertEquals(
    await readValues(
      db,
      "SELECT status, queued, running, done, error, cancelled FROM pipeline_runs",
    ),
    [[status, 0, 0, counts.done, counts.error, counts.cancelled]],
  );
}

for (const driver of DRIVERS) {
  Deno.test(`runPipeline() does with random tasks what a model does (${driver})`, async () => {
    await check(pipeline, async ({ programs, manner }) => {
      using folder = tempFolder();
      const db = folder.file("model.db");
      const { pool, ...rest } = manner;
      const model = new Model();
      // Then once more, with nothing bad any more.
      for (const items of [programs, programs.map((program) => ({ ...program, until: 1 }))]) {
        model.run(items, manner);
        const report = await runPipeline(items, {
          db,
          driver,
          schema: SCHEMA.replace("TABLE", "TABLE IF NOT EXISTS"),
          dependsOn: ({ needs }) => needs,
          resume: true,
          retryDelayMs: 0,
          run: pool ? POOL : interpret,
          ...rest,
        });
        await compare(db, model);
        if (report.status === "done") return;
      }
      throw new Error("It is not done when nothing is bad");
    }, { runs: RUNS });
  });
}

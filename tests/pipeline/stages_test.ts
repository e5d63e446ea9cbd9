import {
  definePipeline,
  type PipelineOptions,
  runPipeline,
  startPipeline,
  type TaskContext,
  taskModule,
} from "../../mod.ts";
import type { Work } from "../fixtures/staged_tasks.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/staged_tasks.ts", import.meta.url);
const stage = ({ stage }: Work) => stage;

Deno.test("one run has stages on this thread and on Workers, whose tasks read and add those of the others", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const threads = new Set<string>();
  const COUNT = 10;
  const numbers = Array.from({ length: COUNT }, (_, i) => i);
  const items = [
    ...numbers.map((i): Work => ({ key: `fetch ${i}`, stage: "fetch" })),
    ...numbers.map((i): Work => ({ key: `parse ${i}`, stage: "parse", needs: [`fetch ${i}`] })),
  ];
  const report = await runPipeline(items, {
    db,
    schema: "CREATE TABLE parsed (number INTEGER)",
    run: {
      fetch: ({ key }) => Number(key.split(" ")[1]),
      parse: { module, export: "parse" },
      load: async ({ needs }, task) => {
        threads.add("load");
        return 1 + await task.resultOf<number>(needs![0]!);
      },
    },
    stage,
    dependsOn: ({ needs }) => needs,
    workers: { fetch: 3, parse: 2 },
  });
  assertEquals(report.failures, []);
  assertEquals([report.status, report.counts.done], ["done", 3 * COUNT]);
  assertEquals(threads.size, 1);
  const results = await readValues(
    db,
    "SELECT result FROM task_runs WHERE key LIKE 'load %' ORDER BY CAST(result AS INTEGER)",
  );
  assertEquals(results.map(([result]) => Number(result)), numbers.map((i) => 2 * i + 1));
  assertEquals(
    await readValues(db, "SELECT stage, count(*) FROM task_runs GROUP BY 1 ORDER BY 1"),
    [
      ["fetch", COUNT],
      ["load", COUNT],
      ["parse", COUNT],
    ],
  );
  assertEquals(await readValues(db, "SELECT count(*), sum(number) FROM parsed"), [[
    COUNT,
    COUNT * (COUNT - 1),
  ]]);
  assertEquals(await readValues(db, "SELECT workers FROM pipeline_runs"), [[3 + 2 + 16]]);
});

Deno.test("a stage that is full keeps no task of another waiting, and runs no more than its workers at once", async () => {
  const slow = Promise.withResolvers<void>();
  const running: Record<string, number> = {};
  const most: Record<string, number> = {};
  let quick = 0;
  const count = async (name: string, work: () => unknown) => {
    running[name] = (running[name] ?? 0) + 1;
    most[name] = Math.max(most[name] ?? 0, running[name]);
    await work();
    running[name]--;
  };
  const items = Array.from({ length: 40 }, (_, i): Work => ({
    key: `${i}`,
    // All slow ones come first.
    stage: i < 20 ? "slow" : "quick",
  }));
  const report = await runPipeline(items, {
    db: ":memory:",
    run: {
      slow: () => count("slow", () => slow.promise),
      quick: () =>
        count("quick", async () => {
          await undefined;
          if (++quick === 20) slow.resolve();
        }),
    },
    stage,
    workers: { slow: 2, quick: 3 },
  });
  assertEquals(report.counts.done, 40);
  assertEquals(most, { slow: 2, quick: 3 });
});

Deno.test("stages have limits of tags, priorities, retries and generators as other tasks do", async () => {
  const order: string[] = [];
  let fails = 3;
  async function* items(): AsyncGenerator<Work> {
    for (let i = 0; i < 50; i++) yield { key: `${i}`, stage: i % 2 ? "odd" : "even" };
  }
  let running = 0;
  const work = async ({ key }: Work) => {
    assert(++running <= 2, "the limit holds for both stages together");
    await undefined;
    running--;
    order.push(key);
    if (key === "7" && fails-- > 0) throw new Error("again");
  };
  const report = await runPipeline(items(), {
    db: ":memory:",
    run: { odd: work, even: work },
    stage,
    tags: () => ["server"],
    limits: { server: 2 },
    priority: ({ key }) => key === "9" ? 1 : 0,
    retries: 3,
    retryDelayMs: 1,
    workers: 8,
  });
  assertEquals([report.counts.done, order.length], [50, 53]);
});

Deno.test("tasks of stages are cancelled where they run, and a Worker that hangs keeps no other stage", async () => {
  const begun = Promise.withResolvers<void>();
  const items: Work[] = [{ key: "a", stage: "hang" }, { key: "b", stage: "here" }];
  using folder = tempFolder();
  const pipeline = startPipeline(items, {
    db: folder.file("a.db"),
    run: {
      hang: { module, export: "hang" },
      here: (_, task) => {
        begun.resolve();
        return new Promise((_, reject) =>
          task.signal.addEventListener("abort", () => reject(task.signal.reason))
        );
      },
    },
    stage,
    workers: 1,
    abortGraceMs: 1,
  });
  await begun.promise;
  await pipeline.cancel(2);
  await pipeline.cancel(1);
  const { status, counts } = await pipeline.finished;
  assertEquals([status, counts.cancelled], ["cancelled", 2]);
});

Deno.test("a stage that there is not is refused with the names of those that are", async () => {
  const run = { fetch: () => 1, parse: () => 2 };
  const options = { db: ":memory:", run } as const;
  const cases: [Partial<PipelineOptions<string>>, string][] = [
    [
      { stage: () => "fetsch" },
      'Cannot run item 0 in the stage "fetsch": did you mean "fetch"? The stages of run are "fetch", "parse"',
    ],
    [
      { stage: () => "load" },
      'Cannot run item 0 in the stage "load": the stages of run are "fetch", "parse"',
    ],
    [
      { stage: () => undefined as never },
      'in the stage undefined: the stages of run are "fetch", "parse"',
    ],
    [{ stage: () => "toString" }, 'in the stage "toString": the stages'],
    [{}, 'run has the stages "fetch", "parse", and option stage is missing'],
    [
      { stage: () => "fetch", workers: { parze: 1 } },
      'workers name the stage "parze", which run does not have; did you mean "parse"?',
    ],
    [
      { stage: () => "fetch", workers: { parse: 0 } },
      'expected an integer ≥ 1 for workers of "parse", got 0',
    ],
    [
      { stage: () => "fetch", run: { fetch: 5 as never } },
      'for the stage "fetch" of run, got 5',
    ],
    [{ stage: () => "fetch", run: () => 1 }, "option stage needs stages, and run is one function"],
    [
      { workers: { fetch: 1 } as never, run: () => 1 },
      "expected an integer ≥ 1 for workers, got { fetch: 1 }",
    ],
  ];
  for (const [wrong, text] of cases) {
    const error = await assertRejects(
      async () => await runPipeline(["a"], { ...options, ...wrong } as PipelineOptions<string>),
    );
    assertStringIncludes((error as Error).message, text);
  }
  // Of a generator the items before it run.
  const done: string[] = [];
  function* items() {
    yield "a";
    yield "b";
  }
  const error = await assertRejects(() =>
    runPipeline(items(), {
      db: ":memory:",
      run: { fetch: (item) => done.push(item) },
      stage: (item) => item === "a" ? "fetch" : "c",
    })
  ) as Error;
  assertStringIncludes(error.message, 'Cannot run item 1 in the stage "c"');
  assertEquals(done, ["a"]);
});

for (
  const [where, misspell] of Object.entries({
    "this thread": (_: Work, task: TaskContext) => task.add([{ key: "c", stage: "Parse" }]),
    "a Worker": { module, export: "misspell" },
  })
) {
  Deno.test(`a task on ${where} that adds one of a stage that there is not fails, and nothing is added`, async () => {
    using folder = tempFolder();
    const db = folder.file("a.db");
    const report = await runPipeline<Work>([{ key: "a", stage: "misspell" }], {
      db,
      run: { misspell, parse: () => 1 },
      stage,
    });
    assertEquals([report.counts.error, report.counts.total], [1, 1]);
    assertStringIncludes(report.failures[0]!.error.message, 'did you mean "parse"?');
  });
}

Deno.test("what was added runs in its stage after a resume, and is refused where that is gone", async () => {
  using folder = tempFolder();
  const options = {
    db: folder.file("a.db"),
    resume: true,
    stage,
    failFast: true,
    workers: 1,
  } as const;
  const items: Work[] = [{ key: "a", stage: "find" }];
  const stopped = await runPipeline(items, {
    ...options,
    run: {
      find: async (_, task) => {
        await task.add(["b", "c"].map((key) => ({ key, stage: key === "b" ? "load" : "gone" })));
        throw new Error("stopped");
      },
      load: () => {},
      gone: () => {},
    },
  });
  assertEquals([stopped.status, stopped.counts.cancelled], ["error", 2]);
  const ran: string[] = [];
  const resumed = await runPipeline(items, {
    ...options,
    failFast: false,
    run: { find: () => {}, load: ({ key }) => ran.push(key) },
  });
  assertEquals(ran, ["b"]);
  assertEquals(resumed.failures.map(({ key }) => key), ["c"]);
  assertStringIncludes(
    resumed.failures[0]!.error.message,
    'in the stage "gone": the stages of run are',
  );
});

/** For the compiler: a stage may take the items of that stage only. */
export async function types(items: (Fetch | Parse)[]): Promise<void> {
  await runPipeline(items, {
    db: ":memory:",
    run: {
      fetch: ({ url }: Fetch, task) => task.log(url),
      parse: taskModule<Tasks, "parse">({ module, export: "parse" }),
    },
    stage: ({ kind }) => kind,
    workers: { fetch: 50, parse: 2 },
  });
  await runPipeline(items, {
    db: ":memory:",
    // @ts-expect-error no item is a number
    run: { fetch: (item: number) => item, parse: { module } },
    stage: () => "fetch",
  });
  definePipeline({
    items: () => items,
    run: { fetch: (item) => item.kind, parse: { module } },
    stage: ({ kind }) => kind,
    // @ts-expect-error workers are numbers
    workers: { fetch: "1" },
  });
}

interface Fetch {
  kind: "fetch";
  url: string;
}

interface Parse {
  kind: "parse";
  text: string;
}

interface Tasks {
  parse(item: Parse, task: TaskContext): number;
}

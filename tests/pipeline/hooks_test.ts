import {
  definePipeline,
  type EndedRun,
  type EndedTask,
  type PipelineOptions,
  runPipeline,
  SqliteWriter,
  startPipeline,
  type TaskIdentity,
} from "../../mod.ts";
import { prepareRun } from "../../pipeline/define_pipeline.ts";
import { work } from "../fixtures/hooked_task.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertThrows,
} from "../support/assert.ts";
import { serveLocally } from "../support/example_run.ts";
import { untilAborted } from "../support/gates.ts";
import { tempFolder } from "../support/temp.ts";

const WAYS: Record<
  string,
  Partial<PipelineOptions<number>> & Pick<PipelineOptions<number>, "run">
> = {
  "on this thread": { run: work },
  "on this thread, atomic": { run: work, atomic: true },
  "in the pool": {
    run: { module: new URL("../fixtures/hooked_task.ts", import.meta.url), export: "work" },
    workers: 2,
  },
};

/** Collects what is written to `console.warn`. */
function warnings(): Disposable & { lines: string[] } {
  const { warn } = console;
  const lines: string[] = [];
  console.warn = (text: string) => void lines.push(text);
  return { lines, [Symbol.dispose]: () => void (console.warn = warn) };
}

for (const [where, way] of Object.entries(WAYS)) {
  Deno.test(`onTaskEnd receives how each task ended, ${where}`, async () => {
    const calls: [TaskIdentity, EndedTask][] = [];
    const report = await runPipeline([1, 2, 3], {
      ...way,
      db: ":memory:",
      schema: "CREATE TABLE row (n)",
      retries: 1,
      retryDelayMs: 1,
      onTaskEnd: (task, outcome) => calls.push([task, outcome]),
    });
    assertEquals(
      report.counts,
      { queued: 0, running: 0, done: 2, error: 1, cancelled: 0, total: 3 } as never,
    );
    calls.sort(([a], [b]) => a.id - b.id);
    const ended = calls.map(([task, { error, ...outcome }]) => {
      assertEquals(task, { id: outcome.id, name: outcome.name, key: outcome.key });
      return [outcome.key, outcome.status, outcome.attempt, outcome.result, error?.message];
    });
    assertEquals(ended, [
      ["1", "done", 1, { n: 1 }, undefined],
      ["2", "error", 2, undefined, "Two"],
      ["3", "done", 1, undefined, undefined],
    ]);
    assert(calls[1]![1].error instanceof RangeError);
  });
}

Deno.test("while 16 calls of onTaskEnd are active no task begins, and the run waits for the last", async () => {
  const open = Promise.withResolvers<void>();
  const full = Promise.withResolvers<void>();
  let begun = 0;
  let active = 0;
  let most = 0;
  let calls = 0;
  const pipeline = startPipeline(Array.from({ length: 300 }, (_, i) => i), {
    db: ":memory:",
    workers: 4,
    run: () => void begun++,
    async onTaskEnd() {
      most = Math.max(most, ++active);
      if (active === 16) full.resolve();
      await open.promise;
      await Promise.resolve();
      active--;
      calls++;
    },
  });
  await full.promise;
  // What runs may end; nothing else begins.
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert(begun <= 16 + 4, `${begun} tasks have begun`);
  open.resolve();
  const report = await pipeline.finished;
  assertEquals([report.counts.done, calls, active, most], [300, 300, 0, 16]);
});

Deno.test("a hook that fails or never ends is a warning, and changes nothing", async () => {
  using warned = warnings();
  const aborted: unknown[] = [];
  const report = await runPipeline(["throws", "never ends", "is well"], {
    db: ":memory:",
    hookTimeoutMs: 5,
    run: () => {},
    onTaskEnd({ name }, _, signal) {
      if (name === "throws") throw new Error("No server");
      if (name === "is well") return;
      signal.onabort = () => aborted.push(signal.reason.message);
      return new Promise(() => {});
    },
    onEnd: () => Promise.reject(new Error("No mail")),
  });
  assertEquals([report.status, report.counts.done], ["done", 3]);
  assertEquals(warned.lines, [
    "onTaskEnd of task 1 (throws) failed: No server",
    "onTaskEnd of task 2 (never ends) failed: It has not ended within 5 ms; the run continues without it",
    "onEnd failed: No mail",
  ]);
  assertEquals(aborted, ["It has not ended within 5 ms; the run continues without it"]);
});

Deno.test("a thousand failures of a hook are reported in a few lines", async () => {
  using warned = warnings();
  await runPipeline(Array.from({ length: 1000 }, (_, i) => i), {
    db: ":memory:",
    run: () => {},
    onTaskEnd: () => Promise.reject(new Error("No")),
  });
  assertEquals(warned.lines.length, 21);
  assertEquals(warned.lines[20], "980 other calls of onTaskEnd failed");
});

Deno.test("onTaskEnd may retry and add tasks while the run waits for it", async () => {
  let isBroken = true;
  const pipeline = startPipeline<string>(["a"], {
    db: ":memory:",
    run(item) {
      if (item === "a" && isBroken) throw new Error("No");
      return item;
    },
    async onTaskEnd({ id, key }, { status }) {
      isBroken = false;
      if (status === "error") assertEquals(await pipeline.retry(id), 1);
      else if (key === "a") assertEquals(await pipeline.add(["b"]), 1);
    },
  });
  const report = await pipeline.finished;
  assertEquals([report.status, report.counts.done], ["done", 2]);
});

Deno.test("onEnd is called at each end of a run, before runPipeline() is done", async () => {
  using folder = tempFolder();
  const calls: EndedRun[] = [];
  const options = {
    db: folder.file("a.db"),
    name: "ends",
    args: { day: 1 },
    async onEnd(ended: EndedRun) {
      await Promise.resolve();
      calls.push(ended);
    },
  };
  const report = await runPipeline([1], { ...options, run: () => {} });
  assertEquals(calls.pop(), { ...report });

  await runPipeline([1], { ...options, run: () => Promise.reject(new Error("No")) });
  const failed = calls.pop()!;
  assertEquals([failed.status, failed.reason, failed.failures.length], ["error", undefined, 1]);

  const stopped = startPipeline([1, 2], {
    ...options,
    workers: 1,
    run: (_, task) => untilAborted(task),
  });
  await stopped.cancel();
  assertEquals([calls.length, calls.pop()!.status], [1, "cancelled"]);

  const items = function* () {
    yield 1;
    throw new Error("No more items");
  };
  await assertRejects(
    () => runPipeline(items(), { ...options, run: () => {} }),
    Error,
    "No more items",
  );
  const half = calls.pop()!;
  assertEquals([half.status, half.reason, half.counts.total], ["error", "No more items", 1]);
  assert(half.runId !== null && half.error?.message === "No more items");

  const schema = "CREATE TABL";
  const wrong = () => runPipeline([1], { ...options, schema, run: () => {} });
  const error = await assertRejects(wrong, Error);
  const unbegun = calls.pop()!;
  assertEquals([unbegun.runId, unbegun.name, unbegun.args, unbegun.label], [null, "ends", {
    day: 1,
  }, "day=1"]);
  assertEquals([unbegun.status, unbegun.error], ["error", error]);
  assertEquals(calls, []);
});

Deno.test("onEnd is called for a definition whose items fail, and for no wrong argument", async () => {
  const calls: EndedRun[] = [];
  const define = (items: () => number[]) =>
    definePipeline({ name: "nightly", items, run: () => {}, onEnd: (ended) => calls.push(ended) });
  const closed = define(() => {
    throw new TypeError("The shop is closed");
  });
  await assertRejects(() => prepareRun(closed, { day: "1" }), TypeError, "The shop is closed");
  assertEquals(calls.map(({ name, args, status, reason }) => [name, args, status, reason]), [
    ["nightly", { day: "1" }, "error", "The shop is closed"],
  ]);
  const open = define(() => [1]);
  await assertRejects(() => prepareRun(open, { dya: "1" }), Error, "no argument dya");
  assertEquals(calls.length, 1);
});

Deno.test("two runs on one writer have hooks of their own", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:" });
  const calls: string[] = [];
  await Promise.all(["a", "b"].map((name) =>
    runPipeline([1, 2], {
      name,
      db: writer,
      run: () => {},
      onTaskEnd: (_, { status }) => void calls.push(`${name} ${status}`),
      onEnd: ({ name, status }) => void calls.push(`${name} over ${status}`),
    })
  ));
  assertEquals(calls.sort(), [
    "a done",
    "a done",
    "a over done",
    "b done",
    "b done",
    "b over done",
  ]);
});

Deno.test("a webhook receives a run that has not ended well", async () => {
  const posted = Promise.withResolvers<unknown>();
  await using server = serveLocally(async (request) => {
    posted.resolve(await request.json());
    return new Response();
  });
  await runPipeline([1, 2], {
    name: "nightly",
    db: ":memory:",
    run: (n) => {
      if (n === 2) throw new Error("No");
    },
    async onEnd({ name, status, reason, counts }, signal) {
      const body = JSON.stringify({ name, status, reason, failed: counts.error });
      const url = `http://127.0.0.1:${server.port}/hook`;
      const answer = await fetch(url, { method: "POST", body, signal });
      await answer.body?.cancel();
    },
  });
  assertEquals(await posted.promise, { name: "nightly", status: "error", failed: 1 });
});

Deno.test("hooks that are not functions, and an invalid time limit, are refused", () => {
  const options = { db: ":memory:", run: () => {} };
  assertThrows(() => startPipeline([], { ...options, onEnd: "mail" as never }), TypeError, "onEnd");
  const error = assertThrows(
    () => startPipeline([], { ...options, hookTimeoutMs: 0 }),
    RangeError,
  );
  assertMatch(`${error}`, /expected milliseconds .* for hookTimeoutMs, got 0/);
});

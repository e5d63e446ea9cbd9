import { type PipelineOptions, RetryAfter, runPipeline } from "../../mod.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "../support/assert.ts";
import { askAgain } from "../fixtures/retried_tasks.ts";
import { readRow, readValues } from "../support/read.ts";
import { tempFolder } from "../support/temp.ts";

const module = new URL("../fixtures/retried_tasks.ts", import.meta.url);

type Item = Parameters<typeof askAgain>[0];

const WAYS: Record<string, PipelineOptions<Item>["run"]> = {
  "on this thread": askAgain,
  "in the pool": { module, export: "askAgain" },
};

for (const [where, run] of Object.entries(WAYS)) {
  Deno.test(`a task that asks to be run again later spends no attempt by it, ${where}`, async () => {
    for (const atomic of [false, true]) {
      using folder = tempFolder();
      const db = folder.file("a.db");
      // One Worker, because the task counts there how often it has asked.
      const options = { db, workers: 1, run, atomic };
      const report = await runPipeline([{ times: 0 }, { times: 5 }], options);
      assertEquals([report.status, report.counts.done], ["done", 2]);
      const rows = await readValues(db, "SELECT status, result, error FROM task_runs");
      assertEquals(rows, [["done", "1", null], ["done", "1", null]]);
      assertEquals(await readValues(db, "SELECT * FROM task_attempts"), []);
      const never = () => {
        throw new Error("it is not asked");
      };
      const retried = await runPipeline([{ times: 5 }], {
        ...options,
        retries: 1,
        retryIf: never,
      });
      assertEquals([retried.status, retried.counts.done], ["done", 1]);
    }
  });
}

Deno.test("a wait that spends an attempt is one of the retries, and takes the place of the pipeline's own", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const run = () => {
    throw new RetryAfter({ ms: 1 }, "try later");
  };
  // Their own wait would be for days.
  const waits = { retryDelayMs: 2 ** 31 - 1, maxRetryDelayMs: 2 ** 31 - 1 };
  const report = await runPipeline(["a"], { db, retries: 2, ...waits, run });
  assertEquals(report.failures.map(({ error }) => [error.name, error.message]), [
    ["RetryAfter", "try later"],
  ]);
  assertEquals(await readValues(db, "SELECT attempt, status FROM task_attempts"), [
    [1, "error"],
    [2, "error"],
  ]);
  const none = await runPipeline(["a"], { db, run });
  assertEquals(none.counts.error, 1, "without retries there is none to spend");
});

Deno.test("what waits shows until when and why, and can be cancelled", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const stop = new AbortController();
  let row: Record<string, unknown> = {};
  const report = await runPipeline(["waits", "looks"], {
    db,
    workers: 1,
    signal: stop.signal,
    async run(item, task) {
      if (item === "waits") throw new RetryAfter({ ms: 2 ** 31 - 1, spendsAttempt: false }, "429");
      await task.flush();
      row = await readRow(db, "SELECT status, message FROM task_runs WHERE id=1");
      stop.abort();
    },
  });
  assertEquals([report.status, report.counts.done, report.counts.cancelled], ["cancelled", 1, 1]);
  assertEquals(row.status, "queued");
  assertMatch(String(row.message), /^Attempt 1 again at \d{4}-.*Z: 429$/);
});

Deno.test("a task can hold back all tasks of a tag, and no others", async () => {
  const HELD_MS = 50;
  const started: [string, number][] = [];
  let heldAt = 0;
  const report = await runPipeline(["a1", "a2", "b1", "a3", "b2"], {
    db: ":memory:",
    workers: 1,
    tags: (item) => [item[0]!],
    limits: { "*": Infinity },
    run(item) {
      started.push([item, performance.now()]);
      if (item !== "a1" || heldAt > 0) return;
      heldAt = performance.now();
      throw new RetryAfter({ ms: HELD_MS, tag: "a", spendsAttempt: false });
    },
  });
  assertEquals(report.counts.done, 5);
  const order = started.map(([item]) => item);
  // Whether the tag or the task is free first is up to two timers of the same time.
  assertEquals([order.slice(0, 3), order.slice(3).sort()], [["a1", "b1", "b2"], [
    "a1",
    "a2",
    "a3",
  ]]);
  for (const [item, at] of started.slice(3)) assert(at - heldAt >= HELD_MS, item);
});

Deno.test("a tag without a limit cannot be held back: the task fails and gives the reason", async () => {
  for (
    const [options, why] of [
      [{}, 'Cannot hold back the tag "api": it has no limit. Name it in limits'],
      [{ tags: () => [], limits: { ap: 1 } }, 'do not name it; did you mean "ap"?'],
    ] as const
  ) {
    const report = await runPipeline(["a"], {
      db: ":memory:",
      ...options,
      run() {
        throw new RetryAfter({ ms: 1, tag: "api", spendsAttempt: false });
      },
    });
    assertStringIncludes(report.failures[0]!.error.message, "Cannot decide whether to retry: ");
    assertStringIncludes(report.failures[0]!.error.message, why);
  }
});

Deno.test("RetryAfter takes seconds and dates of a header, and refuses what is not a time", () => {
  const ms = (value: string | number | null, options = {}) =>
    RetryAfter.fromHeader(value, options).ms;
  assertEquals([ms("2"), ms(" 0 "), ms("0.2"), ms("999999999999")], [2_000, 0, 200, 2 ** 31 - 1]);
  assertEquals([ms(2), ms(NaN), ms(-1)], [2_000, 1_000, 1_000]);
  assertEquals([ms(null), ms(""), ms("soon"), ms("-1"), ms("1e3", { ms: 7 })], [
    1_000,
    1_000,
    1_000,
    1_000,
    7,
  ]);
  assertEquals(ms("Wed, 21 Oct 2015 07:28:00 GMT"), 0);
  const later = ms(new Date(Date.now() + 60_000).toUTCString());
  assert(later > 58_000 && later <= 60_000, `${later}`);
  const error = RetryAfter.fromHeader("1", { tag: "api", spendsAttempt: false, cause: "why" });
  assertEquals([error.tag, error.spendsAttempt, error.cause], ["api", false, "why"]);
  for (
    const [options, type, text] of [
      [undefined, TypeError, "Cannot retry later: expected an object of options, got undefined"],
      [{}, RangeError, "expected milliseconds from 0 to 2147483647 for ms"],
      [{ ms: -1 }, RangeError, "for ms, got -1"],
      [{ ms: "2" }, RangeError, "for ms"],
      [{ ms: 1, tag: "" }, TypeError, "for tag"],
      [{ ms: 1, spendAttempt: false }, TypeError, 'did you mean "spendsAttempt"?'],
    ] as const
  ) {
    assertThrows(() => new RetryAfter(options as never), type, text);
  }
});

Deno.test("requests beyond what a server allows are all done when it specifies when to retry", async () => {
  const RATE = 100, REQUESTS = 300;
  let windowAt = 0, inWindow = 0, refused = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const second = Math.floor(performance.now() / 500);
    if (second !== windowAt) [windowAt, inWindow] = [second, 0];
    if (++inWindow <= RATE) return new Response("ok");
    refused++;
    return new Response("slow down", { status: 429, headers: { "retry-after": "0.5" } });
  });
  const report = await runPipeline(Array.from({ length: REQUESTS }, (_, i) => `${i}`), {
    db: ":memory:",
    workers: 16,
    retries: 3,
    tags: () => ["server"],
    limits: { server: 16 },
    async run(path, { signal }) {
      const response = await fetch(`http://127.0.0.1:${server.addr.port}/${path}`, { signal });
      await response.body?.cancel();
      if (response.status !== 429) return;
      const after = response.headers.get("retry-after");
      throw RetryAfter.fromHeader(after, { tag: "server", spendsAttempt: false });
    },
  });
  assertEquals([report.counts.done, report.counts.error], [REQUESTS, 0]);
  assert(refused > 0, "the server refused some");
});

Deno.test("a limit of the server costs an attempt of the task that finds it, not of those that run with it", async () => {
  // It answers five, and five more when the first that it refused has come back.
  let answers = 5;
  let refused: string | undefined;
  const report = await runPipeline(Array.from({ length: 60 }, (_, i) => `${i}`), {
    db: ":memory:",
    workers: 20,
    retries: 1,
    tags: () => ["server"],
    limits: { "*": Infinity },
    async run(path) {
      if (path === refused) [answers, refused] = [5, undefined];
      await Promise.resolve();
      if (answers-- > 0) return;
      refused ??= path;
      throw new RetryAfter({ ms: 1, tag: "server" });
    },
  });
  assertEquals([report.counts.done, report.counts.error], [60, 0]);
});

Deno.test("a task that a server always refuses has its number of attempts, and those of the tag with it", async () => {
  const attempts: string[] = [];
  const report = await runPipeline(["a", "b", "c"], {
    db: ":memory:",
    workers: 2,
    retries: 2,
    tags: () => ["server"],
    limits: { server: 2 },
    run(path) {
      attempts.push(path);
      throw new RetryAfter({ ms: 1, tag: "server" });
    },
  });
  assertEquals(report.counts.error, 3);
  assertEquals(attempts.sort().join(""), "aaabbbccc");
});

Deno.test("retryDelayMs may be a function; one that returns no time ends the task with that reason", async () => {
  const seen: unknown[] = [];
  const run = (_: string, { attempt }: { attempt: number }) => {
    if (attempt < 3) throw Object.assign(new Error("busy"), { status: 503 });
  };
  const retryDelayMs = (attempt: number, error: unknown) => {
    seen.push([attempt, (error as { status: number }).status]);
    return attempt;
  };
  const report = await runPipeline(["a"], { db: ":memory:", retries: 3, retryDelayMs, run });
  assertEquals([report.status, seen], ["done", [[1, 503], [2, 503]]]);
  const wrong = await runPipeline(["a"], {
    db: ":memory:",
    retries: 3,
    retryDelayMs: () => NaN,
    run,
  });
  assertStringIncludes(wrong.failures[0]!.error.message, "for what retryDelayMs returned, got NaN");
  // Its rejection does not end the process.
  const late = (() => Promise.reject(new Error("late"))) as never;
  const promised = await runPipeline(["a"], {
    db: ":memory:",
    retries: 1,
    retryDelayMs: late,
    run,
  });
  assertStringIncludes(promised.failures[0]!.error.message, "retryDelayMs returned, got Promise");
  await assertRejects(
    () => runPipeline(["a"], { db: ":memory:", retryDelayMs: "1" as never, run }),
    RangeError,
    "retryDelayMs",
  );
});

import { isoNow } from "../../internal/timestamps.ts";
import { toErrorData } from "../../errors.ts";
import { SqliteError } from "../../mod.ts";
import { RunSummary } from "../../pipeline/report.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";

const TASK = { id: 1, name: "one", key: "k" };

Deno.test("RunSummary() begins with nothing", () => {
  const tally = new RunSummary();
  assertEquals(tally.counts, { queued: 0, running: 0, done: 0, error: 0, cancelled: 0 });
  assertEquals([tally.total, tally.failures], [0, []]);
});

Deno.test("add() counts each end by its status", () => {
  const tally = new RunSummary();
  tally.add(TASK, { status: "done" });
  tally.add(TASK, { status: "done" });
  tally.add(TASK, { status: "error", error: toErrorData(new Error("Broken")) });
  tally.add(TASK, { status: "cancelled", error: toErrorData(new Error("Stopped")) });
  assertEquals(tally.counts, { queued: 0, running: 0, done: 2, error: 1, cancelled: 1 });
  assertEquals(tally.total, 4);
});

Deno.test("add() keeps who failed and with what, but not who was cancelled", () => {
  const tally = new RunSummary();
  const thrown = new SqliteError("Database is full", "full");
  tally.add(TASK, { status: "cancelled", error: toErrorData(new Error("Stopped")) });
  tally.add(TASK, { status: "error", error: toErrorData(thrown) });
  const [failure] = tally.failures;
  assertEquals([failure!.id, failure!.name, failure!.key], [1, "one", "k"]);
  const { error } = failure!;
  assert(error instanceof SqliteError);
  assertEquals([error.message, error.code, error.stack], [
    "Database is full",
    "full",
    thrown.stack,
  ]);
  assertEquals(tally.failures.length, 1);
});

Deno.test("add() keeps the first 100 failures", () => {
  const tally = new RunSummary();
  for (let id = 1; id <= 150; id++) {
    tally.add({ id, name: "", key: null }, { status: "error", error: toErrorData(`${id}`) });
  }
  assertEquals(tally.counts.error, 150);
  assertEquals(tally.failures.map(({ id }) => id), Array.from({ length: 100 }, (_, i) => i + 1));
});

Deno.test("isoNow() is the time in ISO 8601, UTC, to the millisecond", () => {
  const before = Date.now();
  const text = isoNow();
  assertMatch(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const time = Date.parse(text);
  assert(time >= before && time <= Date.now());
  let later = text;
  while (later === text) later = isoNow();
  assert(Date.parse(later) > time);
});

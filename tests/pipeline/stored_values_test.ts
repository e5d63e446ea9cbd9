import { connectReadOnly } from "../../db.ts";
import { runPipeline } from "../../mod.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
// Loads the FFI driver's library before the first test, which would otherwise seem to leak it.
import "../support/drivers.ts";
import { tempFolder } from "../support/temp.ts";

/** Runs one task, and returns its row with the text of its failure. */
async function runOne(
  run: () => unknown,
): Promise<{ status: string; result: string | null; message: string }> {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const report = await runPipeline(["only"], { db, run });
  using reader = await connectReadOnly(db);
  const { status, result } = reader.prepare("SELECT status, result FROM task_runs").get()!;
  return {
    status: status as string,
    result: result as string | null,
    message: report.failures[0]?.error.message ?? "",
  };
}

Deno.test("a result that JSON would lose fails its task, naming the part", async () => {
  for (
    const [value, part] of [
      [new Map([[1, 2]]), "a Map in the result of the task"],
      [{ tags: { m: new Set([1]) } }, "a Set in result.tags.m"],
      [new Uint8Array(1_000_000), "an Uint8Array in the result of the task"],
      [{ rows: [{ bytes: new Float32Array(2) }] }, "a Float32Array in result.rows[0].bytes"],
      [new Response("body"), "a Response in the result of the task"],
      [[1, NaN], "NaN in result[1]"],
      [-Infinity, "-Infinity in the result of the task"],
      [() => 1, "a function in the result of the task"],
    ] as const
  ) {
    const { status, result, message } = await runOne(() => value);
    assertEquals({ status, result }, { status: "error", result: null });
    assert(message.startsWith(`Cannot store ${part}:`), message);
  }
});

Deno.test("a result keeps its dates, bigints and plain parts", async () => {
  const { status, result } = await runOne(() => ({
    at: new Date(0),
    n: [2n ** 60n],
    none: undefined,
  }));
  assertEquals({ status, result }, {
    status: "done",
    result: '{"at":"1970-01-01T00:00:00.000Z","n":["1152921504606846976"]}',
  });
});

Deno.test("NUL characters in a task's messages are shown, and nothing is cut", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runPipeline([{ key: "a\0key", name: "a\0name" }], {
    db,
    run: (_item, task) => {
      task.progress(0.5, "half\0way");
      task.log("logged\0so");
      throw new Error("went\0wrong");
    },
  });
  using reader = await connectReadOnly(db);
  const row = reader.prepare("SELECT name, key, message, error FROM task_runs").get()!;
  assertEquals([row.name, row.key, row.message], ["a␀name", "a␀key", "went␀wrong"]);
  assertMatch(`${row.error}`, /went␀wrong\n +at /);
  assertEquals(reader.prepare("SELECT message FROM task_logs").get()!.message, "logged␀so");
});

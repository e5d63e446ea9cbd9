/**
 * Runs that are known by a key: however often one is started again, its work is done once.
 *
 * @module
 */
import { type PipelineOptions, runPipeline, SqliteWriter } from "../../../mod.ts";
import { assertEquals, assertMatch, assertRejects } from "../../support/assert.ts";
import { runCli } from "../../cli/cli_terminal.ts";
import { readValues } from "../../support/read.ts";
import { tempFolder } from "../../support/temp.ts";

const RUNS = "SELECT id, name, run_key, status, done FROM pipeline_runs ORDER BY id";
const FILE = decodeURIComponent(new URL("../../fixtures/resumable.ts", import.meta.url).pathname);

/** Runs a pipeline of these words on a day; "!" makes a word fail. */
async function run(
  db: string | SqliteWriter,
  words: string,
  rest: Partial<PipelineOptions<string>>,
) {
  const ran: string[] = [];
  const { runId, status, counts } = await runPipeline(words.split(","), {
    db,
    name: "daily",
    taskKey: (word) => word.replace("!", ""),
    run(word) {
      ran.push(word);
      if (word.endsWith("!")) throw new Error("Failed");
    },
    ...rest,
  });
  return [runId, status, counts.done, ran.join()];
}

Deno.test("resume with a key runs what is not done, and nothing when all is", async () => {
  using folder = tempFolder();
  const db = folder.file("a.db");
  const day = { resume: { key: "2026-11-22" } };
  assertEquals(await run(db, "a,b!", day), [1, "error", 1, "a,b!"]);
  assertEquals(await run(db, "a,b", day), [1, "done", 2, "b"]);
  const finished = () => readValues(db, "SELECT finished_at FROM pipeline_runs WHERE id=1");
  const before = await finished();
  // As a supervisor does that saw the process end badly after its last commit.
  assertEquals(await run(db, "a,b", day), [1, "done", 2, ""]);
  assertEquals(await run(db, "a,b", { resume: { key: "2026-11-23" } }), [2, "done", 2, "a,b"]);
  assertEquals(await run(db, "a,b", { ...day, name: "other" }), [3, "done", 2, "a,b"]);
  assertEquals(await run(db, "a", { resume: true }), [4, "done", 1, "a"]);
  assertEquals(await run(db, "a,b", day), [1, "done", 2, ""]);
  assertEquals(await finished(), before);
  assertEquals(await readValues(db, RUNS), [
    [1, "daily", "2026-11-22", "done", 2],
    [2, "daily", "2026-11-23", "done", 2],
    [3, "other", "2026-11-22", "done", 2],
    [4, "daily", null, "done", 1],
  ]);
});

Deno.test("resume with a key begins one run of two that begin at once", async () => {
  await using writer = await SqliteWriter.open({ db: ":memory:" });
  const refused = Promise.withResolvers<void>();
  const both = await Promise.allSettled([1, 2].map(async () => {
    try {
      return await run(writer, "a", { resume: { key: "once" }, run: () => refused.promise });
    } catch (error) {
      refused.resolve();
      throw error;
    }
  }));
  assertEquals(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const { reason } = both.find(({ status }) => status === "rejected") as PromiseRejectedResult;
  assertMatch(reason.message, /^Cannot resume run 1: it is running/);
});

Deno.test("resume refuses what is not a key", async () => {
  for (const resume of [{ key: "" }, { key: 5 }, {}, "2026-11-22"]) {
    await assertRejects(
      () => run(":memory:", "a", { resume: resume as { key: string } }),
      TypeError,
      "expected true, the id of a run, { key:",
    );
  }
});

Deno.test("run --resume-key does once what it is started for twice", async () => {
  using folder = tempFolder();
  const options = { folder: folder.path };
  const db = folder.file("a.db");
  const args = ["run", FILE, "--db", db, "--arg", "words=a,b", "--resume-key", "2026-11-22"];
  for (const _ of [1, 2]) {
    const { code, out } = await runCli(args, options);
    assertEquals(code, 0);
    assertMatch(out, /^resumable · done · 2 tasks · [^]*run 1\n$/);
  }
  assertEquals((await readValues(db, "SELECT text FROM word")).flat().sort(), ["a", "b"]);
  const both = await runCli([...args, "--resume"], options);
  assertEquals(both.code, 2);
  assertMatch(both.err, /--resume-key.* cannot be used with .*--resume/);
});

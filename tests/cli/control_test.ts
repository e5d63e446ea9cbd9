/**
 * `pipeloom cancel` and `pipeloom retry`: each asks a pipeline of another process.
 *
 * @module
 */
import { connect } from "../../db.ts";
import { startPipeline, type TaskContext } from "../../mod.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "../support/assert.ts";
import { HandRun } from "./cli_fixture.ts";
import { type CliOutput, hasTerminals, openTerminal, runCli } from "./cli_terminal.ts";
import { DRIVERS } from "../support/drivers.ts";
import { untilAborted } from "../support/gates.ts";
import { readValues } from "../support/read.ts";
import { Fixture } from "../support/spawn.ts";
import { tempFolder } from "../support/temp.ts";

const REQUESTS = "SELECT task_id, kind, refused, answer FROM run_requests ORDER BY id";

/** A pipeline in this process: its first task fails once, its second waits for its signal or the end. */
class Asked implements AsyncDisposable {
  readonly #folder = tempFolder();
  readonly db = this.#folder.file("etl.db");
  readonly #begun = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<void>();
  #tries = 0;
  readonly pipeline;

  private constructor(driver: typeof DRIVERS[number]) {
    this.pipeline = startPipeline(["fails", "waits", "queued"], {
      db: this.db,
      driver,
      name: "asked",
      workers: 1,
      taskName: (item) => item,
      run: (item, task) => this.#run(item, task),
    });
  }

  static async start(driver = DRIVERS[0]!): Promise<Asked> {
    const asked = new Asked(driver);
    await asked.#begun.promise;
    return asked;
  }

  async #run(item: string, task: TaskContext): Promise<void> {
    if (item === "fails" && ++this.#tries === 1) throw new Error("Not yet");
    if (item !== "waits") return;
    this.#begun.resolve(task.flush());
    await Promise.race([untilAborted(task), this.#end.promise]);
  }

  get folder(): string {
    return this.#folder.path;
  }

  async cli(...args: string[]): Promise<CliOutput> {
    return await runCli([...args, "--db", this.db], { folder: this.folder });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.resolve();
    await this.pipeline.finished;
    this.#folder[Symbol.dispose]();
  }
}

for (const driver of DRIVERS) {
  Deno.test(`${driver}: cancel and retry ask a pipeline of another process`, async () => {
    await using asked = await Asked.start(driver);
    const { failures } = JSON.parse((await asked.cli("errors", "--json")).out);
    const [{ id, text, count }] = failures.causes;
    assertEquals([text, count], ["Error: Not yet", 1]);
    assertStringIncludes((await asked.cli("retry", "1", "--cause", "x")).err, "pipeloom errors 1");
    assertEquals(await asked.cli("retry", "latest", "--cause", id), {
      code: 0,
      out: "Run 1: 1 task is queued again\n",
      err: "",
    });
    const { code, out } = await asked.cli("cancel", "1", "3", "--json");
    assertEquals([code, JSON.parse(out)], [0, {
      request: 2,
      action: "cancel",
      run: 1,
      task: 3,
      refused: false,
      answer: "Cancelled",
    }]);
    assertEquals((await asked.cli("cancel", "1", "2")).out, "Run 1, task 2: Cancelled\n");
    const report = await asked.pipeline.finished;
    assertEquals([report.counts.done, report.counts.cancelled], [1, 2]);
    assertEquals(await readValues(asked.db, REQUESTS), [
      [null, "retry_tasks", 0, "1 task is queued again"],
      [3, "cancel", 0, "Cancelled"],
      [2, "cancel", 0, "Cancelled"],
    ]);
  });
}

Deno.test("cancel of a run stops it; then there is nothing to cancel or retry", async () => {
  await using asked = await Asked.start();
  assertEquals((await asked.cli("cancel", "latest")).out, "Run 1: Cancelled\n");
  assertEquals((await asked.pipeline.finished).counts.cancelled, 2);
  const again = await asked.cli("cancel", "1");
  assertEquals(again, { code: 1, out: "", err: "error: Cannot cancel run 1: run 1 is error\n" });
  const late = await asked.cli("retry", "1");
  assertEquals([late.code, late.out], [1, ""]);
  assertStringIncludes(
    late.err,
    "run 1 is error; to continue it, use pipeloom run <file> --resume 1",
  );
});

Deno.test("cancel leaves a file of the Python original as it is, whose tasks read no requests", async () => {
  using folder = tempFolder();
  const db = folder.file("original.db");
  {
    using connection = await connect(db, { wal: false });
    connection.exec(
      `CREATE TABLE task_runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL, status TEXT NOT NULL,
         progress REAL NOT NULL DEFAULT 0.0, message TEXT, started_at TEXT, finished_at TEXT, result TEXT);
       INSERT INTO task_runs (name, status) VALUES ('extract', 'running')`,
    );
  }
  const before = Deno.readFileSync(db);
  const { code, err } = await runCli(["cancel", "latest", "--db", db], { folder: folder.path });
  assertEquals(code, 1);
  assertStringIncludes(err, "it stands for the tasks of the Python pipeloom");
  assertEquals(Deno.readFileSync(db), before);
});

Deno.test("cancel and retry print why they are refused", async () => {
  await using asked = await Asked.start();
  const done = await asked.cli("retry", "1", "2");
  assertEquals(done.code, 1);
  assertMatch(done.err, /^error: Cannot retry task 2: it has not ended as error or cancelled\n$/);
  const json = await asked.cli("cancel", "1", "1", "--json");
  assertEquals([json.code, JSON.parse(json.out).refused], [1, true]);
  assertMatch(JSON.parse(json.out).answer, /^Cannot cancel task 1: it is error$/);
  for (
    const [args, why] of [
      [["cancel", "7"], /Cannot cancel run 7 of .*: there is none; pipeloom runs/],
      [["cancel", "1", "77"], /Cannot cancel task 77: run 1 has no task 77/],
    ] as const
  ) {
    const { code, err } = await asked.cli(...args);
    assertEquals(code, 1);
    assertMatch(err, why);
  }
  assertEquals((await asked.cli("cancel", "first")).code, 2);
  assertEquals((await asked.cli("retry")).code, 2);
  // A file is never made, nor another's extended, by asking for what is not in it.
  const { code } = await runCli(["cancel", "1", "--db", "none.db"], { folder: asked.folder });
  assertEquals([code, await Deno.stat(`${asked.folder}/none.db`).catch(() => "none")], [1, "none"]);
});

Deno.test("what takes no notice is shown as cancelling, and its request does not outlive a kill", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const options = { folder: folder.path };
  {
    await using child = new Fixture("controlled.ts", folder.path, db, "stubborn");
    assertEquals(await child.line(), "begun");
    const task = await runCli(["cancel", "1", "1", "--wait", "0", "--db", db], options);
    assertEquals([task.code, task.err], [0, ""]);
    assertMatch(task.out, /^Run 1, task 1: cancelling; it ends when the task heeds its signal\n$/);
    assertMatch((await runCli(["status", "--db", db], options)).out, /cancelling +1 +first/);
    const run = await runCli(["cancel", "1", "--wait", "0", "--db", db], options);
    assertMatch(run.out, /^Run 1: cancelling; it ends with its running tasks\n$/);
    const status = await runCli(["status", "--json", "--db", db], options);
    assertEquals(JSON.parse(status.out).run.cancelling, true);
    child.kill("SIGKILL");
    await child.status;
  }
  const gone = await runCli(["retry", "1", "--db", db], options);
  assertEquals(gone.code, 1);
  assertMatch(gone.err, /run 1 is interrupted; to continue it, use pipeloom run <file> --resume 1/);
  const died = "Not carried out: the process of the run died before that";
  assertEquals(await readValues(db, REQUESTS), [[1, "cancel", 1, died], [null, "cancel", 1, died]]);
  // The process that continues it was not asked.
  await using child = new Fixture("controlled.ts", folder.path, db, "resumes");
  const report = JSON.parse(await child.line());
  assertEquals([report.runId, report.status, report.counts.done], [1, "done", 2]);
});

Deno.test("a request that was not noticed yet is refused when its run was killed", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  {
    await using child = new Fixture("controlled.ts", folder.path, db, "stubborn");
    assertEquals(await child.line(), "begun");
    child.kill("SIGSTOP");
    const options = { folder: folder.path };
    const asked = await runCli(["cancel", "1", "--wait", "0", "--db", db], options);
    assertEquals(asked.code, 0);
    child.kill("SIGKILL");
    await child.status;
  }
  // The resumed run itself finds the run of the dead process.
  await using child = new Fixture("controlled.ts", folder.path, db, "resumes");
  const report = JSON.parse(await child.line());
  assertEquals([report.runId, report.status, report.counts.done], [1, "done", 2]);
  const died = "Not carried out: the process of the run died before that";
  assertEquals(await readValues(db, REQUESTS), [[null, "cancel", 1, died]]);
});

Deno.test({
  name: "cancel in a terminal, with status --watch in another",
  ignore: !hasTerminals,
  async fn() {
    // A run by hand: no process carries anything out.
    await using run = await HandRun.start(["slow"]);
    await run.begin(0);
    const folder = run.folder.path;
    await using watching = openTerminal(["status", "--watch", "--db", run.db], { folder });
    await watching.until(/running +1 +slow/);
    await using asking = openTerminal(["cancel", "1", "1", "--db", run.db, "--wait", "60"], {
      folder,
    });
    await watching.until(/cancelling +1 +slow/);
    await asking.interrupt();
    await asking.until("Run 1, task 1: cancelling");
    assertEquals(await asking.ended(), 130);
    await run.end(0, "done");
    await run.finish();
    await using late = openTerminal(["cancel", "1", "--db", run.db], { folder });
    await late.until("error: Cannot cancel run 1: run 1 is done");
    assertEquals(await late.ended(), 1);
    assertEquals(await readValues(run.db, REQUESTS), [
      [1, "cancel", 1, "It ended before that: done"],
    ]);
    await watching.interrupt();
  },
});

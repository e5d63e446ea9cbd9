/**
 * Schedules by the clock: a crontab knows no time shorter than a minute. So the clocks of these processes are set
 * back to just before a full one; what takes several minutes is a part of `deno task test:faults`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { isInstalled } from "../support/child.ts";
import { spawnCli } from "../cli/cli_terminal.ts";
import { IS_LONG } from "../support/long_form.ts";
import { readValues } from "../support/read.ts";
import { slowClock } from "../support/slow_clock.ts";
import { tempFolder } from "../support/temp.ts";

const FILE = decodeURIComponent(new URL("../fixtures/scheduled.ts", import.meta.url).pathname);
const RUNS = "SELECT id, status FROM pipeline_runs ORDER BY id";

/** The second of their minute at which processes start: time enough for them to get ready. */
const FROM_S = 54;

/** Milliseconds after which what is waited for will not come any more: four full minutes. */
const LATEST_MS = 250_000;

/** A command whose standard error is waited for. */
class Process implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #errors: ReadableStreamDefaultReader<string>;
  output = "";

  constructor(folder: string, env: Record<string, string>, ...args: string[]) {
    const permissions = ["--allow-read", `--allow-write=${folder}`];
    this.#child = spawnCli(args, { folder, env, permissions });
    this.#errors = this.#child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  }

  async until(what: RegExp): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), LATEST_MS);
    try {
      while (!what.test(this.output)) {
        const { value, done } = await this.#errors.read();
        if (done) throw new Error(`It ended, before ${what}, after ${this.output}`);
        this.output += value;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal and returns the exit code and what was printed on the standard output. */
  async end(signal: Deno.Signal): Promise<[number, string]> {
    this.#child.kill(signal);
    for (let part = await this.#errors.read(); !part.done; part = await this.#errors.read()) {
      this.output += part.value;
    }
    const out = await new Response(this.#child.stdout).text();
    return [(await this.#child.status).code, out];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#errors.cancel();
    if (!this.#child.stdout.locked) await this.#child.stdout.cancel();
    await this.#child.status;
  }
}

Deno.test({
  name: "pipeloom schedule runs on the minute; runs that overlap are left out, or wait",
  ignore: !await isInstalled("faketime"),
  async fn() {
    using folder = tempFolder();
    const db = folder.file("pipeloom.db");
    await using byHand = new Process(folder.path, {}, "run", FILE, "--arg", "word=wait");
    await byHand.until(/I run/);
    const soon = await slowClock((new Date().getSeconds() - FROM_S + 60) % 60);
    const schedule = (...args: string[]) =>
      new Process(folder.path, soon, "schedule", FILE, "--cron", "* * * * *", ...args);
    await using refuses = schedule();
    await using queues = schedule("--overlap", "queue", "--arg", "word=wait");
    await using alone = schedule("--db", "other.db");
    await Promise.all([refuses, queues, alone].map((it) => it.until(/next run at .* UTC/)));

    await Promise.all([
      refuses.until(/Left out: .*run 1 is active \(process \d+, since .*\n[^]*next run at/),
      queues.until(/Waits: run 1 is active/),
      alone.until(/I run[^]*next run at/),
    ]);
    assertEquals(await readValues(db, RUNS), [[1, "running"]]);
    const [[started]] = await readValues(
      folder.file("other.db"),
      "SELECT started_at FROM pipeline_runs",
    ) as [[string]];
    assertMatch(started, /:0\d\.\d+Z$/);
    const [code, out] = await alone.end("SIGINT");
    assertMatch(out, /^scheduled · done · 1 task/);
    assertEquals(code, 0);

    assertEquals((await byHand.end("SIGINT"))[0], 130);
    await queues.until(/I run/);
    assertEquals(await readValues(db, RUNS), [[1, "cancelled"], [2, "running"]]);
    const [stopped, summary] = await queues.end("SIGTERM");
    assertEquals(stopped, 143);
    assertMatch(summary, /^scheduled · cancelled · 1 task/);
    assert(queues.output.includes("Stopping: running tasks may end."));
    assertEquals(await refuses.end("SIGTERM"), [0, ""]);
    assertEquals(await readValues(db, RUNS), [[1, "cancelled"], [2, "cancelled"]]);
  },
});

Deno.test({
  name: "pipeloom schedule --overlap queue keeps two runs waiting at most",
  ignore: !IS_LONG,
  async fn() {
    using folder = tempFolder();
    await using byHand = new Process(folder.path, {}, "run", FILE, "--arg", "word=wait");
    await byHand.until(/I run/);
    await using queues = new Process(
      ...[folder.path, {}, "schedule", FILE, "--cron", "* * * * *", "--overlap", "queue"] as const,
    );
    // Three minutes: two runs wait, and the third time is left out.
    await queues.until(/Left out: Cannot queue another run of "scheduled": /);
    assertEquals(queues.output.match(/Waits: run 1 is active/g)?.length, 2);
    assertEquals(queues.output.match(/Left out/g)?.length, 1);
    const [code, out] = await queues.end("SIGTERM");
    assertEquals(code, 143);
    assertEquals(out.match(/^scheduled · cancelled · 1 task/gm)?.length, 2);
    assertEquals((await byHand.end("SIGINT"))[0], 130);
    assertEquals(await readValues(folder.file("pipeloom.db"), RUNS), [[1, "cancelled"]]);
  },
});

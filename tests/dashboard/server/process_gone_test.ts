/**
 * A run whose process was killed, seen by those who only read: the page, `status`, `runs`, the metrics.
 *
 * @module
 */
import type { Run, RunSnapshot, TaskPage } from "../../../dashboard/api.ts";
import { createDashboard } from "../../../dashboard/mod.ts";
import { shareOf } from "../../../internal/progress.ts";
import { formatDuration } from "../../../internal/units.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../support/assert.ts";
import { ROOT } from "../../support/child.ts";
import { tempFolder } from "../../support/temp.ts";
import { foldRun, foldUntil, openEvents } from "../fixture.ts";
import { runCli } from "../../cli/cli_terminal.ts";

/** Starts a pipeline of which one task is done, one runs and logs it, and one waits; resolves when it does. */
async function startStuck(db: string): Promise<Deno.ChildProcess> {
  const script = `
    import { runPipeline } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
    await runPipeline(["a", "b", "c"], {
      db: ${JSON.stringify(db)}, name: "stuck", workers: 1,
      async run(item, task) {
        if (item === "a") return;
        task.progress(0.5);
        setTimeout(() => console.log("stuck"), 300);
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      },
    });`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", script],
    cwd: ROOT,
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  assertMatch(new TextDecoder().decode((await reader.read()).value), /^stuck/);
  reader.releaseLock();
  return child;
}

async function end(child: Deno.ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await child.status;
  await child.stdout.cancel();
}

Deno.test("a run whose process is gone is interrupted for every reader, within five seconds", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const child = await startStuck(db);
  using app = createDashboard({ db });
  await using events = await openEvents(app, "view=run&run=1");
  const alive = await foldUntil(events, foldRun, {
    isDone: ({ run }) => run?.progress.work === 1.5,
  });
  assertEquals([alive.run!.status, alive.run!.processGone], ["running", false]);
  assertEquals(shareOf(alive.run!.progress), 0.5);
  const status = await runCli(["status", "--db", db], { folder: folder.path });
  assertMatch(status.out, /^stuck · run 1 · running · .+\n█.* 50%\n/);

  await end(child);
  const gone = await foldUntil<RunSnapshot>(events, foldRun, {
    from: alive,
    isDone: ({ run }) => run?.status === "interrupted",
    withinMs: 5_000,
  });
  assertEquals([gone.run!.status, gone.run!.processGone], ["interrupted", true]);
  assertEquals(gone.run!.counts, { queued: 1, running: 1, done: 1, error: 0, cancelled: 0 });
  const metrics = await (await app.request("/metrics")).text();
  assertMatch(metrics, /^pipeloom_run_active\{run="1",name="stuck"\} 0$/m);
  assertMatch(metrics, /^pipeloom_run_process_gone\{run="1",name="stuck"\} 1$/m);

  const after = await runCli(["status", "--db", db], { folder: folder.path });
  const lasted = (one: { startedAt: string | null; updatedAt: string | null }) =>
    formatDuration(Date.parse(one.updatedAt!) - Date.parse(one.startedAt!));
  const { tasks } = await (await app.request("/api/runs/1/tasks?status=running"))
    .json() as TaskPage;
  // No time is counted that nothing ran.
  const head = `stuck · run 1 · interrupted (process gone) · ${lasted(gone.run!)} · `;
  assertEquals(after.out.slice(0, head.length), head);
  assertMatch(after.out, new RegExp(`running  2  b .* 50%  ${lasted(tasks[0]!)}\\n`));
  assertStringIncludes(after.out, "2 tasks left: pipeloom run <file> --resume 1 continues it");
  const runs = await runCli(["runs", "--db", db], { folder: folder.path });
  assertMatch(runs.out, /interrupted \(process gone\)/);
  const doctor = await runCli(["doctor", "--db", db], { folder: folder.path });
  assertEquals(doctor.code, 1);
  assertMatch(
    doctor.out,
    /Runs +run 1 \(stuck\) has not ended, .* gone; 2 tasks left\n.*--resume 1 /,
  );
  // Nothing was written, and nothing was removed: a writer finds it as it was.
  const locks = [...Deno.readDirSync(folder.path)].filter(({ name }) => name.includes("-owner-"));
  assertEquals(locks.length, 1);
});

Deno.test("a run whose owner cannot be asked is neither alive nor gone", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  const child = await startStuck(db);
  try {
    // It would make another lock file.
    child.kill("SIGSTOP");
    for (const { name } of Deno.readDirSync(folder.path)) {
      if (name.includes("-owner-")) Deno.removeSync(folder.file(name));
    }
    using app = createDashboard({ db });
    const run = await (await app.request("/api/runs/1")).json() as Run;
    assertEquals([run.status, run.processGone], ["running", null]);
    assert(Date.parse(run.updatedAt!) > Date.parse(run.startedAt!));
  } finally {
    child.kill("SIGCONT");
    await end(child);
  }
});

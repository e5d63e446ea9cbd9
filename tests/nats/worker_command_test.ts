/**
 * `pipeloom worker` and `pipeloom workers`, as a person uses them.
 *
 * @module
 */
import { startPipeline } from "../../mod.ts";
import { commandLine, runCli } from "../cli/cli_terminal.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { ROOT } from "../support/child.ts";
import { AS_FIRST, canBeFirst, firstProcess } from "../support/first_process.ts";
import { readModules } from "../support/module_graph.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { readValues, rowsCome } from "../support/read.ts";
import { REMOTE_TASKS, remotely } from "../support/remote.ts";
import { tempFolder } from "../support/temp.ts";

const LOOSE = { ignore: !hasNats, sanitizeOps: false, sanitizeResources: false };

Deno.test(
  "pipeloom worker runs tasks until SIGTERM, which lets them end; workers shows it, prune deletes it",
  LOOSE,
  async () => {
    await using server = await NatsServer.start();
    using folder = tempFolder();
    const [db, gate] = [folder.file("etl.db"), folder.file("gate")];
    const options = { folder: folder.path };
    const permissions = ["--allow-read", "--allow-net=127.0.0.1", "--allow-sys=hostname"];
    const tasks = decodeURIComponent(REMOTE_TASKS.pathname);
    // As the first process of a container, where it can be.
    const [program, ...words] = [
      ...(canBeFirst ? AS_FIRST : []),
      ...commandLine(["worker", tasks, "--nats", server.url, "-w", "3"], {
        ...options,
        permissions,
      }),
    ];
    const worker = new Deno.Command(program!, {
      args: words,
      cwd: folder.path,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const run = startPipeline([gate], { ...remotely(server.url, "awaitFile"), db });
    await rowsCome(db, "SELECT id FROM task_logs WHERE message='waits'", 1);
    const { out } = await runCli(["workers", "--db", db], options);
    assertMatch(out, /worker +state +slots +running[^]*:\d+ +connected +3 +\d/);
    Deno.kill(canBeFirst ? await firstProcess(worker) : worker.pid, "SIGTERM");
    await Deno.writeTextFile(gate, "");
    const { code, stderr } = await worker.output();
    const errors = new TextDecoder().decode(stderr);
    assertEquals([code, (await run.finished).counts.done], [0, 1], errors);
    assertMatch(
      errors,
      /^Connected to nats:[^]*3 tasks at once of remote_tasks.ts[^]*Joined[^]*Ending by SIGTERM/,
    );

    await startPipeline([], { db, run: () => {}, handleSignals: false }).finished;
    await runCli(["prune", "--db", db, "--keep-runs", "1"], options);
    assertEquals(await readValues(db, "SELECT count(*) FROM workers"), [[0]]);
    const none = await runCli(["workers", "--db", db], options);
    assertEquals(none.out, "Run 2 has no workers on other machines\n");
  },
);

Deno.test("pipeloom worker without a server prints what to pass, and a key that is missing is named", async () => {
  using folder = tempFolder();
  const options = { folder: folder.path };
  const [nothing, key] = await Promise.all([
    runCli(["worker", "tasks.ts"], options),
    runCli(["worker", "tasks.ts", "--nats", "nats://127.0.0.1:1", "--token-file", "none"], options),
  ]);
  assertEquals([nothing.code, key.code], [1, 1]);
  assertMatch(nothing.err, /name the servers: --nats tls:\/\/broker:4222/);
  assertMatch(key.err, /Cannot read none/);
});

Deno.test("NATS is loaded by its own entry and by pipeloom worker alone", async () => {
  const loads = async (entry: string) => {
    const all = await readModules(entry);
    const modules = new Map(all.map((module) => [module.specifier, module]));
    const seen = new Set([new URL(entry, ROOT).href]);
    for (const specifier of seen) {
      for (const { code, isDynamic } of modules.get(specifier)?.dependencies ?? []) {
        if (code?.specifier && !isDynamic) seen.add(code.specifier);
      }
    }
    assert(seen.size > 1, `${entry} leads to ${seen.size} modules`);
    return [...seen].some((specifier) =>
      /@nats-io|^file:.*\/nats\/[\w/]+\.ts$/.test(
        specifier.replace(ROOT.href, "file:///"),
      )
    );
  };
  assertEquals(await loads("nats.ts"), true);
  for (const entry of ["mod.ts", "cli/run_program.ts", "db.ts", "dashboard/mod.ts", "writer.ts"]) {
    assertEquals(await loads(entry), false, entry);
  }
});

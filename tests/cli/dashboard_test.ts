/**
 * `pipeloom dashboard`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { HandRun } from "./cli_fixture.ts";
import { ROOT } from "../support/child.ts";
import { AS_FIRST, canBeFirst, firstProcess } from "../support/first_process.ts";
import { tempFolder } from "../support/temp.ts";
import { commandLine, hasTerminals, openTerminal, runCli, spawnCli } from "./cli_terminal.ts";

const ignore = !hasTerminals;

Deno.test({
  name: "dashboard serves until Ctrl-C, and prints where",
  ignore,
  async fn() {
    await using run = await HandRun.start(["one"]);
    await using terminal = openTerminal(["dashboard", "--db", run.db, "--port", "0"], {
      folder: run.folder.path,
    });
    const screen = await terminal.until("Ctrl-C ends it");
    const url = /Dashboard at (http:\/\/127\.0\.0\.1:\d+\/)\s/.exec(screen)![1]!;
    const { runs } = await (await fetch(`${url}api/runs`)).json();
    assertEquals(runs[0].name, "by hand");
    await terminal.interrupt();
    assertEquals(await terminal.ended(), 0);
  },
});

Deno.test({
  name: "views and served dashboards end at SIGTERM as the first process of a container",
  ignore: !canBeFirst,
  async fn() {
    await using run = await HandRun.start(["one"]);
    const options = { folder: run.folder.path };
    const script = run.folder.file("serve.ts");
    await Deno.writeTextFile(
      script,
      `import { serveDashboard } from "${new URL("dashboard/mod.ts", ROOT)}";
      const dashboard = await serveDashboard({ db: ${JSON.stringify(run.db)}, port: 0 });
      console.log(dashboard.url);
      await dashboard.finished;`,
    );
    const program = commandLine([], options);
    const cases = [
      { args: commandLine(["status", "--watch", "--db", run.db], options), code: 143 },
      { args: [...program.slice(0, -1), script], code: 0 },
    ];
    await Promise.all(cases.map(async ({ args, code }) => {
      const [program, ...words] = [...AS_FIRST, ...args];
      const child = new Deno.Command(program!, {
        args: words,
        cwd: run.folder.path,
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const output = child.stdout.getReader();
      await output.read();
      Deno.kill(await firstProcess(child), "SIGTERM");
      while (!(await output.read()).done);
      assertEquals((await child.status).code, code, args.join(" "));
    }));
  },
});

Deno.test("dashboard on all addresses makes a token, which is demanded", async () => {
  using folder = tempFolder();
  const child = spawnCli(["dashboard", "--host", "0.0.0.0", "--port", "0"], {
    folder: folder.path,
    permissions: ["--allow-read", "--allow-net=0.0.0.0,127.0.0.1"],
  });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await lines.read();
  const [, port, token] = /^Dashboard at http:\/\/\S+:(\d+)\/#token=([\w-]{32})\n/.exec(value) ??
    [];
  assert(token, value);
  const api = `http://127.0.0.1:${port}/api/runs`;
  const without = await fetch(api);
  await without.body?.cancel();
  const withIt = await fetch(api, { headers: { Authorization: `Bearer ${token}` } });
  await withIt.body?.cancel();
  assertEquals([without.status, withIt.status === 401], [401, false]);
  child.kill("SIGTERM");
  while (!(await lines.read()).done);
  assertEquals((await child.status).code, 0);
  await child.stderr.cancel();
});

Deno.test("dashboard on a port that is in use is one message", async () => {
  using folder = tempFolder();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const { code, out, err } = await runCli(["dashboard", "--port", `${port}`], {
    folder: folder.path,
  });
  assertEquals([code, out], [1, ""]);
  assertMatch(err, new RegExp(`^error: .*${port}.*\\n$`));
});

Deno.test("dashboard --open without permission reports it, and serves", async () => {
  using folder = tempFolder();
  const child = spawnCli(["dashboard", "--open", "--port", "0"], { folder: folder.path });
  const errors = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await errors.read();
  assertMatch(value, /^Cannot open a browser: add --allow-run=\S+; open the address yourself\n$/);
  child.kill("SIGINT");
  while (!(await errors.read()).done);
  assertEquals((await child.status).code, 0);
  await child.stdout.cancel();
});

Deno.test("dashboard takes its token from a file or the environment, and prints it encoded", async () => {
  using folder = tempFolder();
  const token = "100%41 sure + safe & #1";
  await Deno.writeTextFile(folder.file("token.txt"), `${token}\n`);
  const starts = [
    { args: ["--token-file", "token.txt"] },
    { args: [], env: { PIPELOOM_TOKEN: token }, permissions: ["--allow-env=PIPELOOM_TOKEN"] },
  ];
  for (const { args, env, permissions = [] } of starts) {
    const child = spawnCli(["dashboard", "--port", "0", ...args], {
      folder: folder.path,
      permissions: ["--allow-read", "--allow-net=127.0.0.1", ...permissions],
      env,
    });
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await lines.read();
    const link = new URL(/^Dashboard at (\S+)\n/.exec(value)![1]!);
    assertEquals(new URLSearchParams(link.hash.slice(1)).get("token"), token);
    const api = new URL("api/runs", `${link.origin}/`);
    const answer = await fetch(api, { headers: { Authorization: `Bearer ${token}` } });
    await answer.body?.cancel();
    assertEquals(answer.status === 401, false);
    child.kill("SIGTERM");
    while (!(await lines.read()).done);
    await child.status;
    await child.stderr.cancel();
  }
});

Deno.test("dashboard refuses an empty address, a short or unfit token, and a file without one", async () => {
  using folder = tempFolder();
  await Deno.writeTextFile(folder.file("empty.txt"), "\n");
  for (
    const [args, message] of [
      [["--host", ""], /Cannot listen on an empty address/],
      [["--host", " "], /Cannot listen on an empty address/],
      [["--name", ""], /Cannot answer under an empty name/],
      [["--db", "."], /it is a folder/],
      [["--db", ""], /Cannot open ""/],
      [["--host", "0.0.0.0", "--token", "short"], /of 5 characters/],
      [["--token", "пароль-пароль-пароль"], /a header cannot carry/],
      [["--token-file", "empty.txt"], /empty\.txt: the file is empty/],
      [["--token-file", "none.txt"], /Cannot read the token from none\.txt/],
      [["--origin", "etl.example"], /Cannot allow the origin "etl\.example"/],
    ] as const
  ) {
    const { code, out, err } = await runCli(["dashboard", "--port", "0", ...args], {
      folder: folder.path,
    });
    assertEquals([code, out], [1, ""], err);
    assertMatch(err, message);
  }
});

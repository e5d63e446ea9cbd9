/**
 * `pipeloom dashboard`.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { HandRun } from "./cli_fixture.ts";
import { tempFolder } from "../support/temp.ts";
import { hasTerminals, openTerminal, runCli, spawnCli } from "./cli_terminal.ts";

const ignore = !hasTerminals;

Deno.test({
  name: "dashboard serves until Ctrl-C, and tells where",
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

Deno.test("dashboard --open without permission says so, and serves", async () => {
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

/**
 * `pipeloom status --watch`.
 *
 * @module
 */
import { clientOf } from "../../writer/client/sqlite_writer.ts";
import { assert, assertEquals, assertMatch } from "../support/assert.ts";
import { HandRun, HARMFUL, HOSTILE_NAMES } from "./cli_fixture.ts";
import { ROOT } from "../support/child.ts";
import { tempFolder } from "../support/temp.ts";
import { hasTmux, Tmux } from "../support/tmux.ts";
import { hasTerminals, openTerminal, spawnCli } from "./cli_terminal.ts";

const ignore = !hasTerminals;

function watchTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `status --watch ${name}`, ignore, fn });
}

watchTest("waits for a file that is not there yet, and shows what is committed", async () => {
  const folder = tempFolder();
  await using terminal = openTerminal(["status", "--watch", "--db", "hand.db"], {
    folder: folder.path,
  });
  await terminal.until("There is no hand.db yet");
  await using run = await HandRun.start(["one", "two"], { folder });
  await terminal.until(/· queued +1 +one/);
  await run.begin(0);
  await run.update(0, { progress: 0.3, message: "reading" });
  await terminal.until(/▶ running +1 +one +███░{7} +30% .*reading/);
  await run.end(0, "done");
  await run.begin(1);
  await run.end(1, "error", "refused");
  await run.finish("error");
  const screen = await terminal.until(/by hand · run 1 · error/);
  assertMatch(screen, /✖ error +2 +two .*refused\n✔ done +1 +one/);
  await terminal.interrupt();
  assertEquals(await terminal.ended(), 130);
});

watchTest("gives the terminal back on Ctrl-C, with the last state left on it", async () => {
  await using run = await HandRun.start(["one"]);
  await using terminal = openTerminal(["status", "--watch", "--db", run.db], {
    folder: run.folder.path,
  });
  await terminal.until("queued 1");
  assertEquals([terminal.isOtherScreen, terminal.hasCursor], [true, false]);
  await terminal.interrupt();
  assertEquals(await terminal.ended(), 130);
  assertEquals([terminal.isOtherScreen, terminal.hasCursor], [false, true]);
  assertMatch(terminal.screen, /^(\^C)?by hand · run 1 · running/);
});

watchTest("writes again only the lines that changed", async () => {
  const names = Array.from({ length: 15 }, (_, i) => `task ${i}`);
  await using run = await HandRun.start(names);
  await run.begin(0);
  await using terminal = openTerminal(["status", "--watch", "--db", run.db], {
    folder: run.folder.path,
  });
  await terminal.until("task 14");
  const before = terminal.raw.length;
  await run.update(0, { progress: 0.5, message: "half" });
  await terminal.until("half");
  const written = terminal.raw.slice(before);
  assert(!written.includes("task 14") && !written.includes("\x1b[2J"), JSON.stringify(written));
});

watchTest("fits 40 columns and 10 rows, and follows the window's size", async () => {
  const names = Array.from({ length: 30 }, (_, i) => `a task with a long name ${i}`);
  await using run = await HandRun.start(names);
  for (const n of [0, 1, 2]) await run.begin(n);
  await using terminal = openTerminal(["status", "--watch", "--db", run.db], {
    folder: run.folder.path,
    columns: 40,
    rows: 10,
  });
  await terminal.until("more tasks");
  const { lines } = terminal;
  assertMatch(lines[0]!, /^by hand · run 1 · running/);
  assertMatch(lines[1]!, /─ 0%$/);
  assertMatch(lines[2]!, /^running 3 · queued 27/);
  assertEquals(lines.slice(3, 6).map((line) => line[0]), ["▶", "▶", "▶"]);
  assertMatch(lines[9]!, /^… 24 more tasks$/);
  await terminal.resize({ columns: 100, rows: 30 });
  const screen = await terminal.until(/running +3 +a task with a long name 2/);
  assertEquals(screen.match(/by hand/g)?.length, 1);
  await terminal.resize({ columns: 30, rows: 5 });
  await terminal.until((screen) => screen.split("\n").length === 5 && /… 29 more/.test(screen));
  assert(terminal.lines.every((line) => [...line].length <= 30), terminal.screen);
});

watchTest("shows names that mean harm as text", async () => {
  await using run = await HandRun.start(HOSTILE_NAMES);
  await using terminal = openTerminal(["status", "--watch", "--db", run.db], {
    folder: run.folder.path,
  });
  const screen = await terminal.until("byte");
  assertMatch(screen.split("\n")[0]!, /^by hand · run 1/);
  assert(!HARMFUL.test(screen), JSON.stringify(screen));
  assert(!terminal.raw.includes("title\x07"), "The window got another title");
  assertEquals(screen.match(/· queued/g)?.length, HOSTILE_NAMES.length);
});

watchTest("follows the next run, and with --run ends when that one has", async () => {
  await using run = await HandRun.start(["one"]);
  const options = { folder: run.folder.path };
  await using all = openTerminal(["status", "--watch", "--db", run.db], options);
  await using one = openTerminal(["status", "--watch", "--db", run.db, "--run", "1"], options);
  await all.until("run 1");
  await one.until("run 1");
  await run.begin(0);
  await run.end(0, "done");
  await run.finish();
  assertEquals(await one.ended(), 0);
  assertMatch(one.screen, /by hand · run 1 · done/);
  await clientOf(run.writer).request({
    kind: "start_run",
    name: "another",
    workers: 1,
    startedAt: new Date().toISOString(),
    reserve: 0,
  });
  await all.until(/another · run 2 · running .*\nno tasks yet/);
});

watchTest("moves no cursor on a terminal that cannot", async () => {
  await using run = await HandRun.start(["one"]);
  await using terminal = openTerminal(["status", "--watch", "--db", run.db], {
    folder: run.folder.path,
    env: { TERM: "dumb", NO_COLOR: "1" },
    permissions: ["--allow-read", "--allow-env=TERM"],
  });
  await terminal.until("queued 1");
  await terminal.interrupt();
  assertEquals(await terminal.ended(), 130);
  assert(!terminal.raw.includes("\x1b"), JSON.stringify(terminal.raw));
});

Deno.test("status --watch writes a plain line to a pipe, and ends with the run, because no key could end it", async () => {
  await using run = await HandRun.start(["one", "two"]);
  const child = spawnCli(["status", "--watch", "--db", run.db], { folder: run.folder.path });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const next = async () => (await lines.read()).value!;
  assertMatch(await next(), /^by hand · run 1 · running .* 0 of 2 ended · queued 2\n$/);
  for (const n of [0, 1]) {
    await run.begin(n);
    await run.end(n, "done");
  }
  await run.finish();
  // The status is news that does not wait.
  const line = await next();
  assertMatch(line, /^by hand · run 1 · done .* 2 of 2 ended · done 2 · [\d.]+\/(s|min)\n$/);
  assert(!HARMFUL.test(line), JSON.stringify(line));
  assert((await lines.read()).done);
  assertEquals((await child.status).code, 0);
  await child.stderr.cancel();
});

Deno.test("status --watch in a pipe ends at once at a signal", async () => {
  await using run = await HandRun.start(["one"]);
  const child = spawnCli(["status", "--watch", "--db", run.db], { folder: run.folder.path });
  const lines = child.stdout.getReader();
  await lines.read();
  child.kill("SIGTERM");
  while (!(await lines.read()).done);
  assertEquals((await child.status).code, 143);
  await child.stderr.cancel();
});

watchTest("takes no screen under CI, and ends with the run", async () => {
  await using run = await HandRun.start(["one"]);
  await using terminal = openTerminal(["status", "--watch", "--db", run.db], {
    folder: run.folder.path,
    env: { CI: "true" },
    permissions: ["--allow-read", "--allow-env=CI"],
  });
  await terminal.until("queued 1");
  await run.begin(0);
  await run.end(0, "done");
  await run.finish();
  assertEquals(await terminal.ended(), 0);
  assert(!terminal.raw.includes("\x1b"), JSON.stringify(terminal.raw));
});

watchTest("has keys: it scrolls, finds, shows failures, explains itself, and ends", async () => {
  const names = Array.from({ length: 60 }, (_, i) => `task ${i}`);
  await using run = await HandRun.start(names);
  await run.begin(7);
  await run.end(7, "error", "refused");
  await using terminal = openTerminal(["status", "--watch", "--db", run.db], {
    folder: run.folder.path,
  });
  await terminal.until(
    /✖ error +8 +task 7 [^]*q ends this view, not the pipeline · \? keys/,
  );
  await terminal.type("\x1b[6~");
  await terminal.until(/from 17 of 60/);
  await terminal.type("G");
  await terminal.until((screen) =>
    /from 43 of 60/.test(screen) && /task 42[^]*task 59/.test(screen)
  );
  await terminal.type("e");
  await terminal.until((screen) => /failed only/.test(screen) && !/task 59/.test(screen));
  await terminal.type("e/TASK 1");
  await terminal.until(/\/TASK 1█/);
  await terminal.type("\r");
  const found = await terminal.until(/\/TASK 1: 11 found/);
  assertEquals(found.match(/queued +\d+ +task 1/g)?.length, 11);
  await terminal.type("?");
  await terminal.until(/PgUp PgDn, space +scroll by a page/);
  await terminal.type("?\x1b");
  await terminal.until(/✖ error +8 +task 7/);
  await terminal.type("q");
  assertEquals(await terminal.ended(), 0);
  assertEquals([terminal.isOtherScreen, terminal.hasCursor], [false, true]);
});

Deno.test({
  name: "status --watch gives the terminal back at Ctrl-Z and Ctrl-\\, and is back after fg",
  ignore: !hasTmux,
  async fn() {
    await using run = await HandRun.start(["one"]);
    await using tmux = await Tmux.start({ CI: "" });
    const window = await tmux.open(80, 24);
    const isShown = (screen: string[]) => screen.some((line) => /queued +1 +one/.test(line));
    const path = (name: string) => decodeURIComponent(new URL(name, ROOT).pathname);
    // It needs no permission for it.
    const deno = `${Deno.execPath()} run --no-lock --cached-only -R --config ${path("deno.json")}`;
    await window.type(`${deno} ${path("cli.ts")} status --watch --db ${run.db}`, "Enter");
    await window.until(isShown);
    assertEquals((await window.state()).isOtherScreen, true);
    await window.type("C-z");
    await window.until((screen) => screen.some((line) => line.includes("Stopped")));
    const sane = { isOtherScreen: false, hasCursor: true, hasMargins: false };
    assertEquals(await window.state(), sane);
    await run.begin(0);
    await window.type("fg", "Enter");
    await window.until((screen) => screen.some((line) => /running +1 +one/.test(line)));
    assertEquals((await window.state()).isOtherScreen, true);
    await window.type("C-\\");
    await window.until((screen) => screen.some((line) => line.includes("Quit")));
    assertEquals(await window.state(), sane);
    assert(!(await window.lines()).some((line) => /\bone$/.test(line)));
  },
});

Deno.test("status --watch --json writes a value for each line", async () => {
  await using run = await HandRun.start(["one"]);
  const args = ["status", "--watch", "--json", "--db", run.db, "--run", "1"];
  const child = spawnCli(args, { folder: run.folder.path });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await lines.read()).value!;
  await run.begin(0);
  await run.end(0, "done");
  await run.finish();
  for (let part = await lines.read(); !part.done; part = await lines.read()) text += part.value;
  const values = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(values.at(0).run.status, "running");
  assertEquals(values.at(-1).run.status, "done");
  assertEquals((await child.status).code, 0);
  await child.stderr.cancel();
});

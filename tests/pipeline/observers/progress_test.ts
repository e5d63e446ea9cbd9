import { LogThrottle } from "../../../pipeline/observers/progress/log_throttle.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../support/assert.ts";
import { isInstalled, ROOT } from "../../support/child.ts";
import { type TerminalOptions, TestTerminal } from "../../support/pseudo_terminal.ts";

const ignore = !await isInstalled("script");

const FIXTURE = new URL("tests/fixtures/bars.ts", ROOT).pathname;
const CTRL_C = "\x03";
const CTRL_D = "\x04";

const FLAGS = [`--allow-read=${decodeURIComponent(ROOT.pathname)}`];

function bars(args: string[], options?: TerminalOptions): Promise<TestTerminal> {
  return TestTerminal.deno([...FLAGS, FIXTURE, ...args], options);
}

function screenOf(terminal: TestTerminal): string[] {
  return terminal.screen.filter((line) => line !== "");
}

Deno.test({
  name: "progress shows the overall bar and a bar for each task, whatever its name",
  ignore,
  async fn() {
    await using terminal = await bars(["half", "6"]);
    await terminal.until(() =>
      screenOf(terminal).length === 7 && terminal.screen.join().includes("50%")
    );
    const lines = screenOf(terminal);
    const titles = ["plain", "cleared", "two␊lines", "turned", "日本語の名前", ""];
    titles.forEach((title, i) => assertStringIncludes(lines[i]!, `  ${i + 1} ${title}`));
    assert(lines[5]!.endsWith("50% note 6"), lines[5]);
    assert(/^bars {2}━+ {2}\d+% {2}0\/6 {2}(0\/s {2})?\d s/.test(lines[6]!), lines[6]);
    assert(terminal.hasMargins);
    await terminal.type(CTRL_D);
    assertEquals(await terminal.end(), 0);
    assertEquals(terminal.text.slice(1), ["The status is done"]);
    assert(/^bars: done, 6 done in [\d.]+ m?s$/.test(terminal.text[0]!), terminal.text[0]);
    assert(!terminal.hasMargins);
    assert(!terminal.raw.includes("\x1b[?25l"), "The cursor was hidden");
  },
});

Deno.test({
  name: "progress keeps to half of the terminal's height and counts what it leaves out",
  ignore,
  async fn() {
    await using terminal = await bars(["half", "40"], { rows: 10 });
    await terminal.until(() => screenOf(terminal).length >= 5);
    const lines = screenOf(terminal);
    assertEquals(lines.length, 5);
    assertStringIncludes(lines[3]!, "and 37 more running");
    // Nothing was ever scrolled off.
    assertEquals(terminal.text, lines);
    await terminal.type(CTRL_D);
    assertEquals(await terminal.end(), 0);
  },
});

Deno.test({
  name: "progress prints what the program prints and tasks log above the bars, whole and in order",
  ignore,
  async fn() {
    await using terminal = await bars(["logs", "4"], { rows: 12 });
    assertEquals(await terminal.end(), 0);
    const text = terminal.text;
    assertEquals(text.length, 4 * 50 + 2);
    for (let n = 1; n <= 4; n++) {
      const prints = text.filter((line) => line.startsWith(`print ${n}.`));
      assertEquals(prints, Array.from({ length: 25 }, (_, i) => `print ${n}.${i}`));
      const logs = text.filter((line) => line.includes(`log ${n}.`));
      assertEquals(logs.length, 25);
      assert(logs[0]!.endsWith(`: warn: log ${n}.0`) && logs[1]!.endsWith(`: log ${n}.1`));
    }
    assert(terminal.frames.length > 0);
  },
});

Deno.test({
  name: "progress draws at most ten frames a second",
  ignore,
  async fn() {
    // However late a frame arrives, the program has had all this time to draw it.
    const start = performance.now();
    await using terminal = await bars(["half", "3"]);
    await terminal.until(() => terminal.frames.length >= 20);
    const { length } = terminal.frames;
    const seconds = (terminal.frames[length - 1]! - start) / 1_000;
    assert((length - 1) / seconds <= 10, `${length} frames in ${seconds} s`);
    await terminal.type(CTRL_D);
    await terminal.end();
  },
});

Deno.test({
  name: "progress leaves nothing behind when the terminal is resized",
  ignore,
  async fn() {
    await using terminal = await bars(["half", "4"], { rows: 20, columns: 100 });
    const settled = async () => {
      const drawn = terminal.frames.length;
      await terminal.until(() => terminal.frames.length >= drawn + 2);
    };
    const resize = async (rows: number, columns: number) => {
      await settled();
      await terminal.resize(rows, columns);
      await settled();
      const overall = terminal.screen.filter((line) => line.includes("0/4"));
      assertEquals(overall.length, 1, `${rows}x${columns}\n${terminal.screen.join("\n")}`);
    };
    for (const [rows, columns] of [[20, 45], [20, 120], [16, 40], [30, 110], [14, 60], [20, 80]]) {
      await resize(rows!, columns!);
      assertEquals(terminal.text, screenOf(terminal));
      assertEquals(terminal.text.length, 5);
    }
    // Where the folded lines do not fit the screen, what has scrolled off it stays.
    for (const [rows, columns] of [[8, 30], [3, 25], [20, 80]]) await resize(rows!, columns!);
    await terminal.type(CTRL_D);
    assertEquals(await terminal.end(), 0);
  },
});

Deno.test({
  name: "progress gives the terminal back when the pipeline is interrupted, gently or at once",
  ignore,
  async fn() {
    for (const what of ["wait", "deaf"]) {
      await using terminal = await bars([what, "3"]);
      await terminal.until(() => terminal.hasMargins && screenOf(terminal).length >= 4);
      await terminal.type(CTRL_C);
      if (what === "deaf") {
        // The terminal shows ^C before the program receives it, and two signals at once are one.
        await terminal.until(() => terminal.raw.includes("noticed"));
        await terminal.type(CTRL_C);
      }
      assertEquals(await terminal.end(), what === "deaf" ? 130 : 0);
      assert(!terminal.hasMargins, what);
      assert(!terminal.screen.join().includes("━"), what);
    }
  },
});

Deno.test({
  name: "progress gives the terminal back when the program dies of an error",
  ignore,
  async fn() {
    await using terminal = await bars(["crash", "2"]);
    assertEquals(await terminal.end(), 1);
    assertStringIncludes(terminal.text.join("\n"), "Not caught");
    assert(terminal.raw.includes("\x1b[1;21r"));
    assert(!terminal.hasMargins);
  },
});

Deno.test({
  name: "progress counts failures",
  ignore,
  async fn() {
    await using terminal = await bars(["fail", "5"]);
    await terminal.end();
    assert(
      /^bars: error, 2 done, 3 failed in [\d.]+ m?s$/.test(terminal.text[0]!),
      terminal.text[0],
    );
  },
});

Deno.test({
  name:
    "progress shows tasks on the pool's Workers that never let a timer run, and what they print",
  ignore,
  async fn() {
    await using terminal = await bars(["busy", "2"]);
    await terminal.until(() => /[1-9]\d% busy 1/.test(terminal.screen.join("\n")));
    assertEquals(await terminal.end(), 0);
    const text = terminal.text;
    assertEquals(text.filter((line) => line.startsWith("printed")).sort(), [
      "printed 100% by 1",
      "printed 100% by 2",
    ]);
    assertEquals(text.filter((line) => line.includes(": logged by ")).length, 2);
    assertEquals(text.length, 6);
  },
});

Deno.test({
  name: "progress of two pipelines at once shares the terminal",
  ignore,
  async fn() {
    await using terminal = await bars(["half", "3", '{"runs":2}'], { rows: 12 });
    await terminal.until(() => terminal.screen.filter((line) => line.includes("0/3")).length === 2);
    const overall = screenOf(terminal).filter((line) => line.includes("0/3")).sort();
    assert(overall[0]!.startsWith("bars  ") && overall[1]!.startsWith("bars 2  "), overall.join());
    await terminal.type(CTRL_D);
    assertEquals(await terminal.end(), 0);
    const last = terminal.text.map((line) => line.replace(/ in .*/, "")).sort();
    assertEquals(last, [
      "The status is done",
      "The status is done",
      "bars 2: done, 3 done",
      "bars: done, 3 done",
    ]);
    assert(!terminal.hasMargins);
  },
});

Deno.test({
  name: "progress sets no margins for a pipeline that handles no signals",
  ignore,
  async fn() {
    await using terminal = await bars(["deaf", "2", '{"handleSignals":false}']);
    await terminal.until(() => screenOf(terminal).length >= 3);
    await terminal.type("\x03");
    await terminal.end();
    assert(terminal.frames.length > 0 && !terminal.raw.includes("\x1b[1;"));
  },
});

Deno.test({
  name: "progress draws and logs where no status is stored, and no more bars than are wanted",
  ignore,
  async fn() {
    const settings = { storeTaskStatus: false, progress: { maxBars: 2 } };
    await using terminal = await bars(["logs", "4", JSON.stringify(settings)]);
    await terminal.until(() => terminal.screen.some((line) => line.includes("and 3 more running")));
    assertEquals(await terminal.end(), 0);
    assertEquals(terminal.text.filter((line) => line.includes(": log ")).length, 100);
  },
});

Deno.test({
  name: "progress uses no colours under NO_COLOR",
  ignore,
  async fn() {
    for (const [env, colored] of [[{}, true], [{ NO_COLOR: "1" }, false]] as const) {
      await using terminal = await bars(["fail", "2"], { env });
      await terminal.end();
      // deno-lint-ignore no-control-regex
      assertEquals(/\x1b\[[\d;]+m/.test(terminal.raw), colored);
      assert(terminal.frames.length > 0);
    }
  },
});

Deno.test("progress writes plain lines where there is no terminal", async () => {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--no-lock",
      "--cached-only",
      ...FLAGS,
      FIXTURE,
      "fail",
      "4",
      '{"progress":{"intervalMs":50}}',
    ],
    cwd: ROOT,
    stdin: "null",
  }).output();
  assertEquals(new TextDecoder().decode(stdout), "The status is error\n");
  const lines = new TextDecoder().decode(stderr).trimEnd().split("\n");
  assert(lines.length >= 2, lines.join("\n"));
  for (const line of lines.slice(0, -1)) {
    assert(/^bars: \d+% {2}\d\/4 {2}([\d.]+\/(s|min) {2})?\d s/.test(line), JSON.stringify(line));
  }
  assertMatch(lines.at(-1)!, /^bars: error, 2 done, 2 failed in [\d.]+ m?s$/);
});

Deno.test({
  name:
    "progress writes plain lines on the terminal of a CI job, and on one that moves no cursor or has no size",
  ignore,
  async fn() {
    const cases = [
      { env: { CI: "true" } },
      { env: { CI: "", TERM: "dumb" } },
      { env: { CI: "", NO_COLOR: "1" }, rows: 0, columns: 0 },
    ];
    for (const { env, ...size } of cases) {
      const args = ["--quiet", ...FLAGS, "--allow-env=CI,TERM,FORCE_COLOR", FIXTURE, "fail", "4"];
      const settings = JSON.stringify({ progress: { intervalMs: 50 } });
      await using terminal = await TestTerminal.deno([...args, settings], {
        env,
        ...size,
      });
      await terminal.end();
      assert(!terminal.raw.includes("\x1b"), JSON.stringify(terminal.raw));
      assert(terminal.text.filter((line) => /^bars: \d+% {2}\d\/4/.test(line)).length > 0);
      assertStringIncludes(terminal.text.join("\n"), "bars: error, 2 done, 2 failed");
    }
  },
});

Deno.test("progress shows no lines of tasks with taskLogs: false, and counts those past 200 a second", async () => {
  const lines: string[] = [];
  const logs = new LogThrottle((line) => lines.push(line));
  for (let i = 0; i < 1_500; i++) logs.print(`line ${i}`);
  logs.flush();
  assertEquals(lines.slice(199), ["line 199", "… 1,300 more lines that tasks logged"]);
  logs.flush();
  assertEquals(lines.length, 201);
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-lock", "--cached-only", ...FLAGS, FIXTURE, "logs", "1"]
      .concat('{"progress":{"taskLogs":false}}'),
    cwd: ROOT,
    stdin: "null",
  }).output();
  assertMatch(new TextDecoder().decode(stderr), /^bars: done, 1 done in [^\n]+\n$/);
});

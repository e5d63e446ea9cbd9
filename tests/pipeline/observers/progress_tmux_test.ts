import { assert, assertEquals } from "../../support/assert.ts";
import { ROOT } from "../../support/child.ts";
import { hasTmux, Tmux } from "../../support/tmux.ts";

const FIXTURE = decodeURIComponent(new URL("tests/fixtures/bars.ts", ROOT).pathname);
const BARS = `${Deno.execPath()} run -A --no-lock --cached-only --config ${
  decodeURIComponent(new URL("deno.json", ROOT).pathname)
} ${FIXTURE}`;

const SANE = { isOtherScreen: false, hasCursor: true, hasMargins: false };

Deno.test({
  name: "progress leaves on a terminal what anything printed, whole, and no line of its own",
  ignore: !hasTmux,
  async fn() {
    // What runs the tests may be a job of continuous integration, which has no bars.
    await using tmux = await Tmux.start({ CI: "" });
    const sizes = [[40, 20], [80, 24], [200, 50]] as const;
    await Promise.all(sizes.map(async ([columns, rows]) => {
      const window = await tmux.open(columns, rows);
      await window.type(`${BARS} prints 12; echo over`, "Enter");
      let most = 0;
      await window.until((screen) => {
        most = Math.max(most, screen.filter((line) => line.includes("━")).length);
        return screen.at(-2) === "over";
      });
      assert(most > 2 && most <= rows / 2, `${most} bars in ${rows} rows`);
      const lines = await window.lines();
      const count = (pattern: RegExp) => lines.filter((line) => pattern.test(line)).length;
      for (const word of ["process", "sync", "async", "\\d+ .*: log"]) {
        assertEquals(count(new RegExp(`^${word} \\d+\\.\\d$`)), 60, `${word} at ${columns}`);
      }
      assertEquals([count(/^child \d\.\d$/), count(/^│ +0 +│ "\d+\.\d" +│$/)], [25, 60]);
      assertEquals(count(/━|more running|note/), 0);
    }));
  },
});

Deno.test({
  name: "progress gives the terminal back at Ctrl-Z and Ctrl-\\, and draws again after fg",
  ignore: !hasTmux,
  async fn() {
    await using tmux = await Tmux.start({ CI: "" });
    const window = await tmux.open(80, 24);
    const isDrawn = (screen: string[]) => screen.length === 24 && /^bars .*0\/3/.test(screen[23]!);
    await window.type(`${BARS} wait 3`, "Enter");
    await window.until(isDrawn);
    await window.type("C-z");
    const stopped = await window.until((screen) => screen.some((line) => line.includes("Stopped")));
    assertEquals(stopped.filter((line) => line.includes("━")), []);
    assertEquals(await window.state(), SANE);
    await window.type("fg", "Enter");
    await window.until(isDrawn);
    await window.resize(40, 20);
    await window.until((screen) => screen.length === 20 && /^bars .*0\/3/.test(screen[19]!));
    await window.type("C-\\");
    const quit = await window.until((screen) => screen.some((line) => line.includes("Quit")));
    assertEquals(quit.filter((line) => line.includes("━")), []);
    assertEquals(await window.state(), SANE);
  },
});

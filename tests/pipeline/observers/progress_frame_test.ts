import {
  type Canvas,
  frameOf,
  lastLine,
  summaryOf,
} from "../../../pipeline/observers/progress/frame.ts";
import { RateEstimator } from "../../../pipeline/observers/progress/rate_estimator.ts";
import { cleanLine } from "../../../internal/terminal_text.ts";
import { cut, widthOf } from "../../../pipeline/observers/progress/width.ts";
import type { ObservedRun, RunningTask } from "../../../pipeline/observers/run_observer.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const CANVAS: Canvas = { columns: 80, lines: 24, color: false };

function task(id: number, fraction?: number, note?: string, name = `task ${id}`): RunningTask {
  return { id, name, key: null, fraction, note };
}

function viewOf(running: RunningTask[], view: Partial<ObservedRun> = {}): ObservedRun {
  const counts = { done: 0, error: 0, cancelled: 0 };
  return { name: "load", total: 10, skipped: 0, counts, running: () => running, ...view };
}

Deno.test("frameOf() draws a bar for each running task and the overall bar below", () => {
  const view = viewOf([task(1, 0.5, "row 50"), task(2)], {
    counts: { done: 3, error: 1, cancelled: 0 },
  });
  const lines = frameOf(view, new RateEstimator(0), CANVAS, 2_000);
  assertEquals(lines, [
    "  task 1                      ━━━━━━━━────────  50% row 50",
    "  task 2                      ────────────────    …",
    "load  ━━━━━━━━━━━━━─────────────────  45%  4/10  2/s  2 s  ETA 2 s  1 failed",
  ]);
});

Deno.test("frameOf() draws no share and no end of what has no known total", () => {
  const view = viewOf([], { total: undefined, counts: { done: 1_234, error: 0, cancelled: 0 } });
  assertEquals(frameOf(view, new RateEstimator(0), { ...CANVAS, columns: 40 }, 61_700), [
    "load  ────────  1,234  20/s  1 min 01 s",
  ]);
  assertEquals(frameOf(viewOf([], { total: 0 }), new RateEstimator(0), CANVAS, 0).length, 1);
});

Deno.test("frameOf() and summaryOf() show why no task begins, as long as any can", () => {
  const notice = () => "No worker is connected";
  const [line, overall] = frameOf(viewOf([], { notice }), new RateEstimator(0), CANVAS, 0);
  assertEquals([line, overall!.startsWith("load")], ["  No worker is connected", true]);
  assert(summaryOf(viewOf([], { notice }), new RateEstimator(0), 0).endsWith(notice()));
  const over = viewOf([], { notice, counts: { done: 10, error: 0, cancelled: 0 } });
  assertEquals(frameOf(over, new RateEstimator(0), CANVAS, 0).length, 1);
  const low = { ...CANVAS, lines: 1 };
  assertEquals(frameOf(viewOf([], { notice }), new RateEstimator(0), low, 0).length, 1);
});

Deno.test("frameOf() keeps to the lines and columns there are", () => {
  const hostile = [
    "\x1b[2Jx",
    "two\nlines",
    "日本語".repeat(40),
    "e\u0301".repeat(300),
    "🙂".repeat(90),
  ];
  const running = hostile.map((name, i) => task(i, i / 5, name, name));
  for (let columns = 1; columns < 140; columns += 3) {
    for (const lines of [1, 2, 3, 4, 20]) {
      for (const color of [false, true]) {
        const canvas = { columns, lines, color };
        const counts = { done: 1_000_000, error: 3, cancelled: 0 };
        const view = viewOf(running, { name: hostile[2]!, total: 2_000_000, counts });
        const frame = frameOf(view, new RateEstimator(0), canvas, 5_000_000);
        assert(frame.length <= lines, `${frame.length} of ${lines} lines`);
        for (const line of frame) {
          assert(widthOf(line) < columns || line === "", `${columns}: ${JSON.stringify(line)}`);
          assert(!line.includes("\n") && !line.includes("\x1b[2J"));
        }
      }
    }
  }
});

Deno.test("frameOf() shows how many tasks have no bar", () => {
  const running = Array.from({ length: 100 }, (_, i) => task(i));
  const lines = frameOf(viewOf(running), new RateEstimator(0), { ...CANVAS, lines: 5 }, 1);
  assertEquals(lines.slice(2, 4), [lines[2]!, "  and 97 more running"]);
  assertEquals(lines.length, 5);
});

Deno.test("frameOf() uses colours where they are wanted, and only there", () => {
  const view = viewOf([task(1, 0.5, "note")]);
  assert(!frameOf(view, new RateEstimator(0), CANVAS, 1).join("").includes("\x1b"));
  assert(
    frameOf(view, new RateEstimator(0), { ...CANVAS, color: true }, 1).join("").includes(
      "\x1b[36m",
    ),
  );
});

Deno.test("summaryOf() and lastLine() show the same in one line", () => {
  const pace = new RateEstimator(0);
  const view = viewOf([task(1, 0.5)], { counts: { done: 3, error: 1, cancelled: 1 } });
  assertEquals(
    summaryOf(view, pace, 3_600_000),
    "load: 55%  5/10  5/h  1 h 00 min  ETA 49 min 05 s  1 failed",
  );
  assertEquals(
    lastLine(view, pace, "error", false),
    "load: error, 3 done, 1 failed, 1 cancelled in 1 h 00 min",
  );
});

Deno.test("widthOf() counts the cells of cleaned text as terminals do, in every script", () => {
  // As tmux moves its cursor.
  const widths: Record<string, number> = {
    "e\u0301a\u0308": 2,
    "日本語": 6,
    "ﾊﾝｶｸ": 4,
    "\u1112\u1161\u11ab\u1100\u1173\u11af": 4,
    "العَرَبِيَّة": 7,
    "שָׁלוֹם": 4,
    "हिन्दी": 5,
    "ਪੰਜਾਬੀ": 5,
    "မြန်မာ": 5,
    "👍🏽": 2,
    "👨‍👩‍👧": 6,
    "🇳🇴": 2,
    "❤️": 1,
    "a\tb": 3,
    "z\u0489\u0301\u0300\u0302": 1,
  };
  for (const [text, width] of Object.entries(widths)) {
    const clean = cleanLine(text);
    assertEquals(widthOf(clean), width, text);
    for (let cells = 0; cells < 9; cells++) assert(widthOf(cut(clean, cells)) <= cells, text);
  }
});

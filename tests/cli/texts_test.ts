/**
 * Texts in columns, and foreign text made harmless.
 *
 * @module
 */
import { drawTable, flow } from "../../cli/terminal/table.ts";
import { plain } from "../../cli/terminal/colors.ts";
import { sanitize, sanitizedJson } from "../../cli/terminal/sanitize.ts";
import { drawBar } from "../../cli/status/draw_run.ts";
import { widthOf } from "../../pipeline/observers/progress/width.ts";
import { noCounts } from "../../internal/task_status.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { HARMFUL, HOSTILE_NAMES } from "./cli_fixture.ts";

const cells = (...texts: string[]) => texts.map((text) => ({ text }));

Deno.test("drawTable() pads columns and ends no line with blanks", () => {
  const rows = [cells("a", "1", ""), cells("bbb", "22", "x")];
  assertEquals(drawTable([{}, { right: true }, {}], rows, { width: 80, paint: plain }), [
    "a     1",
    "bbb  22  x",
  ]);
});

Deno.test("drawTable() makes columns give way, the last first, then leaves out optional ones", () => {
  const columns = [{ min: 3 }, { optional: true }, { min: 2 }];
  const rows = [cells("abcdef", "123", "vwxyz")];
  const at = (width: number) => drawTable(columns, rows, { width, paint: plain })[0];
  assertEquals([at(18), at(16), at(14), at(12), at(10)], [
    "abcdef  123  vwxyz",
    "abcdef  123  vw…",
    "abcd…  123  v…",
    "ab…  123  v…",
    "abcdef  v…",
  ]);
  for (let width = 1; width < 20; width++) assert(widthOf(at(width)!) <= width, `${width}`);
});

Deno.test("flow() puts as much on a line as it holds", () => {
  const on = { width: 9, paint: plain };
  assertEquals(flow(cells("one", "two", "three", "a long word"), on), [
    "one · two",
    "three",
    "a long w…",
  ]);
  assertEquals(flow([], on), []);
});

Deno.test("drawBar() shows every status, and has the width it was given", () => {
  const bar = (counts: object, width: number) =>
    drawBar({ ...noCounts(), ...counts }, width, plain);
  assertEquals(bar({ done: 1, queued: 1 }, 4), "██──");
  assertEquals(bar({ done: 999_999, error: 1 }, 10), "█████████▓");
  assertEquals(bar({ queued: 1, running: 1, done: 1, error: 1, cancelled: 1 }, 5), "█▓▒░─");
  for (let width = 5; width < 70; width++) {
    assertEquals(bar({ done: 7, error: 3, running: 2, queued: 5 }, width).length, width);
  }
});

Deno.test("printable() and printableJson() let nothing through that a terminal obeys", () => {
  for (const name of HOSTILE_NAMES) {
    const text = sanitize(name);
    assert(text !== "" && !HARMFUL.test(text) && !text.includes("\n"), JSON.stringify(text));
    const json = sanitizedJson({ name });
    assert(!HARMFUL.test(json), json);
    assertEquals(JSON.parse(json), { name });
  }
  assertEquals(sanitize("Grüße, 世界 👋"), "Grüße, 世界 👋");
});

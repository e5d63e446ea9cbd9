import {
  progressOf,
  statusOf,
  UNREAD,
  WeaveCells,
} from "../../../dashboard/client/weave/weave_cells.ts";
import {
  cellAt,
  layOut,
  moveCursor,
  placesOf,
} from "../../../dashboard/client/weave/weave_layout.ts";
import { paintCell } from "../../../dashboard/client/weave/weave_paint.ts";
import { TASK_STATUSES, type TaskStatus } from "../../../internal/task_status.ts";
import type { WeaveBlock } from "../../../dashboard/api.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const code = (status: TaskStatus, tenths = 0) => 11 * TASK_STATUSES.indexOf(status) + tenths;
const block = (first: number, codes: number[], ids?: number[]): WeaveBlock => ({
  first,
  cells: String.fromCharCode(...codes.map((code) => 48 + code)),
  ...(ids && { ids }),
});
const ROOM = { width: 1400, height: 190, most: 300, smallest: 2, handy: 6, largest: 24 };

Deno.test("statusOf() and progressOf() read every code", () => {
  for (const status of TASK_STATUSES) {
    for (let tenths = 0; tenths <= 10; tenths++) {
      assertEquals(statusOf(code(status, tenths)), status);
      assertEquals(progressOf(code(status, tenths)), tenths / 10);
    }
  }
});

Deno.test("WeaveCells.update() returns which places have changed", () => {
  const cells = new WeaveCells();
  const a = block(1, [code("queued"), code("queued"), code("queued")]);
  const b = block(4, [code("queued"), code("queued")]);
  assertEquals(cells.update([a, b]), [[0, 5]]);
  assertEquals(cells.count, 5);
  assertEquals(cells.update([a, b]), []);
  const running = block(4, [code("queued"), code("running", 5)]);
  assertEquals(cells.update([a, running]), [[4, 5]]);
  assertEquals(cells.codeAt(4), code("running", 5));
  // A block that is new and holds the same changes nothing.
  assertEquals(cells.update([block(1, [0, 0, 0]), running]), []);
});

Deno.test("WeaveCells.update() follows a weave that grows, shrinks and shifts", () => {
  const cells = new WeaveCells();
  const codes = (count: number) => Array.from({ length: count }, () => code("done", 10));
  cells.update([block(1, codes(1000)), block(1001, codes(500))]);
  assertEquals(cells.update([block(1, codes(1000)), block(1001, codes(800))]), [
    [1500, 1800],
    [1500, 1800],
  ]);
  assertEquals([cells.count, cells.codeAt(1799), cells.idAt(1799)], [1800, code("done", 10), 1800]);
  assertEquals(cells.update([block(1, codes(3))]), [[3, 1800]]);
  assertEquals([cells.count, cells.idAt(2), cells.idAt(3)], [3, 3, null]);
  // The same number in blocks of other sizes: every place is looked at again.
  cells.update([block(1, [0, 0]), block(3, [1, 2])]);
  cells.update([block(1, [0]), block(2, [0, 1, 2])]);
  assertEquals([0, 1, 2, 3].map((place) => cells.codeAt(place)), [0, 0, 1, 2]);
  assertEquals([0, 1, 2, 3].map((place) => cells.idAt(place)), [1, 2, 3, 4]);
});

Deno.test("WeaveCells distinguishes read places from others", () => {
  const cells = new WeaveCells();
  const done = code("done", 10);
  // Queued tasks that come are reported, although nothing was there in their place before.
  assertEquals(cells.update([block(1, [0, 0])]), [[0, 2]]);
  assertEquals([cells.merged(0, 1), cells.merged(2, 3), cells.merged(2, 9)], [0, UNREAD, UNREAD]);
  cells.update([block(1, [done, done])]);
  assertEquals(cells.merged(0, 9), done);
  assertEquals([cells.worstPlace(2, 9), cells.idAt(2)], [2, null]);
});

Deno.test("WeaveCells.idAt() knows ids with gaps", () => {
  const cells = new WeaveCells();
  cells.update([block(10, [0, 0]), block(20, [0, 0, 0], [20, 25, 31]), block(40, [0])]);
  assertEquals([0, 1, 2, 3, 4, 5].map((place) => cells.idAt(place)), [10, 11, 20, 25, 31, 40]);
  assertEquals([cells.idAt(-1), cells.idAt(6)], [null, null]);
});

Deno.test("WeaveCells.merged() shows the worst of several tasks", () => {
  const cells = new WeaveCells();
  const merge = (...codes: number[]) => {
    cells.update([block(1, codes)]);
    return cells.merged(0, codes.length);
  };
  const done = code("done", 10);
  assertEquals(merge(done, done), done);
  assertEquals(statusOf(merge(done, code("queued"))), "queued");
  assertEquals(statusOf(merge(done, code("queued"), code("cancelled", 3))), "cancelled");
  assertEquals(statusOf(merge(done, code("cancelled"), code("running", 5))), "running");
  assertEquals(statusOf(merge(done, code("running", 5), code("error", 5))), "error");
  // Whatever has ended is whole: 10 + 0 + 5 of 30 tenths.
  assertEquals(progressOf(merge(done, code("queued"), code("running", 5))), 0.5);
  assertEquals(merge(code("running", 7)), code("running", 7));
});

Deno.test("WeaveCells.worstPlace() is the task that a click means", () => {
  const cells = new WeaveCells();
  cells.update([block(1, [code("done"), code("running"), code("error"), code("error")])]);
  assertEquals(cells.worstPlace(0, 4), 2);
  assertEquals(cells.worstPlace(0, 2), 1);
  assertEquals(cells.countsOf(0, 4), { queued: 0, running: 1, done: 1, error: 2, cancelled: 0 });
});

Deno.test("layOut() shows every task in the room it has", () => {
  for (const count of [0, 1, 61, 3000, 10_000, 50_000, 100_000, 1_000_000]) {
    for (const width of [328, 1376, 3600]) {
      const layout = layOut(count, { ...ROOM, width });
      assert(layout.columns * layout.pitch <= width);
      assert(layout.rows * layout.pitch <= ROOM.most, `${count} in ${width}: ${layout.rows} rows`);
      assert(layout.columns * layout.rows >= layout.cells);
      assert(layout.cells * layout.perCell >= count);
      assert(layout.gap < layout.pitch);
    }
  }
  assertEquals(layOut(100_000, ROOM).perCell, 1);
  assertEquals(layOut(1_000_000, ROOM).perCell, 10);
  assertEquals(layOut(61, ROOM).pitch, 24);
});

Deno.test("cellAt() and placesOf() lead back from a point to its tasks", () => {
  const layout = layOut(200_001, ROOM);
  assertEquals(layout.perCell, 2);
  for (const cell of [0, 1, layout.columns, layout.cells - 1]) {
    const x = (cell % layout.columns) * layout.pitch + 1;
    const y = Math.floor(cell / layout.columns) * layout.pitch + 1;
    assertEquals(cellAt(layout, x, y), cell);
  }
  assertEquals(placesOf(layout, 3), [6, 8]);
  assertEquals(placesOf(layout, layout.cells - 1), [200_000, 200_001]);
  assertEquals(cellAt(layout, layout.columns * layout.pitch, 0), null);
  assertEquals(cellAt(layout, -1, 0), null);
  assertEquals(cellAt(layout, 1399, (layout.rows - 1) * layout.pitch + 1), null);
});

Deno.test("moveCursor() stays within the weave", () => {
  const layout = layOut(100, { ...ROOM, width: 240 });
  assertEquals(moveCursor(layout, 0, "ArrowRight"), 1);
  assertEquals(moveCursor(layout, 0, "ArrowLeft"), 0);
  assertEquals(moveCursor(layout, 0, "ArrowDown"), layout.columns);
  assertEquals(moveCursor(layout, 99, "ArrowDown"), 99);
  assertEquals(moveCursor(layout, 50, "Home"), 0);
  assertEquals(moveCursor(layout, 50, "End"), 99);
  assertEquals(moveCursor(layout, 50, "a"), null);
  assertEquals(moveCursor(layout, 50, "toString"), null);
});

Deno.test("paintCell() fills to the progress and touches its own pixels only", () => {
  const palette = {
    ground: 1,
    unread: 2,
    of: Object.fromEntries(
      TASK_STATUSES.map((status, i) => [status, { full: 10 + i, empty: 20 + i, mark: 30 + i }]),
    ) as Record<TaskStatus, { full: number; empty: number; mark: number }>,
  };
  const paint = (status: TaskStatus, tenths: number, size: number) => {
    const stride = size + 4;
    const pixels = new Uint32Array(stride * (size + 4));
    paintCell(pixels, stride, { x: 2, y: 2, size, code: code(status, tenths) }, palette);
    const outside = pixels.filter((_, i) => {
      const [x, y] = [i % stride, Math.floor(i / stride)];
      return x < 2 || y < 2 || x >= size + 2 || y >= size + 2;
    });
    assert(outside.every((pixel) => pixel === 0));
    return (wanted: number) => pixels.filter((pixel) => pixel === wanted).length;
  };
  assertEquals(paint("queued", 0, 5)(20), 25);
  assertEquals(paint("running", 4, 5)(11), 10);
  // Who has begun is seen, and who has not ended too.
  assertEquals(paint("running", 0, 5)(11), 5);
  assertEquals(paint("running", 10, 5)(21), 5);
  assertEquals(paint("done", 10, 5)(12), 25);
  // A tiny failed cell is all of its colour; a big one carries a cross, and has round corners.
  assertEquals(paint("error", 0, 2)(13), 4);
  assert(paint("error", 10, 12)(33) > 8);
  assertEquals(paint("error", 10, 12)(1), 4);
  assert(paint("cancelled", 3, 9)(34) > 10);
});

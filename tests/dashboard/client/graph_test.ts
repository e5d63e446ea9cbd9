import { walk } from "../../../dashboard/client/charts/graph_walk.ts";
import { codesOf } from "../../../dashboard/client/charts/task_codes.ts";
import { WeaveCells } from "../../../dashboard/client/weave/weave_cells.ts";
import type { GraphNode, WeaveBlock } from "../../../dashboard/api.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { Random } from "../../support/random.ts";

const SEED = 20_261_123;

const node = (id: number, x: number, y: number): GraphNode => ({
  id,
  name: `${id}`,
  status: "queued",
  x,
  y,
  width: 10,
  height: 10,
});

Deno.test("walk() leads along dependencies and within a column, to the nearest", () => {
  const graph = {
    nodes: [
      node(1, 0, 50),
      node(2, 100, 0),
      node(3, 100, 40),
      node(4, 100, 90),
      node(5, 200, 90),
      node(6, 0, 90),
    ],
    edges: [[1, 2], [1, 3], [3, 5], [4, 5], [6, 4]].map(([from, to]) => ({
      from: from!,
      to: to!,
      points: [],
    })),
  };
  assertEquals(walk(graph, 1, "ArrowRight"), 3);
  assertEquals(walk(graph, 3, "ArrowRight"), 5);
  assertEquals(walk(graph, 5, "ArrowRight"), null);
  assertEquals(walk(graph, 5, "ArrowLeft"), 4);
  assertEquals(walk(graph, 2, "ArrowLeft"), 1);
  assertEquals(walk(graph, 1, "ArrowLeft"), null);
  assertEquals(walk(graph, 2, "ArrowDown"), 3);
  assertEquals(walk(graph, 4, "ArrowUp"), 3);
  assertEquals(walk(graph, 2, "ArrowUp"), null);
  assertEquals(walk(graph, 1, "Enter"), null);
  assertEquals(walk(graph, 7, "ArrowUp"), null);
});

Deno.test("codesOf() finds what the weave has at each id", () => {
  for (let seed = SEED; seed < SEED + 50; seed++) {
    const random = new Random(seed);
    const blocks: WeaveBlock[] = [];
    let id = 1 + random.below(5);
    for (let count = random.below(6); count > 0; count--) {
      const ids: number[] = [];
      for (let left = 1 + random.below(20); left > 0; left--) {
        ids.push(id);
        id += random.below(10) ? 1 : 2;
      }
      const isWhole = ids.every((id, i) => id === ids[0]! + i);
      const cells = ids.map(() => String.fromCharCode(48 + random.below(55))).join("");
      blocks.push({ first: ids[0]!, cells, ...(isWhole ? {} : { ids }) });
      id += random.below(30);
    }
    const cells = new WeaveCells();
    cells.update(blocks);
    const known = new Map(
      Array.from({ length: cells.count }, (_, at) => [cells.idAt(at)!, cells.codeAt(at)]),
    );
    const asked = Array.from({ length: id + 5 }, (_, i) => i);
    assertEquals(codesOf(blocks, asked), asked.map((id) => known.get(id)), `seed ${seed}`);
    assert(codesOf(blocks, []).length === 0);
  }
});

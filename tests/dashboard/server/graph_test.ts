import type { ExportedRun, TaskGraph } from "../../../dashboard/api.ts";
import { createDashboard, exportRun } from "../../../dashboard/mod.ts";
import { runPipeline } from "../../../mod.ts";
import { assert, assertEquals, assertMatch } from "../../support/assert.ts";
import { addRun, getJson, show, type Shown } from "../fixture.ts";
import { DRIVERS } from "../../support/drivers.ts";
import { Random } from "../../support/random.ts";
import { end, start } from "../../writer/worker/store_fixture.ts";
import { tempFolder } from "../../support/temp.ts";

const SEED = 20_261_124;

type Pair = [task: number, needed: number];

/** Begins a run whose tasks depend on each other as given. */
function addGraph({ store }: Shown, tasks: number, pairs: Pair[]): number[] {
  const ids = addRun(store, Array.from({ length: tasks }, () => ({})));
  const run = store.column("SELECT max(id) FROM pipeline_runs")[0] as number;
  store.write({
    kind: "depend_tasks",
    run,
    ids: pairs.map(([task]) => ids[task]!),
    dependsOn: pairs.map(([, needed]) => ids[needed]!),
  });
  return ids;
}

/** Checks that a drawing shows what it has to show. */
function checkDrawing({ nodes, edges, width, height }: TaskGraph, hint: string): void {
  const places = new Map(nodes.map((node) => [node.id, node]));
  for (const { x, y, width: w, height: h } of nodes) {
    assert(x - w / 2 >= 0 && x + w / 2 <= width, `${hint}: a box is beside the area`);
    assert(y - h / 2 >= 0 && y + h / 2 <= height, `${hint}: a box is above or below the area`);
  }
  for (const [i, a] of nodes.entries()) {
    for (const b of nodes.slice(0, i)) {
      const apart = Math.abs(a.x - b.x) >= a.width || Math.abs(a.y - b.y) >= a.height;
      assert(apart, `${hint}: boxes ${a.id} and ${b.id} lie on each other`);
    }
  }
  for (const { from, to, points } of edges) {
    const [a, b] = [places.get(from)!, places.get(to)!];
    assert(a.x + a.width <= b.x, `${hint}: ${to} waits for ${from} and does not stand behind it`);
    assertEquals(points.slice(0, 2), [a.x + a.width / 2, a.y], hint);
    assertEquals(points.slice(-2), [b.x - b.width / 2, b.y], hint);
    const xs = points.filter((_, i) => i % 2 === 0);
    assertEquals(xs, xs.toSorted((a, b) => a - b), `${hint}: a line turns back`);
  }
}

for (const driver of DRIVERS) {
  Deno.test(`GET graph draws what a pipeline depends on, over ${driver}`, async () => {
    using folder = tempFolder();
    const db = folder.file("etl.db");
    const needs: Record<string, string[]> = {
      end: ["left", "right"],
      left: ["start"],
      right: ["start"],
      start: [],
      alone: [],
    };
    await runPipeline(Object.keys(needs), {
      db,
      driver,
      taskName: (key) => `task of ${key}`,
      taskKey: (key) => key,
      dependsOn: (key) => needs[key],
      run(key) {
        if (key === "left") throw new Error("No");
      },
    });
    using app = createDashboard({ db, driver });
    const graph = await getJson<TaskGraph>(app, "/api/runs/1/graph");
    assertEquals(graph.nodes.map(({ id, name, status }) => [id, name, status]), [
      [1, "task of end", "cancelled"],
      [2, "task of left", "error"],
      [3, "task of right", "done"],
      [4, "task of start", "done"],
    ]);
    const pairs = graph.edges.map(({ from, to }) => [from, to]);
    assertEquals(pairs, [[2, 1], [3, 1], [4, 2], [4, 3]]);
    assertEquals(graph.left, null);
    checkDrawing(graph, "diamond");
    assertEquals((await getJson<{ dependencies: number }>(app, "/api/runs/1")).dependencies, 4);

    const html = await exportRun(db, 1, { driver });
    const [, json] = html.match(/id="export">(.*?)<\/script>/s)!;
    assertEquals((JSON.parse(json!) as ExportedRun).graph, graph);
  });
}

Deno.test("GET graph lays any graph out without boxes on each other or lines that turn back", async () => {
  using shown = await show();
  for (let seed = SEED; seed < SEED + 12; seed++) {
    const random = new Random(seed);
    const tasks = 2 + random.below(40);
    const pairs: Pair[] = Array.from({ length: 1 + random.below(60) }, () => {
      const task = 1 + random.below(tasks - 1);
      return [task, random.below(task)];
    });
    const ids = addGraph(shown, tasks, pairs);
    const graph = await shown.get<TaskGraph>(`/api/runs/${1 + seed - SEED}/graph`);
    const named = new Set(pairs.flat().map((at) => ids[at]!));
    assertEquals(graph.nodes.map(({ id }) => id), [...named].sort((a, b) => a - b));
    assertEquals(graph.edges.length, new Set(pairs.map(String)).size);
    checkDrawing(graph, `seed ${seed}`);
  }
});

Deno.test("GET graph keeps places while statuses change", async () => {
  using shown = await show();
  const [first, second] = addGraph(shown, 2, [[1, 0]]) as [number, number];
  const before = await shown.get<TaskGraph>("/api/runs/1/graph");
  shown.store.commit(start(1, first), end(1, first), start(1, second));
  const after = await shown.get<TaskGraph>("/api/runs/1/graph");
  assertEquals(after.nodes.map(({ status }) => status), ["done", "running"]);
  const queued = after.nodes.map((node) => ({ ...node, status: "queued" }));
  assertEquals({ ...after, nodes: queued }, before as unknown);
});

Deno.test("GET graph draws nothing where nothing depends, nor too much, and gives the reason", async () => {
  using shown = await show();
  addRun(shown.store, [{}, {}]);
  const none = { nodes: [], edges: [], width: 0, height: 0, left: null };
  assertEquals(await shown.get("/api/runs/1/graph"), none);

  const chain = (length: number) => Array.from({ length }, (_, i): Pair => [i + 1, i]);
  addGraph(shown, 500, chain(499));
  addGraph(shown, 501, chain(500));
  const wide = Array.from({ length: 1_001 }, (_, i): Pair => [50 + i % 50, Math.floor(i / 50)]);
  addGraph(shown, 100, wide);
  const { nodes, left } = await shown.get<TaskGraph>("/api/runs/2/graph");
  assertEquals([nodes.length, left], [500, null]);
  for (const [run, what] of [[3, /501 tasks/], [4, /1,001 dependencies/]] as const) {
    const { left, ...rest } = await shown.get<TaskGraph>(`/api/runs/${run}/graph`);
    assertMatch(left!, what);
    assertEquals({ ...rest, left: null }, none);
  }
  await shown.get("/api/runs/5/graph", 404);
  await shown.get("/api/runs/x/graph", 400);
});

Deno.test("GET graph leaves out tasks that are deleted meanwhile, and works on older files", async () => {
  using shown = await show();
  const [first] = addGraph(shown, 3, [[1, 0], [2, 1]]) as [number];
  shown.store.connection.exec(`DELETE FROM task_runs WHERE id=${first}`);
  const { nodes, edges } = await shown.get<TaskGraph>("/api/runs/1/graph");
  assertEquals([nodes.length, edges.length], [2, 1]);
  shown.store.connection.exec("DROP TABLE task_dependencies");
  assertEquals((await shown.get<TaskGraph>("/api/runs/1/graph")).nodes, []);
});

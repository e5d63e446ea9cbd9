/**
 * Which tasks of a run wait for which, and where they are drawn.
 *
 * Places do not change while statuses do: they are remembered for as long as the dependencies are the same.
 *
 * @module
 */
import type { TaskGraph } from "../../api.ts";
import type { Reader } from "../reader.ts";
import type { Read } from "./find.ts";
import { memoize } from "./memoize.ts";
import { getRun } from "./runs.ts";
import { readTasks } from "./tasks.ts";

/** Tasks of a graph: more do not fit into a picture. */
const MAX_TASKS = 500;

/** Dependencies of a graph: the worst layout of this many keeps the thread for half a second (measured). */
const MAX_DEPENDENCIES = 1_000;

const NOTHING: TaskGraph = { nodes: [], edges: [], width: 0, height: 0, left: null };

/** The graph of a run; `undefined` when there is no such run. */
export async function readGraph(read: Read, run: number): Promise<TaskGraph | undefined> {
  const dependencies = read((reader) => getRun(reader, run)?.dependencies);
  if (!dependencies) return dependencies === undefined ? undefined : NOTHING;
  if (dependencies > MAX_DEPENDENCIES) return tooLarge(dependencies, "dependencies");
  const { layOut } = await import("../graph_layout.ts");
  return read((reader) => {
    const pairs = readPairs(reader, run);
    const ids = [...new Set(pairs.flat())].sort((a, b) => a - b);
    if (ids.length > MAX_TASKS) return tooLarge(ids.length, "tasks");
    const tasks = readTasks(reader, ids);
    const byId = new Map(tasks.map((task) => [task.id, task]));
    // Tasks are missing while their run is being deleted.
    const whole = pairs.filter(([from, to]) => byId.has(from) && byId.has(to));
    const laidOut = memoize(reader, `graph ${JSON.stringify(whole)}`, () => layOut(tasks, whole));
    const nodes = laidOut.nodes.flatMap((node) => {
      const task = byId.get(node.id);
      return task ? { ...node, status: task.status } : [];
    });
    return { ...laidOut, nodes, left: null };
  });
}

/** Pairs of a task that is waited for and one that waits. */
function readPairs(reader: Reader, run: number): (readonly [from: number, to: number])[] {
  if (!reader.has("task_dependencies")) return [];
  return reader.all(
    `SELECT depends_on_id AS "from", task_id AS "to" FROM task_dependencies WHERE run_id=?
     ORDER BY task_id, depends_on_id LIMIT ${MAX_DEPENDENCIES + 1}`,
    run,
  ).map(({ from, to }) => [Number(from), Number(to)] as const);
}

function tooLarge(count: number, what: string): TaskGraph {
  const left =
    `This run has ${count.toLocaleString("en-US")} ${what} to draw: a graph of more than ` +
    `${MAX_TASKS} tasks or ${
      MAX_DEPENDENCIES.toLocaleString("en-US")
    } dependencies is not drawn. ` +
    "The table has all tasks.";
  return { ...NOTHING, left };
}

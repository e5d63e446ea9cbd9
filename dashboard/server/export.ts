/**
 * One run as one HTML file that opens without a server and without a network: the page, its libraries and its
 * data in one.
 *
 * A module in a single file cannot import another by a path. So each becomes a `data:` URL under a name in the
 * import map, and modules of ours import each other by those names instead.
 *
 * @module
 */
import type { DriverChoice } from "../../sqlite/drivers/choose.ts";
import type { ExportedRun, LogLine, TaskDetail } from "../api.ts";
import { CLIENT_FILES, INDEX } from "./client_files.ts";
import { LIBRARIES, STYLES } from "./assets.ts";
import { findTasks, type Read } from "./queries/find.ts";
import { readGraph } from "./queries/graph.ts";
import { listLogs } from "./queries/logs.ts";
import { getRun, listSamples, tasksOf } from "./queries/runs.ts";
import { getTask } from "./queries/tasks.ts";
import { readTimeline } from "./queries/timeline.ts";
import { readWeave } from "./queries/weave.ts";
import { DatabaseHandle } from "./database_handle.ts";

/** Tasks that a file holds in full: those that failed first. */
const MAX_TASKS = 10_000;

/** Log lines of each of them. */
const MAX_LINES = 100;

/** Characters of their texts together; past that the rest of the tasks is left out. */
const MAX_CHARACTERS = 50_000_000;

/**
 * Writes one run into a single HTML file that shows it as the dashboard does, without a server.
 *
 * @param db The database, opened read-only for the time of the call
 * @param run Id of the run, 0 for the tasks of a file that has no runs
 * @returns The text of the file
 * @throws {RangeError} If there is no such run
 *
 * @example A page to send to somebody
 * ```ts
 * import { runPipeline } from "@pipeloom/pipeloom";
 * import { exportRun } from "@pipeloom/pipeloom/dashboard";
 *
 * const { runId } = await runPipeline(["a", "b"], { db: "etl.db", run: (item) => item });
 * const page = await exportRun("etl.db", runId!);
 * // await Deno.writeTextFile("run.html", page);
 * ```
 */
export async function exportRun(
  db: string | URL,
  run: number,
  options: { driver?: DriverChoice } = {},
): Promise<string> {
  using source = new DatabaseHandle(db, options.driver);
  await source.ready();
  const { file } = source.state;
  const page = await renderExport((query) => source.read(query), { run, file });
  if (page === undefined) {
    throw new RangeError(`Cannot export run ${run} of ${file}: there is none`);
  }
  return page;
}

/** The text of the file; `undefined` when there is no such run. */
export async function renderExport(
  read: Read,
  { run, file }: { run: number; file: string },
): Promise<string | undefined> {
  const data = await gather(read, { run, file });
  return data && fill(data);
}

async function gather(
  read: Read,
  { run: id, file }: { run: number; file: string },
): Promise<ExportedRun | undefined> {
  const now = Date.now();
  const { run, where } = read((reader) => ({
    run: getRun(reader, id),
    where: tasksOf(reader, id),
  }));
  if (!run || !where) return;
  const find = { q: "", key: "", sort: "id" } as const;
  const failed = await findTasks(
    read,
    where,
    { ...find, status: ["error"], limit: MAX_TASKS },
  );
  const others = await findTasks(read, where, {
    ...find,
    status: ["running", "cancelled", "done", "queued"],
    limit: MAX_TASKS - failed.length + 1,
  });
  const tasks: TaskDetail[] = [];
  const logs: Record<number, LogLine[]> = {};
  let characters = 0;
  for (const { id } of [...failed, ...others].slice(0, MAX_TASKS)) {
    if (characters > MAX_CHARACTERS) break;
    const { task, lines } = read((reader) => ({
      task: getTask(reader, id),
      lines: listLogs(reader, id, { limit: MAX_LINES }).lines,
    }));
    if (!task) continue;
    tasks.push(task);
    if (lines.length > 0) logs[id] = lines;
    characters += JSON.stringify(task).length + JSON.stringify(lines).length;
  }
  return {
    now,
    file,
    run,
    samples: read((reader) => listSamples(reader, id).samples),
    weave: await readWeave(read, id) ?? [],
    timeline: await readTimeline(read, id) ?? { bars: [], started: 0 },
    graph: (await readGraph(read, id))!,
    tasks,
    left: run.total - tasks.length,
    logs,
  };
}

function fill(data: ExportedRun): string {
  const modules = { ...LIBRARIES };
  for (const [name, text] of Object.entries(CLIENT_FILES)) {
    if (name.endsWith(".js")) modules[`client/${name}`] = byName(text);
  }
  const imports = Object.fromEntries(
    Object.entries(modules).map(([name, text]) => [name, toDataUrl("text/javascript", text)]),
  );
  const theme = CLIENT_FILES["theme.js"]!;
  const icon = toDataUrl("image/svg+xml", CLIENT_FILES["favicon.svg"]!);
  const parts: [RegExp, string][] = [
    [/<base [^>]*>/, ""],
    [/<link rel="icon"[^>]*>/, `<link rel="icon" type="image/svg+xml" href="${icon}">`],
    [/<script src="[^"]*theme\.js"><\/script>/, `<script>${theme}</script>`],
    [/<link rel="stylesheet"[^>]*uplot\.css">/, `<style>${STYLES["uplot.css"]}</style>`],
    [/<link rel="stylesheet"[^>]*style\.css">/, `<style>${STYLES["style.css"]}</style>`],
    [/{{importmap}}/, JSON.stringify({ imports })],
    [
      /<script type="module"[^>]*main\.js"><\/script>/,
      `<script type="application/json" id="export">${toScriptText(data)}</script>
    <script type="module">import "client/main.js";</script>`,
    ],
  ];
  let page = INDEX;
  for (const [pattern, text] of parts) {
    if (!pattern.test(page)) throw new Error(`The page has no ${pattern} to fill`);
    // A function, because a text may hold what String.replace takes for a reference.
    page = page.replace(pattern, () => text);
  }
  return page;
}

/** The source of a module of ours with the others imported by their names in the import map. */
function byName(text: string): string {
  return text.replace(/(\bfrom\s*|\bimport\s*\(?\s*)"\.\/([\w.]+\.js)"/g, '$1"client/$2"');
}

function toDataUrl(type: string, text: string): string {
  return `data:${type};charset=utf-8,${encodeURIComponent(text)}`;
}

/** JSON that cannot end the script element it stands in. */
function toScriptText(data: object): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}

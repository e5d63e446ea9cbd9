/**
 * One run as one HTML file that opens without a server and without a network: the page, its libraries and its
 * data in one.
 *
 * Its policy lets it run its own script, named by a hash, and load nothing: texts of the database stay texts even
 * where the page had a fault.
 *
 * @module
 */
import { checkOptionNames } from "../../internal/validate.ts";
import type { TaskStatus } from "../../internal/task_status.ts";
import { createHash } from "node:crypto";
import type { DriverChoice } from "../../sqlite/drivers/choose.ts";
import type { ExportedRun } from "../api.ts";
import { ICON, INDEX, SCRIPT, STYLE } from "./client.gen.ts";
import { findTasks, type Read } from "./queries/find.ts";
import type { PageCursor } from "./queries/plan.ts";
import { readChecks } from "./queries/answers/checks.ts";
import { readDelays } from "./queries/answers/delays.ts";
import { readRunRows } from "./queries/answers/written_rows.ts";
import { readFailures } from "./queries/answers/failures.ts";
import { readGraph } from "./queries/graph.ts";
import { listLogs } from "./queries/logs.ts";
import { getRun } from "./queries/runs.ts";
import { listSamples } from "./queries/samples.ts";
import { type RunTasks, tasksOf } from "./queries/run_tasks.ts";
import { getTask } from "./queries/tasks.ts";
import { readTimeline } from "./queries/timeline.ts";
import { readWeave } from "./queries/weave.ts";
import { Turn } from "./queries/turn.ts";
import { DatabaseHandle } from "./database_handle.ts";

/** Tasks that a file holds in full: those that failed first. */
const MAX_TASKS = 10_000;

/** Log lines of each of them. */
const MAX_LINES = 100;

/** Tasks that are found at a time. */
const FOUND_TASKS = 1_000;

/** Characters of their texts together; past that the rest of the tasks is left out. */
const MAX_CHARACTERS = 50_000_000;

/** Causes of failures in the file. */
const MAX_CAUSES = 50;

/** What the file may do. */
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "img-src data:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/**
 * Writes one run into a single HTML file that shows it as the dashboard does, without a server.
 *
 * @param db The database, opened read-only for the time of the call
 * @param run Id of the run, 0 for the tasks of a file that has no runs
 * @returns The text of the file
 * @throws {RangeError} If there is no such run
 *
 * @example A page to send by mail
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
  options: { driver?: DriverChoice | undefined } = {},
): Promise<string> {
  checkOptionNames(options, { operation: "export the run", known: ["driver"] });
  using source = new DatabaseHandle(db, options.driver);
  await source.ready();
  const { file } = source.state;
  const texts = await renderExport((query) => source.read(query), { run, file });
  if (!texts) throw new RangeError(`Cannot export run ${run} of ${file}: there is none`);
  return texts.join("");
}

/**
 * The text of the file in parts, because one string of 50 MB would hold up other requests while it is put together;
 * `undefined` when there is no such run.
 */
export async function renderExport(
  read: Read,
  { run, file }: { run: number; file: string },
): Promise<string[] | undefined> {
  const data = await gather(read, { run, file });
  return data && fill(data);
}

/** The {@linkcode ExportedRun} as texts that are one together. */
async function gather(
  read: Read,
  { run: id, file }: { run: number; file: string },
): Promise<string[] | undefined> {
  const now = Date.now();
  const { run, where } = read((reader) => ({
    run: getRun(reader, id),
    where: tasksOf(reader, id),
  }));
  if (!run || !where) return;
  // Each is made a text at once: all of them together would hold up other requests.
  const tasks: string[] = [];
  const logs: string[] = [];
  let count = 0;
  let characters = 0;
  const turn = new Turn();
  for await (const taskId of tasksToExport(read, where)) {
    if (characters > MAX_CHARACTERS) break;
    await turn.pass();
    const { task, lines } = read((reader) => ({
      task: getTask(reader, taskId),
      lines: listLogs(reader, taskId, { limit: MAX_LINES }).lines,
    }));
    if (!task) continue;
    const text = toScriptText(task);
    tasks.push(count++ === 0 ? "" : ",", text);
    const log = toScriptText(lines);
    if (lines.length > 0) logs.push(`${logs.length === 0 ? "" : ","}"${taskId}":`, log);
    characters += text.length + log.length;
  }
  const rest: Omit<ExportedRun, "tasks" | "logs"> = {
    now,
    file,
    run,
    samples: read((reader) => listSamples(reader, id).samples),
    weave: await readWeave(read, id) ?? [],
    timeline: await readTimeline(read, id) ??
      { bars: [], started: 0, skipped: 0, at: now },
    failures: await readFailures(read, id, { limit: MAX_CAUSES }),
    checks: await readChecks(read, id),
    rows: read((reader) => readRunRows(reader, id)),
    delays: await readDelays(read, id),
    graph: (await readGraph(read, id))!,
    left: run.total - count,
  };
  return ['{"tasks":[', ...tasks, '],"logs":{', ...logs, `},${toScriptText(rest).slice(1)}`];
}

/** Ids of the tasks that a file holds in full, failed ones first. */
async function* tasksToExport(read: Read, tasks: RunTasks): AsyncGenerator<number> {
  let left = MAX_TASKS;
  for (const status of [["error"], ["running", "cancelled", "done", "queued"]] as TaskStatus[][]) {
    let place: PageCursor | undefined;
    do {
      const limit = Math.min(left, FOUND_TASKS);
      const found = await findTasks(read, tasks, {
        ...{ q: "", key: "", sort: "id" },
        status,
        limit,
        place,
      });
      yield* found.map(({ id }) => id);
      left -= found.length;
      place = found.length < limit ? undefined : found.at(-1);
    } while (place && left > 0);
  }
}

const DATA = "{{data}}";

function fill(data: readonly string[]): string[] {
  const parts: [RegExp, string][] = [
    [/<base [^>]*>/, `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`],
    [/{{icon}}/, `data:image/svg+xml;charset=utf-8,${encodeURIComponent(ICON)}`],
    [/<link rel="stylesheet"[^>]*>/, `<style>${STYLE}</style>`],
    [/<script src="[^"]*"><\/script>/, `<script>${SCRIPT}</script>`],
    [
      /<div id="app"><\/div>/,
      `<div id="app"></div>
    <script type="application/json" id="export">${DATA}</script>`,
    ],
  ];
  let page = INDEX;
  for (const [pattern, text] of parts) {
    if (!pattern.test(page)) throw new Error(`The page has no ${pattern} to fill`);
    // A function, because a text may hold what String.replace takes for a reference.
    page = page.replace(pattern, () => text);
  }
  const [before, after] = page.split(DATA);
  return [before!, ...data, after!];
}

/** The source expression for an inline script or style of this text. */
function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** JSON that cannot end the script element it stands in. */
function toScriptText(data: object): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}

/**
 * What the page knows, after an event of the live stream. Pure and immutable: what an event does not touch
 * stays the same object, so that the page sees at a glance what it need not draw again.
 *
 * An event that is older than what is known is left out, so that no number jumps back: after a reconnection
 * a slow snapshot could otherwise undo what has been shown already.
 *
 * @module
 */
import type {
  ListPatch,
  LogLine,
  LogPage,
  RunPatch,
  RunSnapshot,
  RunsPatch,
  RunsSnapshot,
  TaskDetail,
  TaskPatch,
  TaskSnapshot,
  WeaveBlock,
} from "../../api.ts";
import type { Moment } from "../../../internal/progress.ts";
import { addMoment } from "./rates.ts";

export type RunState = RunSnapshot & { recent: Moment[] };

/** A snapshot that is older by more than this is right, and the clock of the server was set back. */
const CLOCK_SET_BACK_MS = 60_000;

/** Lines of a log that the page holds; earlier ones can be asked for. */
export const MOST_LOG_LINES = 2000;

export function isOutdated(state: { now: number } | null, event: { now: number }) {
  return state !== null && event.now < state.now && state.now - event.now < CLOCK_SET_BACK_MS;
}

/** A list after a patch. */
export function patchList<T extends { id: number }>(
  rows: T[],
  patch: ListPatch<T> | undefined,
): T[] {
  if (!patch) return rows;
  const changed = new Map(patch.rows.map((row) => [row.id, row]));
  if (!patch.order) return rows.map((row) => changed.get(row.id) ?? row);
  const known = new Map(rows.map((row) => [row.id, row]));
  return patch.order.map((id) => changed.get(id) ?? known.get(id)).filter((row) =>
    row !== undefined
  );
}

export function applyRuns(
  state: RunsSnapshot | null,
  type: "snapshot" | "patch",
  event: RunsSnapshot | RunsPatch,
): RunsSnapshot | null {
  if (isOutdated(state, event)) return state;
  if (type === "snapshot") return (event as RunsSnapshot);
  if (!state) return null;
  const patch = event as RunsPatch;
  const runs = patchList(state.runs, patch.runs);
  return {
    ...state,
    now: event.now,
    runs,
    sparklines: patch.sparklines ? { ...state.sparklines, ...patch.sparklines } : state.sparklines,
    next: patch.next === undefined ? state.next : patch.next,
  };
}

export function applyRun(
  state: RunState | null,
  type: "snapshot" | "patch",
  event: RunSnapshot | RunPatch,
): RunState | null {
  if (isOutdated(state, event)) return state;
  if (type === "snapshot") {
    const snapshot = event as RunSnapshot;
    return { ...snapshot, recent: moments(state, snapshot) };
  }
  if (!state) return null;
  const patch = event as RunPatch;
  return {
    ...state,
    now: patch.now,
    run: patch.run === undefined ? state.run : patch.run,
    tasks: patchList(state.tasks, patch.tasks),
    ...(patch.found === undefined ? {} : { found: patch.found }),
    next: patch.next === undefined ? state.next : patch.next,
    previous: patch.previous === undefined ? state.previous : patch.previous,
    reading: patch.reading ?? state.reading,
    samples: patch.samples ? [...state.samples, ...patch.samples] : state.samples,
    weave: patchWeave(state.weave, patch),
    recent: patch.run ? addMoment(state.recent, patch.now, patch.run.counts) : state.recent,
  };
}

/** The last seconds of a run: those known already when it is the same run, else those of its samples. */
function moments(state: RunState | null, { now, run, samples }: RunSnapshot) {
  if (!run) return [];
  const known = state?.run?.id === run.id ? state.recent : samples.slice(-20).reduce(
    (recent, sample) => addMoment(recent, sample.at, { ...sample, queued: 0 }),
    [] as Moment[],
  );
  return addMoment(known, now, run.counts);
}

function patchWeave(weave: WeaveBlock[], patch: RunPatch) {
  if (!patch.weave) return weave;
  const blocks = weave.slice();
  for (const [place, block] of patch.weave) blocks[place] = block;
  return blocks;
}

export function applyTask(
  state: TaskSnapshot | null,
  type: "snapshot" | "patch",
  event: TaskSnapshot | TaskPatch,
): TaskSnapshot | null {
  if (isOutdated(state, event)) return state;
  if (type === "snapshot") return (event as TaskSnapshot);
  if (!state) return null;
  const patch = event as TaskPatch;
  return {
    ...state,
    now: patch.now,
    task: mergeTask(state.task, patch),
    logs: patch.logs ? addLines(state.logs, patch.logs, patch.skipped) : state.logs,
  };
}

function mergeTask(task: TaskDetail | null, patch: TaskPatch): TaskDetail | null {
  if (patch.task === null) return null;
  if (!patch.task && !patch.attempts && !patch.steps) return task;
  const changed = patch.attempts ?? [];
  const numbers = new Set(changed.map(({ attempt }) => attempt));
  const kept = (task?.attempts ?? []).filter(({ attempt }) => !numbers.has(attempt));
  const steps = [...task?.steps ?? [], ...patch.steps ?? []];
  return { ...task, ...patch.task, attempts: [...kept, ...changed], steps } as TaskDetail;
}

function addLines(page: LogPage, added: LogLine[], skipped = false): LogPage {
  if (skipped) return { lines: added, previous: added[0]?.id ?? page.previous };
  const last = page.lines.at(-1)?.id ?? -1;
  const lines = [...page.lines, ...added.filter((line) => line.id > last)];
  if (lines.length <= MOST_LOG_LINES) return { ...page, lines };
  const kept = lines.slice(-MOST_LOG_LINES);
  return { lines: kept, previous: kept[0]?.id ?? null };
}

// @ts-check
/**
 * What the page knows, after an event of the live stream. Pure and immutable: what an event does not touch
 * stays the same object, so that the page sees at a glance what it need not draw again.
 *
 * An event that is older than what is known is left out, so that no number jumps back: after a reconnection
 * a slow snapshot could otherwise undo what has been shown already.
 *
 * @module
 */
import { addMoment } from "./rates.js";

/** @typedef {import("../api.ts").RunsSnapshot} RunsSnapshot */
/** @typedef {import("../api.ts").RunSnapshot & { recent: import("./rates.js").Moment[] }} RunState */
/** @typedef {import("../api.ts").TaskSnapshot} TaskSnapshot */

/** A snapshot that is older by more than this is right, and the clock of the server was set back. */
const CLOCK_SET_BACK_MS = 60_000;

/** Lines of a log that the page holds; earlier ones can be asked for. */
export const MOST_LOG_LINES = 2000;

/**
 * @param {{ now: number } | null} state
 * @param {{ now: number }} event
 */
export function isOutdated(state, event) {
  return state !== null && event.now < state.now && state.now - event.now < CLOCK_SET_BACK_MS;
}

/**
 * A list after a patch.
 *
 * @template {{ id: number }} T
 * @param {T[]} rows
 * @param {import("../api.ts").ListPatch<T> | undefined} patch
 * @returns {T[]}
 */
export function patchList(rows, patch) {
  if (!patch) return rows;
  const changed = new Map(patch.rows.map((row) => [row.id, row]));
  if (!patch.order) return rows.map((row) => changed.get(row.id) ?? row);
  const known = new Map(rows.map((row) => [row.id, row]));
  return patch.order.map((id) => changed.get(id) ?? known.get(id)).filter((row) =>
    row !== undefined
  );
}

/**
 * @param {RunsSnapshot | null} state
 * @param {"snapshot" | "patch"} type
 * @param {RunsSnapshot | import("../api.ts").RunsPatch} event
 * @returns {RunsSnapshot | null}
 */
export function applyRuns(state, type, event) {
  if (isOutdated(state, event)) return state;
  if (type === "snapshot") return /** @type {RunsSnapshot} */ (event);
  if (!state) return null;
  const patch = /** @type {import("../api.ts").RunsPatch} */ (event);
  const runs = patchList(state.runs, patch.runs);
  return {
    ...state,
    now: event.now,
    runs,
    sparklines: patch.sparklines ? { ...state.sparklines, ...patch.sparklines } : state.sparklines,
    next: patch.next === undefined ? state.next : patch.next,
  };
}

/**
 * @param {RunState | null} state
 * @param {"snapshot" | "patch"} type
 * @param {import("../api.ts").RunSnapshot | import("../api.ts").RunPatch} event
 * @returns {RunState | null}
 */
export function applyRun(state, type, event) {
  if (isOutdated(state, event)) return state;
  if (type === "snapshot") {
    const snapshot = /** @type {import("../api.ts").RunSnapshot} */ (event);
    return { ...snapshot, recent: moments(state, snapshot) };
  }
  if (!state) return null;
  const patch = /** @type {import("../api.ts").RunPatch} */ (event);
  return {
    ...state,
    now: patch.now,
    run: patch.run === undefined ? state.run : patch.run,
    tasks: patchList(state.tasks, patch.tasks),
    next: patch.next === undefined ? state.next : patch.next,
    previous: patch.previous === undefined ? state.previous : patch.previous,
    samples: patch.samples ? [...state.samples, ...patch.samples] : state.samples,
    weave: patchWeave(state.weave, patch),
    recent: patch.run ? addMoment(state.recent, patch.now, patch.run.counts) : state.recent,
  };
}

/**
 * The last seconds of a run: those known already when it is the same run, else those of its samples.
 *
 * @param {RunState | null} state
 * @param {import("../api.ts").RunSnapshot} snapshot
 */
function moments(state, { now, run, samples }) {
  if (!run) return [];
  const known = state?.run?.id === run.id ? state.recent : samples.slice(-20).reduce(
    (recent, sample) => addMoment(recent, sample.at, { ...sample, queued: 0 }),
    /** @type {import("./rates.js").Moment[]} */ ([]),
  );
  return addMoment(known, now, run.counts);
}

/**
 * @param {import("../api.ts").WeaveBlock[]} weave
 * @param {import("../api.ts").RunPatch} patch
 */
function patchWeave(weave, patch) {
  if (!patch.weave) return weave;
  const blocks = weave.slice();
  for (const [place, block] of patch.weave) blocks[place] = block;
  return blocks;
}

/**
 * @param {TaskSnapshot | null} state
 * @param {"snapshot" | "patch"} type
 * @param {TaskSnapshot | import("../api.ts").TaskPatch} event
 * @returns {TaskSnapshot | null}
 */
export function applyTask(state, type, event) {
  if (isOutdated(state, event)) return state;
  if (type === "snapshot") return /** @type {TaskSnapshot} */ (event);
  if (!state) return null;
  const patch = /** @type {import("../api.ts").TaskPatch} */ (event);
  return {
    ...state,
    now: patch.now,
    task: patch.task === undefined ? state.task : patch.task,
    logs: patch.logs ? addLines(state.logs, patch.logs) : state.logs,
  };
}

/**
 * @param {import("../api.ts").LogPage} page
 * @param {import("../api.ts").LogLine[]} added
 */
function addLines(page, added) {
  const last = page.lines.at(-1)?.id ?? -1;
  const lines = [...page.lines, ...added.filter((line) => line.id > last)];
  if (lines.length <= MOST_LOG_LINES) return { ...page, lines };
  const kept = lines.slice(-MOST_LOG_LINES);
  return { lines: kept, previous: kept[0]?.id ?? null };
}

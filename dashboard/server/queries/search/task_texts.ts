/**
 * The texts of ended tasks in memory, so that a search reads no row where none can match: a million short texts are looked
 * through in some milliseconds.
 *
 * They are read beside, while a page of the run is open. A search that comes before them reads rows.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import { foldText, SEARCHED_CHARACTERS } from "../../../../internal/search_text.ts";
import { rawText } from "../../../../sqlite/tables/guarded_tables.ts";
import type { Reader } from "../../reader.ts";
import type { Plan, Range } from "../plan.ts";
import { type RunTasks, tasksOf } from "../run_tasks.ts";
import { isSettled, type RunState, stateOf } from "../slices.ts";

/** Ids of a block. */
const BLOCK_IDS = 2_048;

/** Bytes of all texts in memory, for one connection. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The texts of larger runs are not read: they would push each other out. */
const MAX_TASKS = 2_000_000;

/** Blocks that cannot be read yet, after which a look ends. */
const MAX_UNREADABLE = 10;

/** The texts of a block of ids. */
interface Block {
  /** All of them, folded as a search folds its own; `undefined` where they are too long, or cannot be compared so. */
  folded: string | undefined;
  /** The last id that is among them. */
  last: number;
}

const memory = new WeakMap<Reader, LRUCache<string, Block>>();
const decoder = new TextDecoder();

/** Whether any task of a range can have the text that is looked for. */
export function mayMatch(reader: Reader, query: Plan, { low, high }: Range): boolean {
  const blocks = memory.get(reader);
  const [run] = query.params;
  if (!blocks || query.q === "" || query.status !== "status" || run === null) return true;
  const { requeued, isResumed } = stateOf(reader, Number(run));
  if (isResumed) return true;
  const text = foldText(query.q);
  for (let n = blockOf(low); n <= blockOf(high); n++) {
    const block = blocks.get(keyOf(Number(run), requeued, n));
    if (!block || block.last < Math.min(high, lastOf(n))) return true;
    if (block.folded === undefined || block.folded.includes(text)) return true;
  }
  return false;
}

/** The texts of one run, read beside what pages ask for. */
export class TaskTexts {
  /** Whether all are read that can be. */
  complete = false;
  readonly #run: number;
  #next = 0;

  constructor(run: number) {
    this.#run = run;
  }

  /**
   * Reads texts that are not in memory.
   *
   * @param changed Whether anything was committed since the last call
   */
  advance(reader: Reader, changed: boolean, budgetMs: number): void {
    if (changed) this.complete = false;
    if (this.complete) return;
    const until = performance.now() + budgetMs;
    const tasks = tasksOf(reader, this.#run);
    this.complete = true;
    if (!tasks || tasks.run === null || tasks.status !== "status") return;
    const state = stateOf(reader, tasks.run);
    if (state.isResumed || tasks.last - tasks.first >= MAX_TASKS) return;
    const [first, count] = [blockOf(tasks.first), blockOf(tasks.last) - blockOf(tasks.first) + 1];
    let unreadable = 0;
    for (let looked = 0; looked < count && unreadable < MAX_UNREADABLE; looked++) {
      if (performance.now() > until) {
        this.complete = false;
        return;
      }
      if (!keep(reader, tasks, first + this.#next++ % count, state)) unreadable++;
    }
  }
}

/** Has the texts of a block in memory; returns whether they could be read. */
function keep(reader: Reader, tasks: RunTasks, n: number, state: RunState): boolean {
  let blocks = memory.get(reader);
  if (!blocks) {
    blocks = new LRUCache({
      maxSize: MAX_BYTES,
      sizeCalculation: ({ folded = "" }) => 100 + folded.length,
    });
    memory.set(reader, blocks);
  }
  const key = keyOf(tasks.run!, state.requeued, n);
  const range = {
    low: Math.max(n * BLOCK_IDS, tasks.first),
    high: Math.min(lastOf(n), tasks.last),
  };
  if (blocks.get(key)?.last === range.high) return true;
  if (!isSettled(reader, state, range)) return false;
  blocks.set(key, { folded: readTexts(reader, tasks, range), last: range.high });
  return true;
}

function readTexts(reader: Reader, tasks: RunTasks, { low, high }: Range): string | undefined {
  const columns = ["name", "message"].map(rawText);
  const isLong = columns.map(({ bytes }) => `max(${bytes}) > ${SEARCHED_CHARACTERS}`).join(" OR ");
  const texts = columns.map(({ text, bytes }, i) =>
    // As bytes, because a driver takes a NUL for the end of a text.
    `CAST(group_concat(CASE WHEN ${bytes} <= ${SEARCHED_CHARACTERS} THEN ${text} END, char(10))
       AS BLOB) AS text_${i}`
  );
  const row = reader.get(
    `SELECT ${isLong} AS is_long, ${texts.join(", ")}
     FROM task_runs WHERE id BETWEEN ? AND ? AND ${tasks.condition}`,
    low,
    high,
    tasks.run,
  )!;
  const all = columns.map((_, i) => row[`text_${i}`]).filter((value) =>
    value instanceof Uint8Array
  );
  const folded = all.map(fold).join("\n");
  // SQLite ends a text at a NUL, and a file may have texts of two bytes for a character.
  return row.is_long === 1 || folded.includes("\0") ? undefined : folded;
}

/** Folds a text; one of ASCII has a character for each byte. */
function fold(bytes: Uint8Array): string {
  const text = decoder.decode(bytes);
  return text.length === bytes.length ? text.toUpperCase() : foldText(text);
}

function blockOf(id: number): number {
  return Math.floor(id / BLOCK_IDS);
}

function lastOf(block: number): number {
  return (block + 1) * BLOCK_IDS - 1;
}

function keyOf(run: number, requeued: string, block: number): string {
  return `${run} ${requeued} ${block}`;
}

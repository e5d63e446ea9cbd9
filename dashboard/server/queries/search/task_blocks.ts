/**
 * What is known in memory of blocks of ended tasks, so that a page reads no row where none can be on it: their texts, in a
 * million of which a search looks for some milliseconds, and between which values the tasks of each block are.
 *
 * Blocks are read beside, while a page of the run is open. A page that is wanted before them reads rows.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import { foldText, SEARCHED_CHARACTERS } from "../../../../internal/search_text.ts";
import { isEnd, type TaskStatus } from "../../../../internal/task_status.ts";
import { rawText } from "../../../../sqlite/tables/guarded_tables.ts";
import type { Reader } from "../../reader.ts";
import type { SqlRow, SqlValue } from "../../../../sqlite/values.ts";
import { compareValues, NAME_CHARACTERS } from "../order.ts";
import type { Found, Plan, Range } from "../plan.ts";
import { type RunTasks, tasksOf } from "../run_tasks.ts";
import { isSettled, type RunState, type Slice, stateOf } from "../slices.ts";

/** Ids of a block. */
const BLOCK_IDS = 1_024;

/** Bytes of all blocks in memory, for one connection. */
const MAX_BYTES = 64 * 1024 * 1024;

/** The blocks of larger runs are not read: they would push each other out. */
const MAX_TASKS = 2_000_000;

/** Blocks that cannot be read yet, after which a look ends. */
const MAX_UNREADABLE = 10;

/** The lowest and the highest of some values. */
type Span = readonly [low: SqlValue, high: SqlValue];

/** What is known of a block of ids. */
interface Block {
  /** All texts, folded as a search folds its own; `undefined` where they are too long, or cannot be compared so. */
  folded: string | undefined;
  /** Between which values its tasks are, by the column; `undefined` where those are not as we write them. */
  spans: { name: Span; progress: Span; started: Span } | undefined;
  /** The last id that belongs to it. */
  last: number;
  /** The text that was looked for last. */
  asked?: { text: string; mayHave: boolean };
}

const memory = new WeakMap<Reader, LRUCache<string, Block>>();
const decoder = new TextDecoder();

/**
 * The part of a slice of which a page can have tasks; `undefined` where it can have none.
 *
 * @param isPassed Whether a block has no more for it, given where the block's first task is at best
 */
export function remaining(
  reader: Reader,
  query: Plan,
  { range, status }: Slice,
  isPassed: (block: number, bound: Found | undefined) => boolean = () => false,
): Range | undefined {
  const known = knownBlocks(reader, query);
  const { low, high } = range;
  const isNarrowed = query.q !== "" || query.order.by !== "id";
  if (!known || !isNarrowed || high - low >= MAX_TASKS) return range;
  const text = foldText(query.q);
  let part: Range | undefined;
  for (let n = blockOf(low); n <= blockOf(high); n++) {
    const block = known(n);
    const end = Math.min(high, lastOf(n));
    if (block && block.last >= end) {
      if (isOpen(status) || !mayHave(block, text)) continue;
      if (isPassed(n, boundOf(block, query, n))) continue;
    }
    part = { low: part?.low ?? Math.max(low, n * BLOCK_IDS), high: end };
  }
  return part;
}

/** The blocks that are known, those first whose tasks may come first. */
export function promising(
  reader: Reader,
  query: Plan,
  status: TaskStatus | undefined,
): { block: number; range: Range; bound: Found }[] {
  const known = query.order.by === "id" ? undefined : knownBlocks(reader, query);
  const { low, high } = query.range;
  if (!known || isOpen(status) || high - low >= MAX_TASKS) return [];
  const text = foldText(query.q);
  const blocks: { block: number; range: Range; bound: Found }[] = [];
  for (let n = blockOf(low); n <= blockOf(high); n++) {
    const block = known(n);
    const bound = block && boundOf(block, query, n);
    if (!bound || !mayHave(block, text)) continue;
    const range = { low: Math.max(low, n * BLOCK_IDS), high: Math.min(high, block.last) };
    blocks.push({ block: n, range, bound });
  }
  const sign = query.descending ? -1 : 1;
  return blocks.sort(({ bound: a }, { bound: b }) =>
    sign * (compareValues(a.value, b.value) || a.id - b.id)
  );
}

/** Whether a block may have a text. Neighbouring slices ask twice, and the count of all that match again. */
function mayHave(block: Block, text: string): boolean {
  if (block.asked?.text !== text) {
    block.asked = { text, mayHave: block.folded === undefined || block.folded.includes(text) };
  }
  return block.asked.mayHave;
}

/** No task of a block that is known is in such a status. */
function isOpen(status: TaskStatus | undefined): boolean {
  return status !== undefined && !isEnd(status);
}

/** Finds blocks by their numbers; `undefined` where what is known of ended tasks may not be so. */
function knownBlocks(
  reader: Reader,
  { status, params: [run] }: Plan,
): ((n: number) => Block | undefined) | undefined {
  const blocks = memory.get(reader);
  if (!blocks || status !== "status" || run === null) return undefined;
  const { requeued, isResumed } = stateOf(reader, Number(run));
  return isResumed ? undefined : (n) => blocks.get(keyOf(Number(run), requeued, n));
}

/** Where the first task of a block is in the order at best; `undefined` where that is not known. */
function boundOf({ spans }: Block, { order, descending }: Plan, n: number): Found | undefined {
  if (!spans) return undefined;
  const id = descending ? lastOf(n) : n * BLOCK_IDS;
  const of = ([low, high]: Span) => ({ value: descending ? high : low, id });
  switch (order.by) {
    case "name":
      return of(spans.name);
    case "progress":
      return of(spans.progress);
    case "started":
      // Tasks that were never started come last in either direction.
      return of(spans.started);
    default:
      return undefined;
  }
}

/** The blocks of one run, read beside what pages ask for. */
export class TaskBlocks {
  /** Whether all are read that can be. */
  complete = false;
  readonly #run: number;
  #next = 0;

  constructor(run: number) {
    this.#run = run;
  }

  /**
   * Reads blocks that are not in memory.
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

/** Has a block in memory; returns whether it could be read. */
function keep(reader: Reader, tasks: RunTasks, n: number, state: RunState): boolean {
  let blocks = memory.get(reader);
  if (!blocks) {
    blocks = new LRUCache({
      maxSize: MAX_BYTES,
      sizeCalculation: ({ folded = "" }) => 1_000 + folded.length,
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
  blocks.set(key, { ...readBlock(reader, tasks, range), last: range.high });
  return true;
}

function readBlock(
  reader: Reader,
  tasks: RunTasks,
  { low, high }: Range,
): Pick<Block, "folded" | "spans"> {
  const columns = ["name", "message"].map(rawText);
  const isLong = columns.map(({ bytes }) => `max(${bytes}) > ${SEARCHED_CHARACTERS}`).join(" OR ");
  const texts = columns.map(({ text, bytes }, i) =>
    // As bytes, because a driver takes a NUL for the end of a text.
    `CAST(group_concat(CASE WHEN ${bytes} <= ${SEARCHED_CHARACTERS} THEN ${text} END, char(10))
       AS BLOB) AS text_${i}`
  );
  const name = `substr(CAST(${columns[0]!.text} AS TEXT), 1, ${NAME_CHARACTERS})`;
  const row = reader.get(
    `SELECT ${isLong} AS is_long, ${
      texts.join(", ")
    }, min(${name}) AS name, max(${name}) AS last_name,
       min(progress) AS progress, max(progress) AS last_progress, min(started_at) AS started,
       max(started_at) AS last_started
     FROM task_runs WHERE id BETWEEN ? AND ? AND ${tasks.condition}`,
    low,
    high,
    tasks.run,
  )!;
  const folded = columns.flatMap((_, i) => {
    const text = row[`text_${i}`];
    return text instanceof Uint8Array ? [fold(text)] : [];
  }).join("\n");
  // SQLite ends a text at a NUL. Files of UTF-16 have one in each character, and damaged texts are not comparable.
  if (row.is_long === 1 || /[\0\ufffd]/.test(folded)) {
    return { folded: undefined, spans: undefined };
  }
  return { folded, spans: spansOf(row) };
}

/** Between which values a block is; `undefined` where a column has values of several types. */
function spansOf(row: SqlRow): Block["spans"] {
  const { name, last_name, progress, last_progress, started, last_started } = row;
  const isText = [name, last_name, started, last_started].every((one) => typeof one === "string");
  const isNumber = [progress, last_progress].every((one) => typeof one === "number");
  if (!isText || !isNumber) return undefined;
  const shown = (value: SqlValue | undefined) => Math.min(1, Math.max(0, Number(value)));
  return {
    name: [name!, last_name!],
    progress: [shown(progress), shown(last_progress)],
    started: [started!, last_started!],
  };
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

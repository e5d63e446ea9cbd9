/**
 * The weave of one run, kept up to date: what every task is doing, in blocks of a thousand.
 *
 * A million tasks are not read again ten times a second. Where tasks run is known from the index on their
 * status: those blocks are read again. Whether that was all is known from the counts that the writer keeps:
 * as long as they differ from the cells', other blocks are read in turn, those with unfinished tasks first.
 * Each look has a budget of time, so that the rest of the page does not wait; the next look continues.
 *
 * @module
 */
import { type StatusCounts, TASK_STATUSES } from "../../../internal/task_status.ts";
import type { WeaveBlock } from "../../api.ts";
import {
  BLOCK_TASKS,
  CELL_STEPS,
  FIRST_CELL,
  type ReadBlock,
  readBlock,
  runningTasks,
} from "../queries/weave.ts";
import { tasksOf } from "../queries/run_tasks.ts";
import type { Reader } from "../reader.ts";

/** Milliseconds of reading at a time. */
export const BUDGET_MS = 15;

interface Block extends ReadBlock {
  /** Tasks by status, in the order of a task's life. */
  counts: number[];
  /** The version of the weave that brought it. */
  version: number;
}

/** The weave of one run. */
export class Weave {
  /** Grows with every change. */
  version = 0;
  /** Whether everything agrees with the counts of the run. */
  complete = false;
  readonly #run: number;
  readonly #blocks: Block[] = [];
  /** Sum of the blocks' counts. */
  readonly #counts: number[] = TASK_STATUSES.map(() => 0);
  /** Where the search for other changes continues. */
  #next = 0;
  /** Places of the blocks that were not read since the last change. */
  readonly #unsearched = new Set<number>();
  /** Places of the blocks where something ran at the last change, which are still to be read. */
  readonly #due = new Set<number>();

  constructor(run: number) {
    this.#run = run;
  }

  /**
   * Reads what has changed, as far as the budget goes.
   *
   * @param changed Whether anything was committed since the last call
   */
  advance(reader: Reader, counts: StatusCounts, changed: boolean, budgetMs = BUDGET_MS): void {
    const tasks = tasksOf(reader, this.#run);
    if (!tasks) return;
    const until = performance.now() + budgetMs;
    const inTime = () => performance.now() < until;
    const looked = new Set<number>();
    const look = (place: number) => {
      if (looked.has(place)) return;
      looked.add(place);
      this.#due.delete(place);
      this.#unsearched.delete(place);
      this.#next = place + 1;
      const high = (this.#blocks[place + 1]?.first ?? tasks.last + 1) - 1;
      // A full last block stays as it is: what follows it begins the next.
      const isLast = place === this.#blocks.length - 1;
      const low = place === 0 ? tasks.first : this.#blocks[place]!.first;
      const range = { low, high, limit: isLast ? BLOCK_TASKS : -1 };
      this.#put(place, readBlock(reader, tasks, range));
    };

    if (changed) {
      for (const place of this.#blocks.keys()) this.#unsearched.add(place);
      for (const place of this.#busyPlaces(runningTasks(reader, tasks))) this.#due.add(place);
    }
    // Where a block alone takes longer than the budget, one of each kind is read all the same.
    for (const [i, place] of this.#inTurn(this.#due).entries()) {
      if (i === 0 || inTime()) look(place);
    }
    if (this.#blocks.length > 0) look(this.#blocks.length - 1);
    let grows = true;
    do {
      const last = this.#blocks.at(-1);
      const low = (last?.last ?? tasks.first - 1) + 1;
      // Tasks that were added since the last block was read belong to it, as long as it is not full.
      const isFull = !last || last.cells.length >= BLOCK_TASKS;
      const block = isFull && low <= tasks.last && readBlock(reader, tasks, { low });
      if (block) this.#put(this.#blocks.length, block);
      else grows = false;
    } while (grows && inTime());
    let searched = 0;
    for (const isDue of [isOpen, () => true]) {
      for (const place of this.#inTurn(this.#unsearched)) {
        if (this.#agrees(counts) || (searched > 0 && !inTime())) break;
        if (!isDue(this.#blocks[place]!)) continue;
        look(place);
        searched++;
      }
    }
    // Counts that never agree, because another program changed rows, are not a reason to search for ever.
    this.complete = !grows && this.#due.size === 0 &&
      (this.#agrees(counts) || this.#unsearched.size === 0);
  }

  /** All blocks. */
  get blocks(): WeaveBlock[] {
    return this.#blocks.map(toWeaveBlock);
  }

  /** The blocks that have changed since a version, with their places. */
  changedSince(version: number): [place: number, block: WeaveBlock][] {
    const changed: [number, WeaveBlock][] = [];
    this.#blocks.forEach((block, place) => {
      if (block.version > version) changed.push([place, toWeaveBlock(block)]);
    });
    return changed;
  }

  #put(place: number, read: ReadBlock | undefined): void {
    const before = this.#blocks[place];
    if (before && read && before.cells === read.cells && `${before.ids}` === `${read.ids}`) return;
    // Tasks that have been deleted leave an empty block, so that the others keep their places.
    const block = { ...(read ?? { ...before!, cells: "", ids: [] }), version: ++this.version };
    const counts = TASK_STATUSES.map(() => 0);
    for (let i = 0; i < block.cells.length; i++) {
      counts[Math.floor((block.cells.charCodeAt(i) - FIRST_CELL) / CELL_STEPS)]!++;
    }
    counts.forEach((n, i) => this.#counts[i]! += n - (before?.counts[i] ?? 0));
    this.#blocks[place] = { ...block, counts };
  }

  #agrees(counts: StatusCounts): boolean {
    return TASK_STATUSES.every((status, i) => counts[status] === this.#counts[i]);
  }

  /** Places of the blocks where tasks run, or ran when last read. */
  #busyPlaces(ids: number[]): Set<number> {
    const places = new Set<number>();
    this.#blocks.forEach(({ counts }, place) => counts[1]! > 0 && places.add(place));
    let place = 0;
    for (const id of ids) {
      while (place < this.#blocks.length && this.#blocks[place]!.last < id) place++;
      if (place < this.#blocks.length && this.#blocks[place]!.first <= id) places.add(place);
    }
    return places;
  }

  /** Places in their order, from where the last look ended. */
  #inTurn(places: Set<number>): number[] {
    const inOrder = [...places].sort((a, b) => a - b);
    const next = inOrder.findIndex((place) => place >= this.#next);
    return next < 1 ? inOrder : [...inOrder.slice(next), ...inOrder.slice(0, next)];
  }
}

function isOpen({ counts }: Block): boolean {
  return counts[0]! > 0 || counts[1]! > 0;
}

function toWeaveBlock({ first, cells, ids }: Block): WeaveBlock {
  return ids ? { first, cells, ids } : { first, cells };
}

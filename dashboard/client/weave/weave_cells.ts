/**
 * The tasks of the weave by their place: decodes blocks, keeps a byte for each task, and reports which of them
 * a patch has changed, so that no code has to look at a million tasks to draw a hundred.
 *
 * @module
 */
import type { WeaveBlock } from "../../api.ts";
import { STATUSES } from "../lib/statuses.ts";

/** A byte for a task: `11 * status + tenths of progress`. */
const TENTHS = 11;

export function statusOf(code: number) {
  return STATUSES[Math.floor(code / TENTHS)] ?? "queued";
}

export function progressOf(code: number) {
  return code % TENTHS / 10;
}

/**
 * What a cell that stands for several tasks shows, first to last: what needs eyes, what moves, what never
 * came to an end, what is still to come, and only then what is fine.
 */
const WORST = [3, 1, 4, 0, 2];

/** The code of a cell of whose tasks nothing has been read yet. */
export const UNREAD = -1;

/** Tasks by their place, from blocks that are replaced and never changed. */
export class WeaveCells {
  #blocks: WeaveBlock[] = [];
  /** Place of the first task of each block. */
  #starts = [0];
  /** Codes of all tasks; longer than `count`, so that it seldom has to grow. */
  #codes = new Uint8Array(1024);

  /** Number of tasks. */
  count = 0;

  /**
   * Takes the blocks of a new state.
   *
   * @returns Places that have changed, those that have come or gone among them
   */
  update(blocks: WeaveBlock[]): [from: number, to: number][] {
    const before = this.count;
    const changed: [number, number][] = [];
    let moved = false;
    let start = 0;
    for (const [i, block] of blocks.entries()) {
      const old = this.#blocks[i];
      const end = start + block.cells.length;
      if (moved || old !== block) {
        if (old?.cells.length !== block.cells.length) moved = true;
        this.#grow(end);
        const from = this.#write(block, start);
        if (from) changed.push(from);
      }
      this.#starts[i] = start;
      start = end;
    }
    this.#blocks = blocks;
    this.#starts[blocks.length] = start;
    this.#starts.length = blocks.length + 1;
    this.count = start;
    if (start !== before) changed.push([Math.min(start, before), Math.max(start, before)]);
    return changed;
  }

  codeAt(place: number) {
    return this.#codes[place] ?? 0;
  }

  /** Id of the task at a place, `null` where there is none. */
  idAt(place: number) {
    if (place < 0 || place >= this.count) return null;
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= place) low = middle;
      else high = middle - 1;
    }
    const block = this.#blocks[low];
    const at = place - (this.#starts[low] ?? 0);
    return block ? block.ids?.[at] ?? block.first + at : null;
  }

  /**
   * The code of a cell that stands for the tasks of some places, as far as they are known: the worst status, and the mean progress
   * where what has ended counts as a whole.
   */
  merged(from: number, to: number): number {
    if (from >= this.count) return UNREAD;
    to = Math.min(to, this.count);
    if (to - from <= 1) return this.codeAt(from);
    let worst = WORST.length - 1;
    let tenths = 0;
    for (let place = from; place < to; place++) {
      const code = this.codeAt(place);
      const status = Math.floor(code / TENTHS);
      worst = Math.min(worst, WORST.indexOf(status));
      tenths += status >= 2 ? 10 : code % TENTHS;
    }
    return (WORST[worst] ?? 0) * TENTHS + Math.floor(tenths / (to - from));
  }

  /** The first task with the worst status among some places: what a click on their cell means. */
  worstPlace(from: number, to: number) {
    const status = Math.floor(this.merged(from, to) / TENTHS);
    for (let place = from; place < to; place++) {
      if (Math.floor(this.codeAt(place) / TENTHS) === status) return place;
    }
    return from;
  }

  /** Tasks by status among some places. */
  countsOf(from: number, to: number) {
    const counts = { queued: 0, running: 0, done: 0, error: 0, cancelled: 0 };
    for (let place = from; place < to; place++) counts[statusOf(this.codeAt(place))]++;
    return counts;
  }

  /** Writes a block and returns the places that it changed, as one stretch. */
  #write(block: WeaveBlock, start: number): [number, number] | null {
    let from = -1;
    let to = -1;
    for (let i = 0; i < block.cells.length; i++) {
      const code = block.cells.charCodeAt(i) - 48;
      if (this.#codes[start + i] === code) continue;
      this.#codes[start + i] = code;
      if (from < 0) from = start + i;
      to = start + i + 1;
    }
    return from < 0 ? null : [from, to];
  }

  #grow(size: number) {
    if (size <= this.#codes.length) return;
    const codes = new Uint8Array(Math.max(size, this.#codes.length * 2));
    codes.set(this.#codes);
    this.#codes = codes;
  }
}

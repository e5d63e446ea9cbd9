/**
 * What the weave knows of some tasks by their ids: so a picture of a few tasks of a run lives by the events that are
 * there anyway.
 *
 * @module
 */
import type { WeaveBlock } from "../../api.ts";

/** The code of each task (see `weave_cells.js`), `undefined` where the weave does not have it yet. */
export function codesOf(blocks: WeaveBlock[], ids: number[]): (number | undefined)[] {
  return ids.map((id) => {
    let low = 0;
    let high = blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((blocks[middle]?.first ?? 0) <= id) low = middle + 1;
      else high = middle;
    }
    const block = blocks[low - 1];
    if (!block) return undefined;
    const at = block.ids ? block.ids.indexOf(id) : id - block.first;
    return at >= 0 && at < block.cells.length ? block.cells.charCodeAt(at) - 48 : undefined;
  });
}

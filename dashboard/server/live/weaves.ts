/**
 * One weave for each run that is shown, however many pages show it; and beside it, what pages need to know of the run's ended tasks.
 *
 * @module
 */
import type { StatusCounts } from "../../../internal/task_status.ts";
import type { WeaveBlock } from "../../api.ts";
import { TaskBlocks } from "../queries/search/task_blocks.ts";
import type { DatabaseHandle } from "../database_handle.ts";
import type { Tick } from "./view.ts";
import { BUDGET_MS, Weave } from "./weave.ts";

interface Entry {
  weave: Weave;
  known: TaskBlocks;
  users: number;
  /** The tick for which it was read last. */
  tick: number;
}

/** A use of a weave; disposing of the last one frees it. */
export interface SharedWeave extends Disposable {
  /** Whether everything agrees with the counts of the run, and all is known of ended tasks. */
  readonly complete: boolean;
  /** Grows with every change. */
  readonly version: number;
  /** All blocks. */
  readonly blocks: WeaveBlock[];
  /** The blocks that have changed since a version. */
  changedSince(version: number): [place: number, block: WeaveBlock][];
  /** Pages that are open, of any run. */
  readonly pages: number;
  /** Reads what has changed; once for each tick. */
  advance(source: DatabaseHandle, counts: StatusCounts, tick: Tick): void;
}

/** The weaves that are in use. */
export class Weaves {
  readonly #entries = new Map<number, Entry>();
  #pages = 0;

  /** The weave of a run, shared with its other users. */
  use(run: number): SharedWeave {
    const entry = this.#entries.get(run) ?? {
      weave: new Weave(run),
      known: new TaskBlocks(run),
      users: 0,
      tick: -1,
    };
    this.#entries.set(run, entry);
    entry.users++;
    const pages = () => this.#pages;
    this.#pages++;
    const { weave, known } = entry;
    const entries = this.#entries;
    return {
      get complete() {
        return weave.complete && known.complete;
      },
      get version() {
        return weave.version;
      },
      get pages() {
        return pages();
      },
      get blocks() {
        return weave.blocks;
      },
      changedSince: (version) => weave.changedSince(version),
      advance(source, counts, tick) {
        if (entry.tick === tick.number) return;
        entry.tick = tick.number;
        source.read((reader) => {
          // They share the time of a look.
          const begun = performance.now();
          known.advance(reader, tick.changed, BUDGET_MS * 2 / 3);
          const left = BUDGET_MS - (performance.now() - begun);
          weave.advance(reader, counts, tick.changed, left);
        });
      },
      [Symbol.dispose]: () => {
        this.#pages--;
        if (--entry.users === 0 && entries.get(run) === entry) entries.delete(run);
      },
    };
  }
}

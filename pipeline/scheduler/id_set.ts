/**
 * A set of ids: a bit for each, so that a million that are close together take a megabyte or two. Those that
 * are far apart, such as ids of the user's own, take as much as in a `Set`.
 *
 * @module
 */

/** Bits of a block, which is a number. */
const BLOCK_BITS = 32;

/** Whole numbers from 0 up. */
export class IdSet {
  readonly #blocks = new Map<number, number>();
  /** The block that was used last, because the next id is mostly in it; it goes into the map when another is used. */
  #bits = 0;
  #block = 0;

  /** Adds an id; returns whether it was new. */
  add(id: number): boolean {
    const bit = this.#bit(id);
    const isNew = (this.#bits & bit) === 0;
    this.#bits |= bit;
    return isNew;
  }

  /** Takes an id out. */
  delete(id: number): void {
    const bit = this.#bit(id);
    this.#bits &= ~bit;
  }

  /** Whether an id is in it. */
  has(id: number): boolean {
    const bit = this.#bit(id);
    return (this.#bits & bit) !== 0;
  }

  /** Scheduler to the block of an id, and returns its bit there. */
  #bit(id: number): number {
    const block = Math.floor(id / BLOCK_BITS);
    if (block !== this.#block) {
      if (this.#bits === 0) this.#blocks.delete(this.#block);
      else this.#blocks.set(this.#block, this.#bits);
      this.#block = block;
      this.#bits = this.#blocks.get(block) ?? 0;
    }
    return 1 << (id % BLOCK_BITS);
  }
}

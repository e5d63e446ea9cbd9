/**
 * A set of ids that are close together: a bit for each, so that a million of them take an eighth of a megabyte.
 *
 * @module
 */

/** Bits of a block. */
const BLOCK_BITS = 13;

/** Whole numbers from 0 up. */
export class IdSet {
  readonly #blocks = new Map<number, Uint8Array>();
  /** The block that was used last, because the next id is mostly in it. */
  #last: Uint8Array = new Uint8Array();
  #lastBlock = -1;

  /** Adds an id; tells whether it was new. */
  add(id: number): boolean {
    const bits = this.#block(Math.floor(id / 2 ** BLOCK_BITS));
    const at = id % 2 ** BLOCK_BITS;
    const bit = 1 << (at & 7);
    const isNew = (bits[at >> 3]! & bit) === 0;
    bits[at >> 3]! |= bit;
    return isNew;
  }

  /** Takes an id out. */
  delete(id: number): void {
    const at = id % 2 ** BLOCK_BITS;
    this.#block(Math.floor(id / 2 ** BLOCK_BITS))[at >> 3]! &= ~(1 << (at & 7));
  }

  /** Whether an id is in it. */
  has(id: number): boolean {
    const at = id % 2 ** BLOCK_BITS;
    return (this.#block(Math.floor(id / 2 ** BLOCK_BITS))[at >> 3]! & (1 << (at & 7))) !== 0;
  }

  #block(number: number): Uint8Array {
    if (number === this.#lastBlock) return this.#last;
    let bits = this.#blocks.get(number);
    if (!bits) this.#blocks.set(number, bits = new Uint8Array(2 ** BLOCK_BITS / 8));
    this.#lastBlock = number;
    return this.#last = bits;
  }
}

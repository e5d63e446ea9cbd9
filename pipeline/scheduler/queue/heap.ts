/**
 * A binary heap: the first of many by some order, in the time of their number's logarithm.
 *
 * @module
 */

/** Values of which the first can be taken. */
export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #values: T[] = [];

  /** `isBefore` decides which of two values comes first. */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  /** The first value, which stays. */
  get first(): T | undefined {
    return this.#values[0];
  }

  /** Adds a value. */
  push(value: T): void {
    const values = this.#values;
    let at = values.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(value, values[parent]!)) break;
      values[at] = values[parent]!;
      at = parent;
    }
    values[at] = value;
  }

  /** Takes the first value. */
  pop(): T | undefined {
    const values = this.#values;
    const [first] = values;
    const last = values.pop();
    if (values.length === 0) return first;
    let at = 0;
    for (let child = 1; child < values.length; child = 2 * at + 1) {
      if (child + 1 < values.length && this.#isBefore(values[child + 1]!, values[child]!)) child++;
      if (!this.#isBefore(values[child]!, last!)) break;
      values[at] = values[child]!;
      at = child;
    }
    values[at] = last!;
    return first;
  }
}

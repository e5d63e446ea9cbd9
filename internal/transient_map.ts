/**
 * A map of entries that soon leave again, such as the tasks that run at the moment.
 *
 * V8 links each table that a `Map` has outgrown to the next one. When a full collection finds such a map in use, its
 * table becomes old, and every later table is then kept with all entries that it had, until the next full collection:
 * memory grows with everything that passes through. So the map is copied now and then, which ends the chain.
 *
 * @module
 */

/** Entries that leave before the map is copied, at least. */
const COPY_AFTER = 1_024;

/** The map. Its iterators may show entries that left after they were made. */
export class TransientMap<Key, Value> {
  #map = new Map<Key, Value>();
  #left = 0;

  get size(): number {
    return this.#map.size;
  }

  has(key: Key): boolean {
    return this.#map.has(key);
  }

  get(key: Key): Value | undefined {
    return this.#map.get(key);
  }

  set(key: Key, value: Value): void {
    this.#map.set(key, value);
  }

  /** Removes an entry; `false` when there is none. */
  delete(key: Key): boolean {
    if (!this.#map.delete(key)) return false;
    if (++this.#left >= COPY_AFTER && this.#left > 2 * this.size) {
      this.#left = 0;
      this.#map = new Map(this.#map);
    }
    return true;
  }

  clear(): void {
    this.#map.clear();
  }

  /** The values, in the order in which their keys were first set. */
  values(): MapIterator<Value> {
    return this.#map.values();
  }
}

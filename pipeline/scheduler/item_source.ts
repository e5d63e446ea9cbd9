/**
 * The user's items, read a little ahead of the tasks: as many as come within a moment, and no more than are
 * soon wanted, so that a generator of a million items is never held in memory.
 *
 * @module
 */

/** Items that are read ahead of the tasks that run. */
export const LOOKAHEAD = 1_000;

/** Milliseconds after which reading ahead makes way for the tasks, however few items it got. */
const LOOKAHEAD_MS = 10;

/** What comes instead of an item that keeps the tasks waiting. */
const LATE = Symbol("late");

/** Reads the items of one iterable. */
export class ItemSource<Item> {
  readonly #items: Iterable<Item> | AsyncIterable<Item>;
  #opened: Iterator<Item> | AsyncIterator<Item> | undefined;
  readonly #sync: boolean;
  /** What the user's iterator has been asked for. */
  #pulled: Promise<IteratorResult<Item>> | undefined;
  #exhausted = false;
  #halted = false;

  constructor(items: Iterable<Item> | AsyncIterable<Item>) {
    this.#items = items;
    this.#sync = Symbol.iterator in items;
  }

  /** The user's iterator. What opening it throws is what the items failed with. */
  get #iterator(): Iterator<Item> | AsyncIterator<Item> {
    const items = this.#items;
    return this.#opened ??= Symbol.iterator in items
      ? items[Symbol.iterator]()
      : items[Symbol.asyncIterator]();
  }

  /** Whether the user's iterator has ended or thrown: then it is not to be closed. */
  get exhausted(): boolean {
    return this.#exhausted;
  }

  /** Whether the user's iterator is awaited for its next item. */
  get waiting(): boolean {
    return this.#pulled !== undefined;
  }

  /** Adds at most this many of the next items to `items`; what came before a failure is there when it rejects. */
  pull(items: Item[], most = LOOKAHEAD): void | Promise<void> {
    return this.#sync ? this.#pullSync(items, most) : this.#pullAsync(items, most);
  }

  /** Reads nothing more. */
  halt(): void {
    this.#halted = true;
  }

  /**
   * Lets the user's iterator end. A generator that is waiting for its next item ends when it gets there: that
   * is not waited for.
   */
  async close(): Promise<void> {
    if (this.#exhausted) return;
    const { waiting } = this;
    const returned = Promise.try(() => this.#opened?.return?.());
    if (waiting) returned.catch(() => {});
    else await returned;
  }

  #pullSync(items: Item[], most: number): void {
    const until = performance.now() + LOOKAHEAD_MS;
    this.#exhausted = true;
    const iterator = this.#iterator as Iterator<Item>;
    this.#exhausted = false;
    while (items.length < most) {
      this.#exhausted = true;
      const { value, done } = checked(iterator.next());
      if (done) return;
      this.#exhausted = false;
      items.push(value);
      if (items.length % 16 === 0 && performance.now() > until) return;
    }
  }

  /** Waits for one item, then takes those that come without waiting. */
  async #pullAsync(items: Item[], most: number): Promise<void> {
    const late = Promise.withResolvers<typeof LATE>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      while (items.length < most && !this.#halted) {
        this.#pulled ??= (this.#iterator as AsyncIterator<Item>).next();
        const result = await (timer ? Promise.race([this.#pulled, late.promise]) : this.#pulled);
        if (result === LATE) return;
        this.#pulled = undefined;
        checked(result);
        this.#exhausted = result.done === true;
        if (this.#exhausted) return;
        items.push(result.value);
        timer ??= setTimeout(() => late.resolve(LATE), 0);
      }
    } catch (error) {
      this.#pulled = undefined;
      this.#exhausted = true;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What an iterator has returned, which would never be done if it were not an object. */
function checked<Result>(result: Result): Result {
  if (typeof result === "object" && result !== null) return result;
  throw new TypeError(
    `Cannot read the items: their iterator returned ${Deno.inspect(result)}, not { value, done }`,
  );
}

/**
 * A clock that a test moves: waits end at once, and the clock is ahead by what was waited for.
 *
 * @module
 */
import { clearImmediate, setImmediate } from "node:timers";

/** The clock and the timers of this thread, for as long as it is not disposed. */
export class MovedClock implements Disposable {
  readonly #now = Date.now;
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  #time: number;
  #slept = 0;

  constructor(start: string) {
    this.#time = Date.parse(start);
    Date.now = () => this.#time;
    const waits = new Map<number, ReturnType<typeof setImmediate>>();
    let last = 0;
    globalThis.setTimeout = ((callback: () => void, ms = 0) => {
      const id = ++last;
      waits.set(
        id,
        setImmediate(() => {
          waits.delete(id);
          this.#time += ms + this.#slept;
          this.#slept = 0;
          callback();
        }),
      );
      return id;
    }) as unknown as typeof setTimeout;
    globalThis.clearTimeout = (id) => clearImmediate(waits.get(Number(id)));
  }

  /** What the clock shows. */
  get shown(): string {
    return new Date(this.#time).toISOString();
  }

  /** The machine sleeps so long during the next wait, or its clock is set: timers do not count it. */
  sleep(ms: number): void {
    this.#slept += ms;
  }

  [Symbol.dispose](): void {
    Date.now = this.#now;
    globalThis.setTimeout = this.#setTimeout;
    globalThis.clearTimeout = this.#clearTimeout;
  }
}

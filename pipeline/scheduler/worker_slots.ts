/**
 * The workers of a run: each does its turns until it finds nothing more to do, and is woken when there is again.
 *
 * @module
 */

/** Workers by their slots, and whatever else a run does not end before. */
export class WorkerSlots {
  readonly #giveUp: (error: Error) => void;
  /** Workers that take turns, and those that have found nothing more to do. */
  readonly #busy = new Set<Promise<void>>();
  #idle: number[] = [];
  /** How often they were woken. */
  #wakes = 0;
  /** What is on its way without a worker. */
  readonly #held = new Set<Promise<unknown>>();
  #takeTurns: (slot: number) => Promise<void> = () => Promise.resolve();

  /** `giveUp` is called with what a worker or held work fails with. */
  constructor(giveUp: (error: Error) => void) {
    this.#giveUp = giveUp;
  }

  /** Starts so many workers; `takeTurns` resolves when one finds nothing to do. */
  start(size: number, takeTurns: (slot: number) => Promise<void>): void {
    this.#takeTurns = takeTurns;
    for (let slot = 0; slot < size; slot++) this.#work(slot);
  }

  /** There is something to do again. */
  wake(): void {
    this.#wakes++;
    for (const slot of this.#idle.splice(0)) this.#work(slot);
  }

  /** The run does not end before this has. */
  hold(work: Promise<unknown>): void {
    const held: Promise<unknown> = work.catch(this.#giveUp).finally(() => this.#held.delete(held));
    this.#held.add(held);
  }

  /** Resolves when no worker has anything to do and nothing is on its way; either can lead to the other. */
  async settled(): Promise<void> {
    while (this.#busy.size + this.#held.size > 0) {
      await Promise.all([...this.#busy, ...this.#held]);
    }
  }

  #work(slot: number): void {
    const wakes = this.#wakes;
    const turns = this.#takeTurns(slot).catch(this.#giveUp).finally(() => {
      this.#busy.delete(turns);
      // What it was woken for may have come just when it had found nothing.
      if (wakes === this.#wakes) this.#idle.push(slot);
      else this.#work(slot);
    });
    this.#busy.add(turns);
  }
}

/**
 * The offers that a worker holds in one run, from when the server gave them to it until the coordinator has noted the
 * ends of their tasks.
 *
 * @module
 */
import type { Msg } from "@nats-io/transport-node";
import type { OfferId } from "../protocol.ts";
import type { Slot } from "./task_slots.ts";

/** An offer that the server lends to this worker. */
export interface Held extends OfferId {
  /** The server's message, by which the lease is kept, returned or ended. */
  message: Msg;
  /** Its Worker, until the task has returned. */
  slot: Slot | undefined;
  isRunning: boolean;
}

/** The offers of one run. */
export class HeldOffers {
  readonly #held = new Map<string, Held>();
  /** Those whose tasks run, by task. */
  readonly #running = new Map<number, Held>();
  #busy = 0;
  #emptied: PromiseWithResolvers<void> | undefined;

  /** How many have not returned. */
  get busy(): number {
    return this.#busy;
  }

  get({ id, offer }: OfferId): Held | undefined {
    return this.#held.get(`${id} ${offer}`);
  }

  /** The one whose task runs, or has not ended. */
  running(id: number): Held | undefined {
    return this.#running.get(id);
  }

  all(): Held[] {
    return [...this.#held.values()];
  }

  /** Takes one that has come; `undefined` when it is held already, and its lease continues. */
  take(message: Msg): Held | undefined {
    const [id, offer] = message.string().split(" ").map(Number) as [number, number];
    const held = this.get({ id, offer });
    if (held) return void (held.message = message);
    const taken: Held = { id, offer, message, slot: undefined, isRunning: false };
    this.#held.set(`${id} ${offer}`, taken);
    this.#busy++;
    return taken;
  }

  /** Its task begins. */
  begin(held: Held): void {
    held.isRunning = true;
    this.#running.set(held.id, held);
  }

  /** Its task has returned; `false` when it is not held any more. */
  returned(held: Held): boolean {
    held.slot = undefined;
    if (this.get(held) !== held) return false;
    this.#busy--;
    return true;
  }

  /** Its task has ended. */
  ended(held: Held): void {
    if (this.#running.get(held.id) === held) this.#running.delete(held.id);
  }

  /** It is not held any more. */
  forget(held: Held): void {
    this.#held.delete(`${held.id} ${held.offer}`);
    this.ended(held);
    if (held.slot || !held.isRunning) this.#busy--;
    if (this.#held.size === 0) this.#emptied?.resolve();
  }

  /** None is held any more. */
  clear(): void {
    this.#held.clear();
    this.#running.clear();
    this.#busy = 0;
    this.#emptied?.resolve();
  }

  /** Resolves when none is held. */
  async emptied(): Promise<void> {
    if (this.#held.size > 0) await (this.#emptied ??= Promise.withResolvers()).promise;
  }
}

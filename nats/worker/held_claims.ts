/**
 * The claims that a worker has in one run, from when the server gave it an offer until the coordinator has noted the
 * end of the task.
 *
 * @module
 */
import { TransientMap } from "../../internal/transient_map.ts";
import type { Msg } from "@nats-io/transport-node";
import type { ClaimId, Go, OfferId } from "../protocol.ts";
import type { Slot } from "./task_slots.ts";

/** A claim. */
export interface Held extends OfferId, ClaimId {
  /** The server's message, until the coordinator has answered the claim. */
  message: Msg | undefined;
  /** What the coordinator has answered. */
  go: Go | undefined;
  /**
   * - `claimed`: the coordinator has not answered
   * - `waiting`: it may begin when a slot is free
   * - `running`: it has a slot, or one is being opened for it
   * - `returned`: its slot is free, and its end is on its way
   */
  state: "claimed" | "waiting" | "running" | "returned";
  /** When it began to wait, on the clock of `performance.now()`. */
  since: number;
  /** Its Worker, while it runs. */
  slot: Slot | undefined;
  /** The port that its rows come from, once it has begun. */
  port: number | undefined;
}

/** The claims in one run. */
export class HeldClaims {
  readonly #claims = new TransientMap<number, Held>();
  readonly #offers = new TransientMap<number, Held>();
  /** Those whose tasks run, or have not ended, by task. */
  readonly #running = new TransientMap<number, Held>();
  /** Those that wait for a slot, and some that do not any more. */
  readonly #waiting: Held[] = [];
  #count = 0;
  #busy = 0;
  #unstarted = 0;
  #emptied: PromiseWithResolvers<void> | undefined;

  /** How many have a slot. */
  get busy(): number {
    return this.#busy;
  }

  /** How many wait for a slot. */
  get unstarted(): number {
    return this.#unstarted;
  }

  get({ claim }: ClaimId): Held | undefined {
    return this.#claims.get(claim);
  }

  /** The one whose task runs, or has not ended. */
  running(id: number): Held | undefined {
    return this.#running.get(id);
  }

  all(): Held[] {
    return [...this.#claims.values()];
  }

  /** Takes an offer that has come; `undefined` when it is claimed already. */
  take(message: Msg): Held | undefined {
    const [id, offer] = message.string().split(" ").map(Number) as [number, number];
    const known = this.#offers.get(offer);
    if (known) {
      if (known.state === "claimed") known.message = message;
      else message.respond("+ACK");
      return undefined;
    }
    const claim = ++this.#count;
    const held: Held = {
      id,
      offer,
      claim,
      message,
      go: undefined,
      state: "claimed",
      since: 0,
      slot: undefined,
      port: undefined,
    };
    this.#claims.set(claim, held);
    this.#offers.set(offer, held);
    this.#unstarted++;
    return held;
  }

  /** The coordinator lets it begin. */
  wait(held: Held, go: Go): void {
    held.state = "waiting";
    held.go = go;
    held.since = performance.now();
    this.#waiting.push(held);
  }

  /** The next to begin, which has a slot from now on. */
  begin(): Held | undefined {
    for (let held = this.#waiting.shift(); held; held = this.#waiting.shift()) {
      if (held.state !== "waiting" || this.get(held) !== held) continue;
      held.state = "running";
      this.#running.set(held.id, held);
      this.#unstarted--;
      this.#busy++;
      return held;
    }
    return undefined;
  }

  /** Its task has returned; `false` when it is not held any more. */
  returned(held: Held): boolean {
    held.slot = undefined;
    if (this.get(held) !== held) return false;
    held.state = "returned";
    this.#busy--;
    return true;
  }

  /** Its task has ended. */
  ended(held: Held): void {
    if (this.#running.get(held.id) === held) this.#running.delete(held.id);
  }

  /** It is not held any more. */
  forget(held: Held): void {
    if (!this.#claims.delete(held.claim)) return;
    this.#offers.delete(held.offer);
    this.ended(held);
    if (held.state === "running") this.#busy--;
    else if (held.state !== "returned") this.#unstarted--;
    if (this.#claims.size === 0) this.#emptied?.resolve();
  }

  /** None is held any more. */
  clear(): void {
    for (const held of this.all()) this.forget(held);
  }

  /** Resolves when none is held. */
  async emptied(): Promise<void> {
    if (this.#claims.size > 0) await (this.#emptied ??= Promise.withResolvers()).promise;
  }
}

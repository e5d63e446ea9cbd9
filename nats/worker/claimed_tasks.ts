/**
 * The tasks of one run on a worker: offers are claimed, begin when the coordinator has answered and a slot is free,
 * and are held until their ends are noted.
 *
 * The server's lease of an offer ends with the coordinator's answer. From then on the coordinator knows which worker
 * has the task, and offers it again when that worker dies.
 *
 * @module
 */
import type { Msg } from "@nats-io/transport-node";
import { summarizeError } from "../../internal/error_text.ts";
import type { TaskOutcome } from "../../pipeline/executor/task_runner.ts";
import { decode } from "../codec/decode.ts";
import type { ClaimId, Go, UpMessage } from "../protocol.ts";
import { type Held, HeldClaims } from "./held_claims.ts";
import { Lookahead } from "./lookahead.ts";
import { offeredTask, type TaskSlots } from "./task_slots.ts";

/** Milliseconds after which a claimed task that found no slot is given back. */
const MAX_WAIT_MS = 1_000;

/** What the tasks need of their session. */
export interface ClaimedTasksOptions {
  send: (message: UpMessage) => void;
  /** Slots that no run uses. */
  free: () => number;
  /** A slot is free. */
  freed: () => void;
  log: (line: string) => void;
  failed: (error: Error) => void;
}

/** The tasks of one run. */
export class ClaimedTasks {
  readonly #options: ClaimedTasksOptions;
  readonly #held = new HeldClaims();
  readonly #lookahead = new Lookahead();
  /** The Workers, when there are any. */
  slots: TaskSlots | undefined;

  constructor(options: ClaimedTasksOptions) {
    this.#options = options;
  }

  /** How many have a slot. */
  get busy(): number {
    return this.#held.busy;
  }

  /** How many offers are wanted. */
  get wanted(): number {
    return Math.max(0, this.#options.free()) + this.#lookahead.tasks - this.#held.unstarted;
  }

  /** The server has given this worker an offer. */
  take(message: Msg): void {
    const held = this.#held.take(message);
    if (!held) return;
    // It was asked for when tasks were short: another worker may have it at once.
    const most = Math.max(0, this.#options.free()) + this.#lookahead.tasks;
    if (this.#held.unstarted > 2 * most) {
      this.#held.forget(held);
      return void message.respond("-NAK");
    }
    const { id, offer, claim } = held;
    this.#options.send({ kind: "claim", id, offer, claim });
  }

  /** A claimed task may begin. */
  go(go: Go): void {
    const held = this.#held.get(go);
    // It was given back meanwhile, which the coordinator learns.
    if (held?.state !== "claimed") return;
    answered(held);
    this.#held.wait(held, go);
    this.begin();
  }

  /** Begins what waits, where there are free slots. */
  begin(): void {
    while (this.#options.free() > 0) {
      const held = this.#held.begin();
      if (!held) return;
      this.#run(held).catch((error) => this.#options.failed(error as Error));
    }
  }

  /** A task has ended, and all that it sent is committed. */
  ended(id: number, outcome: TaskOutcome): void {
    const held = this.#held.running(id);
    if (!held) return;
    this.#held.ended(held);
    this.#options.send({ kind: "ended", id, claim: held.claim, outcome });
  }

  /** A task was lost before it began. */
  lost(id: number): void {
    const held = this.#held.running(id);
    if (held) this.#giveBack(held);
  }

  /** The coordinator needs nothing more of a claim; a task that still runs is ended. */
  release(which: ClaimId): void {
    const held = this.#held.get(which);
    if (!held) return;
    answered(held);
    this.#held.forget(held);
    if (held.slot) this.slots?.end(held.slot);
    this.#options.freed();
  }

  /** Stops a task. */
  cancel(id: number, reason: Error): void {
    this.slots?.cancel(id, reason);
    for (const held of this.#held.all()) {
      if (held.id === id && held.state === "waiting") this.#giveBack(held);
    }
  }

  /** Stops all tasks. */
  abort(reason: Error): void {
    this.slots?.abort(reason);
    this.giveBack(false);
  }

  /** Time has passed. */
  tick(): void {
    this.slots?.sendProgress();
    this.#lookahead.tick();
    this.#sendAhead();
    const late = performance.now() - MAX_WAIT_MS;
    for (const held of this.#held.all()) {
      if (held.state === "waiting" && held.since < late) this.#giveBack(held);
    }
  }

  /** Sends the list of claims. */
  sendHeld(): void {
    const claims = this.#held.all().map(({ id, claim }) => ({ id, claim }));
    this.#options.send({ kind: "holds", claims });
  }

  /** Resolves when there is none. */
  async emptied(): Promise<void> {
    await this.#held.emptied();
  }

  /** Lets other workers have what has not begun, or all of it. */
  giveBack(isAll: boolean): void {
    for (const held of this.#held.all()) {
      if (isAll || held.state === "claimed" || held.state === "waiting") this.#giveBack(held);
    }
  }

  /** Ends all of it, in the middle of tasks. */
  close(): Promise<unknown> | undefined {
    this.#held.clear();
    return this.slots?.close();
  }

  async #run(held: Held): Promise<void> {
    const { id, go } = held;
    const { name, key, attempt, stage, trace, item } = go!;
    held.go = undefined;
    let slot;
    try {
      slot = this.slots!.idle() ?? await this.slots!.open();
    } catch (error) {
      if (this.#held.get(held) !== held) return;
      this.#options.log(`Cannot start a Worker: ${summarizeError(error)}`);
      return this.#giveBack(held);
    }
    if (this.#held.get(held) !== held) return this.slots!.release(slot);
    held.slot = slot;
    held.port = slot.port;
    const task = { id, name, key, attempt, stage, trace, item: decode(item) };
    await slot.worker.run(offeredTask(task));
    const isHeld = this.#held.returned(held);
    this.slots!.release(slot);
    if (!isHeld) return;
    this.#options.send({ kind: "returned", id, claim: held.claim });
    this.#lookahead.returned();
    this.#sendAhead();
    this.#options.freed();
  }

  #sendAhead(): void {
    const tasks = this.#lookahead.news();
    if (tasks !== undefined) this.#options.send({ kind: "ahead", tasks });
  }

  /** Lets another worker have a task. */
  #giveBack(held: Held): void {
    const { id, claim, slot, port } = held;
    answered(held);
    this.#held.forget(held);
    if (slot) this.slots?.end(slot);
    this.#options.send({ kind: "gave_back", id, claim, port });
    this.#options.freed();
  }
}

/** The server may forget the offer: the coordinator decides what becomes of it. */
function answered(held: Held): void {
  held.message?.respond("+ACK");
  held.message = undefined;
}

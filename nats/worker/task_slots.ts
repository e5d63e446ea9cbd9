/**
 * The Workers of one run on a worker's machine: the same as those of a pool, but for their ports, which lead over the
 * link to the writer.
 *
 * @module
 */
import { fromErrorData } from "../../errors.ts";
import type { Identities } from "../../pipeline/executor/added_items.ts";
import type { ExecutorEvents, OfferedTask } from "../../pipeline/executor/executor.ts";
import { PooledWorker } from "../../pipeline/executor/pool/pool_worker.ts";
import { nextSender } from "../../pipeline/executor/pool/sender_numbers.ts";
import type { TaskEnvironment } from "../../pipeline/executor/task_execution.ts";
import type { TaskModule } from "../../pipeline/executor/task_module.ts";
import { BatchSender } from "../../writer/client/batch_sender.ts";
import type { PortReply, PortRequest } from "../../writer/protocol/sender_port.ts";
import type { DownMessage, UpMessage, Welcome } from "../protocol.ts";

/** What the slots need. */
export interface TaskSlotsOptions {
  welcome: Welcome;
  module: string | URL;
  send: (message: UpMessage) => void;
  events: ExecutorEvents<unknown>;
}

/** A Worker, and the number of the port that its rows come from. */
export interface Slot {
  readonly worker: PooledWorker<unknown>;
  port: number;
  /** The progress of its task that was sent last. */
  sent: string;
}

/** The slots of one run, which are filled when they are first needed. */
export class TaskSlots {
  readonly #options: TaskSlotsOptions;
  readonly #environment: TaskEnvironment;
  readonly #module: TaskModule;
  readonly #controller = new AbortController();
  readonly #slots = new Set<Slot>();
  readonly #idle: Slot[] = [];
  /** This side of the ports. */
  readonly #ports = new Map<number, MessagePort>();
  readonly #logSender: BatchSender;
  /** What the coordinator was asked, by the numbers of the questions. */
  readonly #questions = new Map<number, PromiseWithResolvers<Identities>>();
  #asked = 0;

  constructor(options: TaskSlotsOptions) {
    this.#options = options;
    const {
      welcome: { run, args, atomic, keepsResults, asksIdentity, watch, export: name },
      module,
      send,
    } = options;
    this.#module = { module, export: name };
    // For what is logged about a task by this thread, such as that its time is up.
    this.#logSender = new BatchSender(this.#attach(nextSender()));
    this.#environment = {
      run,
      args,
      atomic,
      keepsResults,
      batchSender: this.#logSender,
      signal: this.#controller.signal,
      confirms: true,
      adds: {
        isPlain: !asksIdentity,
        identify: (items) => this.#ask(items),
        added: (id) => send({ kind: "added", id }),
      },
    };
    if (watch) {
      this.#environment.onLog = ({ id, name, key }, level, message) =>
        send({ kind: "logged", id, name, key, level, message });
    }
  }

  /** A Worker without a task that is there already. */
  idle(): Slot | undefined {
    for (let slot = this.#idle.pop(); slot; slot = this.#idle.pop()) {
      if (!slot.worker.death) return slot;
      this.#slots.delete(slot);
    }
    return undefined;
  }

  /**
   * Another Worker.
   *
   * @throws {Error} If the module cannot be loaded
   */
  async open(): Promise<Slot> {
    const { welcome: { exports, graceMs, loadMs }, events } = this.#options;
    const slot: Slot = {
      port: 0,
      sent: "",
      worker: new PooledWorker<unknown>({
        module: this.#module,
        exports,
        environment: this.#environment,
        graceMs,
        loadMs,
        reportsStarts: false,
        prints: false,
        attach: (sender) => this.#attach(slot.port = sender),
        disconnect: (sender) => this.#disconnect(sender),
      }, events),
    };
    this.#slots.add(slot);
    try {
      await slot.worker.load();
      return slot;
    } catch (error) {
      this.#slots.delete(slot);
      throw error;
    }
  }

  /** The Worker has no task any more. */
  release(slot: Slot): void {
    if (slot.worker.death) this.#slots.delete(slot);
    else this.#idle.push(slot);
  }

  /** Sends the progress of its tasks, where it has changed. */
  sendProgress(): void {
    for (const slot of this.#slots) {
      const { running } = slot.worker;
      if (running?.fraction === undefined) continue;
      const { id, fraction, note } = running;
      const progress = `${id} ${fraction} ${note}`;
      if (slot.sent === progress) continue;
      slot.sent = progress;
      this.#options.send({ kind: "progressed", id, fraction, note });
    }
  }

  /** Names and keys have come of items that a task adds. */
  identified(
    { question, identities, error }: Extract<DownMessage, { kind: "identified" }>,
  ): void {
    const answer = this.#questions.get(question);
    this.#questions.delete(question);
    if (identities) answer?.resolve(identities);
    else answer?.reject(fromErrorData(error!));
  }

  /** Passes an answer of the writer on. */
  reply(port: number, reply: PortReply): void {
    this.#ports.get(port)?.postMessage(reply);
  }

  cancel(id: number, reason: Error): void {
    for (const { worker } of this.#slots) worker.cancel(id, reason);
  }

  abort(reason: Error): void {
    this.#controller.abort(reason);
    for (const { worker } of this.#slots) worker.abort(reason);
  }

  /** Ends all of it, in the middle of tasks. Resolves when the module is torn down where none runs. */
  close(): Promise<unknown> {
    const closed = [...this.#slots].map(({ worker }) =>
      worker.tearDown().finally(() => worker[Symbol.dispose]())
    );
    this.#logSender.close();
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
    return Promise.all(closed);
  }

  /** Ends the Worker of a task in its middle; nothing more is taken from it. */
  end(slot: Slot): void {
    this.#disconnect(slot.port);
    slot.worker[Symbol.dispose]();
    this.#slots.delete(slot);
  }

  #ask(items: readonly unknown[]): Promise<Identities> {
    const question = ++this.#asked;
    const answer = Promise.withResolvers<Identities>();
    this.#questions.set(question, answer);
    this.#options.send({ kind: "identify", question, items });
    return answer.promise;
  }

  #attach(sender: number): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#ports.set(sender, port1);
    port1.onmessage = ({ data: request }: MessageEvent<PortRequest>) =>
      this.#options.send({ kind: "port", port: sender, request });
    return port2;
  }

  #disconnect(sender: number): void {
    const port = this.#ports.get(sender);
    this.#ports.delete(sender);
    port?.close();
    this.#options.send({ kind: "disconnect", port: sender });
  }
}

/** What a task is for its Worker. */
export function offeredTask(
  task: Omit<OfferedTask<unknown>, "cancellation">,
): OfferedTask<unknown> {
  return { ...task, cancellation: undefined };
}

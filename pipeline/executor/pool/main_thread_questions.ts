/**
 * What a Worker asks of the main thread: names and keys of items that its tasks add, because the functions for them are
 * there, and that all known tasks are queued.
 *
 * @module
 */
import { fromErrorData } from "../../../errors.ts";
import { type Adds, identifyAll, type Identities } from "../added_items.ts";
import type { ItemsIdentified, TaskWorkerReply } from "./pool_protocol.ts";

/** The questions of one Worker. */
export class MainThreadQuestions {
  readonly #reply: (message: TaskWorkerReply) => void;
  /** By their numbers. */
  readonly #open = new Map<number, PromiseWithResolvers<Identities>>();
  #asked = 0;
  #queueing: PromiseWithResolvers<void> | undefined;

  constructor(reply: (message: TaskWorkerReply) => void) {
    this.#reply = reply;
  }

  /** What lets tasks add others; without functions for names and keys nothing has to be asked. */
  adds(asksIdentity: boolean): Adds {
    return {
      identify: asksIdentity ? (items) => this.#ask(items) : (items) => identifyAll(items, {}),
      isPlain: !asksIdentity,
      added: (id) => this.#reply({ kind: "added", id }),
    };
  }

  /** An answer has come. */
  answered({ question, identities, error }: ItemsIdentified): void {
    const answer = this.#open.get(question)!;
    this.#open.delete(question);
    if (identities) answer.resolve(identities);
    else answer.reject(fromErrorData(error!));
  }

  /** Resolves when all known tasks are queued, whose rows the news of tasks are for. */
  queueAll(): Promise<void> {
    this.#queueing ??= Promise.withResolvers();
    this.#reply({ kind: "queue_all" });
    return this.#queueing.promise;
  }

  /** Resolves when that was asked for and is so; `undefined` when it was not asked for. */
  get queueing(): Promise<void> | undefined {
    return this.#queueing?.promise;
  }

  /** They are queued. */
  queued(): void {
    this.#queueing?.resolve();
    this.#queueing = undefined;
  }

  #ask(items: readonly unknown[]): Promise<Identities> {
    const question = ++this.#asked;
    const answer = Promise.withResolvers<Identities>();
    this.#open.set(question, answer);
    this.#reply({ kind: "identify", question, items });
    return answer.promise;
  }
}

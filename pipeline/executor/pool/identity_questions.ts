/**
 * Asks the main thread for names and keys of items that tasks add: the functions for them are there.
 *
 * @module
 */
import { fromErrorData } from "../../../errors.ts";
import { type Adds, identifyAll, type Identities } from "../added_items.ts";
import type { ItemsIdentified, TaskWorkerReply } from "./pool_protocol.ts";

/** The questions of one Worker. */
export class IdentityQuestions {
  readonly #reply: (message: TaskWorkerReply) => void;
  /** By their numbers. */
  readonly #open = new Map<number, PromiseWithResolvers<Identities>>();
  #asked = 0;

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

  /** Asks. Resolves with the answer. */
  #ask(items: readonly unknown[]): Promise<Identities> {
    const question = ++this.#asked;
    const answer = Promise.withResolvers<Identities>();
    this.#open.set(question, answer);
    this.#reply({ kind: "identify", question, items });
    return answer.promise;
  }
}

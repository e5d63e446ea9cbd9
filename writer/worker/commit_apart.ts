/**
 * A batch that failed as a whole: the bad messages are found, and all others are committed together.
 *
 * The others keep their transaction, so each has the fate that it would have had without the bad ones: a row that
 * refers to another whose message comes later is not cut off from it. Parts of the batch are tried as savepoints, those
 * that fail in halves, down to the bad message; so a bad message costs some twenty savepoints in a batch of a thousand.
 * What is refused at COMMIT only, a foreign key that is deferred, is found by the rows whose parent is missing
 * (`orphans.ts`).
 *
 * A task whose message failed cannot become `done`: its end is written as `error` with that failure, which its sender
 * gets as well.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import { classifyError } from "../../sqlite/explain.ts";
import { type ErrorData, toErrorData } from "../../errors.ts";
import type { WriteMessage } from "../protocol/write_message.ts";
import type { MessageApplier } from "./apply.ts";
import { append, type Outcome } from "./outcome.ts";
import { findOrphans } from "../../sqlite/orphans.ts";

/** Where messages are applied. */
export interface Target {
  connection: Connection;
  applier: MessageApplier;
}

/** A message ended the transaction that it shared. SQLite does not report which, if there were several. */
class TransactionEnded extends Error {
  readonly index: number | undefined;

  constructor(index: number | undefined, cause: unknown) {
    super("A message ended the transaction", { cause });
    this.index = index;
  }
}

/** Whether a message can be to blame, and not the database: a trigger may raise any text with RAISE(ROLLBACK). */
function isOfMessage(error: unknown): boolean {
  return ["constraint", "other"].includes(classifyError(error));
}

/** Thrown to undo what was only tried. */
const UNDO = new Error("Undo");

/** Commits the messages that can be, after committing all of them has failed with `error`. */
export function commitApart(
  target: Target,
  messages: readonly WriteMessage[],
  error: unknown,
): Outcome {
  // All would wait for the same lock, each as long as this did.
  if (classifyError(error) === "busy" || messages.length === 0) {
    return failAll(target, messages, error);
  }
  return new Separation(target, messages).commit();
}

function failAll({ applier }: Target, messages: readonly WriteMessage[], error: unknown): Outcome {
  const outcome: Outcome = { results: [], failures: [] };
  const failure = toErrorData(error);
  messages.forEach((message, index) => refuse(applier, { message, index, failure, outcome }));
  applier.failed.committed();
  return outcome;
}

/** Notes that a message is not written. */
function refuse(
  applier: MessageApplier,
  { message, index, failure, outcome }: {
    message: WriteMessage;
    index: number;
    failure: ErrorData;
    outcome: Outcome;
  },
): void {
  outcome.failures.push([index, failure]);
  const { task } = Object(message) as { task?: number };
  if (task !== undefined) applier.failed.add(task, failure);
}

/** One batch of which some messages are bad. */
class Separation {
  readonly #target: Target;
  readonly #messages: readonly WriteMessage[];
  /** Messages that fail whatever the others do, although applying them succeeds or ends the transaction. */
  readonly #excluded = new Map<number, ErrorData>();
  /** Whether each message is tried by itself, because one of them ends the transaction. */
  #oneByOne = false;

  constructor(target: Target, messages: readonly WriteMessage[]) {
    this.#target = target;
    this.#messages = messages;
  }

  commit(): Outcome {
    const { applier } = this.#target;
    for (;;) {
      try {
        return applier.transaction(() => this.#applyRange(0, this.#messages.length));
      } catch (error) {
        if (error instanceof TransactionEnded && isOfMessage(error.cause)) {
          if (error.index === undefined) this.#oneByOne = true;
          else this.#excluded.set(error.index, toErrorData(error.cause));
          continue;
        }
        const cause = error instanceof TransactionEnded ? error.cause : error;
        const found = classifyError(cause) === "constraint" ? this.#findOrphanMakers() : [];
        for (const index of found) this.#excluded.set(index, toErrorData(cause));
        if (found.length === 0) return this.#commitHalves(cause);
      }
    }
  }

  /** The last resort when the bad message cannot be identified: a full disk may still have room for a half. */
  #commitHalves(error: unknown): Outcome {
    const { length } = this.#messages;
    if (length === 1 || classifyError(error) === "busy") {
      return failAll(this.#target, this.#messages, error);
    }
    const half = length >> 1;
    const outcome: Outcome = { results: [], failures: [] };
    for (const [begin, end] of [[0, half], [half, length]] as const) {
      const part = new Separation(this.#target, this.#messages.slice(begin, end)).commit();
      append(outcome, part, begin);
    }
    return outcome;
  }

  /** Applies a range of the messages within the transaction. */
  #applyRange(begin: number, end: number): Outcome {
    const outcome: Outcome = { results: [], failures: [] };
    let next = begin;
    for (let index = begin; index <= end; index++) {
      const failure = this.#excluded.get(index);
      if (index < end && !failure && !this.#oneByOne) continue;
      this.#apply(next, index, outcome);
      next = index;
      if (failure && index < end) {
        const message = this.#messages[index]!;
        refuse(this.#target.applier, { message, index, failure, outcome });
        next = index + 1;
      }
    }
    return outcome;
  }

  #apply(begin: number, end: number, outcome: Outcome): void {
    if (begin === end) return;
    const { applier, connection } = this.#target;
    const part = this.#messages.slice(begin, end);
    try {
      append(outcome, applier.savepoint(() => applier.applyAll(part)), begin);
    } catch (error) {
      const isOne = part.length === 1;
      if (!connection.inTransaction) throw new TransactionEnded(isOne ? begin : undefined, error);
      if (isOne) return this.#applyAlone(begin, error, outcome);
      const half = begin + (part.length >> 1);
      this.#apply(begin, half, outcome);
      this.#apply(half, end, outcome);
    }
  }

  /** Applies a message that has failed once. */
  #applyAlone(index: number, error: unknown, outcome: Outcome): void {
    const { applier } = this.#target;
    const message = this.#messages[index]!;
    try {
      if (message?.kind !== "task_update") throw error;
      // The task may be in another status than the writer knows: the table decides.
      const failure = applier.failed.behind(message);
      applier.savepoint(() => applier.apply(message));
      if (failure) outcome.failures.push([index, failure]);
    } catch (error) {
      refuse(applier, { message, index, failure: toErrorData(error), outcome });
    }
  }

  /** The messages that left rows without their parent; none where they cannot be identified. */
  #findOrphanMakers(): number[] {
    const { connection } = this.#target;
    const { length } = this.#messages;
    const makers = new Set<number>();
    try {
      const before = findOrphans(connection);
      this.#target.applier.transaction(() => {
        let orphans: string[] = [];
        this.#try(() => {
          this.#applyRange(0, length);
          orphans = [...findOrphans(connection)].filter((orphan) => !before.has(orphan));
        });
        if (orphans.length > 0) this.#descend(0, length, orphans, makers);
        throw UNDO;
      });
    } catch (error) {
      if (error !== UNDO) return [];
    }
    return [...makers].sort((a, b) => a - b);
  }

  /** Halves a range, before which all is applied, down to the messages that made these orphans. */
  #descend(begin: number, end: number, orphans: readonly string[], makers: Set<number>): void {
    if (end - begin === 1) return void makers.add(begin);
    const half = begin + ((end - begin) >> 1);
    let early: string[] = [];
    this.#try(() => {
      this.#applyRange(begin, half);
      const there = findOrphans(this.#target.connection);
      early = orphans.filter((orphan) => there.has(orphan));
      const late = orphans.filter((orphan) => !there.has(orphan));
      if (late.length > 0) this.#descend(half, end, late, makers);
    });
    if (early.length > 0) this.#descend(begin, half, early, makers);
  }

  /** Does something and undoes it. */
  #try(body: () => void): void {
    try {
      this.#target.applier.savepoint(() => {
        body();
        throw UNDO;
      });
    } catch (error) {
      if (error !== UNDO) throw error;
    }
  }
}

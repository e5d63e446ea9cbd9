/**
 * The record of one task from when it leaves its source until it has ended: where it stands, its attempt, what it
 * takes, what it waits for. All that is known of the task is here, and nowhere else.
 *
 * @module
 */
import type { EndStatus } from "../../internal/task_status.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import type { TaskOutcome } from "../executor/task_runner.ts";
import type { Attempt, FullPolicy } from "./retry_policy.ts";
import type { Reservation } from "./queue/tag_state.ts";
import type { IdentifiedItem } from "./task_identity.ts";

/**
 * Where a task stands.
 *
 * - `ready`: it waits for a free slot
 * - `held`: it is being cancelled before it was offered, so that no executor gets it
 * - `offered`: an executor has it, or its failure is being looked at
 * - `waiting`: it failed and waits for its next attempt
 * - `ended`: it has ended; kept when that was not as `done`
 * - `requeuing`: it had ended and is being queued again
 */
export type Phase = "ready" | "held" | "offered" | "waiting" | "ended" | "requeuing";

/** A request to cancel a task. */
export interface Cancellation {
  /** Why. */
  readonly reason: Error;
  /** Resolved with the task's status when it has ended. */
  readonly end: PromiseWithResolvers<EndStatus>;
  /** What it ends with when it leaves its source, where no table knows it before. */
  outcome?: TaskOutcome;
  /** Settled when the cancellation has succeeded or failed. */
  promise: Promise<void> | undefined;
}

/** One task. */
export class LiveTask<Item> implements IdentifiedItem<Item> {
  readonly id: number;
  name: string;
  key: string | null;
  item: Item;
  /** Whether it has left its source; one that is cancelled before that has no item yet. */
  isKnown: boolean;
  phase: Phase = "ready";
  /** How it ended. */
  status: EndStatus | undefined;
  /** Whether it was cancelled because a task that it depends on is not done. */
  isBlocked = false;
  /** The ready queue's: greater priorities come first, then smaller numbers; 0 when it is not in the queue. */
  priority = 0;
  order = 0;
  // What few tasks have is declared only: a million that wait take a third less.
  /** The stage that its run has for it. */
  declare stage: string | undefined;
  /** What it takes of the limits of its tags. */
  declare reservations: Reservation[] | undefined;
  declare policy: FullPolicy | undefined;
  declare attempt: Attempt | undefined;
  /** How often the attempt was lost before it began. */
  declare losses: number | undefined;
  declare cancellation: Cancellation | undefined;

  constructor({ id, name, key }: TaskIdentity, known?: { item: Item; stage?: string | undefined }) {
    const stage = known?.stage;
    this.id = id;
    this.name = name;
    this.key = key;
    this.item = known?.item as Item;
    this.isKnown = known !== undefined;
    if (stage !== undefined) this.stage = stage;
  }

  /** It leaves its source after it was cancelled. */
  identify({ name, key, item, stage }: IdentifiedItem<Item>): void {
    this.name = name;
    this.key = key;
    this.item = item;
    if (stage !== undefined) this.stage = stage;
    this.isKnown = true;
  }
}

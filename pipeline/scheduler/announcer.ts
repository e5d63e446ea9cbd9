/**
 * Where the tasks of a run are announced.
 *
 * @module
 */
import type { BatchSender } from "../../writer/client/batch_sender.ts";
import type { QueueTasksMessage } from "../../writer/protocol/task_message.ts";
import type { ItemNotes } from "./item_notes.ts";
import { checkUnique, type IdentifiedItem } from "./task_identity.ts";

/**
 * The message that queues tasks.
 *
 * @throws {TypeError} If ids were chosen, and two of them are the same
 */
export function toQueueMessage<Item>(
  run: number,
  tasks: readonly IdentifiedItem<Item>[],
  isChosen: boolean,
): QueueTasksMessage {
  const ids = tasks.map(({ id }) => id);
  if (isChosen) checkUnique(ids);
  return {
    kind: "queue_tasks",
    run,
    ids,
    ...(isChosen ? { chosen: true } : {}),
    names: tasks.map(({ name }) => name),
    keys: tasks.map(({ key }) => key),
  };
}

/** Milliseconds that known items are left alone which may be read soon; longer where Workers have to start. */
export const ANNOUNCE_MS = 10;
export const LATE_MS = 200;

/** Where tasks are announced. */
export interface Announcer<Item> {
  /** The run that the tasks belong to. */
  run: number;
  /** Takes the messages. */
  batchSender: BatchSender;
  /** Whether tasks may start only when their `queued` is committed, because other messages refer to them. */
  confirm: boolean;
  /** Whether tasks that are given out are announced with their first news, which leave from the same sender. */
  late?: boolean;
  /** Receives tasks that need not run, because they are done already. */
  skipped?: (tasks: number) => void;
  /** Stores what items declare, if anything. */
  notes?: ItemNotes<Item> | undefined;
}

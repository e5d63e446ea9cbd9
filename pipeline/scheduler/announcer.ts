/**
 * Where the tasks of a run are announced.
 *
 * @module
 */
import type { BatchSender } from "../../writer/client/batch_sender.ts";
import type { ItemNotes } from "./item_notes.ts";

/** Where tasks are announced. */
export interface Announcer<Item> {
  /** The run that the tasks belong to. */
  run: number;
  /** Takes the messages. */
  batchSender: BatchSender;
  /** Whether tasks may start only when their `queued` is committed, because other messages refer to them. */
  confirm: boolean;
  /** Hears of tasks that need not run, because they are done already. */
  skipped?: (tasks: number) => void;
  /** Keeps what items say, where that is wanted. */
  notes?: ItemNotes<Item> | undefined;
}

/**
 * Waits for commits that nothing waits for at once.
 *
 * @module
 */
import { delay } from "../../../internal/delay.ts";
import { BATCH_MS, type BatchSender } from "../../../writer/client/batch_sender.ts";

/** Resolves when what was collected by now has left. */
let leaving: Promise<void> | undefined;

/** Resolves when everything before is committed; what is collected leaves in its own time. */
export async function committed(batchSender: BatchSender): Promise<void> {
  await (leaving ??= delay(BATCH_MS).then(() => void (leaving = undefined)));
  await batchSender.flushed();
}

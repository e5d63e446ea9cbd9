/**
 * What a Worker sends for others: lines for the log and the terminal, questions about items that its tasks add, and the
 * request to queue all known tasks.
 *
 * @module
 */
import { toErrorData } from "../../../errors.ts";
import type { TaskEnvironment } from "../task_execution.ts";
import type {
  IdentifyItems,
  ItemsIdentified,
  QueueAll,
  TaskLogged,
  TaskPrinted,
  TasksAdded,
  TasksQueued,
} from "./pool_protocol.ts";

/** Passes it on; `answer` posts to the Worker. */
export function passOn(
  reply: IdentifyItems | QueueAll | TaskLogged | TaskPrinted | TasksAdded,
  { onLog, adds, queueAll, batchSender }: TaskEnvironment,
  answer: (answer: ItemsIdentified | TasksQueued) => void,
): void {
  switch (reply.kind) {
    case "logged":
      return onLog?.(reply, reply.level, reply.message);
    case "printed":
      // The text may hold what `console` would take for a format.
      return console[reply.method]("%s", reply.text);
    case "added":
      return adds?.added(reply.id);
    case "queue_all": {
      const queued = Promise.try(() => queueAll?.()).then(() => batchSender.flushed());
      // A writer that is gone ends the run by itself.
      return void queued.catch(() => {}).then(() => answer({ kind: "queued" }));
    }
    case "identify": {
      const { question, items } = reply;
      void Promise.try(() => adds!.identify(items)).then(
        (identities) => answer({ kind: "identified", question, identities }),
        (thrown) => answer({ kind: "identified", question, error: toErrorData(thrown) }),
      );
    }
  }
}

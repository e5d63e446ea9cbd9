/**
 * What a Worker sends for others: lines for the log and the terminal, and questions about items that its tasks add.
 *
 * @module
 */
import { toErrorData } from "../../../errors.ts";
import type { TaskEnvironment } from "../task_execution.ts";
import type {
  IdentifyItems,
  ItemsIdentified,
  TaskLogged,
  TaskPrinted,
  TasksAdded,
} from "./pool_protocol.ts";

/** Passes it on; `answer` posts to the Worker. */
export function passOn(
  reply: IdentifyItems | TaskLogged | TaskPrinted | TasksAdded,
  { onLog, adds }: TaskEnvironment,
  answer: (answer: ItemsIdentified) => void,
): void {
  switch (reply.kind) {
    case "logged":
      return onLog?.(reply, reply.level, reply.message);
    case "printed":
      // The text may hold what `console` would take for a format.
      return console[reply.method]("%s", reply.text);
    case "added":
      return adds?.added(reply.id);
    case "identify": {
      const { question, items } = reply;
      void Promise.try(() => adds!.identify(items)).then(
        (identities) => answer({ kind: "identified", question, identities }),
        (thrown) => answer({ kind: "identified", question, error: toErrorData(thrown) }),
      );
    }
  }
}

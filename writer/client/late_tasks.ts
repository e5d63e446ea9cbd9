/**
 * New tasks that are sent with their news: a task that is done before the writer knows it is written once.
 *
 * @module
 */
import type { QueueTasksMessage } from "../protocol/task_message.ts";
import type { WriteMessage } from "../protocol/write_message.ts";

/** Those of one sender, in the order of their ids. */
export class LateTasks {
  readonly #messages: QueueTasksMessage[] = [];

  /** Whether they have to be sent before a message, which may be about them. */
  goBefore(message: WriteMessage): boolean {
    if (this.#messages.length === 0 || message.kind === "queue_tasks") return false;
    return message.kind !== "task_update" || message.id >= this.#first;
  }

  /** Adds tasks, whose ids are greater than those before them. */
  add(message: QueueTasksMessage): void {
    if (message.ids.length > 0) this.#messages.push(message);
  }

  /** Removes and returns those up to an id. */
  take(id: number): QueueTasksMessage[] {
    const taken: QueueTasksMessage[] = [];
    for (;;) {
      const message = this.#messages[0];
      if (!message || this.#first > id) return taken;
      const count = message.ids.findIndex((other) => other > id);
      if (count === -1) taken.push(this.#messages.shift()!);
      else {
        taken.push(part(message, 0, count));
        this.#messages[0] = part(message, count);
      }
    }
  }

  /** The id of the first of them; `Infinity` when there is none. */
  get #first(): number {
    return this.#messages[0]?.ids[0] ?? Infinity;
  }
}

function part(message: QueueTasksMessage, start: number, end?: number): QueueTasksMessage {
  const { ids, names, keys } = message;
  return {
    ...message,
    ids: ids.slice(start, end),
    names: names.slice(start, end),
    keys: keys.slice(start, end),
  };
}

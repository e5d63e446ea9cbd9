/**
 * Lets the main thread observe tasks on a Worker of the pool: how far they are, what they log and print.
 * Loaded by a Worker whose pipeline has observers.
 *
 * How far a task is is sent at once when nothing was sent for a while, because a task that computes without a
 * pause lets no timer run; and by a timer otherwise, so that the last word is not lost.
 *
 * @module
 */
import { formatWithOptions } from "node:util";
import type { PrintMethod, TaskWorkerReply } from "./pool_protocol.ts";
import type { TaskEnvironment, TaskExecution } from "../task_execution.ts";

/** Milliseconds between two words on how far the task is: as often as it is drawn. */
const NEWS_MS = 100;

const PRINTS: readonly PrintMethod[] = ["debug", "error", "info", "log", "warn"];

/** What makes an environment one that is watched; `reply` posts to the main thread. */
export function watchTasks(
  reply: (message: TaskWorkerReply) => void,
  { prints }: { prints: boolean },
): Pick<TaskEnvironment, "onLog" | "progressed"> {
  if (prints) passOnPrints(reply);
  let sentAt = -Infinity;
  let latest: TaskExecution | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    sentAt = performance.now();
    const { id, fraction, note } = latest!;
    reply({ kind: "progressed", id, fraction, note });
  };
  return {
    onLog: ({ id, name, key }, level, message) =>
      reply({ kind: "logged", id, name, key, level, message }),
    progressed(task) {
      latest = task;
      const wait = NEWS_MS - (performance.now() - sentAt);
      if (wait <= 0) send();
      else timer ??= setTimeout(send, wait);
    },
  };
}

/** Lets the main thread print, which alone knows what it has drawn on the terminal. */
function passOnPrints(reply: (message: TaskWorkerReply) => void): void {
  const colors = !Deno.noColor && Deno.stdout.isTerminal();
  for (const method of PRINTS) {
    console[method] = (...args: unknown[]) =>
      reply({ kind: "printed", method, text: formatWithOptions({ colors }, ...args) });
  }
}

/**
 * What a test and its tasks wait for, in the one thread that they share.
 *
 * @module
 */
import type { TaskContext } from "../../mod.ts";

/** Promises by name, which a test and its tasks wait for; either may come first, waiting or opening. */
export function gates(): { open(name: string): void; wait(name: string): Promise<void> } {
  const all = new Map<string, PromiseWithResolvers<void>>();
  const gate = (name: string) => {
    if (!all.has(name)) all.set(name, Promise.withResolvers());
    return all.get(name)!;
  };
  return {
    open: (name) => gate(name).resolve(),
    wait: (name) => gate(name).promise,
  };
}

/** Rejects when a task is asked to stop, with the reason. */
export function untilAborted({ signal }: TaskContext): Promise<never> {
  return new Promise((_, reject) => signal.onabort = () => reject(signal.reason));
}

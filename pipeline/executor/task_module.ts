/**
 * The work of tasks: a function, or the module that exports one, so that each Worker of a pool can load it.
 *
 * @module
 */
import type { TaskContext } from "./task_context.ts";

/**
 * The work of a task: gets the item and the task's context, and returns what is stored as its result.
 *
 * @example The work of a task
 * ```ts ignore
 * import type { TaskFunction } from "@pipeloom/pipeloom";
 *
 * const load: TaskFunction<string> = async (path, task) => {
 *   await task.insert("file", [{ path }]);
 *   return path.length;
 * };
 * ```
 */
export type TaskFunction<Item> = (item: Item, task: TaskContext) => unknown;

/** Holds the type of the items; no value has it. */
declare const ITEM: unique symbol;

/**
 * A task function by the module that exports it. Made by {@linkcode taskModule}, it is known which items the
 * function takes; a plain `{ module, export }` takes any.
 *
 * @example A module for the pool
 * ```ts ignore
 * import type { TaskModule } from "@pipeloom/pipeloom";
 *
 * const run: TaskModule = { module: new URL("./tasks.ts", import.meta.url), export: "load" };
 * ```
 */
// deno-lint-ignore no-explicit-any -- without types it takes any items
export interface TaskModule<Item = any> {
  /** URL of the module, such as `new URL("./tasks.ts", import.meta.url)`. */
  module: string | URL;
  /**
   * Name of the export.
   *
   * @default {"default"}
   */
  export?: string | undefined;
  /** @ignore For the compiler: no value has it. */
  readonly [ITEM]?: ((item: Item) => void) | undefined;
}

/**
 * Names the task function of a module with its types, so that the compiler refuses an export that is missing or
 * not a function, and items that do not fit it. The module is loaded by the Workers only.
 *
 * Where a module exports several functions, pass the name as the second type, too; otherwise an item has to fit any
 * one of them.
 *
 * @example Items that fit, for a function of a module
 * ```ts
 * import { runPipeline, taskModule } from "@pipeloom/pipeloom";
 *
 * // In a program: new URL("./tasks.ts", import.meta.url) and typeof import("./tasks.ts").
 * const module = "data:text/typescript,export const double = (n: number) => 2 * n;";
 * interface Tasks {
 *   double(n: number): number;
 * }
 *
 * const run = taskModule<Tasks, "double">({ module, export: "double" });
 * await runPipeline([1, 2, 3], { db: ":memory:", run }); // ["a"] would not compile
 * ```
 */
export function taskModule<
  Module extends object,
  Name extends keyof Module = keyof Module,
>(
  task: {
    module: string | URL;
    export: { [N in Name]: Module[N] extends (...args: never[]) => unknown ? N : never }[Name];
  },
): TaskModule<
  { [N in Name]: Module[N] extends (item: infer Item, ...rest: never[]) => unknown ? Item : never }[
    Name
  ]
> {
  return task as { module: string | URL; export: string };
}

/**
 * The options by which tasks wait for others.
 *
 * @module
 */
import { asStored } from "../../internal/text/stored_text.ts";
import { unexpected } from "../../internal/validate.ts";

/**
 * What a task waits for.
 *
 * @example Wait for other tasks
 * ```ts ignore
 * import type { DependencyOptions } from "@pipeloom/pipeloom";
 *
 * const options: DependencyOptions<{ key: string; needs: string[] }> = {
 *   dependsOn: (item) => item.needs,
 *   runsWhen: (item) => item.key === "clean up" ? "ended" : "done",
 * };
 * ```
 */
export interface DependencyOptions<Item> {
  /**
   * Keys of the tasks that must be `done` before an item's task starts. When one of them ends otherwise, the task is
   * cancelled. Needs an array of items; see `taskKey` for their keys.
   */
  dependsOn?: ((item: Item) => readonly (string | number)[] | undefined) | undefined;
  /**
   * When an item's task runs: when all its dependencies are `"done"`, or when all have `"ended"` in any status, for
   * clean-up and reports. A run that is stopped cancels such a task like all others; `onEnd` is called then.
   *
   * @default {"done" for all}
   */
  runsWhen?: ((item: Item) => "done" | "ended" | undefined) | undefined;
}

/**
 * Refuses `runsWhen` without `dependsOn`: it would be silently ignored.
 *
 * @throws {TypeError} If it stands alone
 */
export function checkDependencies<Item>({ dependsOn, runsWhen }: DependencyOptions<Item>): void {
  if (!runsWhen || dependsOn) return;
  throw new TypeError(
    "Cannot run the pipeline: runsWhen needs dependsOn. Add dependsOn, or leave runsWhen out",
  );
}

/** Keys that a task depends on, as tasks have them; what is not a list is left for the graph to refuse. */
export function toKeys(needs: unknown): readonly string[] | undefined {
  if (!Array.isArray(needs) && !(needs instanceof Object && Symbol.iterator in needs)) {
    return needs as undefined;
  }
  if (Array.isArray(needs) && needs.every(isStored)) return needs;
  const isKey = (key: unknown) => typeof key === "string" || typeof key === "number";
  return Array.from(
    needs as Iterable<string>,
    (key) => isKey(key) ? asStored(String(key)) : key,
  );
}

function isStored(key: unknown): boolean {
  return typeof key === "string" && asStored(key) === key;
}

/**
 * Whether a task runs whatever became of those that it depends on.
 *
 * @throws {TypeError} If it is not a moment
 */
export function toPatience(moment: unknown): boolean {
  if (moment === undefined || moment === "done") return false;
  if (moment === "ended") return true;
  const subject = { operation: "run the pipeline", name: "what runsWhen returns" };
  throw new TypeError(unexpected(moment, { ...subject, expected: '"done" or "ended"' }));
}

/**
 * A pipeline as a value: what a module exports by default so that the command line can run it.
 *
 * A plain object with a brand, not a class: the command line and the module may come with two copies of this
 * package, and `instanceof` would know the one only. `Symbol.for` is the same for both.
 *
 * @module
 */
import { isSchedule } from "./schedule/zoned_schedule.ts";
import { unexpected } from "../internal/validate.ts";
import { checkNames } from "./option_names.ts";
import type { PipelineArguments, PipelineDefinition } from "./pipeline_options.ts";

const BRAND = Symbol.for("pipeloom.pipeline");

/** The database where nothing else is said. */
export const DEFAULT_DB = "pipeloom.db";

/**
 * Defines a pipeline for `pipeloom run FILE`. Nothing is run, and `items` is not read, before that.
 *
 * @returns The definition, to be the default export of its module
 * @throws {TypeError} If it has no `items` or no `run`, its `schedule` is of the wrong kind, or an option has a name that none has
 *
 * @example A module that the command line runs
 * ```ts
 * import { definePipeline } from "@pipeloom/pipeloom";
 *
 * const pipeline = definePipeline({
 *   name: "squares",
 *   items: ({ upTo = "3" }) => Array.from({ length: Number(upTo) }, (_, i) => i + 1),
 *   schema: "CREATE TABLE IF NOT EXISTS square (n INTEGER, square INTEGER)",
 *   taskName: (n) => `square of ${n}`,
 *   async run(n, task) {
 *     await task.insert("square", [{ n, square: n * n }]);
 *   },
 * });
 *
 * export default pipeline;
 * ```
 */
export function definePipeline<Item>(
  definition: PipelineDefinition<Item>,
): PipelineDefinition<Item> {
  const operation = "define a pipeline";
  const { items, run, schedule } = definition ?? {};
  if (typeof items !== "function" && !isIterable(items)) {
    const expected = "an iterable, an async iterable, or a function that returns one";
    throw new TypeError(unexpected(items, { operation, name: "items", expected }));
  }
  if (run === undefined || run === null) {
    const expected = "a function of an item, or { module, export }";
    throw new TypeError(unexpected(run, { operation, name: "run", expected }));
  }
  if (schedule !== undefined && !isSchedule(schedule)) {
    const expected = 'a line of a crontab such as "0 2 * * *", or { cron, timeZone },';
    throw new TypeError(unexpected(schedule, { operation, name: "schedule", expected }));
  }
  checkNames(definition);
  return Object.defineProperty({ ...definition }, BRAND, { value: true });
}

/** Whether a value is what {@linkcode definePipeline} returned, of this copy of the package or another. */
export function isPipelineDefinition(value: unknown): value is PipelineDefinition<unknown> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, BRAND);
}

/** The items to run, given the arguments. */
export async function itemsOf<Item>(
  { items }: PipelineDefinition<Item>,
  args: PipelineArguments,
): Promise<Iterable<Item> | AsyncIterable<Item>> {
  const found = typeof items === "function" ? await items(args) : items;
  if (isIterable(found)) return found;
  const expected = "an iterable or an async iterable";
  const subject = { operation: "run the pipeline", name: "what items returns", expected };
  throw new TypeError(unexpected(found, subject));
}

function isIterable(value: unknown): boolean {
  if (typeof value === "string") return true;
  return typeof value === "object" && value !== null &&
    (Symbol.iterator in value || Symbol.asyncIterator in value);
}

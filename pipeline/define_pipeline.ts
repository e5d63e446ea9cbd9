/**
 * A pipeline as a value: what a module exports by default so that the command line can run it.
 *
 * A plain object with a brand, not a class: the command line and the module may come with two copies of this
 * package, and `instanceof` would know the one only. `Symbol.for` is the same for both.
 *
 * @module
 */
import { ArgumentsError } from "../errors.ts";
import { isSchedule } from "./schedule/zoned_schedule.ts";
import { absolutePath } from "../internal/paths.ts";
import { unexpected } from "../internal/validate.ts";
import { checkNames } from "./option_names.ts";
import { reportNotBegun } from "./run_hooks.ts";
import type { PipelineDefinition, PipelineOptions } from "./pipeline_options.ts";
import {
  type ArgumentsValidator,
  isValidator,
  type PipelineArguments,
  resolveArguments,
  toStoredArguments,
  WatchedArguments,
} from "./run_arguments.ts";

const BRAND = Symbol.for("pipeloom.pipeline");

/** The default database. */
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
 *
 * @example Arguments that a validator declares
 * ```ts
 * import { type ArgumentsValidator, definePipeline } from "@pipeloom/pipeloom";
 *
 * // Validators of zod, valibot and arktype are such values.
 * const limit: ArgumentsValidator<{ limit: number }> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "example",
 *     validate(value) {
 *       const limit = Number((value as { limit?: unknown }).limit ?? 3);
 *       return limit > 0 ? { value: { limit } } : { issues: [{ message: "expected more than 0" }] };
 *     },
 *   },
 * };
 *
 * const pipeline = definePipeline({
 *   args: limit,
 *   items: ({ limit }) => Array.from({ length: limit }, (_, i) => i),
 *   run: (n) => n,
 * });
 *
 * export default pipeline;
 * ```
 */
export function definePipeline<Item, Arguments>(
  definition: PipelineDefinition<Item, Arguments> & { args: ArgumentsValidator<Arguments> },
): PipelineDefinition<Item>;
/** Defines a pipeline whose arguments are text, or have default values. */
export function definePipeline<Item>(
  definition: PipelineDefinition<Item>,
): PipelineDefinition<Item>;
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
    const expected = "a function of an item, { module, export }, or a table of stages";
    throw new TypeError(unexpected(run, { operation, name: "run", expected }));
  }
  if (schedule !== undefined && !isSchedule(schedule)) {
    const expected = 'a line of a crontab such as "0 2 * * *", or { cron, timeZone },';
    throw new TypeError(unexpected(schedule, { operation, name: "schedule", expected }));
  }
  checkNames(definition);
  const pipeline = { ...definition };
  if (pipeline.db !== undefined) pipeline.db = absolutePath(pipeline.db);
  return Object.defineProperty(pipeline, BRAND, { value: true });
}

/** Whether a value is what {@linkcode definePipeline} returned, of this copy of the package or another. */
export function isPipelineDefinition(value: unknown): value is PipelineDefinition<unknown> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, BRAND);
}

/** What a definition comes to with its arguments. */
export interface PreparedRun<Item> {
  /** The items. */
  items: Iterable<Item> | AsyncIterable<Item>;
  /** The options of the run that do not belong to its database, with its arguments and its label among them. */
  settings: Omit<PipelineOptions<Item>, "db">;
}

/**
 * Finds the items of a definition for these arguments, before anything is opened. Where `items` throws, the run will.
 *
 * @throws {ArgumentsError} If an argument is refused, or none reads it
 */
export async function prepareRun<Item>(
  definition: PipelineDefinition<Item>,
  given: object,
): Promise<PreparedRun<Item>> {
  try {
    return await prepare(definition, given);
  } catch (error) {
    const { name = "pipeline" } = definition;
    const run = { name, args: given, label: null };
    if (!(error instanceof ArgumentsError)) await reportNotBegun(definition, run, error);
    throw error;
  }
}

async function prepare<Item>(
  definition: PipelineDefinition<Item>,
  given: object,
): Promise<PreparedRun<Item>> {
  const { items, schema, label, args: declared, schedule: _, db: __, ...rest } = definition;
  const args = await resolveArguments(declared, given);
  toStoredArguments(args);
  const watch = new WatchedArguments(args, declared);
  const watched = watch.watched as PipelineArguments;
  const settings: Omit<PipelineOptions<Item>, "db"> = { ...rest, args };
  const sql = typeof schema === "function" ? schema(watched) : schema;
  if (sql !== undefined) settings.schema = sql;
  const text = typeof label === "function" ? label(args as PipelineArguments) : label;
  if (text !== undefined) settings.label = text;
  const isWatched = !isValidator(declared);
  let found: Iterable<Item> | AsyncIterable<Item>;
  try {
    found = typeof items === "function" ? await items(watched) : items;
    if (isWatched && watch.unread.length > 0 && isIterable(found)) found = await begun(found);
  } catch (error) {
    const isRefused = (error as Error | null)?.name === "ArgumentsError";
    // What reads an argument first may not have come to it.
    if (isRefused || (isWatched && watch.unread.length > 0)) throw error;
    // The run fails with this as its reason, which stays in the database.
    delete settings.dependsOn;
    return { items: failing(error), settings };
  }
  if (!isIterable(found)) {
    const expected = "an iterable or an async iterable";
    const subject = { operation: "run the pipeline", name: "what items returns", expected };
    throw new TypeError(unexpected(found, subject));
  }
  if (isWatched) watch.check();
  return { items: found, settings };
}

/** Items that cannot be read. */
function failing(error: unknown): Iterable<never> {
  return {
    [Symbol.iterator]() {
      throw error;
    },
  };
}

/** Items whose first one was read: what a generator does before that, it has done. An array stays what it is. */
async function begun<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
): Promise<Iterable<Item> | AsyncIterable<Item>> {
  const { [Symbol.asyncIterator]: ofAsync, [Symbol.iterator]: of } = items as
    & AsyncIterable<Item>
    & Iterable<Item>;
  const iterator: AsyncIterator<Item> | Iterator<Item> = (ofAsync ?? of).call(items);
  // What can be read again is not read by this.
  if (iterator as unknown !== items) return items;
  const first = await iterator.next();
  return (async function* () {
    if (first.done) return;
    yield first.value;
    yield* items;
  })();
}

function isIterable(value: unknown): boolean {
  if (typeof value === "string") return true;
  return typeof value === "object" && value !== null &&
    (Symbol.iterator in value || Symbol.asyncIterator in value);
}

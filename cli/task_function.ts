/**
 * A pipeline of a function that a module exports, over items that the command line names.
 *
 * @module
 */
import type { PipelineDefinition } from "../pipeline/pipeline_options.ts";
import { type ItemFormat, readItems } from "./items/read_items.ts";
import type { LoadedFunction } from "./load_definition.ts";
import { EXIT } from "./terminal/exit_code.ts";
import { CommandError } from "./terminal/failure.ts";

/** Options for a function. */
export interface FunctionOptions {
  /** Items, in their order. */
  item?: unknown[];
  /** A file of more items. */
  items?: string;
  /** How they are written in it. */
  format?: ItemFormat;
  /** The field of an item that is its key. */
  key?: string;
  /** Whether Workers run it. */
  pool?: boolean;
  /** Arguments, which its tasks get. */
  arg?: Record<string, unknown>;
}

/**
 * Makes the pipeline.
 *
 * @throws {CommandError} If there are no items, or their file cannot be opened
 */
export async function defineFunction(
  { task, module, export: name }: LoadedFunction,
  { item = [], items: file, format, key, pool, arg = {} }: FunctionOptions,
): Promise<PipelineDefinition<unknown>> {
  if (item.length === 0 && file === undefined) {
    throw new CommandError(
      `Cannot run the function ${name}: it needs items; pass --item <text>, or --items <file>`,
      EXIT.usage,
    );
  }
  const read = file === undefined ? undefined : await readItems({ file, format });
  return {
    items: read === undefined ? item : joined(item, read),
    run: pool ? { module, export: name } : task,
    // Declared, because its tasks read them and no items do.
    args: arg,
    ...(key === undefined ? {} : { taskKey: (item, index) => keyOf(item, key, index) }),
  };
}

/**
 * Refuses options that a pipeline has no use for.
 *
 * @throws {CommandError} If there is one
 */
export function refuseFunctionOptions(options: FunctionOptions, target: string): void {
  for (const name of ["item", "items", "format", "key", "pool"] as const) {
    if (options[name] === undefined) continue;
    throw new CommandError(
      `Cannot run ${target} with --${name}: it is a pipeline, which has items of its own. ` +
        `Name a function: <file>:<function>`,
      EXIT.usage,
    );
  }
}

async function* joined(first: readonly unknown[], rest: AsyncIterable<unknown>) {
  yield* first;
  yield* rest;
}

function keyOf(item: unknown, field: string, index: number): string | number {
  const value = Object(item)[field];
  if (typeof value === "string" || typeof value === "number") return value;
  throw new TypeError(
    `Cannot take ${field} for the key of item ${index}: it is ${Deno.inspect(value)}, ` +
      "not text or a number",
  );
}

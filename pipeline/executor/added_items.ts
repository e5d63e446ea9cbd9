/**
 * Items that are added to a run while it is active: what makes them tasks is sent to the writer, which leaves out those
 * whose keys the run has.
 *
 * @module
 */
import { toJson } from "../../internal/json.ts";
import type { AddTasksMessage } from "../../writer/protocol/task_message.ts";
import { describeKeyed, type Identifying } from "../scheduler/task_identity.ts";
import { stageOf } from "./stages.ts";

/** Items in one message. */
const CHUNK = 1_000;

/** Names and keys of items. */
export interface Identities {
  names: (string | null)[];
  keys: string[];
}

/** Derives names and keys; where the functions for that are on another thread, it takes a while. */
export type Identify = (items: readonly unknown[]) => Identities | Promise<Identities>;

/** What lets the tasks of a run add others. */
export interface Adds {
  identify: Identify;
  /** Whether names and keys are those that items carry, which any thread can check. */
  isPlain: boolean;
  /** This task is about to add tasks, or has. */
  added(id: number): void;
}

/** Whose items these are. */
export interface Adding {
  run: number;
  /** The task that adds them; 0 for the program. */
  by: number;
  identify: Identify;
}

/**
 * Names and keys of items by a pipeline's options.
 *
 * @throws {TypeError} If an item has no key, or a stage that there is not
 */
export function identifyAll<Item>(
  items: readonly unknown[],
  options: Identifying<Item>,
): Identities {
  const operation = "add";
  if (options.stage) items.forEach((item, i) => stageOf(item as Item, `item ${i}`, options));
  const identities = items.map((item, i) => describeKeyed(item as Item, i, options, operation));
  return { names: identities.map(({ name }) => name), keys: identities.map(({ key }) => key) };
}

/** The messages that add these items, of 1,000 each. */
export async function* toAddMessages(
  items: Iterable<unknown> | AsyncIterable<unknown>,
  adding: Adding,
): AsyncGenerator<AddTasksMessage> {
  if (typeof items !== "object" || items === null || typeof items === "string") {
    throw new TypeError(
      `Cannot add ${Deno.inspect(items, { depth: 0 })}: pass an array or another iterable of items`,
    );
  }
  for await (const chunk of inChunks(items)) yield await toMessage(chunk, adding);
}

/** An `await` for each item of a known list would take longer than all the rest. */
async function* inChunks(
  items: Iterable<unknown> | AsyncIterable<unknown>,
): AsyncGenerator<unknown[]> {
  let chunk: unknown[] = [];
  if (Symbol.asyncIterator in items) {
    for await (const item of items) {
      if (chunk.push(item) < CHUNK) continue;
      yield chunk;
      chunk = [];
    }
  } else {
    for (const item of items) {
      if (chunk.push(item instanceof Promise ? await item : item) < CHUNK) continue;
      yield chunk;
      chunk = [];
    }
  }
  if (chunk.length > 0) yield chunk;
}

/** That only a run in the database can grow. */
export function notStored(): Error {
  return new Error("Cannot add items: the status of tasks is not stored. Set storeTaskStatus");
}

async function toMessage(
  items: readonly unknown[],
  { run, by, identify }: Adding,
): Promise<AddTasksMessage> {
  const json = items.map((item, i) => {
    const text = toJson(item, { place: (path) => `item ${i}${path}` });
    if (text !== undefined) return text;
    throw new TypeError(`Cannot add item ${i}: it is undefined, which JSON cannot hold`);
  });
  const { names, keys } = await identify(items);
  return {
    kind: "add_tasks",
    run,
    by,
    tasks: items.length,
    names: names.every((name, i) => name === keys[i]) ? "[]" : JSON.stringify(names),
    keys: JSON.stringify(keys),
    items: json.join("\n"),
  };
}

/**
 * Who a task is, derived from its item: its id in `task_runs`, its name, and the key of its work.
 *
 * @module
 */
import { stageOf, type Work } from "../executor/stages.ts";
import type { TaskIdentity } from "../executor/task_context.ts";
import { asStored } from "../../internal/text/stored_text.ts";

/** The largest id that can be chosen: one is left, so that there is always a next. */
const MAX_ID = Number.MAX_SAFE_INTEGER - 1;

/** Characters of an item's own text that become its task's name. */
const NAME_LENGTH = 200;

/** Characters of an item's own text up to which it is its key: a longer one is content. */
const KEY_LENGTH = 1_000;

/**
 * How the identity of a task is derived from its item.
 *
 * @example Names and keys of files
 * ```ts ignore
 * import type { IdentityOptions } from "@pipeloom/pipeloom";
 *
 * const options: IdentityOptions<{ path: string }> = {
 *   taskName: ({ path }) => path.split("/").at(-1),
 *   taskKey: ({ path }) => path,
 * };
 * ```
 */
export interface IdentityOptions<Item> {
  /**
   * Id of an item's task in `task_runs`: an integer ≥ 1 that no task of the file has yet. Ids belong to the file;
   * the key identifies an item over several runs.
   *
   * @default {the next free id}
   */
  taskId?: ((item: Item, index: number) => number | undefined) | undefined;
  /**
   * Name of an item's task.
   *
   * @default {the item's `name`, the item itself when it is a string or number, else its key, else "task <id>"}
   */
  taskName?: ((item: Item, index: number) => string | undefined) | undefined;
  /**
   * Key that identifies the work of an item over several runs: text or a number.
   *
   * @default {the item's `key`, else its `id`, else the item itself when it is a number or text of up to 1,000 characters}
   */
  taskKey?: ((item: Item, index: number) => string | number | undefined) | undefined;
}

/** The options that give a task its identity and its stage. */
export type Identifying<Item> = IdentityOptions<Item> & Partial<Work<Item>>;

/** An item with the identity of its task. */
export interface IdentifiedItem<Item> extends TaskIdentity {
  /** The user's item. */
  item: Item;
  /** Which of the run's stages runs it, where it has stages. */
  stage?: string | undefined;
}

interface Carrier {
  id?: unknown;
  name?: unknown | undefined;
  key?: unknown;
}

function carrierOf(item: unknown): Carrier {
  return typeof item === "object" && item !== null ? item : {};
}

/**
 * The id that was chosen for an item, if one was.
 *
 * @throws {RangeError} If it is not a positive whole number
 */
export function explicitId<Item>(
  item: Item,
  index: number,
  { taskId }: IdentityOptions<Item>,
): number | undefined {
  const id = taskId?.(item, index);
  if (id === undefined) return undefined;
  if (!Number.isSafeInteger(id) || id < 1 || id > MAX_ID) {
    throw new RangeError(
      `Cannot give item ${index} the id ${
        Deno.inspect(id)
      }: taskId returns a whole number from 1 to ` +
        `${MAX_ID}, or undefined for the next free id`,
    );
  }
  return id;
}

/**
 * What an item declares about its task; its name is `null` when it goes by its id.
 *
 * @throws {TypeError} If an option gives no text
 */
export function describe<Item>(
  item: Item,
  index: number,
  { taskName, taskKey }: IdentityOptions<Item>,
): { name: string | null; key: string | null } {
  const carrier = carrierOf(item);
  const own = typeof item === "string" || typeof item === "number"
    ? String(item).slice(0, NAME_LENGTH)
    : nameOf(carrier);
  const name = taskName ? asked("taskName", taskName(item, index), index) : own;
  const key = taskKey ? asked("taskKey", taskKey(item, index), index) : keyOf(item, carrier, index);
  // What a key names is easier to find than a number.
  return { name: toText(taskName ? name : name ?? key), key: toText(key) };
}

/** The name that an item carries; an object there is something else. */
function nameOf({ name }: Carrier): unknown {
  return isPlain(name) || typeof name === "boolean" ? name : undefined;
}

/** The key that an item carries. */
function keyOf(item: unknown, { key, id }: Carrier, index: number): unknown {
  if (key !== undefined && key !== null) {
    if (isPlain(key)) return key;
    throw new TypeError(
      `Cannot use the key ${
        Deno.inspect(key, { depth: 0 })
      } of item ${index}: a key is text or a ` +
        `number. Pass taskKey, a function of the item that returns one`,
    );
  }
  if (isPlain(id)) return id;
  return isPlain(item) && String(item).length <= KEY_LENGTH ? item : undefined;
}

/** Whether a value can be a key as it is: two objects would both be called "[object Object]". */
function isPlain(value: unknown): value is string | number | bigint {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint";
}

/** The identity of the task with this id. */
export function identify<Item>(
  item: Item,
  index: number,
  id: number,
  options: Identifying<Item>,
): IdentifiedItem<Item> {
  const { name, key } = describe(item, index, options);
  const task: IdentifiedItem<Item> = { id, name: name ?? `task ${id}`, key, item };
  if (options.stage) task.stage = stageOf(item, `item ${index}`, options);
  return task;
}

/**
 * The ids that were chosen for items, 0 where none was; `undefined` where none was for any of them.
 *
 * @throws {RangeError} If one is not a positive whole number
 * @throws {TypeError} If two are the same
 */
export function chosenIds<Item>(
  items: readonly Item[],
  options: IdentityOptions<Item>,
): number[] | undefined {
  if (!options.taskId) return undefined;
  const ids = items.map((item, index) => explicitId(item, index, options) ?? 0);
  const chosen = ids.filter((id) => id > 0);
  checkUnique(chosen);
  return chosen.length > 0 ? ids : undefined;
}

/** Gives free ids, from the first on, where none was chosen. Returns the next that is free. */
export function fillIds(ids: number[], first: number): number {
  const taken = new Set(ids);
  let free = first;
  ids.forEach((id, index) => {
    if (id > 0) return;
    while (taken.has(free)) free++;
    ids[index] = free++;
  });
  return free;
}

/**
 * Finds what is wrong with any of the items before the task of the first starts. Texts and numbers need no
 * check.
 *
 * @throws {TypeError} If the name or key of one cannot be determined
 */
export function checkIdentities<Item>(
  items: readonly Item[],
  options: IdentityOptions<Item>,
): void {
  const isOwn = !options.taskName && !options.taskKey;
  items.forEach((item, index) => {
    if (!isOwn || typeof item === "object") describe(item, index, options);
  });
}

/**
 * The key of an item of a run that will be resumed.
 *
 * @throws {TypeError} If it has none
 */
export function requireKey<Item>(
  item: Item,
  index: number,
  options: IdentityOptions<Item>,
): string {
  return describeKeyed(item, index, options, "resume with").key;
}

/**
 * What an item declares about its task, which needs a key.
 *
 * @throws {TypeError} If it has none
 */
export function describeKeyed<Item>(
  item: Item,
  index: number,
  options: IdentityOptions<Item>,
  operation: string,
): { name: string | null; key: string } {
  const { name, key } = describe(item, index, options);
  if (key !== null) return { name, key };
  const why = typeof item === "string" ? ` (a text is one up to ${KEY_LENGTH} characters)` : "";
  throw new TypeError(
    `Cannot ${operation} item ${index}, which has no key${why}: give items a "key", or pass taskKey, so ` +
      `that tasks that are done can be identified`,
  );
}

/** Refuses what is not a text, above all a promise: each item would be called the same. */
function asked(option: string, value: unknown, index: number): unknown {
  if (value === undefined || value === null || isPlain(value)) return value;
  if (typeof value === "boolean") return value;
  throw new TypeError(
    `Cannot use ${
      Deno.inspect(value, { depth: 0 })
    } for item ${index}: ${option} returns text or a number`,
  );
}

function toText(value: unknown): string | null {
  return value === undefined || value === null ? null : asStored(String(value));
}

/**
 * Refuses ids that come twice.
 *
 * @throws {TypeError} If two are the same
 */
export function checkUnique(ids: readonly number[]): void {
  const id = firstTwice(ids);
  if (id !== undefined) {
    throw new TypeError(`Cannot run two items with the id ${id}: ids are unique`);
  }
}

/**
 * Refuses duplicate keys in a run that will be resumed.
 *
 * @throws {TypeError} If two are the same
 */
export function checkUniqueKeys(keys: readonly string[]): void {
  const key = firstTwice(keys);
  if (key !== undefined) {
    throw new TypeError(
      `Cannot resume with two items of the key ${Deno.inspect(key)}: keys are unique`,
    );
  }
}

function firstTwice<T>(values: readonly T[]): T | undefined {
  const seen = new Set<T>();
  for (const value of values) {
    if (seen.has(value)) return value;
    seen.add(value);
  }
  return undefined;
}

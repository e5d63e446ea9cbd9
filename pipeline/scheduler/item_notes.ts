/**
 * What is kept of items beside their tasks: inputs, stages, tags, and versions, by which work is skipped that was done
 * before.
 *
 * @module
 */
import { toJson } from "../../internal/json.ts";
import { asStored } from "../../internal/text/stored_text.ts";
import type { BatchSender } from "../../writer/client/batch_sender.ts";
import type { NoteItemsMessage } from "../../writer/protocol/task_message.ts";
import { tagsOf } from "./queue/ready_queue.ts";
import type { IdentifiedItem } from "./task_identity.ts";

/** The options of a pipeline about its items; see `PipelineOptions`. */
export interface ItemOptions<Item> {
  storeItems?: boolean | undefined;
  version?: ((item: Item) => string | undefined) | undefined;
  cacheKey?: string | undefined;
  stage?: ((item: Item) => string) | undefined;
  tags?: ((item: Item) => readonly string[] | undefined) | undefined;
}

/** The run, and its values for the options. */
export interface NotedRun {
  run: number;
  batchSender: BatchSender;
  /** Called with the number of tasks that need not run. */
  unchanged(tasks: number): void;
}

/** Stores what a pipeline declares about its items. */
export class ItemNotes<Item> {
  readonly #options: ItemOptions<Item>;
  readonly #run: NotedRun;
  /** Versions of tasks that were checked. */
  readonly #versions = new WeakMap<IdentifiedItem<Item>, string | null>();

  constructor(options: ItemOptions<Item>, run: NotedRun) {
    this.#options = options;
    this.#run = run;
  }

  /**
   * Refuses an item whose tags or version cannot be determined. Its version is kept for when it is noted.
   *
   * @throws {unknown} As `note` does
   */
  check(task: IdentifiedItem<Item>): void {
    const { tags, version } = this.#options;
    if (tags) tagsOf(task, tags);
    if (version) this.#versions.set(task, versionOf(task, version));
  }

  /**
   * Stores what the items of `queued` tasks declare. Returns the ids of those that need not run, and are `done`.
   *
   * @throws {TypeError} If an item has no JSON form, tags are not an array, a version is not a text, or an item with a
   * version has no key
   */
  async note(tasks: readonly IdentifiedItem<Item>[]): Promise<readonly number[]> {
    const { storeItems, version, cacheKey = "", stage, tags } = this.#options;
    const { run, batchSender, unchanged } = this.#run;
    if (tasks.length === 0) return [];
    const message: NoteItemsMessage = {
      kind: "note_items",
      run,
      ids: tasks.map(({ id }) => id),
      ...(storeItems ? { inputs: tasks.map((task) => inputOf(task)) } : {}),
      ...(stage ? { stages: tasks.map(({ stage }) => stage ?? null) } : {}),
      ...(tags ? { tags: tasks.map((task) => jsonOfTags(task, tags)) } : {}),
      ...(version ? { versions: tasks.map((task) => this.#versionOf(task)), cacheKey } : {}),
    };
    if (!version) {
      await batchSender.ready();
      batchSender.post(message);
      return [];
    }
    const ids = await batchSender.request(message);
    if (ids.length > 0) unchanged(ids.length);
    return ids;
  }

  #versionOf(task: IdentifiedItem<Item>): string | null {
    const checked = this.#versions.get(task);
    return checked === undefined ? versionOf(task, this.#options.version!) : checked;
  }
}

/** Stores what a pipeline declares about its items; `undefined` when it declares nothing. */
export function notesOf<Item>(
  options: ItemOptions<Item>,
  run: NotedRun,
): ItemNotes<Item> | undefined {
  return options.storeItems || options.version || options.stage || options.tags
    ? new ItemNotes(options, run)
    : undefined;
}

function inputOf<Item>({ name, item }: IdentifiedItem<Item>): string | null {
  return toJson(item, { place: (path) => `the item of task ${name}${path}` }) ?? null;
}

/** Tags as JSON. */
function jsonOfTags<Item>(
  task: IdentifiedItem<Item>,
  tags: NonNullable<ItemOptions<Item>["tags"]>,
): string | null {
  const all = tagsOf(task, tags);
  return all.length > 0 ? asStored(JSON.stringify(all.map(String))) : null;
}

function versionOf<Item>(
  { name, key, item }: IdentifiedItem<Item>,
  version: (item: Item) => string | undefined,
): string | null {
  const text: unknown = version(item);
  if (text === undefined) return null;
  if (typeof text !== "string") {
    throw new TypeError(
      `Cannot use the version ${Deno.inspect(text, { depth: 0 })} of task ${name}: ` +
        "version returns text, or undefined for none",
    );
  }
  if (key === null) {
    throw new TypeError(
      `Cannot use the version of task ${name}, whose item has no key: give items a "key", or ` +
        "pass taskKey",
    );
  }
  return asStored(text);
}

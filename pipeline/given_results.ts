/**
 * Results that a test gives to a task in place of the tasks that it depends on. Each is that of a task beside it, which
 * is done before: so they are read from the database as in a run.
 *
 * @module
 */
import { isPlain } from "../internal/json.ts";
import { unexpected } from "../internal/validate.ts";
import type { TaskFunction, TaskModule } from "./executor/task_module.ts";
import type { PipelineOptions } from "./pipeline_options.ts";

/** The item of a task that has its result already. */
class Given {
  readonly key: string;
  readonly value: unknown;

  constructor(key: string, value: unknown) {
    this.key = key;
    this.value = value;
  }
}

type Options<Item> = Pick<PipelineOptions<Item>, "taskKey" | "taskName">;

/**
 * The items and options of a run in which a task has the results of others.
 *
 * @throws {TypeError} If the results are not an object
 */
export function withResults<Item>(
  item: Item,
  run: TaskFunction<Item> | TaskModule<Item>,
  { results, taskKey, taskName }: Options<Item> & { results: Readonly<Record<string, unknown>> },
): { items: Item[]; options: Partial<PipelineOptions<Item>> } {
  if (typeof results !== "object" || results === null || !isPlain(results)) {
    const subject = { operation: "run the task", name: "results" };
    const expected = "an object of results by their keys";
    throw new TypeError(unexpected(results, { ...subject, expected }));
  }
  const givens = Object.entries(results).map(([key, value]) => new Given(key, value));
  const isGiven = (one: unknown): one is Given => one instanceof Given;
  const options: Partial<PipelineOptions<Item>> = {
    run: { given: (one) => (one as Given).value, task: run },
    stage: (one) => isGiven(one) ? "given" : "task",
    workers: { given: 1, task: 1 },
    dependsOn: (one) => Object.is(one, item) ? Object.keys(results) : [],
  };
  if (taskKey) options.taskKey = (one, index) => isGiven(one) ? one.key : taskKey(one, index);
  if (taskName) options.taskName = (one, index) => isGiven(one) ? one.key : taskName(one, index);
  return { items: [item, ...givens as Item[]], options };
}

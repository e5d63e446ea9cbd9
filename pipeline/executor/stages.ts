/**
 * Pipelines whose tasks are of several kinds: `run` is a table of stages then, and `stage` names the one to which an
 * item's task belongs. A stage is a function, run on this thread, or the function of a module, run on Workers of its
 * own; each has its own number of tasks at once.
 *
 * @module
 */
import { checkInteger, closest, unexpected } from "../../internal/validate.ts";
import type { TaskContext } from "./task_context.ts";
import type { TaskFunction, TaskModule } from "./task_module.ts";

/** The operation that an error about an option names. */
const OPERATION = "run the pipeline";

/** Tasks at once on the main thread by default. */
const MAIN_THREAD_WORKERS = 16;

/** Tasks at once on other machines by default: as many as they have slots, within reason. */
const REMOTE_WORKERS = 64;

/**
 * The stages of a pipeline by their names: each is a function, run on this thread, or the module that exports one, run
 * on Workers of its own. The function of a stage may take the items of that stage only.
 *
 * @example Downloads here, parsing on Workers
 * ```ts ignore
 * import type { Stages } from "@pipeloom/pipeloom";
 *
 * const run: Stages<{ url: string }> = {
 *   download: ({ url }, task) => fetch(url, { signal: task.signal }).then((answer) => answer.text()),
 *   parse: { module: new URL("./parse.ts", import.meta.url), export: "parse" },
 * };
 * ```
 */
// deno-lint-ignore no-explicit-any -- a table of any items
export interface Stages<Item = any> {
  /** The work of a stage; its parameter may be less than any item, as of a method. */
  readonly [name: string]: { run(item: Item, task: TaskContext): unknown }["run"] | TaskModule;
}

/** The options of a run about its work. */
export interface Work<Item> {
  run: TaskFunction<Item> | TaskModule<Item> | Stages<Item>;
  stage?: ((item: Item) => string) | undefined;
  workers?: number | Readonly<Record<string, number>> | undefined;
  executor?: object | undefined;
}

/** The stages of a pipeline; `undefined` when it has none. */
export function stagesOf<Item>(run: Work<Item>["run"]): Stages<Item> | undefined {
  if (typeof run !== "object" || run === null) return undefined;
  const { module } = run as Partial<TaskModule>;
  const isModule = typeof module === "string" || module instanceof URL;
  return isModule || Object.keys(run).length === 0 ? undefined : run as Stages<Item>;
}

/** Whether any task of a pipeline leaves this thread. */
export function leavesThread<Item>(run: Work<Item>["run"]): boolean {
  const stages = stagesOf(run);
  if (!stages) return typeof run !== "function";
  return Object.values(stages).some((work) => typeof work !== "function");
}

/** The functions of modules among the stages, by their names. */
export function modulesOf<Item>(stages: Stages<Item>): [string, TaskModule][] {
  return Object.entries(stages).flatMap(([name, work]): [string, TaskModule][] =>
    typeof work === "function" ? [] : [[name, work]]
  );
}

/**
 * The stage of an item's task; `undefined` where the pipeline has none.
 *
 * @throws {TypeError} If there is none of that name
 */
export function stageOf<Item>(
  item: Item,
  which: string,
  { run, stage }: Partial<Work<Item>>,
): string | undefined {
  if (!stage) return undefined;
  const name: unknown = stage(item);
  if (typeof name === "string" && Object.hasOwn(run!, name)) return name;
  const names = Object.keys(run!);
  const meant = typeof name === "string" ? closest(name, names) : undefined;
  throw new TypeError(
    `Cannot run ${which} in the stage ${Deno.inspect(name)}: ` +
      (meant === undefined
        ? `the stages of run are ${listed(names)}`
        : `did you mean ${Deno.inspect(meant)}? The stages of run are ${listed(names)}`),
  );
}

/** How many tasks of each stage run at once. */
export function stageWorkers<Item>(
  stages: Stages<Item>,
  { workers, executor }: Pick<Work<Item>, "workers" | "executor">,
): Map<string, number> {
  const slots = Object.entries(stages).map(([name, work]): [string, number] => {
    const asked = isTable(workers) ? workers[name] : workers;
    const count = asked === undefined ? usualWorkers(work, executor) : asked;
    return [name, checkWorkers(count, `workers of ${Deno.inspect(name)}`)];
  });
  return new Map(slots);
}

/** How many tasks run at once, of all stages together. */
export function workersFor<Item>({ run, workers, executor }: Work<Item>): number {
  const stages = stagesOf(run);
  if (!stages) {
    const count = workers === undefined ? usualWorkers(run, executor) : workers;
    return checkWorkers(count, "workers");
  }
  return stageWorkers(stages, { workers, executor }).values().reduce((sum, count) => sum + count);
}

/** Refuses work that is neither a function nor a module nor a table of them, and options that do not fit it. */
export function checkWork<Item>({ run, stage, workers, executor }: Work<Item>): void {
  const stages = stagesOf(run);
  if (!stages) {
    if (stage) {
      throw new TypeError(
        `Cannot ${OPERATION}: option stage needs stages, and run is one function for all tasks. ` +
          "Pass run: { first: …, second: … }, or leave stage out",
      );
    }
    return checkOne(run, "run");
  }
  for (const [name, work] of Object.entries(stages)) {
    checkOne(work, `the stage ${Deno.inspect(name)} of run`);
  }
  if (!stage) {
    throw new TypeError(
      `Cannot ${OPERATION}: run has the stages ${
        listed(Object.keys(stages))
      }, and option stage is ` +
        "missing. Pass stage: (item) => the name of its stage",
    );
  }
  if (isTable(workers)) checkWorkerNames(Object.keys(workers), Object.keys(stages));
  if (executor) checkOneModule(modulesOf(stages));
}

function checkOne(work: unknown, name: string): void {
  if (typeof work === "function") return;
  const module = (work as TaskModule<never> | null | undefined)?.module;
  if (!URL.canParse(String(module))) {
    const expected =
      'a function, or { module: new URL("./tasks.ts", import.meta.url), export: "name" }';
    throw new TypeError(unexpected(work, { operation: OPERATION, name, expected }));
  }
}

function checkWorkerNames(names: readonly string[], stages: readonly string[]): void {
  for (const name of names) {
    if (stages.includes(name)) continue;
    const meant = closest(name, stages);
    throw new TypeError(
      `Cannot ${OPERATION}: workers name the stage ${Deno.inspect(name)}, which run does not have` +
        (meant === undefined
          ? `. Its stages are ${listed(stages)}`
          : `; did you mean ${Deno.inspect(meant)}?`),
    );
  }
}

/** A worker elsewhere serves modules, and takes part in a run of one. */
function checkOneModule(modules: readonly [string, TaskModule][]): void {
  const [first] = modules;
  const other = modules.find(([, { module }]) => String(module) !== String(first![1].module));
  if (!first || !other) return;
  throw new TypeError(
    `Cannot ${OPERATION}: on other machines all stages are exports of one module, and ` +
      `${Deno.inspect(first[0])} and ${Deno.inspect(other[0])} are of two. Export both from one`,
  );
}

function isTable(workers: Work<never>["workers"]): workers is Readonly<Record<string, number>> {
  return typeof workers === "object" && workers !== null;
}

function usualWorkers(work: unknown, executor: unknown): number {
  if (typeof work === "function") return MAIN_THREAD_WORKERS;
  return executor ? REMOTE_WORKERS : navigator.hardwareConcurrency;
}

function checkWorkers(workers: unknown, name: string): number {
  return checkInteger(workers as number, { operation: OPERATION, name, min: 1 });
}

function listed(names: readonly string[]): string {
  return names.map((name) => Deno.inspect(name)).join(", ");
}

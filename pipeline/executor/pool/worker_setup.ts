/**
 * What a module of tasks makes for each Worker, such as a browser or a connection: its exports `setup()` and
 * `teardown()`, called once each.
 *
 * @module
 */
import { settledWithin } from "../../../internal/delay.ts";
import { summarizeError, toErrorText } from "../../../internal/error_text.ts";
import { toErrorData } from "../../../errors.ts";
import type { TaskFunction, TaskModule } from "../task_module.ts";
import type { InitTaskWorker } from "./pool_protocol.ts";

/** Milliseconds that `teardown()` may take: the run ends without it after that. */
const TEARDOWN_MS = 5_000;

/** The arguments of `setup()`. */
export interface SetupContext {
  /** What the run was started with. */
  args: Readonly<Record<string, unknown>>;
  /** The run; `null` when the status of tasks is not stored. */
  runId: number | null;
}

/** Waits until a module has let go of what it made, as long as that may take. It never rejects. */
export async function tornDownInTime(
  tornDown: Promise<unknown>,
  { module }: TaskModule,
): Promise<void> {
  let hasEnded = false;
  const end = () => hasEnded = true;
  await settledWithin(TEARDOWN_MS, tornDown.then(end, end));
  if (hasEnded) return;
  console.warn(
    `teardown() of ${module} has not ended within ${TEARDOWN_MS / 1_000} s. Its Worker was ended`,
  );
}

/**
 * The functions of a module that tasks run, by their stages.
 *
 * @throws {TypeError} If one of them is missing, or not a function
 */
export function functionsOf(
  module: Readonly<Record<string, unknown>>,
  { module: url, exports }: Pick<InitTaskWorker, "exports" | "module">,
): Map<string, TaskFunction<unknown>> {
  const functions = Object.entries(exports).map(([stage, name]) => {
    const exported = module[name];
    if (typeof exported === "function") return [stage, exported as TaskFunction<unknown>] as const;
    throw new TypeError(
      `Cannot run tasks with ${url}: its export ${Deno.inspect(name)} is ` +
        `${exported === undefined ? "missing" : "not a function"}`,
    );
  });
  return new Map(functions);
}

type Hook = (subject: unknown) => unknown;

/** What one Worker has of its module. */
export class WorkerSetup {
  readonly #setUp: Hook | undefined;
  #tearDown: Hook | undefined;
  #value: unknown;

  /** An export that tasks run is none of them. */
  constructor(module: Readonly<Record<string, unknown>>, tasks: readonly string[]) {
    const hook = (name: string) =>
      typeof module[name] === "function" && !tasks.includes(name)
        ? module[name] as Hook
        : undefined;
    this.#setUp = hook("setup");
    this.#tearDown = hook("teardown");
  }

  /** Whether there is something to be called before the first task. */
  get hasSetup(): boolean {
    return this.#setUp !== undefined;
  }

  /** Whether there is something to be called after the last task. */
  get hasTeardown(): boolean {
    return this.#tearDown !== undefined;
  }

  /**
   * Calls `setup()`. Resolves with what it returned.
   *
   * @throws {Error} If it throws
   */
  async setUp(context: SetupContext): Promise<unknown> {
    try {
      return this.#value = await this.#setUp?.(context);
    } catch (thrown) {
      this.#tearDown = undefined;
      throw new Error(`its setup() failed: ${summarizeError(thrown)}`, { cause: thrown });
    }
  }

  /** Calls `teardown()` with what `setup()` returned, once. What it throws is a warning. */
  async tearDown(): Promise<void> {
    const tearDown = this.#tearDown;
    this.#tearDown = undefined;
    try {
      await tearDown?.(this.#value);
    } catch (thrown) {
      console.warn("The teardown() of a task Worker failed:", toErrorText(toErrorData(thrown)));
    }
  }

  /** The same, as long as it may take. */
  async tearDownInTime(): Promise<void> {
    if (this.hasTeardown) await settledWithin(TEARDOWN_MS, this.tearDown());
  }
}

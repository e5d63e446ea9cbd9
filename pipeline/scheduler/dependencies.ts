/**
 * Which task waits for which. Pure: tasks are numbers, their relations are settled before any runs.
 *
 * Counts of what each task still waits for, and lists of who waits for it (Kahn, "Topological sorting of large
 * networks", 1962): what a task that ends sets free costs no more than its own edges. All loops, no recursion: a
 * chain may be a hundred thousand long.
 *
 * @module
 */

import { PatientTasks } from "./patient_tasks.ts";

/** A graph of tasks, numbered from 0, without circles. */
export class DependencyGraph {
  /** How many others each task still waits for. */
  readonly #waits: number[] = [];
  /** Who waits for each task. */
  readonly #dependents: number[][];
  /** The task of each key, and keys that two have. */
  readonly #byKey = new Map<string, number>();
  readonly #twice = new Set<string>();
  readonly #done = new Set<number>();
  readonly #patient = new PatientTasks();
  /** What will never be done by itself, and what cannot be because of that. */
  readonly #lost = new Set<number>();
  #blocked = new Set<number>();

  /**
   * @param keys The key of each task
   * @param dependsOn The keys of the tasks that a task waits for
   * @param isPatient Whether a task runs whatever became of those, when all have ended
   * @throws {TypeError} If there is no task of a key, or two; or if tasks wait for each other in a circle
   */
  constructor(
    keys: readonly (string | null)[],
    dependsOn: (task: number) => Iterable<string> | undefined,
    isPatient: (task: number) => boolean = () => false,
  ) {
    keys.forEach((key, task) => this.#name(key, task));
    this.#dependents = keys.map(() => []);
    const needs = keys.map((key, task) => {
      const found = this.#find(key, task, dependsOn(task));
      for (const other of found) this.#dependents[other]!.push(task);
      this.#waits.push(found.size);
      if (isPatient(task)) this.#patient.add(task, found);
      return [...found];
    });
    const circle = findCircle(this.#waits, this.#dependents, needs);
    if (circle) {
      const path = circle.map((task) => named(keys[task]!, task)).join(" → ");
      throw new TypeError(`Cannot run tasks that wait for each other: ${path}`);
    }
  }

  /**
   * Adds a task that depends on others which are there. Returns what it waits for, or that it cannot be done because one
   * of them cannot.
   *
   * @throws {TypeError} If there is no task of a key, or two
   */
  add(
    key: string,
    dependsOn: Iterable<string> | undefined,
    isPatient = false,
  ): { task: number; needs: number[]; state: "ready" | "waiting" | "blocked" } {
    const task = this.#waits.length;
    const needs = [...this.#find(key, task, dependsOn)];
    this.#name(key, task);
    const waits = needs.filter((other) => !this.#done.has(other));
    this.#waits.push(waits.length);
    this.#dependents.push([]);
    for (const other of needs) this.#dependents[other]!.push(task);
    const cannot = (other: number) => this.#lost.has(other) || this.#blocked.has(other);
    if (isPatient) {
      const isReady = this.#patient.add(task, waits.filter((other) => !cannot(other)));
      return { task, needs, state: isReady ? "ready" : "waiting" };
    }
    const isBlocked = waits.some(cannot);
    if (isBlocked) this.#blocked.add(task);
    return { task, needs, state: isBlocked ? "blocked" : waits.length > 0 ? "waiting" : "ready" };
  }

  /** The first of these keys that no task has. */
  missing(keys: Iterable<string> | undefined): string | undefined {
    if (typeof keys === "string" || typeof keys?.[Symbol.iterator] !== "function") return undefined;
    for (const key of keys) if (!this.#byKey.has(key)) return key;
    return undefined;
  }

  /** Adds a task that is done, on which others may depend, and returns it. */
  addDone(key: string): number {
    const task = this.#waits.push(0) - 1;
    this.#dependents.push([]);
    this.#name(key, task);
    this.#done.add(task);
    return task;
  }

  #name(key: string | null, task: number): void {
    if (key === null) return;
    if (this.#byKey.has(key)) this.#twice.add(key);
    this.#byKey.set(key, task);
  }

  /** The tasks of keys. */
  #find(key: string | null, task: number, dependsOn: Iterable<string> | undefined): Set<number> {
    const keys = dependsOn ?? [];
    // The one would be taken letter by letter, the other is a promise, most likely.
    if (typeof keys === "string" || typeof keys[Symbol.iterator] !== "function") {
      throw new TypeError(
        `Cannot let ${named(key, task)} depend on ${Deno.inspect(keys, { depth: 0 })}: ` +
          `dependsOn returns an array of keys`,
      );
    }
    const found = new Set<number>();
    for (const needed of keys) {
      const other = this.#byKey.get(needed);
      if (other === undefined || this.#twice.has(needed)) {
        throw new TypeError(
          `Cannot let ${named(key, task)} depend on ${Deno.inspect(needed)}: ` +
            `${other === undefined ? "no item has" : "two items have"} that key`,
        );
      }
      found.add(other);
    }
    return found;
  }

  /** Whether others depend on a task. */
  isNeeded(task: number): boolean {
    return this.#dependents[task]!.length > 0;
  }

  /** The tasks that wait for none, in their order. */
  get roots(): number[] {
    return this.#waits.flatMap((waits, task) => waits === 0 ? [task] : []);
  }

  /** Pairs of a task and one that it waits for. */
  *pairs(): Generator<[task: number, needed: number]> {
    for (const [needed, others] of this.#dependents.entries()) {
      for (const task of others) yield [task, needed];
    }
  }

  /** A task is done. Returns those that waited for nothing else, in their order. */
  done(task: number): number[] {
    this.#done.add(task);
    return this.#dependents[task]!.filter((other) =>
      this.#patient.has(other) ? this.#patient.ended(other, task) : --this.#waits[other]! === 0
    );
  }

  /**
   * A task will never be done. Returns all that now cannot be either, each of them once, and those that waited only until
   * these had ended.
   */
  blockDownstream(task: number): { blocked: number[]; released: number[] } {
    this.#lost.add(task);
    const blocked = this.#reach([task], this.#blocked);
    const released: number[] = [];
    if (this.#patient.size > 0) {
      for (const ended of [task, ...blocked]) {
        for (const other of this.#dependents[ended]!) {
          if (this.#patient.has(other) && this.#patient.ended(other, ended)) released.push(other);
        }
      }
    }
    return { blocked, released };
  }

  /** Tasks that were blocked may be done after all. Returns all that can be again because of that. */
  unblock(tasks: readonly number[]): number[] {
    const before = this.#blocked;
    for (const task of tasks) this.#lost.delete(task);
    this.#blocked = new Set();
    this.#reach([...this.#lost], this.#blocked);
    const unblocked = [...before].filter((other) => !this.#blocked.has(other));
    if (this.#patient.size > 0) {
      const again = [...tasks, ...unblocked];
      const edges = again.flatMap((task) =>
        this.#dependents[task]!.map((by) => [by, task] as const)
      );
      this.#patient.again(tasks, edges);
    }
    return unblocked;
  }

  /** Whether a task cannot be done because of another that it depends on. */
  isBlocked(task: number): boolean {
    return this.#blocked.has(task);
  }

  /** Whether a task that is due to run again waits until others have ended. */
  isWaiting(task: number): boolean {
    return this.#patient.isWaiting(task);
  }

  /** All that depend on tasks and are not among those that are `known`, to which they are added. */
  #reach(tasks: readonly number[], known: Set<number>): number[] {
    const reached = [...tasks];
    // It grows while it is read.
    for (const next of reached) {
      for (const other of this.#dependents[next]!) {
        if (known.has(other) || this.#patient.has(other)) continue;
        known.add(other);
        reached.push(other);
      }
    }
    return reached.slice(tasks.length);
  }
}

function named(key: string | null, task: number): string {
  return key === null ? `item ${task}` : Deno.inspect(key);
}

/** A circle of tasks, each waiting for the next, with the first at the end again; `undefined` if there is none. */
function findCircle(
  waits: readonly number[],
  dependents: readonly number[][],
  needs: readonly number[][],
): number[] | undefined {
  const left = [...waits];
  const free = left.flatMap((count, task) => count === 0 ? [task] : []);
  for (const task of free) {
    for (const other of dependents[task]!) if (--left[other]! === 0) free.push(other);
  }
  let task = left.findIndex((count) => count > 0);
  if (task < 0) return undefined;
  // Whatever is left needs something that is left: following them leads round in a circle.
  const path: number[] = [];
  const at = new Map<number, number>();
  while (!at.has(task)) {
    at.set(task, path.length);
    path.push(task);
    task = needs[task]!.find((needed) => left[needed]! > 0)!;
  }
  return [...path.slice(at.get(task)), task];
}

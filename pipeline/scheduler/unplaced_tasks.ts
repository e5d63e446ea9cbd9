/**
 * Added tasks that depend on others which are not in the run yet: they may come with the same call, or with another.
 *
 * @module
 */

/** A task, and what it depends on. */
export interface Unplaced<Task> {
  readonly task: Task;
  readonly key: string;
  readonly needs: Iterable<string> | undefined;
  /** Why it cannot run, where that is known already. */
  readonly error?: Error | undefined;
}

/** Tasks that wait until a key is in the run. Each waits for one key at a time. */
export class UnplacedTasks<Task> {
  /** The key that each waits for, by its own key. */
  readonly #missing = new Map<string, string>();
  readonly #byMissing = new Map<string, Unplaced<Task>[]>();

  /** Number of tasks that wait. */
  get size(): number {
    return this.#missing.size;
  }

  /** Whether the task of this key waits. */
  has(key: string): boolean {
    return this.#missing.has(key);
  }

  /** A task waits for a key. */
  add(task: Unplaced<Task>, missing: string): void {
    this.#missing.set(task.key, missing);
    const others = this.#byMissing.get(missing);
    if (others) others.push(task);
    else this.#byMissing.set(missing, [task]);
  }

  /** A key is in the run now. Returns the tasks that waited for it. */
  placed(key: string): Unplaced<Task>[] {
    const tasks = this.#byMissing.get(key) ?? [];
    this.#byMissing.delete(key);
    for (const { key } of tasks) this.#missing.delete(key);
    return tasks;
  }

  /**
   * Takes those out whose keys never come, because no task has them; else a circle of tasks that wait for each other.
   * The circle is returned as text.
   */
  giveUp(): { tasks: Unplaced<Task>[]; circle?: string } {
    const lost = [...this.#byMissing.keys()].filter((key) => !this.#missing.has(key));
    if (lost.length > 0) return { tasks: lost.flatMap((key) => this.placed(key)) };
    const path = new Set<string>();
    let [key] = this.#missing.keys();
    while (!path.has(key!)) {
      path.add(key!);
      key = this.#missing.get(key!);
    }
    const keys = [...path].slice([...path].indexOf(key!));
    const tasks = keys.flatMap((key) => this.#take(key));
    return { tasks, circle: [...keys, key].map((key) => Deno.inspect(key)).join(" → ") };
  }

  #take(key: string): Unplaced<Task>[] {
    const missing = this.#missing.get(key)!;
    const all = this.#byMissing.get(missing)!;
    const others = all.filter((other) => other.key !== key);
    if (others.length > 0) this.#byMissing.set(missing, others);
    else this.#byMissing.delete(missing);
    this.#missing.delete(key);
    return all.filter((task) => task.key === key);
  }
}

/**
 * Whether another run of a name is active, as shown by the database and the locks of owners.
 *
 * A run is marked `running` until it has ended; if its process was killed, its owner's lock shows it
 * (`process_lock.ts`). Where a run has no owner, or its lock cannot be read from here, a person has to decide.
 * Runs that this very writer has begun are known without a lock.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import { OverlapError } from "../../errors.ts";
import { ownerOf, type ProcessLock } from "./process_lock.ts";
import { recoverRuns } from "./recovery.ts";
import type { SqlRow } from "../../sqlite/values.ts";

/** Finds runs that are in the way of another. */
export class OverlapStore {
  readonly #connection: Connection;
  readonly #owner: ProcessLock | undefined;
  /** Runs that this writer has begun and not ended, as far as is committed. */
  readonly #own = new Set<number>();
  // What this transaction has changed so far.
  readonly #begun = new Set<number>();
  readonly #ended = new Set<number>();

  constructor(connection: Connection, owner?: ProcessLock) {
    this.#connection = connection;
    this.#owner = owner;
  }

  /** This writer has begun a run. */
  begun(run: number): void {
    this.#begun.add(run);
  }

  /** This writer has ended a run. */
  ended(run: number): void {
    this.#ended.add(run);
  }

  /** Calling what it returns takes back what is noted after. */
  mark(): () => void {
    const [begun, ended] = [[...this.#begun], [...this.#ended]];
    return () => {
      this.rolledBack();
      for (const run of begun) this.#begun.add(run);
      for (const run of ended) this.#ended.add(run);
    };
  }

  /** The transaction is committed. */
  committed(): void {
    for (const run of this.#begun) this.#own.add(run);
    for (const run of this.#ended) this.#own.delete(run);
    if (this.#owner) this.#owner.openRuns = this.#own.size;
    this.rolledBack();
  }

  /** The transaction is undone: the ids of its runs will be those of others. */
  rolledBack(): void {
    this.#begun.clear();
    this.#ended.clear();
  }

  /**
   * Refuses to begin a run beside another. Runs whose owner is gone are marked first.
   *
   * @throws {OverlapError} If one is active
   * @throws {Error} If one is marked as running, and whether its process lives cannot be determined
   */
  check(name: string): void {
    if (this.#owner) recoverRuns(this.#connection, this.#owner);
    const runs = this.#running(name);
    const unknown = runs.find((run) => this.#isUnder(run) === undefined);
    if (unknown) {
      throw new Error(
        `${cannot(name)}: run ${unknown.id} is marked as running, and ` +
          (unknown.owner
            ? "whether its process lives cannot be seen: its lock file is missing, or there is no " +
              "permission to read and write the folder of the database"
            : "it has no owner that could be asked") +
          "; when its process is gone, set its status in pipeline_runs to 'interrupted'",
      );
    }
    const [run] = runs;
    if (!run) return;
    throw new OverlapError(
      `${cannot(name)}: ${describe(run)}; wait for it, end it, or pass overlap "queue"`,
    );
  }

  /** The run of a name that is known to be active, in words. Writes nothing. */
  inTheWay(name: string): string | undefined {
    const run = this.#running(name).find((run) => this.#isUnder(run));
    return run && describe(run);
  }

  #running(name: string): SqlRow[] {
    return this.#connection.prepare(
      `SELECT id, owner, host, pid, started_at, process_started_at, booted_at FROM pipeline_runs
       WHERE name=? AND status='running' ORDER BY id`,
    ).all(name);
  }

  /** Whether the process of a run lives; `undefined` when that cannot be determined. */
  #isUnder({ id, owner, ...noted }: SqlRow): boolean | undefined {
    if (this.#own.has(id as number) || this.#begun.has(id as number)) return true;
    const base = this.#owner?.base;
    if (owner === null || base === undefined) return undefined;
    const state = ownerOf(base, `${owner}`, noted);
    return state === "unknown" ? undefined : state === "alive";
  }
}

function cannot(name: string): string {
  return `Cannot begin another run of ${Deno.inspect(name)}`;
}

function describe({ id, pid, host, started_at }: SqlRow): string {
  return `run ${id} is active (process ${pid}${host ? ` on ${host}` : ""}, since ${started_at})`;
}

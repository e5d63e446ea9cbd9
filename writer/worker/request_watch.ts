/**
 * How the writer notices requests to its runs: at once when one comes as a message, and a little later when
 * another process has written it into the file.
 *
 * While a run of this writer is active, SQLite is asked five times a second for `data_version`, which changes
 * exactly when another connection has committed; only then are rows read. None of this happens between runs,
 * and the timer keeps no process alive. What a transaction begins, ends or asks for counts once it is committed: ids
 * that were rolled back will be those of others.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import type { RunRequest } from "../protocol/control_message.ts";
import { waitingRequests } from "./request_store.ts";
import { dataVersionOf } from "../../sqlite/pragmas.ts";
import { Timer } from "./timer.ts";

/** Milliseconds between two looks: soon enough for a person. */
const LOOK_MS = 200;

/** Watches the requests of the active runs. */
export class RequestWatch implements Disposable {
  readonly #connection: Connection;
  readonly #deliver: ((requests: RunRequest[]) => void) | undefined;
  /** The last request that was delivered for each run. */
  readonly #delivered = new Map<number, number>();
  #version: (() => unknown) | undefined;
  #seen: unknown;
  #timer: Timer | undefined;
  #isOld = false;
  /** Requests that their own process carries out. */
  readonly #own = new Set<number>();
  /** Sees to it that others see who owns the runs. */
  readonly #keep: (() => void) | undefined;
  /** What to note when this transaction is committed. */
  #noted: (() => void)[] = [];

  /** Without `deliver` nothing is watched. */
  constructor(
    connection: Connection,
    deliver?: (requests: RunRequest[]) => void,
    keep?: () => void,
  ) {
    this.#keep = keep;
    this.#connection = connection;
    this.#deliver = deliver;
  }

  /** A run begins. */
  begin(run: number): void {
    if (!this.#deliver) return;
    this.#noted.push(() => {
      this.#delivered.set(run, 0);
      this.#schedule();
    });
  }

  /** A run ends. */
  end(run: number): void {
    this.#noted.push(() => {
      this.#delivered.delete(run);
      if (this.#delivered.size === 0) this[Symbol.dispose]();
    });
  }

  /** A request is being written by this writer; `own` when its sender carries it out itself. */
  expect(run: number, request: number, own: boolean): void {
    this.#noted.push(() => {
      if (!own) this.#isOld = true;
      else if (this.#delivered.has(run)) this.#own.add(request);
    });
  }

  /** Calling what it returns takes back what is noted after. */
  mark(): () => void {
    const { length } = this.#noted;
    return () => void this.#noted.splice(length);
  }

  /** The transaction is committed. */
  committed(): void {
    for (const note of this.#noted.splice(0)) note();
  }

  /** The transaction is undone. */
  rolledBack(): void {
    this.#noted = [];
  }

  /** Delivers what was requested through this writer. */
  deliverNew(): void {
    if (!this.#isOld) return;
    this.#isOld = false;
    this.#look();
  }

  /** Looks no more. */
  [Symbol.dispose](): void {
    this.#timer?.stop();
    this.#timer = undefined;
  }

  #schedule(): void {
    this.#timer ??= new Timer(LOOK_MS, () => {
      this.#timer = undefined;
      try {
        this.#version ??= dataVersionOf(this.#connection);
        const version = this.#version();
        if (version !== this.#seen) this.#look();
        this.#seen = version;
      } catch {
        // A lock was in the way, or the file has gone: the next write reports it.
      }
      this.#keep?.();
      if (this.#delivered.size > 0) this.#schedule();
    });
  }

  #look(): void {
    for (const [run, last] of this.#delivered) {
      const requests = waitingRequests(this.#connection, run, last);
      if (requests.length === 0) continue;
      this.#delivered.set(run, requests.at(-1)!.id);
      const foreign = requests.filter(({ id }) => !this.#own.delete(id));
      if (foreign.length > 0) this.#deliver!(foreign);
    }
  }
}

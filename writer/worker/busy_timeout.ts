/**
 * How long the writer waits for a lock: the whole busy timeout once, and not again and again.
 *
 * When another process does not let go of its lock, every message that is still on its way would wait for the
 * whole busy timeout, one after the other, and so would the end of the run: a process that has lost would take
 * many minutes to report it. So after a wait that failed the next ones are short, until one gets the lock.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import { busyTimeout, setBusyTimeout } from "../../sqlite/pragmas.ts";

/** Milliseconds of a wait that follows a failed one: enough for a lock that comes and goes. */
const SHORT_MS = 500;

/** The busy timeout of one connection. */
export class BusyTimeout {
  readonly #connection: Connection;
  readonly #timeoutMs: number;
  #lost = false;

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#timeoutMs = busyTimeout(connection);
  }

  /** Takes note of how a try ended: without the lock, or otherwise. */
  tried(inVain: boolean): void {
    if (inVain === this.#lost) return;
    this.#lost = inVain;
    this.limit(inVain ? SHORT_MS : this.#timeoutMs);
  }

  /** Sets what each wait takes at most, which is never longer than the configured timeout. */
  limit(ms: number): void {
    setBusyTimeout(this.#connection, Math.min(ms, this.#timeoutMs));
  }
}

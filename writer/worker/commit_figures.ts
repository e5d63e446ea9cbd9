/**
 * How many commits there were, of what, and how long they took of late.
 *
 * @module
 */
import type { WriterStats } from "../protocol/sender_port.ts";

/** Transactions over which commit times are kept. */
const COMMIT_WINDOW = 256;

/** Counts the commits of one writer. */
export class CommitFigures {
  #commits = 0;
  #messages = 0;
  #failures = 0;
  readonly #commitMs: number[] = [];

  /** Rows and messages in the last transaction. */
  batchRows = 0;

  /** So many messages were committed or refused, in so many milliseconds. */
  committed(ms: number, messages: number, failures: number): void {
    this.#commitMs[this.#commits++ % COMMIT_WINDOW] = ms;
    this.#messages += messages - failures;
    this.#failures += failures;
  }

  /** The figures so far. */
  read(): Pick<WriterStats, "commits" | "messages" | "failures" | "batchRows" | "commitMs"> {
    const times = this.#commitMs.toSorted((a, b) => a - b);
    const quantile = (q: number) => times[Math.floor(q * (times.length - 1))] ?? 0;
    return {
      commits: this.#commits,
      messages: this.#messages,
      failures: this.#failures,
      batchRows: this.batchRows,
      commitMs: { p50: quantile(0.5), p99: quantile(0.99) },
    };
  }
}

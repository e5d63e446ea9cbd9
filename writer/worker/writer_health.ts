/**
 * How the writer is doing: its figures, for those who ask, and what of them is kept in the active runs.
 *
 * @module
 */
import type { Connection } from "../../sqlite/connection.ts";
import type { Checkpointer } from "./files/checkpointer.ts";
import type { Store } from "./commit.ts";
import type { WriterStats } from "../protocol/sender_port.ts";

/** Milliseconds between two measurements. */
const INTERVAL_MS = 200;

/** Transactions over which commit times are kept. */
const COMMIT_WINDOW = 256;

/** What is measured. */
export interface Measured {
  connection: Connection;
  store: Store;
  wal: Checkpointer;
  /** Messages that have arrived and are not committed. */
  queueDepth(): number;
}

/** Measures the writer. */
export class WriterHealth {
  readonly #measured: Measured;
  #measuredAt: number | undefined;
  /** The writer's commits. */
  readonly commits = new CommitFigures();

  constructor(measured: Measured) {
    this.#measured = measured;
  }

  /** The figures since the writer began. */
  read(): WriterStats {
    const { connection, store, wal, queueDepth } = this.#measured;
    return {
      driver: connection.driver,
      sqliteVersion: connection.sqliteVersion,
      ...this.commits.read(),
      rows: store.rows,
      queueDepth: queueDepth(),
      walBytes: wal.bytes,
      checkpointedAt: wal.copiedAt,
      walHeldSince: wal.heldSince,
    };
  }

  /** Measures now and then, for the next commit to keep. Returns whether to check the file, too. */
  measure(): boolean {
    const now = performance.now();
    const before = this.#measuredAt;
    if (before !== undefined && now - before < INTERVAL_MS) return false;
    this.#measuredAt = now;
    const { queueDepth, batchRows, commitMs, walBytes, checkpointedAt, walHeldSince } = this.read();
    const health = [queueDepth, batchRows, commitMs.p99, walBytes, checkpointedAt, walHeldSince];
    this.#measured.store.health = health;
    // At the first commit it has just been opened.
    return before !== undefined;
  }

  /** Has the next call measure, however soon it is. */
  measureSoon(): void {
    this.#measuredAt = -Infinity;
  }

  /** Writes it into the active runs, where nothing else may be committed for long. */
  write(): void {
    this.measureSoon();
    this.measure();
    this.#measured.store.writeHealth();
  }
}

/** Counts the commits of one writer. */
export class CommitFigures {
  #commits = 0;
  #messages = 0;
  #failures = 0;
  readonly #commitMs: number[] = [];

  /** Rows and messages in the last transaction. */
  batchRows = 0;

  /** This many messages were committed or refused, in this many milliseconds. */
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

/**
 * Keeps the WAL of the writer's database short while readers come and go.
 *
 * SQLite checkpoints every 1,000 pages by itself, but never waits: it copies what no reader needs any more,
 * and the WAL restarts only when, at a commit, all of it is copied and no reader uses it. One reader leaves
 * such moments. Readers whose reads overlap leave none, and the WAL grows as long as they last, however short
 * each read is. So when it is longer than it need be, the writer waits for the readers: those that come meanwhile
 * read the newest commit, so the wait is over with the reads that had begun. It waits half a second first, and twice
 * as long each time that this was too short and the WAL has grown on: another program that keeps a transaction open
 * and begins the next at once, as replication does, takes two of its turns. What was long enough comes first the next
 * time.
 *
 * A wait is a series of short ones. SQLite looks once at what each reader reads, and then waits for the place that it
 * holds in the index of the WAL; a reader that begins its next transaction at once takes the same place again, a moment
 * after it was free. The next call of a checkpoint sees that it reads the newest commit now.
 *
 * Against a reader that stays in one transaction there is no remedy. What was committed after it began has to stay in
 * the WAL, and no wait helps. It is recognized by the number of pages that can be copied, which stays the same for
 * seconds; then the checkpoint does not wait. {@linkcode WriterStats} and `pipeline_runs` show since when it has held
 * the WAL, and the user is warned when the WAL is long.
 *
 * A checkpoint also brings commits to the disk. One every ten seconds sets a bound to what a power cut can take
 * from a pipeline that commits so little that SQLite would not checkpoint for hours.
 *
 * Rejected: to wait at each checkpoint (RESTART instead of PASSIVE: thirty waits a second under load); checkpoints
 * over a connection of their own on another thread (two connections that checkpoint meet the WAL-reset race of
 * older versions); to refuse or slow down writes while the WAL is long (tasks would stand still for a reader that
 * is not one of theirs).
 *
 * @module
 * @see https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files
 */
import { isoNow } from "../../../internal/timestamps.ts";
import {
  type CheckpointMode,
  type CheckpointResult,
  walCheckpoint,
} from "../../../sqlite/checkpoint.ts";
import type { Connection } from "../../../sqlite/connection.ts";
import { mayRead } from "../../../internal/permissions.ts";
import type { CheckpointBlocked } from "../../protocol/writer_worker.ts";
import { JOURNAL_SIZE_LIMIT } from "../../../sqlite/settings.ts";
import { Timer } from "../timer.ts";

/** Milliseconds between two looks at the WAL, while there is something in it to copy. */
const LOOK_MS = 1_000;

/** Milliseconds from one checkpoint to the next by default. */
const CHECKPOINT_MS = 10_000;

/** Milliseconds between two looks while the WAL is long: it may grow by 20 MB in that time. */
const LONG_LOOK_MS = 100;

/** Milliseconds of the first wait for readers: two reads of a quarter of a second. Commits stand still. */
const WAIT_MS = 500;

/** Milliseconds of the longest wait. */
const MAX_WAIT_MS = 8 * WAIT_MS;

/**
 * How much longer the WAL becomes before a wait that takes longer than the first: commits stand still, so it is rare.
 */
const RARE = 2;

/** Milliseconds of each of the short waits, and of the pause where another checkpoint is at work. */
const SLICE_MS = 20;
const PAUSE_MS = 5;

/** Bytes by which the WAL grows from a wait that was too short to the next, and milliseconds that pass at least. */
const GROWTH_BYTES = 24 * 1024 * 1024;
const REST_MS = WAIT_MS;

/** Milliseconds after which a reader that keeps the same pages is one that stays, and not a series of reads. */
const SERIES_MS = 5_000;

/** Options of {@linkcode Checkpointer}. */
export interface WalKeeperOptions {
  /** Bytes of a held WAL from which the user is warned, and again each time it has doubled. */
  warnBytes?: number;
  /** Warns the user. */
  warn?: (held: CheckpointBlocked) => void;
  /** Called when readers hold the WAL, or no longer do. */
  changed?: () => void;
  /** Milliseconds between two looks. */
  lookMs?: number;
  /** Called after each checkpoint, when the file has grown. */
  checkpointed?: () => void;
  /** Milliseconds after which a checkpoint is due, however little there is to copy. */
  checkpointMs?: number;
}

/** The WAL of one connection, on the same thread. */
export class Checkpointer {
  readonly #connection: Connection;
  readonly #options: WalKeeperOptions;
  readonly #warnBytes: number;
  /** Bytes up to which a WAL is left to SQLite: its file keeps the length that it once had. */
  readonly #easyBytes: number;
  #timer: Timer | undefined;
  #stopped = false;
  /** When all of the WAL was copied last, on the clock of `performance.now()`. */
  #copiedAt = -Infinity;
  /** Pages of a long WAL that were copied at the last look. */
  #copied: number | undefined;
  /** When that was another number than before. */
  #movedAt = -Infinity;
  /** How long the next wait is: as long as readers needed before. */
  #waitMs = WAIT_MS;
  /** From what time and length of the WAL on the next wait may come. */
  #next = { at: -Infinity, bytes: 0 };
  /** Bytes from which the user is warned next. */
  #warnAt: number;

  /** When all that was committed was last copied into the database file, ISO 8601. */
  copiedAt: string | null = null;
  /** Since when readers keep a long WAL from being emptied, ISO 8601; `null` when none does. */
  heldSince: string | null = null;

  constructor(connection: Connection, options: WalKeeperOptions = {}) {
    const { warnBytes = Infinity } = options;
    this.#connection = connection;
    this.#options = options;
    this.#warnAt = this.#warnBytes = warnBytes;
    this.#easyBytes = Math.min(JOURNAL_SIZE_LIMIT, warnBytes);
  }

  /** Bytes of the WAL file; `null` for a database that has none. */
  get bytes(): number | null {
    const path = this.#connection.path + "-wal";
    if (!mayRead(path)) return null;
    try {
      return Deno.statSync(path).size;
    } catch {
      return null;
    }
  }

  /** Takes note of a commit: a look follows. */
  committed(): void {
    // What was posted to a loop that is closed still arrives there.
    if (this.#stopped) return;
    this.#timer ??= new Timer(this.#options.lookMs ?? this.#lookMs, () => this.#look());
  }

  /** Makes a checkpoint. */
  checkpoint(mode: CheckpointMode, waitMs?: number): CheckpointResult {
    const result = walCheckpoint(this.#connection, mode, { waitMs });
    this.#options.checkpointed?.();
    if (isDone(result)) {
      this.#copiedAt = performance.now();
      this.copiedAt = isoNow();
    }
    return result;
  }

  /** Looks no more. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.stop();
    this.#timer = undefined;
  }

  /** Sooner when half of the part left to SQLite has been written. */
  get #lookMs(): number {
    return (this.bytes ?? 0) > this.#easyBytes / 2 ? LONG_LOOK_MS : LOOK_MS;
  }

  #look(): void {
    this.#timer = undefined;
    const before = this.heldSince;
    let isSettled = false;
    try {
      isSettled = this.#tidy(performance.now());
    } catch {
      // A checkpoint that fails takes nothing back. SQLite ignores it as well: the next commit reports what is wrong.
    }
    if (!isSettled) this.committed();
    if (before !== this.heldSince) this.#options.changed?.();
    // Not at once: a reader that is a little slow is not news.
    if (before !== null && this.heldSince !== null) this.#warn();
  }

  /** Does what is due; returns whether there is nothing more to do until the next commit. */
  #tidy(now: number): boolean {
    const { bytes } = this;
    if (bytes === null) return true;
    const isLong = bytes > this.#easyBytes;
    if (!isLong) {
      this.#letGo();
      const { checkpointMs = CHECKPOINT_MS } = this.#options;
      return now - this.#copiedAt >= checkpointMs && isDone(this.checkpoint("PASSIVE"));
    }
    const copied = this.checkpoint("PASSIVE");
    if (copied.busy) {
      // Another connection is at it. It may last for as long as commits give it more to copy.
      this.#movedAt = now;
    } else {
      if (!isDone(copied)) this.heldSince ??= isoNow();
      if (this.#copied !== undefined && this.#copied !== copied.checkpointed) this.#movedAt = now;
      this.#copied = copied.checkpointed;
    }
    if (!isDone(copied) && !this.#isSeries(now)) return false;
    const least = this.#waitMs > WAIT_MS ? RARE * this.#easyBytes : 0;
    const isTurn = now >= this.#next.at && bytes >= Math.max(least, this.#next.bytes);
    const waitMs = isTurn ? this.#waitMs : 0;
    const begun = performance.now();
    if (this.#cut(waitMs)) {
      // Of readers that were fast the next ones will be.
      if (isTurn && performance.now() - begun < waitMs / 8) {
        this.#waitMs = Math.max(WAIT_MS, waitMs / 2);
      }
      this.#letGo();
      return true;
    }
    if (isTurn) {
      this.#waitMs = Math.min(2 * waitMs, MAX_WAIT_MS);
      this.#next = {
        at: performance.now() + REST_MS,
        bytes: bytes + Math.min(GROWTH_BYTES, this.#easyBytes),
      };
    }
    return false;
  }

  /** Tries to empty the WAL for so long; whether that is done. */
  #cut(waitMs: number): boolean {
    const until = performance.now() + waitMs;
    for (;;) {
      const begun = performance.now();
      const sliceMs = Math.max(0, Math.min(SLICE_MS, Math.ceil(until - begun)));
      if (isDone(this.checkpoint("TRUNCATE", sliceMs))) return true;
      const now = performance.now();
      if (now >= until) return false;
      // It returned before its limit: it met another checkpoint, for which SQLite does not wait.
      if (now - begun < sliceMs) pauseThread(PAUSE_MS);
    }
  }

  /** Whether the readers change: as long as what can be copied stays the same, one of them stays where it is. */
  #isSeries(now: number): boolean {
    return now - this.#movedAt < SERIES_MS;
  }

  #letGo(): void {
    this.heldSince = null;
    this.#copied = undefined;
    this.#next = { at: -Infinity, bytes: 0 };
    this.#warnAt = this.#warnBytes;
  }

  #warn(): void {
    const { bytes } = this;
    if (bytes === null || bytes < this.#warnAt) return;
    this.#warnAt = 2 * bytes;
    const isKnown = Date.now() - Date.parse(this.heldSince!) >= SERIES_MS;
    const isSeries = this.#isSeries(performance.now()) || (isKnown ? false : undefined);
    this.#options.warn?.({ bytes, since: this.heldSince!, isSeries });
  }
}

function pauseThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isDone({ busy, log, checkpointed }: CheckpointResult): boolean {
  return !busy && checkpointed === log;
}

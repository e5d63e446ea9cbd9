/**
 * The writer's loop: ports in, commits, answers out.
 *
 * Whatever has arrived when the loop comes round goes into one transaction (group commit), up to
 * {@linkcode MAX_ROWS}; it never waits for more, because senders hold their messages back for a few
 * milliseconds already. Everything is caught and answered, so that no sender waits for ever.
 *
 * The loop knows nothing of Workers: it takes any `MessagePort`, so it can be tested in one thread.
 *
 * @module
 */
import type { CheckpointResult } from "../../sqlite/checkpoint.ts";
import type { Connection } from "../../sqlite/connection.ts";
import { type ErrorData, fromErrorData, toErrorData } from "../../errors.ts";
import { FileWatch, isOfFile } from "./files/file_watch.ts";
import type { Look } from "./files/content_watch.ts";
import type { RunRequest } from "../protocol/control_message.ts";
import type {
  Answer,
  Batch,
  PortReply,
  PortRequest,
  Query,
  WriterStats,
} from "../protocol/sender_port.ts";
import type { StatementBoard } from "../protocol/statement_board.ts";
import { freeBytes } from "../protocol/free_bytes.ts";
import { unpack } from "../protocol/task_news.ts";
import type { WriteMessage } from "../protocol/write_message.ts";
import { PageCache } from "./files/page_cache.ts";
import type { ProcessLock } from "./process_lock.ts";
import { BusyTimeout } from "./busy_timeout.ts";
import { RequestWatch } from "./request_watch.ts";
import { Store } from "./commit.ts";
import { takeUpTo } from "./outcome.ts";
import { WriterHealth } from "./writer_health.ts";
import { Checkpointer, type WalKeeperOptions } from "./files/checkpointer.ts";
import { optimize } from "../../sqlite/pragmas.ts";

/** Rows and messages in one transaction: about 10 ms of work, so that readers see steady news. */
const MAX_ROWS = 4_000;

/** Rows that make a transaction worth while without waiting for more: a sender's full batch. */
const FULL_ROWS = 1_000;

/** Turns without `setImmediate`, with which the runtime loads its timers: more than a run of one task takes. */
const FIRST_DRAINS = 8;

/** Milliseconds that closing waits for a lock: everything is committed, so nothing but tidiness is lost. */
const CLOSING_TIMEOUT_MS = 1_000;

interface Arrived {
  port: MessagePort;
  request: PortRequest;
}

/** A batch that has arrived. */
interface ArrivedBatch extends Arrived {
  request: Batch & { messages: WriteMessage[] };
}

/** Options of a loop, beside its connection. */
export interface WriterLoopOptions extends Omit<WalKeeperOptions, "changed" | "checkpointed"> {
  /** Whether each commit waits for the disk, so that as many rows as possible had better share one. */
  syncs?: boolean;
  /** Receives requests to the active runs. */
  requested?: (requests: RunRequest[]) => void;
  /** Where the statement is noted that the loop is in. */
  board?: StatementBoard;
}

/** Reads requests from ports and writes them through the one connection. */
export class WriterLoop {
  readonly #connection: Connection;
  readonly #store: Store;
  readonly #watch: RequestWatch;
  readonly #owner: ProcessLock | undefined;
  readonly #files: FileWatch;
  readonly #patience: BusyTimeout;
  readonly #wal: Checkpointer;
  readonly #pageCache: PageCache;
  readonly #health: WriterHealth;
  /** Ports, with the numbers of their senders where they can be cut off. */
  readonly #ports = new Map<MessagePort, number | undefined>();
  /** Numbers of senders that were cut off before their ports came, which take another way. */
  readonly #refused = new Set<number>();
  /** Rows that are written as soon as they have arrived. */
  readonly #fullRows: number;
  #queue: Arrived[] = [];
  /** Rows in the queue. */
  #rows = 0;
  #isScheduled = false;
  #drains = 0;

  constructor(
    connection: Connection,
    statements: Readonly<Record<string, string>> = {},
    owner?: ProcessLock,
    { requested, board, syncs = false, ...wal }: WriterLoopOptions = {},
  ) {
    this.#connection = connection;
    this.#owner = owner;
    this.#fullRows = syncs ? MAX_ROWS : FULL_ROWS;
    this.#files = new FileWatch(connection.path, connection);
    this.#patience = new BusyTimeout(connection);
    this.#watch = new RequestWatch(connection, requested, () => owner?.keep());
    this.#store = new Store(connection, { statements, owner, watch: this.#watch, board });
    this.#wal = new Checkpointer(connection, {
      ...wal,
      changed: () => this.#health.write(),
      checkpointed: () => this.#files.noteSize(),
    });
    this.#pageCache = new PageCache(connection);
    this.#health = new WriterHealth({
      connection,
      store: this.#store,
      wal: this.#wal,
      queueDepth: () => this.#queueDepth,
    });
  }

  /** Takes requests from a port from now on. One with a number can be cut off by it. */
  attach(port: MessagePort, sender?: number): void {
    if (sender !== undefined && this.#refused.delete(sender)) return port.close();
    this.#ports.set(port, sender);
    port.onmessage = ({ data: request }: MessageEvent<PortRequest>) => {
      if (request.kind === "batch") {
        request.messages = unpack(request.messages);
        this.#rows += request.rows;
      }
      this.#queue.push({ port, request });
      // A full batch is worth a transaction; smaller ones wait for what has arrived with them.
      if (this.#rows >= this.#fullRows) this.drain();
      else this.#schedule();
    };
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    (this.#drains < FIRST_DRAINS ? queueMicrotask : setImmediate)(() => this.drain());
  }

  /** Writes and answers everything that has arrived. */
  drain(): void {
    this.#isScheduled = false;
    this.#drains++;
    this.#rows = 0;
    while (this.#queue.length > 0) {
      const batches = this.#takeBatches();
      if (batches.length > 0) this.#commit(batches);
      else this.#handle(this.#queue.shift()!);
    }
  }

  /** Drains, optimizes, checkpoints and closes. A busy checkpoint is reported, not hidden. */
  close(): CheckpointResult {
    this.drain();
    this.#watch[Symbol.dispose]();
    try {
      this.#patience.limit(CLOSING_TIMEOUT_MS);
      optimize(this.#connection);
      const lost = this.#lost({ isLast: true });
      const checkpoint = this.#wal.checkpoint("TRUNCATE");
      if (lost) throw fromErrorData(lost);
      return checkpoint;
    } finally {
      this.#wal.stop();
      for (const port of this.#ports.keys()) port.close();
      this.#connection.close();
      this.#files[Symbol.dispose]();
      this.#owner?.[Symbol.dispose]();
    }
  }

  /** Takes batches off the front of the queue, as many as fit one transaction and one at least. */
  #takeBatches(): ArrivedBatch[] {
    let rows = 0;
    let count = 0;
    for (const { request } of this.#queue) {
      if (request.kind !== "batch" || (count > 0 && rows >= MAX_ROWS)) break;
      rows += request.rows;
      count++;
    }
    if (count > 0) this.#health.commits.batchRows = Math.round(rows);
    return this.#queue.splice(0, count) as ArrivedBatch[];
  }

  #commit(batches: ArrivedBatch[]): void {
    const messages: WriteMessage[] = batches.length === 1
      ? batches[0]!.request.messages
      : batches.flatMap(({ request }) => request.messages);
    const isDue = this.#health.measure();
    const before = performance.now();
    let { results, failures } = this.#store.commit(messages);
    this.#patience.tried(failures[0]?.[1].code === "busy");
    const isLast = messages.at(-1)?.kind === "finish_run";
    const isSuspect = failures.some(([, failure]) => isOfFile(failure));
    const lost = isDue || isLast || isSuspect ? this.#lost({ isLast, isSuspect }) : undefined;
    if (lost) [results, failures] = [[], messages.map((_, index) => [index, lost])];
    this.#health.commits.committed(performance.now() - before, messages.length, failures.length);
    this.#wal.committed();
    this.#pageCache.committed(this.#health.commits.batchRows);
    this.#watch.deliverNew();
    // Both lists are in the order of the messages, and so are the batches.
    let offset = 0;
    for (const { port, request } of batches) {
      const end = offset + request.messages.length;
      post(port, {
        kind: "ack",
        seq: request.seq,
        results: takeUpTo(results, offset, end),
        failures: takeUpTo(failures, offset, end),
      });
      offset = end;
      freeBytes(request.messages);
    }
  }

  /** Takes nothing more from a sender; what has arrived from it and waits is dropped. */
  #disconnect(sender: number): undefined {
    const port = [...this.#ports].find(([, number]) => number === sender)?.[0];
    if (!port) return void this.#refused.add(sender);
    port.onmessage = null;
    this.#detach(port);
    this.#queue = this.#queue.filter((arrived) => arrived.port !== port);
  }

  #detach(port: MessagePort): void {
    this.#ports.delete(port);
    port.close();
  }

  /** The writer's figures. */
  stats(): WriterStats {
    return this.#health.read();
  }

  /** Messages that have arrived and are not committed. */
  get #queueDepth(): number {
    return this.#queue.reduce(
      (sum, { request }) => sum + (request.kind === "batch" ? request.messages.length : 0),
      0,
    );
  }

  #handle({ port, request }: Arrived): void {
    if (request.kind === "detach") return this.#detach(port);
    const { seq } = request;
    try {
      if (request.kind !== "query") {
        throw new TypeError(`Cannot answer a request of unknown kind ${Deno.inspect(request)}`);
      }
      post(port, { kind: "answer", seq, value: this.#answer(request.query) });
    } catch (error) {
      post(port, { kind: "answer", seq, error: toErrorData(error) });
    }
  }

  #answer(query: Query): Answer["value"] {
    switch (query.kind) {
      case "checkpoint":
        return this.#wal.checkpoint(query.mode);
      case "stats":
        return this.stats();
      case "blocking_run":
        return this.#store.blockingRun(query.name);
      case "task_status":
        return this.#store.taskStatus(query);
      case "added":
        return this.#store.addedPage(query);
      case "rows":
        return this.#store.query(query);
      case "schema":
        return this.#store.runSchema(query.sql);
      case "disconnect":
        return this.#disconnect(query.sender);
      default: {
        const unknown: never = query;
        throw new TypeError(`Cannot answer a query of unknown kind ${Deno.inspect(unknown)}`);
      }
    }
  }

  /** Why what was committed just now cannot be found; `undefined` when it can. */
  #lost(look: Look): ErrorData | undefined {
    try {
      this.#files.check(look);
    } catch (error) {
      // The next commits are looked at, too.
      this.#health.measureSoon();
      return toErrorData(error);
    }
    return undefined;
  }
}

function post(port: MessagePort, reply: PortReply): void {
  port.postMessage(reply);
}

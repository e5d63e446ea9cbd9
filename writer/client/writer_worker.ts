/**
 * The writer's Worker as the main thread sees it: it opens the database, is given ports, passes on what it receives,
 * closes the database, or dies.
 *
 * @module
 */
import { fromErrorData, WriterDiedError } from "../../errors.ts";
import type { CheckpointResult } from "../../sqlite/checkpoint.ts";
import type { RunRequest } from "../protocol/control_message.ts";
import type {
  OpenRequest,
  WorkerOpened,
  WorkerReply,
  WorkerRequest,
} from "../protocol/writer_worker.ts";
import { StatementBoard } from "../protocol/statement_board.ts";
import { whyNotStarted, workerEntry } from "../../internal/worker_entry.ts";
import { WalWarnings } from "./wal_warnings.ts";

const ENTRY = workerEntry(
  new URL("../../writer.ts", import.meta.url),
  () => import("../../writer.ts"),
);

/** The Worker of one writer. */
export class WriterWorker {
  readonly #worker: Worker;
  /** Called when the Worker cannot continue, before any other notification. */
  readonly #failed: (error: Error) => void;
  /** Who receives requests to runs. */
  readonly #listeners = new Set<(request: RunRequest) => void>();
  readonly #opened = Promise.withResolvers<WorkerOpened>();
  readonly #checkpointed = Promise.withResolvers<CheckpointResult | undefined>();
  readonly #closed = Promise.withResolvers<never>();
  /** Listeners for the writer's end. A promise would retain each of them as long as the writer lives. */
  readonly #closeListeners = new Set<(error: Error) => void>();
  #isClosed = false;
  /** Whether its module is loaded. Before that nothing can have been written. */
  #isReady = false;
  /** The lock file of the owner that it is. */
  #lockFile: string | undefined;
  /** Which statement it is in. */
  readonly board = new StatementBoard();
  /** Warnings that readers hold the WAL. */
  readonly walWarnings: WalWarnings;

  /** Starts it for a file. */
  constructor(file: string, failed: (error: Error) => void) {
    this.#failed = failed;
    this.walWarnings = new WalWarnings(file);
    this.#worker = new Worker(ENTRY, {
      type: "module",
      name: "pipeloom-writer",
    });
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#fail(
        this.#isReady
          ? new WriterDiedError(
            `The writer of ${file} died (${event.message}): what was not acknowledged may or may ` +
              `not be written; look into the database before sending it again, or run with resume`,
          )
          : new Error(
            `Cannot start the writer of ${file}: ${whyNotStarted(ENTRY, event.message)}`,
          ),
      );
    };
    this.#worker.onmessage = ({ data }: MessageEvent<WorkerReply>) => this.#receive(data);
    this.#closed.promise.catch((error) => {
      this.#isClosed = true;
      for (const listener of this.#closeListeners) listener(error);
    });
    for (const { promise } of [this.#opened, this.#checkpointed]) {
      promise.catch(() => {});
    }
  }

  /** Opens the database. The request waits for the Worker: nothing that its module imports awaits at top level. */
  async open(request: OpenRequest): Promise<WorkerOpened> {
    this.#post(request, [request.port]);
    return await this.#opened.promise;
  }

  /** Gives it the port of another sender; a number lets it be cut off. */
  attach(port: MessagePort, sender?: number): void {
    this.#post({ kind: "attach", port, sender }, [port]);
  }

  /** Closes the database, and returns the last checkpoint. */
  async close(): Promise<CheckpointResult | undefined> {
    this.#post({ kind: "close" });
    return await this.#checkpointed.promise;
  }

  /** Ends the Worker. */
  terminate(): void {
    this.#worker.terminate();
  }

  /**
   * Ends the Worker in the middle of a statement, which keeps its thread, and the lock of a write, until the process
   * ends. The reason goes into the lock file of its runs, because nothing can be written into the database.
   */
  abandon(why: string): void {
    this.terminate();
    if (this.#lockFile !== undefined) noteReason(this.#lockFile, why);
    this.#fail(
      new WriterDiedError(
        `The writer was ended: ${why}. What was acknowledged is in the file. The database may stay ` +
          `locked until this process ends, which Deno.exit() does`,
      ),
    );
  }

  /** Rejects when the writer has closed or died. */
  get closed(): Promise<never> {
    return this.#closed.promise;
  }

  /** Declares the writer closed, for this reason. */
  declareClosed(error: Error): void {
    this.#closed.reject(error);
  }

  /** Notifies a listener when the writer is gone, until it is disposed. */
  onClosed(listener: (error: Error) => void): Disposable {
    this.#closeListeners.add(listener);
    if (this.#isClosed) {
      this.closed.catch((error) => this.#closeListeners.has(listener) && listener(error));
    }
    return { [Symbol.dispose]: () => this.#closeListeners.delete(listener) };
  }

  /** Receives requests to the runs of this writer, until it is disposed. */
  onRequest(listener: (request: RunRequest) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  #receive(reply: WorkerReply): void {
    switch (reply.kind) {
      case "ready":
        this.#isReady = true;
        return;
      case "opened":
        return this.#opened.resolve(reply);
      case "wal_held":
        return this.walWarnings.warn(reply.held);
      case "closed":
        return this.#checkpointed.resolve(reply.checkpoint);
      case "owns":
        this.#lockFile = reply.lockFile;
        return;
      case "requested":
        for (const request of reply.requests) {
          this.#listeners.forEach((listener) => listener(request));
        }
        return;
      case "failed":
        return this.#fail(fromErrorData(reply.error));
      default: {
        const unknown: never = reply;
        this.#fail(new TypeError(`Cannot read a reply of unknown kind ${Deno.inspect(unknown)}`));
      }
    }
  }

  #fail(error: Error): void {
    this.#opened.reject(error);
    this.#checkpointed.reject(error);
    this.#failed(error);
    this.#closed.reject(error);
  }

  #post(request: WorkerRequest, transfer: Transferable[] = []): void {
    this.#worker.postMessage(request, transfer);
  }
}

function noteReason(lockFile: string, why: string): void {
  try {
    Deno.writeTextFileSync(lockFile, why, { create: false });
  } catch {
    // Where a lock keeps others from writing, the run is interrupted without a reason.
  }
}

/**
 * The writer without its Worker: a loop over a connection, and senders on the other ends of its ports, all
 * in the thread of the test.
 *
 * @module
 */
import {
  type CheckpointResult,
  connect,
  type Connection,
  type DriverName,
  initSchema,
} from "../../db.ts";
import { type ErrorData, WriterClosedError } from "../../errors.ts";
import type { PortReply } from "../../writer/protocol/sender_port.ts";
import { weightOf, type WriteMessage } from "../../writer/protocol/write_message.ts";
import { BatchSender } from "../../writer/client/batch_sender.ts";
import { WriterLoop, type WriterLoopOptions } from "../../writer/worker/writer_loop.ts";

/** Options of {@linkcode openLoop}. */
export interface LoopOptions {
  driver?: DriverName | undefined;
  db?: string;
  schema?: string;
  statements?: Record<string, string>;
  loop?: WriterLoopOptions;
}

/** The other end of a port, for requests of any kind and their replies in the order of their coming. */
export class RawPort {
  readonly #port: MessagePort;
  readonly #arrived: PortReply[] = [];
  readonly #waiting: ((reply: PortReply) => void)[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }) => {
      const waiting = this.#waiting.shift();
      if (waiting) waiting(data);
      else this.#arrived.push(data);
    };
  }

  /** Posts anything. */
  post(request: unknown): void {
    this.#port.postMessage(request);
  }

  /** Posts messages, some of which may be none. */
  postBatch(seq: number, messages: readonly unknown[]): void {
    const rows = messages.reduce((sum: number, m) => sum + weightOf(m as WriteMessage), 0);
    this.post({ kind: "batch", seq, rows, messages });
  }

  /** The next reply. */
  async next(): Promise<PortReply> {
    return this.#arrived.shift() ?? await new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#port.close();
  }
}

/** A loop, its connection, its first sender and the failures that it received. */
export class OneThread implements Disposable {
  readonly connection: Connection;
  readonly loop: WriterLoop;
  readonly batchSender: BatchSender;
  /** Failures that were not awaited, or that a task sent, and that task. */
  readonly failures: [ErrorData, number | undefined][] = [];
  readonly #outboxes: BatchSender[] = [];
  readonly #ports: RawPort[] = [];
  #closed = false;

  constructor(
    connection: Connection,
    statements?: Record<string, string>,
    options?: WriterLoopOptions,
  ) {
    this.connection = connection;
    this.loop = new WriterLoop(connection, statements, undefined, options);
    this.batchSender = this.sender();
  }

  /** A sender more. */
  sender(): BatchSender {
    const { port1, port2 } = new MessageChannel();
    this.loop.attach(port2);
    const batchSender = new BatchSender(port1, (error, task) => this.failures.push([error, task]));
    this.#outboxes.push(batchSender);
    return batchSender;
  }

  /** A port more. */
  port(): RawPort {
    const { port1, port2 } = new MessageChannel();
    this.loop.attach(port2);
    const port = new RawPort(port1);
    this.#ports.push(port);
    return port;
  }

  /** The first column of every row of a query. */
  column(sql: string): unknown[] {
    return this.connection.prepare(sql).all().map((row) => Object.values(row)[0]);
  }

  /** Closes the loop. */
  close(): CheckpointResult {
    this.#closed = true;
    return this.loop.close();
  }

  [Symbol.dispose](): void {
    const error = new WriterClosedError("The test is over");
    for (const batchSender of this.#outboxes) batchSender.fail(error);
    for (const port of this.#ports) port.close();
    if (!this.#closed) this.close();
  }
}

/** Opens a loop, over a database in memory and the built-in driver unless others are named. */
export async function openLoop(options: LoopOptions = {}): Promise<OneThread> {
  const { db = ":memory:", driver = "builtin", schema, statements, loop } = options;
  const connection = await connect(db, { driver });
  initSchema(connection);
  if (schema) connection.exec(schema);
  return new OneThread(connection, statements, loop);
}

/**
 * The writer's end of an batchSender's port, played by the test: batches are answered when it says so.
 *
 * @module
 */
import { WriterClosedError } from "../../errors.ts";
import type { Batch, PortReply } from "../../writer/protocol/sender_port.ts";
import type { WriteMessage } from "../../writer/protocol/write_message.ts";
import { BatchSender } from "../../writer/client/batch_sender.ts";
import type { FailureListener } from "../../writer/client/in_flight.ts";

/** An batchSender, and what it sends. */
export class Receiver implements Disposable {
  readonly batchSender: BatchSender;
  readonly #port: MessagePort;
  readonly #arrived: Batch[] = [];
  readonly #waiting: ((batch: Batch) => void)[] = [];

  constructor(listener: FailureListener = () => {}) {
    const { port1, port2 } = new MessageChannel();
    this.batchSender = new BatchSender(port1, listener);
    this.#port = port2;
    port2.onmessage = ({ data }) => {
      const waiting = this.#waiting.shift();
      if (waiting) waiting(data);
      else this.#arrived.push(data);
    };
  }

  async next(): Promise<Batch> {
    return this.#arrived.shift() ?? await new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The messages of the next batch, without the time at which they left. */
  async nextMessages(): Promise<WriteMessage[]> {
    const { messages } = await this.next();
    return messages.map((message) => {
      if (message.kind !== "task_update") return message;
      const { updatedAt: _, ...rest } = message;
      return rest;
    });
  }

  reply(reply: PortReply): void {
    this.#port.postMessage(reply);
  }

  acknowledge({ seq }: Batch): void {
    this.reply({ kind: "ack", seq, results: [], failures: [] });
  }

  [Symbol.dispose](): void {
    this.batchSender.fail(new WriterClosedError("The test is over"));
    this.#port.close();
  }
}

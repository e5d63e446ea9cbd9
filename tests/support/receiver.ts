/**
 * The writer's end of a sender's port, played by the test, which decides when batches are answered.
 *
 * @module
 */
import { WriterClosedError } from "../../errors.ts";
import type { Batch, PortReply } from "../../writer/protocol/sender_port.ts";
import { unpack } from "../../writer/protocol/task_news.ts";
import type { WriteMessage } from "../../writer/protocol/write_message.ts";
import { BatchSender } from "../../writer/client/batch_sender.ts";
import type { FailureListener } from "../../writer/client/in_flight.ts";

/** A batch as it was before it was packed. */
interface Unpacked extends Batch {
  messages: WriteMessage[];
}

/** A sender, and what it sends. */
export class Receiver implements Disposable {
  readonly batchSender: BatchSender;
  readonly #port: MessagePort;
  readonly #arrived: Unpacked[] = [];
  readonly #waiting: ((batch: Unpacked) => void)[] = [];

  constructor(listener: FailureListener = () => {}) {
    const { port1, port2 } = new MessageChannel();
    this.batchSender = new BatchSender(port1, listener);
    this.#port = port2;
    port2.onmessage = ({ data: { messages, ...rest } }) => {
      // Queries are not answered.
      if (rest.kind !== "batch") return;
      const data = { ...rest, messages: unpack(messages).map(withoutUndefined) };
      const waiting = this.#waiting.shift();
      if (waiting) waiting(data);
      else this.#arrived.push(data);
    };
  }

  async next(): Promise<Unpacked> {
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

  acknowledge({ seq }: Pick<Batch, "seq">): void {
    this.reply({ kind: "ack", seq, results: [], failures: [] });
  }

  [Symbol.dispose](): void {
    this.batchSender.fail(new WriterClosedError("The test is over"));
    this.#port.close();
  }
}

/** A message without its undefined fields. */
function withoutUndefined<Message extends object>(message: Message): Message {
  const entries = Object.entries(message).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Message;
}

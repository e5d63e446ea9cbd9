/**
 * A worker as the coordinator of a run sees it: the link to it, the ports of its senders, what it holds, and whether
 * it lives.
 *
 * Everything that it writes passes through here. So it can be cut off: of a worker that is taken for dead nothing
 * more reaches the writer, whatever it still sends.
 *
 * @module
 */
import { nextSender } from "../../pipeline/executor/pool/sender_numbers.ts";
import type { PortReply, PortRequest } from "../../writer/protocol/sender_port.ts";
import { Link } from "../link.ts";
import type { DownMessage, UpMessage, WorkerBeat } from "../protocol.ts";

/** What a worker needs of the run. */
export interface RemoteWorkerOptions {
  publish: (frame: Uint8Array) => void;
  maxFrame: number;
  /** Makes a port to the writer, for a sender of this number. */
  attach: (sender: number) => MessagePort;
  /** Lets the writer take nothing more from that sender. Resolves when that is so. */
  disconnect: (sender: number) => Promise<void>;
  receive: (worker: RemoteWorker, message: UpMessage) => void;
  gone: (worker: RemoteWorker, why: string) => void;
}

/** A port of the worker, here. */
interface SenderPort {
  sender: number;
  port: MessagePort;
}

/** One worker in one run. */
export class RemoteWorker {
  readonly link: string;
  readonly #options: RemoteWorkerOptions;
  readonly #link: Link<DownMessage, UpMessage>;
  readonly #ports = new Map<number, SenderPort>();
  /** Ports that were cut off; each resolves when nothing of it is on its way to the disk. */
  readonly #cut = new Map<number, Promise<void>>();
  /** Its last report of itself; missing before the first. */
  beat: WorkerBeat | undefined;
  /** Tasks that it takes at once; 0 before it is ready, and when it is ending. */
  slots = 0;
  /** The slots that it has had. */
  capacity = 0;
  /** Tasks that it claims beyond its slots. */
  ahead = 0;
  /** Tasks that it has and that have not returned. */
  running = 0;
  /** Tasks that have ended on it. */
  ended = 0;
  /** When it joined. */
  readonly joinedAt = new Date().toISOString();
  /** Ticks without a sign of life. */
  silence = 0;
  #isClosed = false;
  /** How many had ended when its rate was computed. */
  #rated = { at: performance.now(), ended: 0 };

  constructor(link: string, options: RemoteWorkerOptions) {
    this.link = link;
    this.#options = options;
    this.#link = new Link({
      publish: options.publish,
      maxFrame: options.maxFrame,
      receive: (message) => this.#receive(message),
      gone: () => options.gone(this, "it left"),
    });
  }

  /** What people call it. */
  get name(): string {
    return this.beat?.name ?? "a worker";
  }

  /** Tasks that ended per second since it was asked last. */
  rate(): number {
    const now = performance.now();
    const rate = (this.ended - this.#rated.ended) / Math.max(1, now - this.#rated.at) * 1_000;
    this.#rated = { at: now, ended: this.ended };
    return rate;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Sends it a message. */
  send(message: DownMessage): void {
    this.#link.send(message);
  }

  /** Takes a frame of it. */
  take(frame: Uint8Array): void {
    this.#link.receive(frame);
  }

  reconnected(): void {
    this.#link.reconnected();
  }

  tick(): void {
    this.#link.tick();
  }

  /** Resolves when it has all that was sent to it. */
  async flushed(): Promise<void> {
    await this.#link.flushed();
  }

  /** It cannot be relied upon any more. */
  drop(why: string): void {
    this.#options.gone(this, why);
  }

  /** Takes nothing more from one of its ports. Resolves when nothing of it is on its way to the disk. */
  disconnect(number: number): Promise<void> {
    let cut = this.#cut.get(number);
    if (!cut) this.#cut.set(number, cut = this.#disconnect(number));
    return cut;
  }

  /** Takes nothing more from it. Resolves when nothing of it is on its way to the disk. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#link.close();
    await Promise.all([...this.#ports.keys()].map((number) => this.disconnect(number)));
  }

  async #disconnect(number: number): Promise<void> {
    const port = this.#ports.get(number);
    this.#ports.delete(number);
    if (!port) return;
    port.port.onmessage = null;
    await this.#options.disconnect(port.sender);
    port.port.close();
  }

  #receive(message: UpMessage): void {
    this.silence = 0;
    if (message.kind === "port") return this.#forward(message.port, message.request);
    if (message.kind === "disconnect") return void this.disconnect(message.port).catch(() => {});
    this.#options.receive(this, message);
  }

  #forward(number: number, request: PortRequest): void {
    if (this.#isClosed || this.#cut.has(number)) return;
    let port = this.#ports.get(number);
    if (!port) {
      const sender = nextSender();
      port = { sender, port: this.#options.attach(sender) };
      this.#ports.set(number, port);
      port.port.onmessage = ({ data: reply }: MessageEvent<PortReply>) =>
        this.send({ kind: "port", port: number, reply });
    }
    port.port.postMessage(request);
    if (request.kind !== "detach") return;
    this.#ports.delete(number);
    this.#cut.set(number, Promise.resolve());
    port.port.onmessage = null;
  }
}

/**
 * A line to a server as a bad network makes it: all takes a while, some of it longer, as when a packet of TCP was lost
 * and is sent again, and connections break in the middle of what they carry.
 *
 * Loss and delay of the system itself (`tc … netem`) are better where the kernel has them.
 *
 * @module
 */
import type { Random } from "./random.ts";

/** Milliseconds of a stall at most: TCP waits so long for a packet that was lost once or twice. */
const STALL_MS = 600;

/** How bad it is. */
export interface BadLineOptions {
  /** Milliseconds that everything takes, in each direction. */
  delayMs: number;
  random: Random;
  /** The share of pieces that stall what comes after. */
  stalled?: number;
}

/** A relay on loopback. */
export class BadLine implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #options: Required<BadLineOptions>;
  readonly #target: number;
  readonly #open = new Set<Deno.Conn>();
  /** Connections that were cut, and pieces that stalled. */
  cuts = 0;
  stalls = 0;

  constructor(target: number, options: BadLineOptions) {
    this.#target = target;
    this.#options = { stalled: 0.02, ...options };
    void this.#accept();
  }

  /** Its address. */
  get url(): string {
    return `nats://127.0.0.1:${(this.#listener.addr as Deno.NetAddr).port}`;
  }

  /** Breaks all connections. What is on its way is lost. */
  cut(): void {
    this.cuts += this.#open.size / 2;
    for (const side of this.#open) close(side);
    this.#open.clear();
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target })
        .catch(() => undefined);
      if (!server) {
        close(client);
        continue;
      }
      this.#open.add(client).add(server);
      void this.#carry(client, server);
      void this.#carry(server, client);
    }
  }

  async #carry(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const { delayMs, random, stalled } = this.#options;
    let freeAt = 0;
    let sent = Promise.resolve();
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const length = await from.read(buffer);
        if (length === null) break;
        const piece = buffer.slice(0, length);
        let at = Math.max(performance.now() + delayMs, freeAt);
        if (random.next() < stalled) {
          this.stalls++;
          at += random.next() * STALL_MS;
        }
        freeAt = at;
        sent = sent.then(async () => {
          await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())));
          for (let done = 0; done < piece.length;) done += await to.write(piece.subarray(done));
        });
        sent.catch(() => close(from));
      }
      await sent;
    } catch {
      // It was cut.
    }
    close(from);
    close(to);
    this.#open.delete(from);
    this.#open.delete(to);
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    this.cut();
  }
}

function close(side: Deno.Conn): void {
  try {
    side.close();
  } catch {
    // It is closed.
  }
}

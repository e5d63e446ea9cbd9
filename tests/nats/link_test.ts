/**
 * The link between a worker and a coordinator: over a channel that loses, repeats and cuts, each message arrives once
 * and in order.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { goneFrame, isFirst, Link } from "../../nats/link.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { Random } from "../support/random.ts";

/** A message with some bytes. */
interface Numbered {
  n: number;
  bytes: Uint8Array;
}

/** Two ends, and a channel between them that may be cut. */
class Channel {
  readonly random: Random;
  readonly got: Record<"left" | "right", number[]> = { left: [], right: [] };
  /** The share of frames that are lost, and of those that come twice. */
  lost = 0;
  repeated = 0;
  largest = 0;
  readonly left: Link<Numbered, Numbered>;
  readonly right: Link<Numbered, Numbered>;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.left = this.#end("left");
    this.right = this.#end("right");
  }

  #end(side: "left" | "right"): Link<Numbered, Numbered> {
    return new Link<Numbered, Numbered>({
      maxFrame: 1_000,
      publish: (frame) => {
        this.largest = Math.max(this.largest, frame.byteLength);
        if (this.random.next() < this.lost) return;
        const other = side === "left" ? this.right : this.left;
        const times = this.random.next() < this.repeated ? 2 : 1;
        const copy = frame.slice();
        for (let i = 0; i < times; i++) queueMicrotask(() => other.receive(copy.slice()));
      },
      receive: ({ n, bytes }) => {
        assert(bytes.every((byte) => byte === n % 256), `message ${n} is garbled`);
        this.got[side].push(n);
      },
      gone: () => {},
    });
  }

  async turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

Deno.test("messages of any size arrive once and in order, whatever is lost and repeated", async () => {
  for (let seed = 0; seed < 20; seed++) {
    const channel = new Channel(seed);
    const { random, left, right, got } = channel;
    const sent = { left: 0, right: 0 };
    const send = (link: Link<Numbered, Numbered>, n: number) => {
      const size = random.next() < 0.1 ? random.below(20_000) : random.below(100);
      link.send({ n, bytes: new Uint8Array(size).fill(n) });
    };
    for (let turn = 0; turn < 60; turn++) {
      // Cut at times; then both ends are notified that the connection is back.
      channel.lost = turn % 10 < 4 ? random.next() : 0;
      channel.repeated = random.next() * 0.3;
      for (let i = random.below(5); i > 0; i--) send(left, sent.left++);
      for (let i = random.below(5); i > 0; i--) send(right, sent.right++);
      await channel.turn();
      if (turn % 10 !== 4) continue;
      left.reconnected();
      right.reconnected();
    }
    channel.lost = 0;
    left.reconnected();
    right.reconnected();
    await Promise.all([left.flushed(), right.flushed()]);
    assertEquals(got.right, Array.from({ length: sent.left }, (_, n) => n), `seed ${seed}`);
    assertEquals(got.left, Array.from({ length: sent.right }, (_, n) => n), `seed ${seed}`);
    assert(channel.largest <= 1_000, `a frame of ${channel.largest} bytes`);
    left.close();
    right.close();
  }
});

Deno.test("what was sent to a side without a connection is sent again when that is back", async () => {
  const channel = new Channel(1);
  const { left, right, got } = channel;
  channel.lost = 1;
  for (let n = 0; n < 3; n++) {
    left.send({ n, bytes: new Uint8Array(600).fill(n) });
    await channel.turn();
  }
  channel.lost = 0;
  right.reconnected();
  await left.flushed();
  assertEquals(got.right, [0, 1, 2]);
  left.close();
  right.close();
});

Deno.test("a link that the other side has given up is reported as gone; only a first frame begins one", () => {
  let gone = 0;
  const frames: Uint8Array[] = [];
  const link = new Link<number, number>({
    maxFrame: 100,
    publish: (frame) => frames.push(frame.slice()),
    receive() {},
    gone: () => gone++,
  });
  link.receive(goneFrame());
  assertEquals(gone, 1);
  assert(!isFirst(goneFrame()));
  link.send(1);
  link.close();
  link.receive(goneFrame());
  assertEquals(gone, 1);
});

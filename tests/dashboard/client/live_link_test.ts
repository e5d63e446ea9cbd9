import { LiveLink } from "../../../dashboard/client/live/live_link.ts";
import { assert, assertEquals } from "../../support/assert.ts";

type Answer = (stream: (text: string) => void, end: () => void) => Response | void;

/** A server whose next streams the test controls, and a link that follows it. */
class Scene implements AsyncDisposable {
  readonly states: string[] = [];
  readonly events: unknown[] = [];
  streams = 0;
  #answers: Answer[];
  #server: Deno.HttpServer<Deno.NetAddr>;
  #link: LiveLink;
  #waiting: (() => void)[] = [];

  constructor(answers: Answer[], options: { silenceMs?: number; status?: () => number } = {}) {
    this.#answers = answers;
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      () => this.#serve(),
    );
    this.#link = new LiveLink(`http://127.0.0.1:${this.#server.addr.port}/`, {
      probe: () => Promise.resolve(options.status?.() ?? 200),
      received: (type, event) => this.#note(this.events, { type, ...event }),
      changed: (state) => this.#note(this.states, state),
      retryMs: [5, 10],
      silenceMs: options.silenceMs ?? 10_000,
    });
  }

  /** Settles when a condition holds after something was received. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  close() {
    this.#link.close();
  }

  retryNow() {
    this.#link.retryNow();
  }

  async [Symbol.asyncDispose]() {
    this.#link.close();
    await this.#server.shutdown();
  }

  #note<T>(list: T[], item: T) {
    list.push(item);
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #serve(): Response {
    this.streams++;
    const answer = this.#answers.shift() ?? (() => new Response(null, { status: 503 }));
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const body = new ReadableStream<Uint8Array>({ start: (c) => void (controller = c) });
    const send = (text: string) => controller.enqueue(new TextEncoder().encode(text));
    const response = answer(send, () => controller.close());
    return response ?? new Response(body, { headers: { "content-type": "text/event-stream" } });
  }
}

const event = (type: string, now: number) => `event: ${type}\ndata: {"now":${now}}\n\n`;

Deno.test("LiveLink receives snapshots, patches and pings in order", async () => {
  await using scene = new Scene([(send, end) => {
    send(event("snapshot", 1) + event("patch", 2) + ": heartbeat\n\n" + event("ping", 3));
    end();
  }]);
  await scene.until(() => scene.events.length === 3);
  assertEquals(scene.events, [
    { type: "snapshot", now: 1 },
    { type: "patch", now: 2 },
    { type: "ping", now: 3 },
  ]);
  assertEquals(scene.states[0], "live");
});

Deno.test("LiveLink comes back after the stream has ended and after answers that are not 200", async () => {
  await using scene = new Scene([
    (send, end) => (send(event("snapshot", 1)), end()),
    () => new Response("busy", { status: 503 }),
    () => new Response("hello", { headers: { "content-type": "text/plain" } }),
    (send, end) => (send(event("snapshot", 2)), end()),
  ]);
  await scene.until(() => scene.events.length === 2);
  assertEquals(scene.events, [{ type: "snapshot", now: 1 }, { type: "snapshot", now: 2 }]);
  assertEquals(scene.streams, 4);
  assertEquals(scene.states.slice(0, 2), ["live", "reconnecting"]);
  assertEquals(scene.states.at(-1), "live");
});

Deno.test("LiveLink reports when a new session is wanted, and continues when there is one", async () => {
  let status = 401;
  await using scene = new Scene([
    () => new Response(null, { status: 401 }),
    (send, end) => (send(event("snapshot", 1)), end()),
  ], { status: () => status });
  await scene.until(() => scene.states.includes("signed-out"));
  assertEquals([scene.streams, scene.states], [1, ["reconnecting", "signed-out"]]);
  status = 200;
  scene.retryNow();
  await scene.until(() => scene.events.length === 1);
});

Deno.test("LiveLink waits for a server that does not answer", async () => {
  let probes = 0;
  await using scene = new Scene([
    (_send, end) => end(),
    (send, end) => (send(event("snapshot", 1)), end()),
  ], { status: () => ++probes < 5 ? 0 : 200 });
  await scene.until(() => scene.events.length === 1);
  assertEquals([probes >= 5, scene.streams >= 2], [true, true]);
  assertEquals(scene.states.slice(0, 3), ["reconnecting", "gone", "gone"]);
});

Deno.test("LiveLink leaves a stream that has fallen silent", async () => {
  await using scene = new Scene([
    (send) => send(event("snapshot", 1)),
    (send, end) => (send(event("snapshot", 2)), end()),
  ], { silenceMs: 30 });
  await scene.until(() => scene.events.length >= 2);
  assert(scene.states.includes("reconnecting"));
});

Deno.test("LiveLink.close() ends everything", async () => {
  await using scene = new Scene([(send) => send(event("snapshot", 1))]);
  await scene.until(() => scene.events.length === 1);
  scene.close();
  scene.retryNow();
  scene.close();
  assertEquals(scene.states, ["live"]);
});

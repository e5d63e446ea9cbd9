import { LiveShare } from "../../../dashboard/client/live/live_share.ts";
import type { ShareMessage, WindowMessage } from "../../../dashboard/client/live/share_messages.ts";
import { assertEquals } from "../../support/assert.ts";

/** A window that is served, and what it received. */
class Window implements Disposable {
  readonly received: ShareMessage[] = [];
  readonly #ports: MessagePort[];
  #waiting: (() => void)[] = [];

  constructor(share: LiveShare) {
    const { port1, port2 } = new MessageChannel();
    share.connect(port2);
    this.#ports = [port1, port2];
    port1.onmessage = ({ data }) => {
      this.received.push(data);
      for (const resolve of this.#waiting.splice(0)) resolve();
    };
  }

  send(message: WindowMessage): void {
    this.#ports[0]!.postMessage(message);
  }

  /** Settles when it has received something of this kind. */
  async until(isMeant: (message: ShareMessage) => boolean): Promise<ShareMessage> {
    for (;;) {
      const found = this.received.find(isMeant);
      if (found) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  [Symbol.dispose](): void {
    for (const port of this.#ports) port.close();
  }
}

/** A server of streams, each of which begins with a snapshot of every view that it is asked for. */
class Streams implements AsyncDisposable {
  readonly asked: string[][] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #open = 0;
  status = 200;

  constructor() {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const url = new URL(request.url);
      if (this.status !== 200) return new Response(null, { status: this.status });
      if (url.pathname !== "/etl/api/live") return new Response("[]");
      const views = url.searchParams.getAll("watch");
      this.asked.push(views);
      this.#open++;
      const body = new ReadableStream<string>({
        start(controller) {
          for (const [i, view] of views.entries()) {
            const data = JSON.stringify({ now: 1, view });
            controller.enqueue(`id: ${i} 0\nevent: snapshot\ndata: ${data}\n\n`);
          }
        },
        cancel: () => void this.#open--,
      }).pipeThrough(new TextEncoderStream());
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
  }

  get base(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/etl/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const isEvent = (message: ShareMessage) => message.kind === "event";

Deno.test("LiveShare gives every window its view over one stream", async () => {
  await using streams = new Streams();
  const share = new LiveShare();
  using a = new Window(share);
  using b = new Window(share);
  using c = new Window(share);
  const { base } = streams;
  a.send({ kind: "watch", base, path: "api/live?view=task&task=1" });
  b.send({ kind: "watch", base, path: "api/live?view=task&task=2" });
  c.send({ kind: "watch", base, path: "api/live?view=task&task=1" });
  for (const [window, view] of [[a, "task=1"], [b, "task=2"], [c, "task=1"]] as const) {
    const message = await window.until(isEvent);
    assertEquals(message, {
      kind: "event",
      path: `api/live?view=task&${view}`,
      type: "snapshot",
      event: { now: 1, view: `view=task&${view}` } as never,
    });
    assertEquals(window.received[0]!.kind, "state");
  }
  // Those who show the same have one view.
  assertEquals(streams.asked, [["view=task&task=1", "view=task&task=2"]]);
  a.received.length = 0;
  b.send({ kind: "leave" });
  await a.until(isEvent);
  assertEquals(streams.asked[1], ["view=task&task=1"]);
  for (const window of [a, c]) window.send({ kind: "leave" });
  b.send({ kind: "watch", base, path: "api/live?view=runs" });
  await b.until(({ path }) => path === "api/live?view=runs");
  assertEquals(streams.asked.at(-1), ["view=runs"]);
  b.send({ kind: "leave" });
});

Deno.test("LiveShare informs every window that the server wants a session", async () => {
  await using streams = new Streams();
  streams.status = 401;
  const share = new LiveShare();
  using a = new Window(share);
  using b = new Window(share);
  const { base } = streams;
  for (const [window, task] of [[a, 1], [b, 2]] as const) {
    window.send({ kind: "watch", base, path: `api/live?view=task&task=${task}` });
  }
  for (const window of [a, b]) {
    await window.until((message) => message.kind === "state" && message.state === "signed-out");
  }
  // One of them has signed in.
  streams.status = 200;
  a.send({ kind: "watch", base, path: "api/live?view=task&task=1" });
  for (const window of [a, b]) await window.until(isEvent);
  for (const window of [a, b]) window.send({ kind: "leave" });
});

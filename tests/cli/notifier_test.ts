import { Notifier, readNotifyUrl, sign } from "../../cli/serve/notifier.ts";
import { assert, assertEquals, assertThrows } from "../support/assert.ts";

/** What a server that is notified received, and how it answers. */
class Receiver implements AsyncDisposable {
  readonly requests: { body: string; headers: Headers }[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answers: ((request: Request) => Response | Promise<Response>)[]) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen() {} },
      async (request) => {
        this.requests.push({ body: await request.text(), headers: request.headers });
        return await (answers.shift() ?? (() => new Response()))(request);
      },
    );
  }

  get url(): URL {
    return new URL(`http://127.0.0.1:${this.#server.addr.port}/hook?key=hidden`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const ENDED = {
  event: "run.ended",
  pipeline: "nightly",
  trigger: "schedule",
  run: null,
  problem: null,
  url: null,
} as const;

Deno.test("a notification is signed, and sent again after an error, a redirect and silence", async () => {
  await using elsewhere = new Receiver([]);
  const silence = Promise.withResolvers<Response>();
  await using receiver = new Receiver([
    () => new Response(null, { status: 500 }),
    () => new Response(null, { status: 307, headers: { Location: elsewhere.url.href } }),
    () => silence.promise,
  ]);
  const printed: string[] = [];
  const notifier = new Notifier({
    url: receiver.url,
    secret: "key",
    waitsMs: [0, 0, 0],
    answerMs: 100,
    print: (line) => printed.push(line),
  });
  notifier.notify(ENDED);
  await notifier.close(60_000);
  silence.resolve(new Response());
  assertEquals([receiver.requests.length, elsewhere.requests.length], [4, 0]);
  assertEquals(printed, []);
  const deliveries = receiver.requests.map(({ headers }) => headers.get("X-Pipeloom-Delivery"));
  assertEquals(new Set(deliveries).size, 1);
  for (const { body, headers } of receiver.requests) {
    const { at, ...rest } = JSON.parse(body);
    assert(Date.parse(at) > 0);
    assertEquals(rest, ENDED);
    const signature = await sign("key", `${headers.get("X-Pipeloom-Timestamp")}.${body}`);
    assertEquals(headers.get("X-Pipeloom-Signature"), `sha256=${signature}`);
  }
});

Deno.test("a notification that nothing takes is given up, and neither key nor address is printed", async () => {
  await using receiver = new Receiver([() => new Response(null, { status: 410 })]);
  const printed: string[] = [];
  const print = (line: string) => void printed.push(line);
  const refused = new Notifier({ url: receiver.url, waitsMs: [], print, secret: "key" });
  refused.notify(ENDED);
  await refused.close(60_000);
  const url = new URL("http://user:hidden@127.0.0.1:1/hidden?key=hidden");
  const unreachable = new Notifier({ url, waitsMs: [3_600_000], print });
  unreachable.notify(ENDED);
  // A server that stops does not wait for further attempts.
  await unreachable.close(0);
  assertEquals(printed[0], `Cannot notify ${receiver.url.origin} of nightly: it answered 410`);
  assertEquals(printed.length, 2);
  assert(printed[1]!.startsWith("Cannot notify http://127.0.0.1:1 of nightly: "), printed[1]);
  assert(!printed.join().includes("hidden"), printed.join());
  assertThrows(() => readNotifyUrl("file:///etc/passwd"), Error, "no http or https URL");
});

Deno.test("signatures are those of HMAC-SHA256", async () => {
  // RFC 4231, test case 2.
  assertEquals(
    await sign("Jefe", "what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  );
});

import { RetryAfter, runPipeline } from "../../mod.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IS_LONG } from "../support/long_form.ts";

/** A thousand take 40 s. */
const REQUESTS = IS_LONG ? 1_000 : 200;
/** Requests that the server allows in a second, and seconds after which the others may come back. */
const RATE = 50;
const RETRY_AFTER = 2;

Deno.test(`${REQUESTS} requests to a server that allows 50 in a second are all done with three retries`, async () => {
  const answered: number[] = [];
  let refused = 0;
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    const now = performance.now();
    while (answered[0]! <= now - 1_000) answered.shift();
    if (answered.length < RATE) {
      answered.push(now);
      return new Response("ok");
    }
    refused++;
    return new Response("slow down", {
      status: 429,
      headers: { "retry-after": `${RETRY_AFTER}` },
    });
  });
  const { counts } = await runPipeline(Array.from({ length: REQUESTS }, (_, i) => `${i}`), {
    db: ":memory:",
    retries: 3,
    tags: () => ["server"],
    limits: { server: 16 },
    async run(path, { signal }) {
      const response = await fetch(`http://127.0.0.1:${server.addr.port}/${path}`, { signal });
      await response.body?.cancel();
      if (response.status !== 429) return;
      const after = response.headers.get("retry-after");
      throw RetryAfter.fromHeader(after, { tag: "server" });
    },
  });
  assertEquals([counts.done, counts.error], [REQUESTS, 0]);
  assert(refused > REQUESTS / RATE / 2, `${refused} were refused`);
});

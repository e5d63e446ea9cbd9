/**
 * The HTTP server with clients that are slow, many, or do not keep to the protocol: bytes over real sockets.
 *
 * @module
 */
import { runPipeline } from "../../../mod.ts";
import { HttpServer, type HttpServerOptions } from "../../../dashboard/server/http_server.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../support/assert.ts";
import { ROOT } from "../../support/child.ts";
import { tempFolder } from "../../support/temp.ts";

const LIMITS = { headMs: 400, requestMs: 800, keepAliveMs: 400 };

async function serve(options: Partial<HttpServerOptions> = {}) {
  const server = await HttpServer.listen(
    { hostname: "127.0.0.1", port: 0, maxActive: 4, limits: LIMITS, ...options },
    (request) => new Response(`${request.method} ${new URL(request.url).pathname}`),
  );
  const { port } = server;
  return {
    port,
    connect: () => Deno.connect({ hostname: "127.0.0.1", port }),
    [Symbol.asyncDispose]: () => server.close(0),
  };
}

/** All that comes until the other side closes the connection. */
async function rest(connection: Deno.Conn): Promise<string> {
  let text = "";
  const bytes = new Uint8Array(4_096);
  try {
    for (let n; (n = await connection.read(bytes)) !== null;) {
      text += new TextDecoder().decode(bytes.subarray(0, n));
    }
  } catch {
    // It was broken off.
  }
  return text;
}

const HEAD = "GET /a HTTP/1.1\r\nHost: localhost\r\n";

Deno.test("HttpServer closes connections that send nothing, half a head, or a byte now and then", async () => {
  await using server = await serve();
  const clients: Record<string, (connection: Deno.Conn) => Promise<void>> = {
    idle: async () => {},
    "half a head": async (connection) => void await write(connection, HEAD),
    "a header now and then": async (connection) => {
      await write(connection, HEAD);
      for (let n = 0;; n++) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        await write(connection, `X-${n}: a\r\n`);
      }
    },
    "between two requests": async (connection) => void await write(connection, `${HEAD}\r\n`),
  };
  // Each ends when the server closes its connection, which is what is proved.
  await Promise.all(
    Object.values(clients).map(async (act) => {
      using connection = await server.connect();
      const acting = act(connection).catch(() => {});
      await rest(connection);
      connection.close();
      await acting;
    }).map((ended) => ended.catch((error) => assert(error instanceof Deno.errors.BadResource))),
  );
});

async function write(connection: Deno.Conn, text: string): Promise<void> {
  await connection.write(new TextEncoder().encode(text));
}

Deno.test("HttpServer answers one of a thousand connections, and closes the oldest idle ones", async () => {
  await using server = await serve({
    limits: { headMs: 60_000, requestMs: 60_000, keepAliveMs: 1 },
  });
  const connections = await Promise.all(Array.from({ length: 300 }, () => server.connect()));
  using last = await server.connect();
  await write(last, `${HEAD}Connection: close\r\n\r\n`);
  assertMatch(await rest(last), /^HTTP\/1\.1 200 OK\r\n[\s\S]*GET \/a/);
  assertEquals(await rest(connections[0]!), "");
  for (const connection of connections) connection.close();
});

Deno.test("HttpServer answers as many pages as may look, which all connect before any of them asks", async () => {
  await using server = await serve({
    maxActive: 400,
    limits: { headMs: 60_000, requestMs: 60_000, keepAliveMs: 60_000 },
  });
  const connections = await Promise.all(Array.from({ length: 200 }, () => server.connect()));
  const answers = await Promise.all(connections.map(async (connection) => {
    await write(connection, `${HEAD}Connection: close\r\n\r\n`).catch(() => {});
    const answer = await rest(connection);
    connection.close();
    return answer.slice(0, 15);
  }));
  assertEquals(new Set(answers), new Set(["HTTP/1.1 200 OK"]));
});

Deno.test("HttpServer refuses what has two names, none, or a head without end", async () => {
  await using server = await serve();
  for (
    const head of [
      `GET / HTTP/1.1\r\nHost: evil.example\r\nHost: localhost`,
      `GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example`,
      `GET / HTTP/1.1\r\nHost: localhost, evil.example`,
      `GET / HTTP/1.1\r\nHost: localhost@evil.example`,
      `GET http://evil.example/ HTTP/1.1\r\nHost: localhost`,
      `GET http://localhost/ HTTP/1.1\r\nHost: evil.example`,
      `GET http://localhost:81/ HTTP/1.1\r\nHost: localhost`,
      `GET / HTTP/1.1\r\nHost: localhost:99999`,
      `GET / HTTP/1.1\r\nHost:`,
      `GET / HTTP/1.1`,
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(100_000)}`,
      `GET /${"x".repeat(100_000)} HTTP/1.1\r\nHost: localhost`,
      `rubbish`,
    ]
  ) {
    using connection = await server.connect();
    await write(connection, `${head}\r\nConnection: close\r\n\r\n`).catch(() => {});
    const answer = await rest(connection);
    assert(
      answer === "" || /^HTTP\/1\.1 4(00|31) /.test(answer),
      `${head.slice(0, 80)}: ${answer}`,
    );
  }
  using connection = await server.connect();
  await write(connection, `${HEAD}Connection: close\r\n\r\n`);
  assertMatch(await rest(connection), /^HTTP\/1\.1 200 /);
});

Deno.test("serveDashboard() survives 1,200 connections where 1,024 files may be open", async () => {
  using folder = tempFolder();
  const db = folder.file("etl.db");
  await runPipeline(["a"], { db, run: () => 1 });
  const script = `
    import { serveDashboard } from ${JSON.stringify(new URL("dashboard/mod.ts", ROOT).href)};
    await using dashboard = await serveDashboard({ db: ${JSON.stringify(db)}, port: 0 });
    console.log(dashboard.url);
    await new Response(Deno.stdin.readable).text();`;
  const child = new Deno.Command("bash", {
    args: ["-c", `ulimit -n 1024; exec "$0" eval "$1"`, Deno.execPath(), script],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const [url, rest] = await firstLine(child.stdout);
  const port = Number(new URL(url).port);
  const connections: Deno.Conn[] = [];
  try {
    for (let n = 0; n < 1_200; n++) {
      connections.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    }
    const during = await fetch(new URL("healthz", url));
    assertEquals([during.status, await during.json()], [200, { status: "ok" }]);
  } finally {
    for (const connection of connections) connection.close();
  }
  const after = await fetch(new URL("api/runs", url));
  await after.body?.cancel();
  assertEquals(after.status, 200);
  await child.stdin.close();
  await rest;
  assertEquals((await child.status).code, 0);
});

Deno.test("a run keeps its own exit code when its dashboard gets 1,200 connections", async () => {
  using folder = tempFolder();
  const module = folder.file("forty.ts");
  const go = folder.file("go");
  await Deno.writeTextFile(
    module,
    `import { definePipeline } from ${JSON.stringify(new URL("mod.ts", ROOT).href)};
     export default definePipeline({
       items: Array.from({ length: 40 }, (_, i) => i),
       db: ${JSON.stringify(folder.file("etl.db"))},
       workers: 40,
       async run() {
         while (!await Deno.stat(${JSON.stringify(go)}).catch(() => undefined)) {
           await new Promise((resolve) => setTimeout(resolve, 20));
         }
       },
     });`,
  );
  const cli = new URL("cli.ts", ROOT).href;
  const child = new Deno.Command("bash", {
    args: [
      "-c",
      `ulimit -n 1024; exec "$0" run -A --no-lock --cached-only "$1" run "$2" --dashboard 0 --json`,
      ...[Deno.execPath(), cli, module],
    ],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [line, rest] = await firstLine(child.stderr);
  const connections: Deno.Conn[] = [];
  try {
    const port = Number(new URL(/http:\S+/.exec(line)![0]).port);
    for (let n = 0; n < 1_200; n++) {
      connections.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    }
    await Deno.writeTextFile(go, "");
    const report = JSON.parse(await new Response(child.stdout).text());
    assertEquals([report.status, report.counts.done], ["done", 40]);
  } finally {
    for (const connection of connections) connection.close();
  }
  await rest;
  assertEquals((await child.status).code, 0);
});

Deno.test("a body of JSON is read up to a limit; others are left out", async () => {
  const server = await HttpServer.listen(
    { hostname: "127.0.0.1", port: 0, maxActive: 10 },
    async (request) => new Response(`${request.method} ${await request.text()}`),
  );
  const send = async (body: string, type = "application/json", method = "POST") => {
    const response = await fetch(`http://127.0.0.1:${server.port}/`, {
      method,
      body,
      headers: { "Content-Type": type },
    });
    return [response.status, (await response.text()).slice(0, 20)];
  };
  assertEquals(await send('{"a":1}'), [200, 'POST {"a":1}']);
  assertEquals(await send("a=1", "text/plain"), [200, "POST "]);
  assertEquals(await send("{}", "application/json", "PUT"), [200, "PUT "]);
  assertEquals((await send(" ".repeat(70_000)))[0], 413);
  await server.close(0);
});

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<[string, Promise<void>]> {
  const reader = stream.getReader();
  let text = "";
  while (!text.includes("\n")) text += new TextDecoder().decode((await reader.read()).value);
  const rest = (async () => {
    while (!(await reader.read()).done);
  })();
  return [text.split("\n")[0]!, rest];
}

Deno.test({
  name: "HttpServer.listen() names the permission that it lacks",
  permissions: { net: false },
  async fn() {
    const options = { hostname: "127.0.0.1", port: 8787, maxActive: 4 };
    await assertRejects(
      () => HttpServer.listen(options, () => new Response()),
      Deno.errors.NotCapable,
      "Cannot listen on 127.0.0.1:8787: no permission; run with --allow-net=127.0.0.1:8787",
    );
  },
});

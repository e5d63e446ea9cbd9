/**
 * The dashboard behind a real nginx: with its defaults, with gzip, below a path that it takes away, under the name
 * that the browser knows, and with TLS.
 *
 * @module
 */
import { serveDashboard } from "../../../dashboard/mod.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../support/assert.ts";
import { isInstalled, ROOT } from "../../support/child.ts";
import { HandRun } from "../../cli/cli_fixture.ts";
import { Events } from "../fixture.ts";

const ignore = !await isInstalled("nginx") || !await isInstalled("openssl");

const TOKEN = "a token of some length";

/** Signs in, watches a task begin, and tries to cancel a run, by way of one proxy. */
async function useProxy({ name, base, client, hand, running }: {
  name: string;
  base: string;
  client: Deno.HttpClient;
  hand: HandRun;
  /** How many tasks run then. */
  running: number;
}): Promise<void> {
  const { origin, protocol } = new URL(base);
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(new URL(path, base), { ...init, client });

  const signedIn = await ask("api/session", {
    method: "POST",
    headers: { Authorization: `Bearer ${TOKEN}`, Origin: origin },
  });
  const cookie = signedIn.headers.get("Set-Cookie")!;
  assertEquals([signedIn.status, cookie.includes("Path=")], [204, false], name);
  assertEquals(/; Secure/.test(cookie), protocol === "https:", `${name}: ${cookie}`);
  const headers = { Cookie: cookie.split(";")[0]!, "Accept-Encoding": "gzip" };

  const live = await ask("api/live?view=run&run=1", { headers });
  assertEquals(live.status, 200, name);
  await using events = new Events(live.body!);
  await events.until(({ event }) => event === "snapshot");
  const before = performance.now();
  await hand.begin(running - 1);
  await events.until(({ data }) => data.run?.counts.running === running);
  // Held back, it would come with the ping after five seconds, or when four kilobytes are full.
  const took = performance.now() - before;
  assert(took < 4_000, `${name} took ${Math.round(took)} ms`);

  const cancel = (from: string) =>
    ask("api/runs/77/cancel", {
      method: "POST",
      headers: { ...headers, Origin: from, "X-Pipeloom-Control": "the control token" },
    });
  const allowed = await cancel(origin);
  assertEquals([allowed.status, (await allowed.json()).error], [404, "There is no run 77"]);
  const refused = await cancel("http://elsewhere.example");
  const { error } = await refused.json();
  assertEquals(refused.status, 403, name);
  assertStringIncludes(error, "http://elsewhere.example");
  assertMatch(error, /Host is 127\.0\.0\.1[.:]/);
}

/** A port that is free now. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** Makes `cert.pem` and `key.pem` for this machine. */
async function makeCertificate(folder: string): Promise<void> {
  await run("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem"],
    ...["-out", "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1"],
    ...["-addext", "subjectAltName=IP:127.0.0.1"],
    ...["-addext", "basicConstraints=critical,CA:FALSE"],
  ], folder);
}

async function run(program: string, args: string[], cwd: string): Promise<void> {
  const { code, stderr } = await new Deno.Command(program, { args, cwd, stdout: "null" }).output();
  if (code !== 0) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}

/** Starts nginx with these servers; resolves when it answers. */
async function startNginx(folder: string, servers: string, port: number) {
  await Deno.writeTextFile(
    `${folder}/nginx.conf`,
    `daemon off; master_process off; pid nginx.pid; error_log error.log;
     events {}
     http {
       access_log off;
       client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path f; uwsgi_temp_path u;
       scgi_temp_path s;
       ${servers}
     }`,
  );
  const args = ["-p", folder, "-e", "error.log", "-c", `${folder}/nginx.conf`];
  return await startServer(new Deno.Command("nginx", { args, ...SILENT }), port);
}

const SILENT = { stdout: "null", stderr: "null" } as const;

/** Starts a server; resolves when it takes connections. */
async function startServer(command: Deno.Command, port: number) {
  const child = command.spawn();
  let hasEnded = false;
  child.status.then(() => hasEnded = true);
  for (;;) {
    if (hasEnded) throw new Error("The proxy does not take its configuration");
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      break;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
    },
  };
}

Deno.test({
  name:
    "a dashboard behind nginx is live, signs in and is controlled, whatever nginx is configured to",
  ignore,
  async fn() {
    await using hand = await HandRun.start(["a", "b", "c", "d", "e", "f"]);
    const folder = hand.folder.path;
    await makeCertificate(folder);
    const names = ["defaults", "gzip", "prefix", "named", "tls"] as const;
    const ports = Object.fromEntries(names.map((name) => [name, freePort()]));
    const origin = (name: string) =>
      name === "tls" ? `https://127.0.0.1:${ports.tls}` : `http://127.0.0.1:${ports[name]}`;
    await using dashboard = await serveDashboard({
      db: hand.db,
      port: 0,
      token: TOKEN,
      controlToken: "the control token",
      writer: hand.writer,
      allowedOrigins: names.map(origin),
    });
    const up = dashboard.url.slice(0, -1);
    const listen = (name: string) => `listen 127.0.0.1:${ports[name]};`;
    await using _ = await startNginx(
      folder,
      `server { ${listen("defaults")} location / { proxy_pass ${up}; } }
       server { ${listen("gzip")} gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;
         location / { proxy_pass ${up}; } }
       server { ${listen("prefix")} location /etl/ { proxy_pass ${up}/; } }
       server { ${listen("named")}
         location / { proxy_pass ${up}; proxy_set_header Host $host; } }
       server { listen 127.0.0.1:${ports.tls} ssl;
         ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
         location / { proxy_pass ${up}; proxy_set_header Host $host; } }`,
      ports.defaults!,
    );
    using client = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(`${folder}/cert.pem`)],
    });
    for (const [n, name] of names.entries()) {
      const base = `${origin(name)}${name === "prefix" ? "/etl/" : "/"}`;
      await useProxy({ name, base, client, hand, running: n + 1 });
    }
  },
});

Deno.test("the guide's configuration of nginx is one that nginx takes", { ignore }, async () => {
  const guide = await Deno.readTextFile(new URL("docs/guides/watching.md", ROOT));
  const [, server] = /```nginx\n([\s\S]*?)```/.exec(guide)!;
  const folder = await Deno.makeTempDir();
  try {
    await run("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem"],
      ...["-out", "cert.pem", "-days", "2", "-subj", "/CN=etl.example"],
    ], folder);
    const local = server!.replace(/\/etc\/ssl\/etl\//g, `${folder}/`);
    await Deno.writeTextFile(`${folder}/nginx.conf`, `events {} http { ${local} }`);
    await run("nginx", ["-t", "-e", `${folder}/e.log`, "-c", `${folder}/nginx.conf`], folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "a dashboard behind Caddy as the guide has it is live, signs in and is controlled",
  ignore: !await isInstalled("caddy") || !await isInstalled("openssl"),
  async fn() {
    await using hand = await HandRun.start(["a", "b", "c"]);
    const folder = hand.folder.path;
    await makeCertificate(folder);
    const guide = await Deno.readTextFile(new URL("docs/guides/watching.md", ROOT));
    const [, site] = /Caddy:\n\n```text\n([\s\S]*?)```/.exec(guide)!;
    const origins = ["http", "http", "https"].map((scheme) =>
      `${scheme}://127.0.0.1:${freePort()}`
    );
    const [plain, prefix, tls] = origins as [string, string, string];
    await using dashboard = await serveDashboard({
      db: hand.db,
      port: 0,
      token: TOKEN,
      controlToken: "the control token",
      writer: hand.writer,
      allowedOrigins: origins,
    });
    const up = new URL(dashboard.url).host;
    const here = (address: string, more = "") =>
      site!.replace("etl.example {", `${address} {\n${more}`).replace("127.0.0.1:8787", up);
    await Deno.writeTextFile(
      `${folder}/Caddyfile`,
      `{
        admin off
        auto_https disable_redirects
        skip_install_trust
       }
       ${here(plain, "encode gzip")}
       ${prefix} {
         handle_path /etl/* {
           reverse_proxy ${up}
         }
       }
       ${here(tls, `tls ${folder}/cert.pem ${folder}/key.pem`)}`,
    );
    const args = ["run", "--config", `${folder}/Caddyfile`, "--adapter", "caddyfile"];
    const env = { HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    await using _ = await startServer(
      new Deno.Command("caddy", { args, env, ...SILENT }),
      Number(new URL(tls).port),
    );
    using client = Deno.createHttpClient({
      caCerts: [await Deno.readTextFile(`${folder}/cert.pem`)],
    });
    const ways = { plain: `${plain}/`, prefix: `${prefix}/etl/`, tls: `${tls}/` };
    for (const [n, [name, base]] of Object.entries(ways).entries()) {
      await useProxy({ name: `Caddy, ${name}`, base, client, hand, running: n + 1 });
    }
  },
});

import { createDashboard } from "../../../dashboard/mod.ts";
import { CONTENT_SECURITY_POLICY } from "../../../dashboard/server/assets.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "../../support/assert.ts";
import { addRun, show } from "../fixture.ts";

/** Sends bytes as they are, and returns the answer's text. */
async function raw(port: number, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

const FOREIGN = [
  ...["evil.example", "EVIL.example:8787", "localhost.evil.example", "localhost.", "localhost.:80"],
  ...[
    "127.0.0.1.nip.io",
    "evil.example:80:80",
    "localhost:80@evil.example",
    "0.0.0.0",
    "[::]",
    "::1",
  ],
  ...[
    "[::1].evil.example",
    "2130706433",
    "127.1",
    "localhost%00",
    "localhost:8o",
    "localhost evil",
  ],
];
const KNOWN = ["localhost", "LocalHost:8787", "127.0.0.1:1", "[::1]:8787", "[::1]", "localhost:"];

Deno.test("guardHost() refuses whoever asks under another name", async () => {
  using shown = await show();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    shown.app.fetch,
  );
  const { port } = server.addr;
  for (const path of ["/", "/api/runs", "/healthz", "/metrics", "/assets/x"]) {
    for (const host of FOREIGN) {
      const { status, headers } = await shown.app.request(path, { headers: { host } });
      assertEquals([status, headers.get("X-Content-Type-Options")], [403, "nosniff"], host);
    }
    const evil = await raw(
      port,
      `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    );
    assertMatch(evil, /^HTTP\/1.1 403 /);
  }
  for (const host of KNOWN) {
    const request = `GET /api/runs HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    assertMatch(await raw(port, request), /^HTTP\/1.1 200 /, host);
  }
  // Two names, a foreign one in the first line, and none at all.
  for (
    const head of [
      `GET http://evil.example/api/runs HTTP/1.1\r\nHost: evil.example`,
      `GET /api/runs HTTP/1.1\r\nHost: evil.example\r\nHost: localhost`,
      `GET /api/runs HTTP/1.1\r\nHost: localhost\r\nHost: evil.example`,
      `GET /api/runs HTTP/1.1\r\nHost:`,
    ]
  ) {
    const answer = await raw(port, `${head}\r\nConnection: close\r\n\r\n`);
    assertMatch(answer, /^HTTP\/1.1 40[03] /, head);
  }
  using named = await show({ allowedHosts: ["Etl.example"] });
  // Without a name the address counts as one: no browser does that.
  await using other = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    named.app.fetch,
  );
  const nameless = await raw(other.addr.port, "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
  assertMatch(nameless, /^HTTP\/1.1 403 /);
  const status = async (host: string) =>
    (await named.app.request("/healthz", { headers: { host } })).status;
  assertEquals([await status("etl.EXAMPLE:443"), await status("localhost")], [200, 403]);
});

Deno.test("guardHost() answers other sites with nothing that they can read", async () => {
  using shown = await show();
  const headers = { Origin: "https://evil.example" };
  for (const path of ["/", "/api/runs", "/api/live", "/api/session", "/metrics"]) {
    for (const method of ["GET", "OPTIONS", "POST"]) {
      const response = await shown.app.request(path, {
        method,
        headers: { ...headers, "Access-Control-Request-Method": "GET" },
      });
      const granted = [...response.headers.keys()].filter((name) =>
        name.startsWith("access-control")
      );
      assertEquals(granted, []);
      assertEquals(response.headers.get("Cross-Origin-Resource-Policy"), "same-origin");
      await response.body?.cancel();
    }
    for (const site of ["cross-site", "same-site"]) {
      for (const mode of ["cors", "no-cors", "websocket"]) {
        const request = { headers: { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode } };
        assertEquals(
          (await shown.app.request(path, request)).status,
          403,
          `${path} ${site} ${mode}`,
        );
      }
    }
  }
  // A link may lead here, but not into a frame.
  const link = { headers: { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate" } };
  const page = await shown.app.request("/", link);
  assertEquals([page.status, page.headers.get("X-Frame-Options")], [200, "DENY"]);
});

Deno.test("createDashboard() lets the page run and load what it came with, and nothing else", async () => {
  using shown = await show();
  const response = await shown.app.request("/");
  const policy = response.headers.get("Content-Security-Policy")!;
  assertEquals(policy, CONTENT_SECURITY_POLICY);
  assert(!/unsafe|\*|https?:/.test(policy), policy);
  for (const part of ["default-src 'none'", "frame-ancestors 'none'", "style-src 'self'"]) {
    assertStringIncludes(policy, part);
  }
  const html = await response.text();
  const scripts = [...html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)];
  assert(scripts.length > 0);
  for (const [, attributes, text] of scripts) {
    assertEquals(text, "");
    assertMatch(attributes!, /^ src="assets\//);
  }
  assert(!/<style|\son\w+=|\sstyle=|javascript:/i.test(html));
});

Deno.test("createDashboard() serves no file but its own", async () => {
  using shown = await show();
  const html = await (await shown.app.request("/")).text();
  const folder = html.match(/assets\/[0-9a-f]+/)![0];
  const main = await shown.app.request(`/${folder}/page.js`);
  assertEquals(main.headers.get("Content-Type"), "text/javascript; charset=utf-8");
  assertMatch(main.headers.get("Cache-Control")!, /immutable/);
  for (
    const path of [
      ...["..%2fapp.ts", "%2e%2e/%2e%2e/app.ts", "..%5capp.ts", "%2fetc%2fpasswd", "/etc/passwd"],
      ...[
        "....//app.ts",
        "page.js%00",
        "page.js/",
        "./../index.html",
        "constructor",
        "__proto__",
        "",
      ],
      ...[
        "PAGE.JS",
        "index.html",
        "file:///etc/passwd",
        "%252e%252e%252fapp.ts",
        "page.js/../page.js%",
      ],
    ]
  ) {
    for (const prefix of [`/${folder}/`, "/assets/", `/${folder}/../`]) {
      const { status } = await shown.app.request(new Request(`http://localhost${prefix}${path}`));
      assertEquals(status, 404, prefix + path);
    }
  }
});

const HOSTILE = [
  "<script>alert(1)</script><img src=x onerror=alert(1)>",
  "</script><!--<script>",
  "\x1b[2J\x1b]0;title\x07",
  "\u202eevil\u2066 \u200b",
  "a\0b",
  "'; DROP TABLE task_runs; --",
  "{{script}} $& $' \u2028",
  "x".repeat(1_000_000),
];

Deno.test("createDashboard() sends hostile texts as JSON, unchanged", async () => {
  using shown = await show();
  for (const text of HOSTILE) {
    const [id] = addRun(shown.store, [
      { name: text, message: text, result: text, key: text, error: text, status: "error" },
    ]);
    shown.store.connection.prepare(
      "INSERT INTO task_logs (task_id, logged_at, level, message) VALUES (?, 'now', 'info', ?)",
    ).run(id!, text);
    const response = await shown.app.request(`/api/tasks/${id}`);
    assertMatch(response.headers.get("Content-Type")!, /^application\/json/);
    assertEquals(response.headers.get("X-Content-Type-Options"), "nosniff");
    const { name, message, result, key, error } = await response.json();
    for (const field of [name, message, result, key, error]) assert(field === text);
    const { lines } = await shown.get<{ lines: { message: string }[] }>(`/api/tasks/${id}/logs`);
    assert(lines[0]!.message === text.slice(0, 10_000));
    const html = await (await shown.app.request(`/api/runs/${id}/export`)).text();
    assertEquals(html.split("</script>").length, html.split("<script").length, text.slice(0, 40));
    const data = html.match(
      /<script type="application\/json" id="export">([\s\S]*?)<\/script>/,
    )![1]!;
    assert(!data.includes("<"));
    assert(JSON.parse(data).tasks[0].name === text);
  }
});

Deno.test("createDashboard() takes SQL in a parameter for text", async () => {
  using shown = await show();
  addRun(shown.store, [{ name: "a" }, { name: "b" }]);
  const sql = [
    ...[
      "' OR 1=1 --",
      "%' OR '1'='1",
      "1; DROP TABLE task_runs",
      "') UNION SELECT 1,2 --",
      "\\",
      "%_",
    ],
    ...['"', "?", "name;", "char(97)", "a'||'b"],
  ];
  for (const text of sql.map(encodeURIComponent)) {
    for (const name of ["q", "key"]) {
      const { tasks } = await shown.get<{ tasks: [] }>(`/api/runs/1/tasks?${name}=${text}`);
      // A text of letters alone can be in a name; none of these is.
      assertEquals(tasks, [], text);
    }
    for (const name of ["status", "sort", "limit", "cursor"]) {
      await shown.get(`/api/runs/1/tasks?${name}=${text}`, 400);
    }
    await shown.get(`/api/runs/${text}/tasks`, 400);
    await shown.get(`/api/runs/1/tasks?sort=name&cursor=${encodeURIComponent(`["${text}",1]`)}`);
  }
  assertEquals(shown.store.column("SELECT count(*) FROM task_runs"), [2]);
});

Deno.test("guardToken() answers whoever knows the token, by header or cookie", async () => {
  using shown = await show({ token: "a secret; with, signs=é" });
  const good = `Bearer a secret; with, signs=é`;
  const status = async (path: string, headers: Record<string, string> = {}, method = "GET") =>
    (await shown.app.request(path, { headers, method })).status;
  for (const path of ["/api/runs", "/api/live", "/api/tasks/1", "/metrics", "/api/nothing"]) {
    assertEquals(await status(path), 401, path);
    const wrong = [
      "Bearer",
      "Bearer ",
      "Bearer a",
      `${good}x`,
      "Basic a",
      "Bearer a secret; with, signs=",
    ];
    for (const Authorization of wrong) assertEquals(await status(path, { Authorization }), 401);
    assertEquals(await status(`${path}?token=a%20secret`), 401);
    assertEquals(await status(path, { Cookie: "pipeloom_token=wrong; pipeloom_token=" }), 401);
  }
  // The page itself, so that it can ask for the token.
  const html = await (await shown.app.request("/")).text();
  assertEquals(await status(html.match(/src="(assets\/.*?page.js)"/)![1]!.replace(/^/, "/")), 200);
  assertEquals(await status("/api/runs", { Authorization: good }), 200);
  assertEquals(await status("/api/session", { Authorization: "Bearer wrong" }, "POST"), 401);
  const signedIn = await shown.app.request("/api/session", {
    method: "POST",
    headers: { Authorization: good },
  });
  const cookie = signedIn.headers.get("Set-Cookie")!;
  assertEquals(signedIn.status, 204);
  assertMatch(cookie, /; Path=\/; HttpOnly; SameSite=Strict$/);
  assertEquals(await status("/api/runs", { Cookie: cookie.split(";")[0]! }), 200);
  assertThrows(() => createDashboard({ db: "a.db", token: "" }), TypeError, "empty token");
});

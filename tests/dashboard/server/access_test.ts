import { createDashboard, type DashboardApp } from "../../../dashboard/mod.ts";
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

Deno.test("guardHost() refuses requests under another name", async () => {
  using shown = await show();
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    shown.app.fetch,
  );
  const { port } = server.addr;
  for (const path of ["/", "/api/runs", "/metrics", "/assets/x"]) {
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
  const nameless = await raw(
    other.addr.port,
    "GET /api/runs HTTP/1.1\r\nConnection: close\r\n\r\n",
  );
  assertMatch(nameless, /^HTTP\/1.1 403 /);
  const status = async (host: string) =>
    (await named.app.request("/api/runs", { headers: { host } })).status;
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
      "INSERT INTO task_logs (task_id, logged_at, level, message) VALUES (?, 'now', 'info', CAST(? AS TEXT))",
    ).run(id!, new TextEncoder().encode(text));
    const response = await shown.app.request(`/api/tasks/${id}`);
    assertMatch(response.headers.get("Content-Type")!, /^application\/json/);
    assertEquals(response.headers.get("X-Content-Type-Options"), "nosniff");
    const { name, message, result, key, error } = await response.json();
    for (const field of [name, message, result, key, error]) {
      assert(field === text.slice(0, 100_000));
    }
    const { lines } = await shown.get<{ lines: { message: string }[] }>(`/api/tasks/${id}/logs`);
    assert(lines[0]!.message === text.slice(0, 2_000));
    const html = await (await shown.app.request(`/api/runs/${id}/export`)).text();
    assertEquals(html.split("</script>").length, html.split("<script").length, text.slice(0, 40));
    const data = html.match(
      /<script type="application\/json" id="export">([\s\S]*?)<\/script>/,
    )![1]!;
    assert(!data.includes("<"));
    assert(JSON.parse(data).tasks[0].name === text.slice(0, 100_000));
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

Deno.test("guardToken() answers clients that know the token, by header or session", async () => {
  using shown = await show({ token: "a secret; with, signs=%41" });
  const good = `Bearer a secret; with, signs=%41`;
  const status = async (path: string, headers: Record<string, string> = {}, method = "GET") =>
    (await shown.app.request(path, { headers, method })).status;
  for (const path of ["/api/runs", "/api/live", "/api/tasks/1", "/metrics", "/api/nothing"]) {
    assertEquals(await status(path), 401, path);
    const wrong = ["Bearer", "Bearer ", "Basic a"];
    for (const Authorization of wrong) assertEquals(await status(path, { Authorization }), 401);
    assertEquals(await status(`${path}?token=a%20secret`), 401);
    assertEquals(await status(path, { Cookie: "pipeloom_token=wrong; pipeloom_token=" }), 401);
    assertEquals(await status(path, { Cookie: `pipeloom_token=${good.slice(7)}` }), 401);
  }
  // The page itself, so that it can ask for the token.
  assertEquals(await status("/"), 200);
  for (const Authorization of ["Bearer a", `${good}x`, good.slice(0, -1)]) {
    assertEquals(await status("/api/runs", { Authorization }), 401);
  }
  assertEquals(await status("/api/runs", { Authorization: good }), 200);
  assertEquals(await status("/api/session", { Authorization: "Bearer wrong" }, "POST"), 401);
  const cookie = await signIn(shown.app, good);
  assertMatch(cookie, /^pipeloom_[\w-]{10}=[\w-]{32}; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
  assert(!cookie.includes("secret") && !cookie.includes("Path="), cookie);
  assertEquals(await status("/api/runs", { Cookie: cookie.split(";")[0]! }), 200);
});

async function signIn(app: DashboardApp, Authorization: string, headers = {}): Promise<string> {
  const answer = await app.request("/api/session", {
    method: "POST",
    headers: { Authorization, ...headers },
  });
  assertEquals(answer.status, 204);
  return answer.headers.get("Set-Cookie")!;
}

Deno.test("sessions of two dashboards on one host live side by side, whatever cookies are planted", async () => {
  const token = "the same token for both";
  using one = await show({ token });
  using two = await show({ token });
  const cookies = [
    (await signIn(one.app, `Bearer ${token}`)).split(";")[0]!,
    (await signIn(two.app, `Bearer ${token}`)).split(";")[0]!,
  ];
  const names = cookies.map((cookie) => cookie.split("=")[0]!);
  assert(names[0] !== names[1], `${names}`);
  // Browsers send all of them to both, and the longer path first.
  const planted = names.map((name) => `${name}=planted`);
  const Cookie = [...planted, ...cookies, ...planted].join("; ");
  for (const { app } of [one, two]) {
    assertEquals((await app.request("/api/runs", { headers: { Cookie } })).status, 200);
    const headers = { Cookie: planted.join("; ") };
    assertEquals((await app.request("/api/runs", { headers })).status, 401);
  }
});

Deno.test("a session's cookie is Secure where the browser came by https", async () => {
  const token = "a token of some length";
  using shown = await show({ token });
  const secure = [
    { Origin: "https://etl.example" },
    { "X-Forwarded-Proto": "https" },
  ];
  for (const headers of secure) {
    assertMatch(await signIn(shown.app, `Bearer ${token}`, headers), /; Secure/);
  }
  const plain = await signIn(shown.app, `Bearer ${token}`, { Origin: "http://localhost" });
  assert(!plain.includes("Secure"), plain);
});

Deno.test("links of other sites lead to the page alone, and not into a frame", async () => {
  using shown = await show();
  addRun(shown.store, [{}]);
  const status = async (path: string, dest: string) => {
    const headers = {
      "Sec-Fetch-Site": "cross-site",
      "Sec-Fetch-Mode": "navigate",
      "Sec-Fetch-Dest": dest,
    };
    return (await shown.app.request(path, { headers })).status;
  };
  assertEquals(await status("/", "document"), 200);
  for (const dest of ["iframe", "frame", "embed", "object"]) {
    assertEquals(await status("/", dest), 403, dest);
  }
  for (const path of ["/api/runs/1/export", "/api/runs", "/metrics", "/healthz", "/assets/x"]) {
    assertEquals(await status(path, "document"), 403, path);
  }
  // The page's own link to a download, and a typed address.
  for (const site of ["same-origin", "none"]) {
    const headers = { "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate" };
    const download = await shown.app.request("/api/runs/1/export", { headers });
    await download.body?.cancel();
    assertEquals(download.status, 200);
  }
});

Deno.test("probes ask by address: /healthz under any name, /metrics with the token", async () => {
  const token = "a token of some length";
  using shown = await show({ token });
  addRun(shown.store, [{ name: "a secret name" }]);
  const ask = (path: string, headers: Record<string, string> = {}) =>
    shown.app.request(path, { headers: { Host: "10.42.0.17:8787", ...headers } });
  const health = await ask("/healthz");
  assertEquals([health.status, await health.text()], [200, '{"status":"ok"}']);
  const bearer = { Authorization: `Bearer ${token}` };
  assertEquals((await ask("/metrics", bearer)).status, 200);
  assertEquals((await ask("/metrics")).status, 403);
  assertEquals((await ask("/metrics", { Authorization: "Bearer wrong" })).status, 401);
  for (const path of ["/api/runs", "/api/healthz", "/api/tasks/metrics", "/x/healthz"]) {
    assertEquals((await ask(path, bearer)).status, 403, path);
  }
  using open = await show();
  const headers = { Host: "10.42.0.17:8787" };
  assertEquals((await open.app.request("/metrics", { headers })).status, 403);
});

Deno.test("wrong tokens slow down those that follow from their address, and no session", async () => {
  const token = "a token of some length";
  using shown = await show({ token, controlToken: token, writer: NO_WRITER });
  const Cookie = (await signIn(shown.app, `Bearer ${token}`)).split(";")[0]!;
  const from = (hostname: string) => ({ remoteAddr: { hostname } });
  const guess = (Authorization: string, hostname: string) =>
    shown.app.request("/api/runs", { headers: { Authorization } }, from(hostname));
  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, i) => guess(`Bearer ${i}`, "203.0.113.7")),
  );
  const refused = answers.filter(({ status }) => status === 429);
  assert(refused.length > 150, `${refused.length} of 200 were not looked at`);
  assertEquals(refused[0]!.headers.get("Retry-After"), "5");
  // Addresses of one network count as one; others, and sessions, are unaffected.
  await guess("Bearer wrong", "2001:db8:1:2::3");
  const before = performance.now();
  assertEquals((await guess(`Bearer ${token}`, "203.0.113.8")).status, 200);
  const session = await shown.app.request(
    "/api/runs",
    { headers: { Cookie } },
    from("203.0.113.7"),
  );
  assertEquals(session.status, 200);
  assert(performance.now() - before < 1_000);
  assertEquals((await guess(`Bearer ${token}`, "2001:db8:1:2:4::5")).status, 200);
});

const NO_WRITER = {
  attach(): MessagePort {
    throw new Error("No request comes so far");
  },
};

Deno.test("guardOrigin() names what does not fit, and takes what is allowed", async () => {
  const allowedOrigins = ["https://etl.example:8443", "http://10.0.0.7"];
  using shown = await show({ writer: NO_WRITER, controlToken: "control", allowedOrigins });
  const post = async (Host: string, Origin?: string) => {
    const headers = { Host, "X-Pipeloom-Control": "control", ...(Origin ? { Origin } : {}) };
    const answer = await shown.app.request("/api/runs/7/cancel", { method: "POST", headers });
    return { status: answer.status, error: (await answer.json()).error as string };
  };
  // There is no run 7: whatever is let through gets that answer.
  for (
    const [host, origin] of [
      ["localhost:8787", "http://localhost:8787"],
      ["localhost:80", "http://localhost"],
      ["localhost:443", "https://localhost"],
      ["localhost", "http://localhost:80"],
      ["localhost", "https://localhost"],
      ["127.0.0.1", "https://etl.example:8443"],
      ["etl.example", "https://etl.example:8443"],
      ["10.0.0.7", "http://10.0.0.7"],
    ]
  ) assertEquals((await post(host!, origin)).status, 404, `${host} ${origin}`);
  for (
    const [host, origin] of [
      ["127.0.0.1", "http://127.0.0.1:9080"],
      ["localhost:443", "http://localhost"],
      ["etl.example", "https://etl.example:8444"],
      ["localhost", "https://etl.example.evil:8443"],
      ["localhost", "null"],
    ]
  ) {
    const { status, error } = await post(host!, origin);
    assertEquals(status, 403, `${host} ${origin}`);
    for (const part of [host!, origin!, "allowedOrigins"]) assertStringIncludes(error, part);
  }
  assertEquals((await post("localhost")).status, 403);
  for (const wrong of ["etl.example", "https://etl.example/etl", "ftp://etl.example", ""]) {
    assertThrows(
      () => createDashboard({ db: "a.db", allowedOrigins: [wrong] }),
      TypeError,
      "allow the origin",
    );
  }
});

Deno.test("createDashboard() refuses tokens that no header carries, and shows none of them", () => {
  for (const token of ["", " leading", "trailing ", "пароль", "a\nb", "naïve"]) {
    const error = assertThrows(() => createDashboard({ db: "a.db", token }), TypeError);
    assert(token === "" || !error.message.includes(token.trim()), error.message);
    assertThrows(() => createDashboard({ db: "a.db", controlToken: token }), TypeError);
  }
});

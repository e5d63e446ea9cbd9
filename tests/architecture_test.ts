/**
 * Keeps the import laws of `docs/architecture.md`: which room may know which.
 *
 * @module
 */
import { connect, initSchema } from "../db.ts";
import { assert, assertEquals } from "./assert.ts";
import { ROOT } from "./child.ts";
import { readModules } from "./module_graph.ts";

const ENTRIES = [
  "mod.ts",
  "cli.ts",
  "logging.ts",
  "writer.ts",
  "tasks/task_worker.ts",
  "dashboard/mod.ts",
  "dashboard/worker.ts",
];

/** Every module of the project, by path, with the project's modules that it imports; `code` leaves types out. */
async function readGraph({ code: codeOnly = false } = {}): Promise<Map<string, string[]>> {
  const graph = new Map<string, string[]>();
  // The Workers' entries are named by URL, so no other module leads to them.
  for (const entry of ENTRIES) {
    for (const { specifier, dependencies = [] } of await readModules(entry)) {
      if (!specifier.startsWith(ROOT.href) || !specifier.endsWith(".ts")) continue;
      const targets = dependencies
        .map(({ code, type }) => (codeOnly ? code : code ?? type)?.specifier ?? "")
        .filter((target) => target.startsWith(ROOT.href))
        .map((target) => target.slice(ROOT.href.length));
      graph.set(specifier.slice(ROOT.href.length), targets);
    }
  }
  return graph;
}

const graph = await readGraph();

/** Which room runs code of which others. Types may be named anywhere, but for those of `writer/`. */
const LAWS: Readonly<Record<string, readonly string[]>> = {
  "clean_text.ts": [],
  "clock.ts": [],
  "errors.ts": [],
  "jsr.ts": [],
  "log_level.ts": [],
  "may_read.ts": [],
  "pause.ts": [],
  "task_run.ts": [],
  "paths.ts": ["jsr.ts"],
  messages: [],
  drivers: ["jsr.ts"],
  database: ["db.ts", "drivers", "errors.ts", "may_read.ts", "paths.ts"],
  "db.ts": ["database", "drivers", "errors.ts"],
  writer: [
    "clock.ts",
    "database",
    "db.ts",
    "errors.ts",
    "may_read.ts",
    "messages",
    "task_run.ts",
  ],
  "writer.ts": ["database", "drivers", "errors.ts", "writer"],
  sender: ["clock.ts", "database", "drivers", "errors.ts", "messages", "task_run.ts"],
  tasks: ["clock.ts", "errors.ts", "sender", "task_run.ts"],
  queue: ["errors.ts"],
  observers: ["clean_text.ts", "errors.ts"],
  engine: [
    "clock.ts",
    "errors.ts",
    "observers",
    "pause.ts",
    "queue",
    "sender",
    "task_run.ts",
    "tasks",
  ],
  schedule: ["engine", "errors.ts"],
  "logging.ts": ["clean_text.ts"],
};

/** The folder of a module, or the module itself where it stands at the top. */
function roomOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf("/")) : path;
}

function isCli(path: string): boolean {
  return path === "cli.ts" || path.startsWith("cli/");
}

function importersOf(path: string): string[] {
  return [...graph].filter(([, imports]) => imports.includes(path)).map(([path]) => path).sort();
}

Deno.test("the graph has the rooms that the laws are about", () => {
  const rooms = new Set([...graph.keys()].map(roomOf));
  for (const room of [...Object.keys(LAWS), "dashboard", "cli", "mod.ts"]) {
    assert(rooms.has(room), room);
  }
});

Deno.test("each room runs code only of those below it", async () => {
  for (const [path, imports] of await readGraph({ code: true })) {
    const room = roomOf(path);
    const allowed = LAWS[room];
    if (!allowed) {
      // The public list and the command line know all; the dashboard has a law of its own.
      assert(["mod.ts", "cli.ts", "cli", "dashboard"].includes(room), `${room} has no law`);
      continue;
    }
    const strangers = imports.filter((target) =>
      roomOf(target) !== room && !allowed.includes(roomOf(target))
    );
    assertEquals(strangers, [], path);
  }
});

Deno.test("Worker entries are imported by nobody", () => {
  assertEquals(importersOf("writer.ts"), []);
  assertEquals(importersOf("tasks/task_worker.ts"), []);
  assertEquals(importersOf("dashboard/worker.ts"), []);
});

Deno.test("leaves import nothing, not even types", () => {
  const leaves = [
    "task_run.ts",
    "errors.ts",
    "clock.ts",
    "jsr.ts",
    "pause.ts",
    "database/values.ts",
    "tasks/cancellation.ts",
  ];
  for (const leaf of leaves) assertEquals(graph.get(leaf), [], leaf);
});

Deno.test("what writes is known to the writer alone", () => {
  for (const path of [...graph.keys()].filter((path) => roomOf(path) === "writer")) {
    const strangers = importersOf(path).filter((importer) =>
      roomOf(importer) !== "writer" && importer !== "writer.ts"
    );
    assertEquals(strangers, [], path);
  }
});

Deno.test("drivers know nothing but values", () => {
  for (const [path, imports] of graph) {
    if (roomOf(path) !== "drivers" || path === "drivers/choose.ts") continue;
    const strangers = imports.filter((target) =>
      target !== "database/values.ts" && target !== "jsr.ts" && roomOf(target) !== "drivers"
    );
    assertEquals(strangers, [], path);
  }
});

Deno.test("the dashboard knows the half of the core that reads", () => {
  const mayKnow = [
    "db.ts",
    "database/database_file.ts",
    "database/explain.ts",
    "errors.ts",
    "task_run.ts",
    "drivers/choose.ts",
    "drivers/in_use.ts",
    // What it asks of a run goes to the writer over a port.
    "sender/outbox.ts",
  ];
  for (const [path, imports] of graph) {
    const strangers = imports.filter((target) =>
      target.startsWith("dashboard/") !== path.startsWith("dashboard/") &&
      !(path.startsWith("dashboard/") && mayKnow.includes(target))
    );
    // Nobody outside imports the dashboard either, but for the command line.
    if (isCli(path)) continue;
    if (path.startsWith("dashboard/")) assertEquals(strangers, [], path);
    else assertEquals(imports.filter((target) => target.startsWith("dashboard/")), [], path);
  }
});

Deno.test("nobody imports the command line, and it alone deletes runs", () => {
  for (const path of [...graph.keys()].filter(isCli)) {
    assertEquals(importersOf(path).filter((importer) => !isCli(importer)), [], path);
  }
  assertEquals(importersOf("database/prune.ts"), ["cli/prune.ts"]);
});

Deno.test("SQL that reads for the dashboard lives in its queries", async () => {
  for (const path of graph.keys()) {
    if (!path.startsWith("dashboard/") || path.startsWith("dashboard/queries/")) continue;
    const source = await Deno.readTextFile(new URL(path, ROOT));
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert(!/\bSELECT\b[\s\S]*\bFROM\b/.test(code), path);
  }
});

Deno.test("SQL that writes lives in the rooms of the writer", async () => {
  const allowed = ["database/schema.ts", "database/prune.ts"];
  for (const path of graph.keys()) {
    if (roomOf(path) === "writer" || allowed.includes(path)) continue;
    const source = await Deno.readTextFile(new URL(path, ROOT));
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert(!/\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b/.test(code), path);
  }
});

Deno.test("architecture.md names every room and every table", async () => {
  const page = await Deno.readTextFile(new URL("docs/architecture.md", ROOT));
  using connection = await connect(":memory:");
  initSchema(connection);
  const tables = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  assert(tables.length > 5, `${tables.length} tables`);
  const rooms = Object.keys(LAWS).filter((room) => !room.endsWith(".ts")).map((room) => `${room}/`);
  assert(rooms.length > 5, `${rooms}`);
  const names = [...tables.map(({ name }) => `${name}`), ...rooms];
  assertEquals(names.filter((name) => !page.includes(`\`${name}\``)), []);
});

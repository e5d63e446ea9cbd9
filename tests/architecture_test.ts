/**
 * Keeps the import laws of `docs/architecture.md`: which room may know which.
 *
 * @module
 */
import { assert, assertEquals } from "./assert.ts";
import { ROOT } from "./child.ts";
import { readModules } from "./module_graph.ts";

const ENTRIES = [
  "mod.ts",
  "cli.ts",
  "writer.ts",
  "task_worker.ts",
  "dashboard/mod.ts",
  "dashboard/worker.ts",
];

/** Every module of the project, by path, with the project's modules that it imports. */
async function readGraph(): Promise<Map<string, string[]>> {
  const graph = new Map<string, string[]>();
  // The Workers' entries are named by URL, so no other module leads to them.
  for (const entry of ENTRIES) {
    for (const { specifier, dependencies = [] } of await readModules(entry)) {
      if (!specifier.startsWith(ROOT.href)) continue;
      const targets = dependencies
        .map(({ code, type }) => (code ?? type)?.specifier ?? "")
        .filter((target) => target.startsWith(ROOT.href))
        .map((target) => target.slice(ROOT.href.length));
      graph.set(specifier.slice(ROOT.href.length), targets);
    }
  }
  return graph;
}

const graph = await readGraph();

/** Rooms on the writer's side of the port: nobody on the other side may reach into them. */
const WRITER_SIDE = [
  "writer.ts",
  "writer_loop.ts",
  "wal_keeper.ts",
  "store.ts",
  "task_store.ts",
  "dependency_store.ts",
  "key_store.ts",
  "resume_store.ts",
  "control_store.ts",
  "request_store.ts",
  "request_watch.ts",
  "recovery.ts",
  "overlap_store.ts",
  "bulk.ts",
];

function isCli(path: string): boolean {
  return path === "cli.ts" || path.startsWith("cli/");
}

function importersOf(room: string): string[] {
  return [...graph].filter(([, imports]) => imports.includes(room)).map(([path]) => path).sort();
}

Deno.test("the graph has the rooms that the laws are about", () => {
  for (const room of [...WRITER_SIDE, "task_worker.ts", "engine.ts", "messages.ts", "db.ts"]) {
    assert(graph.has(room), `${room} is not in the graph`);
  }
});

Deno.test("Worker entries are imported by nobody", () => {
  assertEquals(importersOf("writer.ts"), []);
  assertEquals(importersOf("task_worker.ts"), []);
  assertEquals(importersOf("dashboard/worker.ts"), []);
});

Deno.test("leaf rooms import nothing", () => {
  for (
    const leaf of ["task_run.ts", "values.ts", "errors.ts", "clock.ts", "jsr.ts", "cancellation.ts"]
  ) {
    assertEquals(graph.get(leaf), [], leaf);
  }
});

Deno.test("what writes is reached by the writer alone", () => {
  for (const room of WRITER_SIDE) {
    const strangers = importersOf(room).filter((path) => !WRITER_SIDE.includes(path));
    assertEquals(strangers, [], room);
  }
});

Deno.test("tasks never reach a connection", () => {
  // Types of db.ts may be named anywhere; its code runs in the Worker of the writer.
  const senders = ["outbox.ts", "task_context.ts", "task_runner.ts", "row_stream.ts", "insert.ts"];
  for (const sender of senders) {
    assert(!graph.get(sender)!.includes("db.ts"), `${sender} imports db.ts`);
    assert(!graph.get(sender)!.includes("connection.ts"), `${sender} imports connection.ts`);
  }
});

Deno.test("drivers know nothing but values", () => {
  for (const [path, imports] of graph) {
    if (!path.startsWith("drivers/") || path === "drivers/choose.ts") continue;
    const strangers = imports.filter((target) =>
      target !== "values.ts" && target !== "jsr.ts" && !target.startsWith("drivers/")
    );
    assertEquals(strangers, [], path);
  }
});

Deno.test("the dashboard knows the half of the core that reads", () => {
  const mayKnow = [
    "db.ts",
    "database_file.ts",
    "explain.ts",
    "errors.ts",
    "task_run.ts",
    "drivers/choose.ts",
    "drivers/in_use.ts",
    // What it asks of a run goes to the writer over a port.
    "outbox.ts",
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
  assertEquals(importersOf("prune.ts"), ["cli/prune.ts"]);
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
  const allowed = new Set([...WRITER_SIDE, "schema.ts", "prune.ts"]);
  for (const path of graph.keys()) {
    if (allowed.has(path)) continue;
    const source = await Deno.readTextFile(new URL(path, ROOT));
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    assert(!/\b(INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE TABLE)\b/.test(code), path);
  }
});

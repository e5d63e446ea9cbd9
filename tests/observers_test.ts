import { assert, assertEquals } from "./assert.ts";
import { ROOT } from "./child.ts";
import { readModules } from "./module_graph.ts";

/** Rooms that a run loads when somebody looks on, each with the one that loads it. */
const LAZY = [
  ["progress.ts", "observers.ts"],
  ["run_log.ts", "observers.ts"],
  ["telemetry.ts", "observers.ts"],
  ["task_watch.ts", "task_worker.ts"],
] as const;

Deno.test("what looks on at a run is loaded by one room alone, and only when it is wanted", async () => {
  const importers = new Map<string, { path: string; isDynamic: boolean }[]>();
  for (const entry of ["mod.ts", "task_worker.ts"]) {
    for (const { specifier, dependencies = [] } of await readModules(entry)) {
      const path = specifier.replace(ROOT.href, "");
      for (const { code, isDynamic = false } of dependencies) {
        const target = code?.specifier?.replace(ROOT.href, "");
        if (target) importers.set(target, [...importers.get(target) ?? [], { path, isDynamic }]);
      }
    }
  }
  for (const [room, loader] of LAZY) {
    assertEquals(importers.get(room), [{ path: loader, isDynamic: true }], room);
  }
  const packages = [...importers].filter(([target]) => target.startsWith("npm:"));
  assert(packages.length >= 3, "The graph names no packages");
  for (const [target, by] of packages) {
    const strangers = by.filter(({ path }) =>
      !["run_log.ts", "telemetry.ts"].includes(path) && !path.startsWith("progress/")
    );
    assertEquals(strangers, [], target);
  }
});

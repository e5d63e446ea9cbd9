import { assert, assertEquals } from "./assert.ts";
import { ROOT } from "./child.ts";
import { readModules } from "./module_graph.ts";

/** What is loaded when somebody looks on, or there is a schedule; each with what loads it. */
const LAZY = [
  ["observers/progress.ts", "observers/observers.ts"],
  ["observers/run_log.ts", "observers/observers.ts"],
  ["observers/telemetry.ts", "observers/observers.ts"],
  ["tasks/task_watch.ts", "tasks/task_worker.ts"],
  ["schedule/cron_expression.ts", "schedule/schedule.ts"],
] as const;

Deno.test("what not every run needs is loaded by one module alone, and only when it is wanted", async () => {
  const importers = new Map<string, { path: string; isDynamic: boolean }[]>();
  for (const entry of ["mod.ts", "tasks/task_worker.ts"]) {
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
      !["observers/run_log.ts", "observers/telemetry.ts", "schedule/cron_expression.ts"].includes(
        path,
      ) &&
      !path.startsWith("observers/progress/")
    );
    assertEquals(strangers, [], target);
  }
});

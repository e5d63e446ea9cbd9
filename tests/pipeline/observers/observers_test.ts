import { assert, assertEquals } from "../../support/assert.ts";
import { ROOT } from "../../support/child.ts";
import { readModules } from "../../support/module_graph.ts";

/** What is loaded when a run is observed, or there is a schedule; each with what loads it. */
const LAZY = [
  ["pipeline/observers/progress.ts", "pipeline/observers/observers.ts"],
  ["pipeline/observers/run_log.ts", "pipeline/observers/observers.ts"],
  ["pipeline/observers/telemetry.ts", "pipeline/observers/observers.ts"],
  ["pipeline/executor/pool/task_observer.ts", "pipeline/executor/pool/task_worker.ts"],
  ["pipeline/executor/task_trace.ts", "pipeline/executor/pool/task_worker.ts"],
  ["pipeline/schedule/cron_expression.ts", "pipeline/schedule/schedule.ts"],
] as const;

Deno.test("what not every run needs is loaded by one module alone, and only when it is wanted", async () => {
  const importers = new Map<string, { path: string; isDynamic: boolean }[]>();
  for (const entry of ["mod.ts"]) {
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
      ![
        "pipeline/executor/task_trace.ts",
        "pipeline/observers/run_log.ts",
        "pipeline/observers/telemetry.ts",
        "pipeline/schedule/cron_expression.ts",
      ].includes(
        path,
      ) &&
      !path.startsWith("pipeline/observers/progress/")
    );
    assertEquals(strangers, [], target);
  }
});

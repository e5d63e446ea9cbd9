import { conform } from "../../fixtures/conforming_task.ts";
import { testExecutor } from "../../support/executor_claims.ts";

const module = new URL("../../fixtures/conforming_task.ts", import.meta.url);

testExecutor({ name: "MainThreadExecutor", work: { run: conform }, ends: false });
testExecutor({
  name: "WorkerPoolExecutor",
  work: { run: { module, export: "conform" } },
  ends: true,
});
testExecutor({
  name: "StagedExecutor of a function",
  work: { run: { only: conform }, workers: 2, stage: () => "only" },
  ends: false,
});
testExecutor({
  name: "StagedExecutor of a module",
  work: { run: { only: { module, export: "conform" } }, workers: 2, stage: () => "only" },
  ends: true,
});

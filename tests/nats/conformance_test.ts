import { natsExecutor } from "../../nats.ts";
import { testExecutor } from "../support/executor_claims.ts";
import { hasNats, NatsServer } from "../support/nats_server.ts";
import { startWorker } from "../support/remote.ts";

const server = hasNats ? await NatsServer.start() : undefined;
addEventListener("unload", () => server?.signal("SIGKILL"));
const url = server?.url ?? "nats://127.0.0.1";
const module = new URL("../fixtures/conforming_task.ts", import.meta.url);

testExecutor({
  name: "natsExecutor",
  work: { run: { module, export: "conform" }, executor: natsExecutor({ servers: url }) },
  ends: true,
  open: () => startWorker(url, { modules: [module], workers: 2 }),
}, { ignore: !hasNats, sanitizeOps: false, sanitizeResources: false });

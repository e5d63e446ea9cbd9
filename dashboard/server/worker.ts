/**
 * The entry of the dashboard's Worker. No module imports this file; `serve.ts` starts it by its URL.
 *
 * @module
 */
import { toErrorData } from "../../errors.ts";
import type { DashboardServer } from "./dashboard_server.ts";
import { listen } from "./listen.ts";
import type { ServeReply, ServeRequest } from "./worker_protocol.ts";

const worker = self as unknown as {
  onmessage: (event: MessageEvent<ServeRequest>) => void;
  postMessage(reply: ServeReply): void;
};

let server: DashboardServer | undefined;

async function handle(request: ServeRequest): Promise<ServeReply> {
  switch (request.kind) {
    case "listen":
      server = await listen({
        ...request.options,
        writer: request.control && { attach: () => request.control! },
      });
      server.finished.catch((error) => {
        worker.postMessage({ kind: "failed", error: toErrorData(error) });
      });
      return {
        kind: "listening",
        address: { url: server.url, controlUrl: server.controlUrl },
      };
    case "shutdown":
      await server?.shutdown();
      return { kind: "finished" };
    default:
      throw new TypeError(`Cannot handle a request of unknown kind ${Deno.inspect(request)}`);
  }
}

worker.onmessage = async ({ data }) => {
  try {
    worker.postMessage(await handle(data));
  } catch (error) {
    worker.postMessage({ kind: "failed", error: toErrorData(error) });
  }
};
worker.postMessage({ kind: "ready" });

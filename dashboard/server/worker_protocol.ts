/**
 * The messages between `serve.ts` and the dashboard's Worker.
 *
 * @module
 */
import type { ErrorData } from "../../errors.ts";
import type { DashboardServer } from "./dashboard_server.ts";
import type { ListenOptions } from "./listen.ts";

/** The messages to the Worker. */
export type ServeRequest =
  | { kind: "listen"; options: Omit<ListenOptions, "writer">; control?: MessagePort | undefined }
  | { kind: "shutdown" };

/** Where it is served. */
export type Address = Pick<DashboardServer, "url" | "controlUrl">;

/** What the Worker answers. */
export type ServeReply =
  | { kind: "ready" }
  | { kind: "listening"; address: Address }
  | { kind: "finished" }
  | { kind: "failed"; error: ErrorData };

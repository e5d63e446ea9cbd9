/**
 * The handle to a dashboard that is being served, whichever thread serves it.
 *
 * @module
 */

/**
 * A dashboard that is being served.
 *
 * @example The better address
 * ```ts ignore
 * import type { DashboardServer } from "@pipeloom/pipeloom/dashboard";
 *
 * const address = ({ url, controlUrl }: DashboardServer) => controlUrl ?? url;
 * ```
 */
export interface DashboardServer extends AsyncDisposable {
  /** The address to open in a browser. */
  readonly url: string;
  /**
   * The address for controlling runs, where `control` was passed: it carries the token after the `#`, so that
   * it is sent to no server. Keep it to yourself.
   */
  readonly controlUrl: string | undefined;
  /**
   * `worker`, or `main` where the Worker could not be started because its file may not be read: a busy main
   * thread then holds up the page.
   */
  readonly thread: "worker" | "main";
  /** Settled when it is no longer served; rejected if the server broke down. */
  readonly finished: Promise<void>;
  /** Ends every stream and stops listening. Calling it again does nothing. */
  shutdown(): Promise<void>;
}

/**
 * A server of pipelines in the process of a test; its runs are processes of their own.
 *
 * @module
 */
import { childFlags } from "../../cli/serve/child_flags.ts";
import { PipelineServer } from "../../cli/serve/pipeline_server.ts";
import type { Ended } from "../../cli/serve/served_pipeline.ts";
import { ROOT } from "./child.ts";
import { tempFolder } from "./temp.ts";

/** A module with several definitions. */
export const SERVED = new URL("tests/fixtures/served.ts", ROOT).href;

/** A server without a port, and what it has reported. */
export class Served implements AsyncDisposable {
  readonly folder = tempFolder();
  readonly server: PipelineServer;
  readonly lines: string[] = [];
  readonly #ends: Ended[] = [];
  #wake = () => {};

  constructor(
    files: string[],
    options: Partial<ConstructorParameters<typeof PipelineServer>[0]> = {},
  ) {
    this.server = new PipelineServer({
      files,
      flags: ["--no-lock", "--cached-only", ...childFlags([], { read: [], write: [] })],
      cwd: this.folder.path,
      graceMs: 500,
      loadMs: 60_000,
      allowedHosts: ["localhost", "127.0.0.1"],
      allowedOrigins: [],
      ...options,
      listener: {
        print: (line) => this.lines.push(line),
        described: () => {},
        begun: () => {},
        ended: (end) => {
          this.#ends.push(end);
          this.#wake();
        },
      },
    });
  }

  /** The answer to a request with the control token. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
    const response = await this.server.app.request(`http://localhost${path}`, {
      method,
      headers: {
        Host: "localhost",
        Origin: "http://localhost",
        "X-Pipeloom-Control": this.server.controlToken,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  }

  /** The next end of a run. */
  async end(): Promise<Ended> {
    while (this.#ends.length === 0) await new Promise<void>((wake) => this.#wake = wake);
    return this.#ends.shift()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop("Stopped by the test", 0);
    await this.server[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}

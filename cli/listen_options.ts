/**
 * Options of the commands that serve pages: where they listen, by which names, and who is let in.
 *
 * @module
 */
import type { Command } from "commander";
import { port, repeated } from "./options.ts";
import { CommandError } from "./terminal/failure.ts";
import { TOKEN_VARIABLE } from "./viewer_token.ts";

/** Where a server listens, and who is let in. */
export interface ListenOptions {
  /** Where to listen. */
  port: number;
  /** Where to listen. */
  host: string;
  /** Other accepted `Host` values. */
  name?: string[];
  /** Origins of proxies in front. */
  origin?: string[];
  /** Viewer access token. */
  token?: string | undefined;
  /** The file that holds it. */
  tokenFile?: string;
}

/** Defines them. */
export function withListenOptions(command: Command): Command {
  return command
    .option("--port <n>", "port; 0 selects a free one", port, 8787)
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--name <host>", "another accepted Host value; repeatable", repeated)
    .option(
      "--origin <url>",
      "origin of a proxy in front, such as https://etl.example; repeatable",
      repeated,
    )
    .option(
      "--token <text>",
      "viewer access token; other users of this machine see it in the process list",
    )
    .option(
      "--token-file <file>",
      `file that holds the token; or set ${TOKEN_VARIABLE} (--allow-env)`,
    );
}

/** Refuses an empty address and an empty name. */
export function checkListenOptions({ host, name }: ListenOptions): void {
  if (host.trim() === "") {
    throw new CommandError(
      `Cannot listen on an empty address. Pass one with --host, such as 0.0.0.0`,
    );
  }
  if (name?.some((name) => name.trim() === "")) {
    throw new CommandError(
      "Cannot answer under an empty name. Pass one with --name, or leave it out",
    );
  }
}

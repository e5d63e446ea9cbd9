/**
 * `pipeloom dashboard`: serves the dashboard until Ctrl-C.
 *
 * @module
 */
import type { Command } from "commander";
import { LOOPBACK_HOSTS } from "../../dashboard/server/app.ts";
import { serveDashboard } from "../../dashboard/server/serve.ts";
import { isLoopback, newToken, withTokens } from "../../dashboard/server/access/token.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import { checkListenOptions, type ListenOptions, withListenOptions } from "../listen_options.ts";
import { type DbOption, dbOption, examples } from "../options.ts";
import { colorsFor } from "../terminal/colors.ts";
import { interruption } from "../serve_dashboard.ts";
import { printStderr, writeLines } from "../terminal/terminal.ts";
import { viewerToken } from "../viewer_token.ts";
import { databasePath, fileExists } from "../../sqlite/database_file.ts";
import { isGranted } from "../../internal/permissions.ts";

/** Options of the command. */
export interface DashboardCommandOptions extends DbOption, ListenOptions {
  /** Whether the tables of the file are shown. */
  data?: boolean;
  /** Whether to start a browser. */
  open?: boolean;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  command
    .description(
      "Serve the live dashboard of a database until Ctrl-C. The file is opened read-only and may be " +
        "created later. Any address but loopback requires a token; without --token one is generated.",
    )
    .addOption(dbOption());
  return withListenOptions(command)
    .option("--no-data", "leave out the Data page: the tables of the file are not shown")
    .option("--open", "open it in a browser (needs --allow-run)")
    .addHelpText(
      "after",
      examples(
        ["dashboard --db etl.db", "http://127.0.0.1:8787/"],
        ["dashboard --port 0 --open", "any free port, in the browser"],
        ["dashboard --host 0.0.0.0 --name box.local", "for others in the network"],
        ["dashboard --origin https://etl.example --token-file token.txt", "behind a proxy"],
      ),
    );
}

/** Does it. */
export async function run(options: DashboardCommandOptions): Promise<ExitCode> {
  const { db, port, host, open } = options;
  checkListenOptions(options);
  // It may not be there yet, but it is not a folder.
  await fileExists(await databasePath(db));
  const token = await viewerToken(options) ?? (isLoopback(host) ? undefined : newToken());
  const names = [...options.name ?? [], ...addressesOf(host)];
  await using server = await serveDashboard({
    db,
    port,
    hostname: host,
    token,
    allowedHosts: [...LOOPBACK_HOSTS, host, ...names],
    allowedOrigins: options.origin,
    data: options.data,
  });
  // Listened for before the address is printed, because a reader may be quick.
  const interrupted = interruption();
  const address = new URL(server.url);
  const urls = isEverywhere(host) && names.length > 0
    ? names.map((name) => `http://${name}:${address.port}${address.pathname}`)
    : [server.url];
  // After the #, it is sent to no server and stands in no log.
  const links = urls.map((url) => withTokens(url, { token }));
  const paint = colorsFor(Deno.stdout);
  writeLines([
    ...links.map((link) => `Dashboard at ${paint("cyan", link)}`),
    ...(isEverywhere(host) && names.length === 0
      ? ["Others reach it by the names that --name gives; with --allow-sys addresses are found"]
      : []),
    paint("dim", "Ctrl-C ends it"),
  ]);
  if (open) openBrowser(links[0]!);
  await Promise.race([interrupted, server.finished]);
  return EXIT.done;
}

function isEverywhere(host: string): boolean {
  return host === "0.0.0.0" || host === "::" || host === "[::]";
}

/** The addresses of this machine, where it listens on all of them and they may be known. */
function addressesOf(host: string): string[] {
  if (!isEverywhere(host) || !isGranted({ name: "sys", kind: "networkInterfaces" })) return [];
  return Deno.networkInterfaces()
    .filter(({ family, address }) => family === "IPv4" && !isLoopback(address))
    .map(({ address }) => address);
}

function openBrowser(url: string): void {
  const [program, ...args] = Deno.build.os === "darwin"
    ? ["open"]
    : Deno.build.os === "windows"
    ? ["explorer"]
    : ["xdg-open"];
  try {
    if (!isGranted({ name: "run", command: program })) {
      throw new CommandError(`add --allow-run=${program}`);
    }
    const child = new Deno.Command(program!, {
      args: [...args, url],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    child.unref();
  } catch (error) {
    printStderr(`Cannot open a browser: ${(error as Error).message}; open the address yourself`);
  }
}

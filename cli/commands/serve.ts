/**
 * `pipeloom serve FILE…`: runs several pipelines at their times and when a person asks for it, with one dashboard.
 *
 * @module
 */
import type { Command } from "commander";
import { LOOPBACK_HOSTS } from "../../dashboard/server/app.ts";
import { checkOrigins } from "../../dashboard/server/access/origins.ts";
import {
  checkToken,
  isLoopback,
  newToken,
  withTokens,
} from "../../dashboard/server/access/token.ts";
import { HttpServer } from "../../dashboard/server/http_server.ts";
import { onInterrupt } from "../../pipeline/signals.ts";
import { formatDuration } from "../../internal/units.ts";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { CommandError } from "../terminal/failure.ts";
import { checkListenOptions, type ListenOptions, withListenOptions } from "../listen_options.ts";
import { examples, repeated, wholeNumber } from "../options.ts";
import { childFlags } from "../serve/child_flags.ts";
import { programOf } from "../serve/child.ts";
import { Notifier, readNotifyUrl } from "../serve/notifier.ts";
import { isGranted, readEnv } from "../../internal/permissions.ts";
import { knownPaths } from "../serve/known_paths.ts";
import { MAX_RUNS, PipelineServer } from "../serve/pipeline_server.ts";
import { reportTo } from "../serve/report_to.ts";
import { printStderr, writeLines } from "../terminal/terminal.ts";
import { readToken, viewerToken } from "../viewer_token.ts";

/** The environment variable that may hold the token for control. */
const CONTROL_VARIABLE = "PIPELOOM_CONTROL_TOKEN";

/** The environment variable with the key of notifications. */
const SECRET_VARIABLE = "PIPELOOM_NOTIFY_SECRET";

/** Requests that are answered at the same time. */
const MAX_ACTIVE = 264;

/** Milliseconds that answers have to end. */
const ANSWER_MS = 1_000;

/** Options of the command. */
export interface ServeCommandOptions extends ListenOptions {
  /** Whether the tables of the databases are shown. */
  data?: boolean;
  /** Flags of `deno run` for each run. */
  denoFlag?: string[];
  /** The address of notifications. */
  notify?: string;
  /** The file with the key of their signatures. */
  notifySecretFile?: string;
  /** Runs at a time. */
  runs: number;
  /** Seconds in which runs may end. */
  stopLimit: number;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  command
    .description(
      "Serve the pipelines that modules export by default until Ctrl-C: run them at the times of their " +
        "schedules and when asked on the page, and show their databases. Each run is a process of its own. " +
        "Ctrl-C and SIGTERM let running tasks end and cancel the rest.",
    )
    .argument(
      "<file...>",
      "TypeScript or JavaScript modules, or their URLs, and :name for an export",
    );
  return withListenOptions(command)
    .option("--no-data", "leave out the Data page: the tables of the files are not shown")
    .option(
      "--deno-flag <flag>",
      "flag of deno run for each run, such as --allow-net=api.example.com; repeatable",
      repeated,
    )
    .option("--runs <n>", "runs at a time; others wait", wholeNumber(1), MAX_RUNS)
    .option(
      "--stop-limit <seconds>",
      "how long runs may take to end at SIGTERM, before they are killed",
      wholeNumber(0, 86_400),
      30,
    )
    .option("--notify <url>", "address that gets a POST with JSON when a run has ended")
    .option(
      "--notify-secret-file <file>",
      `file with the key that signs it; or set ${SECRET_VARIABLE} (--allow-env)`,
    )
    .addHelpText(
      "after",
      examples(
        ["serve nightly.ts hourly.ts", "both at their times, at http://127.0.0.1:8787/"],
        ["serve etl.ts --deno-flag=--allow-net=api.example.com", "with a host that its tasks ask"],
        ["serve etl.ts --origin https://etl.example --token-file token.txt", "behind a proxy"],
      ),
    );
}

/** Does it. */
export async function run(options: ServeCommandOptions, ...files: string[]): Promise<ExitCode> {
  const { port, host, denoFlag = [], stopLimit, runs } = options;
  checkListenOptions(options);
  const isExposed = !isLoopback(host);
  const token = await viewerToken(options) ?? (isExposed ? newToken() : undefined);
  checkToken(token, { name: "token", isExposed });
  const graceMs = stopLimit * 1_000;
  const notifier = await openNotifier(options);
  const controlToken = readEnv(CONTROL_VARIABLE) || undefined;
  checkToken(controlToken, { name: "control token", isExposed });
  const origins = checkOrigins(options.origin ?? []);
  let url = "";
  programOf();
  const server = new PipelineServer({
    files: files.flat(),
    flags: childFlags(denoFlag, await knownPaths(files.flat())),
    graceMs,
    runs,
    token,
    controlToken,
    allowedHosts: [...LOOPBACK_HOSTS, host, ...options.name ?? []],
    allowedOrigins: origins,
    data: options.data,
    notifier,
    url: () => origins[0] ? `${origins[0]}/` : url,
    listener: reportTo(printStderr),
  });
  await using _ = server;
  const http = await listen({ host, port }, server);
  const stopped = Promise.withResolvers<Deno.Signal>();
  // Listened for before the address is printed, because a reader may be quick.
  using __ = onInterrupt(stopped.resolve);
  url = `http://${host.includes(":") ? `[${host}]` : host}:${http.port}/`;
  writeLines([`Serving at ${withTokens(url, { token, control: server.controlToken })}`]);
  void server.load();
  const signal = await stopped.promise;
  const active = server.pipelines.reduce((sum, pipeline) => sum + pipeline.active, 0);
  if (active > 0) {
    printStderr(
      `Stopping: runs may end within ${formatDuration(graceMs)}. Ctrl-C again stops at once.`,
    );
  }
  await server.stop(`Stopped by ${signal}`, graceMs);
  await http.close(ANSWER_MS);
  return EXIT.done;
}

/** What notifies, where an address is given. */
async function openNotifier(
  { notify, notifySecretFile }: ServeCommandOptions,
): Promise<Notifier | undefined> {
  if (notify === undefined) return undefined;
  const url = readNotifyUrl(notify);
  if (!isGranted({ name: "net", host: url.host })) {
    throw new CommandError(`Cannot notify ${url.origin}: add --allow-net=${url.host}`);
  }
  const secret = notifySecretFile === undefined
    ? readEnv(SECRET_VARIABLE) || undefined
    : await readToken(notifySecretFile, "--notify-secret-file");
  return new Notifier({ url, secret, print: printStderr });
}

async function listen(
  { host, port }: { host: string; port: number },
  { app }: PipelineServer,
): Promise<HttpServer> {
  try {
    return await HttpServer.listen(
      { hostname: host, port, maxActive: MAX_ACTIVE },
      (request, info) => app.fetch(request, info),
    );
  } catch (error) {
    if ((error as { code?: string }).code !== "EADDRINUSE") throw error;
    throw new CommandError(
      `Cannot listen on ${host}:${port}: the port is in use; choose another one, or port 0 for any that is free`,
    );
  }
}

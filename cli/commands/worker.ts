/**
 * `pipeloom worker FILE…`: runs tasks for pipelines on other machines.
 *
 * @module
 */
import type { Command } from "commander";
import { EXIT, type ExitCode } from "../terminal/exit_code.ts";
import { toModuleUrl } from "../load_definition.ts";
import { addNatsOptions, type NatsCliOptions, toNatsOptions } from "../nats_options.ts";
import { examples, wholeNumber, workersOption } from "../options.ts";
import { CommandError } from "../terminal/failure.ts";
import { sanitize } from "../terminal/sanitize.ts";
import { printStderr } from "../terminal/terminal.ts";

/** Options of the command. */
export interface WorkerOptions extends Partial<NatsCliOptions> {
  /** Tasks at a time. */
  workers?: number;
  /** Seconds for which running tasks may continue after a stop. */
  grace?: number;
}

/** Defines the arguments and options of the command. */
export function define(command: Command): Command {
  return addNatsOptions(
    command
      .description(
        "Run tasks for pipelines on other machines, which have natsExecutor() as their executor. It " +
          "runs functions of these modules only, and refuses a run whose module is another version. " +
          "SIGTERM or Ctrl-C lets running tasks end and returns the others; a second signal ends it " +
          "at once.",
      )
      .argument("<file...>", "the modules of tasks, or their URLs"),
    "NATS servers, such as tls://broker:4222, separated by commas",
  )
    .addOption(workersOption())
    .option(
      "--grace <s>",
      "seconds that running tasks may take at the end (default: 30)",
      wholeNumber(0),
    )
    .addHelpText(
      "after",
      examples(
        ["worker tasks.ts --nats nats://broker:4222", "as many tasks at once as there are CPUs"],
        [
          "worker tasks.ts --nats tls://broker:4222 --creds worker.creds -w 8",
          "8 at once, encrypted",
        ],
      ),
    );
}

/** Does it. */
export async function run(options: WorkerOptions, files: string[]): Promise<ExitCode> {
  const { nats, workers, grace } = options;
  if (nats === undefined) {
    throw new CommandError("Cannot serve as a worker: name the servers: --nats tls://broker:4222");
  }
  const modules = await Promise.all(files.map((file) => toModuleUrl(file)));
  const { serveWorker } = await import("../../nats/worker/serve_worker.ts");
  await serveWorker({
    ...await toNatsOptions({ ...options, nats }),
    modules,
    workers,
    graceMs: grace === undefined ? undefined : grace * 1_000,
    log: (line) => printStderr(sanitize(line)),
  });
  return EXIT.done;
}

#!/usr/bin/env -S deno run --allow-read --allow-write --allow-net=127.0.0.1
/**
 * The command line: runs pipelines, shows what they do, and keeps their files in order.
 *
 * ```sh
 * deno run -R -W jsr:@pipeloom/pipeloom/cli status --watch
 * ```
 *
 * A command's file is loaded when it is named, so that help and wrong words are answered at once.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import config from "./deno.json" with { type: "json" };
import { outputName } from "./cli/output_name.ts";
import { EXIT } from "./cli/terminal/exit_code.ts";
import type { CommandModule } from "./cli/options.ts";
import { chooseColor, terminalSize, writeWhole } from "./internal/terminal.ts";

interface Entry {
  summary: string;
  /** What follows the name, for the list of commands. */
  usage: string;
  load: () => Promise<CommandModule>;
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: "run the pipeline that a module exports",
    usage: "<file>",
    load: () => import("./cli/commands/run.ts"),
  },
  schedule: {
    summary: "run it again and again, at the times of its schedule",
    usage: "<file>",
    load: () => import("./cli/commands/schedule.ts"),
  },
  demo: {
    summary: "run some tasks that only wait, to look at",
    usage: "",
    load: () => import("./cli/commands/demo.ts"),
  },
  status: {
    summary: "show a run and its tasks, once or live",
    usage: "",
    load: () => import("./cli/commands/status.ts"),
  },
  runs: {
    summary: "list the runs, newest first",
    usage: "",
    load: () => import("./cli/commands/runs.ts"),
  },
  errors: {
    summary: "say what failed in a run and why, and what holds it up",
    usage: "[run]",
    load: () => import("./cli/commands/errors.ts"),
  },
  workers: {
    summary: "list the workers on other machines of a run",
    usage: "",
    load: () => import("./cli/commands/workers.ts"),
  },
  worker: {
    summary: "run tasks for pipelines on other machines",
    usage: "<file...>",
    load: () => import("./cli/commands/worker.ts"),
  },
  cancel: {
    summary: "cancel an active run, or one of its tasks",
    usage: "<run> [task]",
    load: () => import("./cli/commands/cancel.ts"),
  },
  retry: {
    summary: "run failed tasks of an active run again",
    usage: "<run> [task]",
    load: () => import("./cli/commands/retry.ts"),
  },
  dashboard: {
    summary: "serve the dashboard until Ctrl-C",
    usage: "",
    load: () => import("./cli/commands/dashboard.ts"),
  },
  export: {
    summary: "write a run into one HTML file",
    usage: "[run]",
    load: () => import("./cli/commands/export.ts"),
  },
  "init-db": {
    summary: "create or extend the tables of a database",
    usage: "",
    load: () => import("./cli/commands/init_db.ts"),
  },
  checkpoint: {
    summary: "copy the WAL into the database",
    usage: "",
    load: () => import("./cli/commands/checkpoint.ts"),
  },
  backup: {
    summary: "copy a database while pipelines write to it",
    usage: "<to>",
    load: () => import("./cli/commands/backup.ts"),
  },
  prune: {
    summary: "delete old runs",
    usage: "",
    load: () => import("./cli/commands/prune.ts"),
  },
  vacuum: {
    summary: "give the space of deleted rows back",
    usage: "",
    load: () => import("./cli/commands/vacuum.ts"),
  },
  doctor: {
    summary: "say what is wrong, and what to do",
    usage: "",
    load: () => import("./cli/commands/doctor.ts"),
  },
};

const AFTER = `
Environment, where --allow-env lets it be read:
  NO_COLOR, FORCE_COLOR  no colours; colours without a terminal, too (0: none)
  CI, TERM=dumb          plain lines instead of bars and screens, and no waiting for keys

Exit codes:
  0    done as asked
  1    a task failed, or it could not be done
  2    wrong usage
  75   nothing was run: another run is active, and --overlap is refuse
  130  interrupted by Ctrl-C (143: by SIGTERM)

"pipeloom help <command>" has examples.`;

/**
 * Runs the command line. It never throws and never ends the process: what goes wrong is told on stderr.
 *
 * @param args What follows the name of the program
 * @returns The exit code: 0 when all was done, 1 when a task failed or it could not be done, 2 for wrong usage,
 * 75 when another run is active, 130 after Ctrl-C, 143 after SIGTERM
 *
 * @example A command of your own program
 * ```ts
 * import { main } from "@pipeloom/pipeloom/cli";
 *
 * const exitCode = await main(["--version"]);
 * // Deno.exitCode = await main(Deno.args);
 * ```
 */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = newCommand("pipeloom")
    .description("Many tasks at once, their status and rows in one SQLite file.")
    .version(config.version)
    .option("-v, --verbose", "say more; -vv: with stacks of errors", (_, n: number) => n + 1, 0)
    .option("--log-file <path>", "a file that everything is logged to", outputName)
    .option("--color", "colours, also where NO_COLOR is set or there is no terminal")
    .option("--no-color", "no colours, also where FORCE_COLOR is set")
    .addHelpText("after", AFTER);
  for (const [name, { summary, usage, load }] of Object.entries(COMMANDS)) {
    const command = newCommand(name).summary(summary);
    program.addCommand(command);
    if (!args.includes(name)) {
      // For the list of commands only.
      if (usage) command.arguments(usage);
      continue;
    }
    const module = await load();
    const { startHere } = await import("./cli/working_folder.ts");
    module.define(command).action(async () => {
      startHere();
      chooseColor(program.opts().color);
      await using _ = await openLog(program.opts());
      exitCode = await module.run(
        { ...program.opts(), ...command.opts() },
        ...command.processedArgs,
      );
    });
  }
  try {
    await program.parseAsync(args.length > 0 ? args : ["--help"], { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    const { tellError } = await import("./cli/terminal/failure.ts");
    return tellError(error, program.opts().verbose);
  }
}

/** The log that was asked for, if any. */
async function openLog({ verbose, logFile }: { verbose: number; logFile?: string | undefined }) {
  if (verbose === 0 && logFile === undefined) return;
  const { setupLogging } = await import("./logging.ts");
  return await setupLogging({ verbose, logFile });
}

/** A command that neither ends the process nor asks the environment, for which it may have no permission. */
function newCommand(name: string): Command {
  const width = Deno.stdout.isTerminal() ? terminalSize()?.columns ?? 80 : 80;
  return new Command(name)
    .exitOverride()
    .showHelpAfterError(`(pipeloom ${name === "pipeloom" ? "" : name + " "}--help tells more)`)
    .configureHelp({ minWidthToWrap: 20 })
    .configureOutput({
      writeOut: (text) => writeWhole(Deno.stdout, text),
      writeErr: (text) => writeWhole(Deno.stderr, text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    });
}

// Not `Deno.exitCode`: a Worker that was ended and never waits would keep the process alive. Not awaited here: Deno
// would end a command that waits for nothing with a word about this line.
if (import.meta.main) main(Deno.args).then(Deno.exit);

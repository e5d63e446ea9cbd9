/**
 * The commands of `pipeloom`, and the options that stand before any of them.
 *
 * @module
 */
import { Command } from "commander";
import config from "../deno.json" with { type: "json" };
import { outputName } from "./output_name.ts";
import type { CommandModule } from "./options.ts";
import { terminalSize, writeWhole } from "../internal/terminal.ts";

/** A command as the list shows it, and how its file is loaded. */
interface Entry {
  summary: string;
  /** What follows the name, for the list of commands. */
  usage: string;
  load: () => Promise<CommandModule>;
}

/** Every command. A file is loaded when its command is named, so that help and wrong words are answered at once. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: "run the pipeline that a module exports",
    usage: "<file>",
    load: () => import("./commands/run.ts"),
  },
  schedule: {
    summary: "run it again and again, at the times of its schedule",
    usage: "<file>",
    load: () => import("./commands/schedule.ts"),
  },
  demo: {
    summary: "run some tasks that only wait, to look at",
    usage: "",
    load: () => import("./commands/demo.ts"),
  },
  status: {
    summary: "show a run and its tasks, once or live",
    usage: "",
    load: () => import("./commands/status.ts"),
  },
  runs: {
    summary: "list the runs, newest first",
    usage: "",
    load: () => import("./commands/runs.ts"),
  },
  errors: {
    summary: "say what failed in a run and why, and what holds it up",
    usage: "[run]",
    load: () => import("./commands/errors.ts"),
  },
  logs: {
    summary: "print what the tasks of a run logged, once or as it grows",
    usage: "[run]",
    load: () => import("./commands/logs.ts"),
  },
  workers: {
    summary: "list the workers on other machines of a run",
    usage: "",
    load: () => import("./commands/workers.ts"),
  },
  worker: {
    summary: "run tasks for pipelines on other machines",
    usage: "<file...>",
    load: () => import("./commands/worker.ts"),
  },
  cancel: {
    summary: "cancel an active run, or one of its tasks",
    usage: "<run> [task]",
    load: () => import("./commands/cancel.ts"),
  },
  retry: {
    summary: "run failed tasks of an active run again",
    usage: "<run> [task]",
    load: () => import("./commands/retry.ts"),
  },
  dashboard: {
    summary: "serve the dashboard until Ctrl-C",
    usage: "",
    load: () => import("./commands/dashboard.ts"),
  },
  export: {
    summary: "write a run into one HTML file",
    usage: "[run]",
    load: () => import("./commands/export.ts"),
  },
  "init-db": {
    summary: "create or extend the tables of a database",
    usage: "",
    load: () => import("./commands/init_db.ts"),
  },
  checkpoint: {
    summary: "copy the WAL into the database",
    usage: "",
    load: () => import("./commands/checkpoint.ts"),
  },
  backup: {
    summary: "copy a database while pipelines write to it",
    usage: "<to>",
    load: () => import("./commands/backup.ts"),
  },
  prune: {
    summary: "delete old runs",
    usage: "",
    load: () => import("./commands/prune.ts"),
  },
  vacuum: {
    summary: "give the space of deleted rows back",
    usage: "",
    load: () => import("./commands/vacuum.ts"),
  },
  doctor: {
    summary: "say what is wrong, and what to do",
    usage: "",
    load: () => import("./commands/doctor.ts"),
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

/** The program without its commands. */
export function defineProgram(): Command {
  return newCommand("pipeloom")
    .description("Many tasks at once, their status and rows in one SQLite file.")
    .version(config.version)
    .option("-v, --verbose", "say more; -vv: with stacks of errors", (_, n: number) => n + 1, 0)
    .option("--log-file <path>", "a file that everything is logged to", outputName)
    .option("--color", "colours, also where NO_COLOR is set or there is no terminal")
    .option("--no-color", "no colours, also where FORCE_COLOR is set")
    .addHelpText("after", AFTER);
}

/** A command that neither ends the process nor asks the environment, for which it may have no permission. */
export function newCommand(name: string): Command {
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

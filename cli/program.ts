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
  /** The flags of Deno that it needs; `.` is the folder of the database. */
  permissions: string;
  load: () => Promise<CommandModule>;
}

/** The flags of commands that only read, and of those that write. */
const READS = "--allow-read=.; --allow-env=CI,TERM,FORCE_COLOR to choose colours and plain lines";
const WRITES = "--allow-read=. --allow-write=.";

/** Every command. A file is loaded when its command is named, so that help and wrong words are answered at once. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  run: {
    summary: "run the pipeline that a module exports",
    usage: "<file>",
    permissions: `${WRITES}; --allow-net=127.0.0.1 with --dashboard; those of the module's tasks`,
    load: () => import("./commands/run.ts"),
  },
  schedule: {
    summary: "run it at each time of its schedule",
    usage: "<file>",
    permissions: "as pipeloom run",
    load: () => import("./commands/schedule.ts"),
  },
  serve: {
    summary: "serve pipelines: schedules, a page to run them, one dashboard",
    usage: "<file...>",
    permissions:
      `${WRITES}; --allow-net on its address; --allow-run=deno, which starts each run; those of the modules' tasks`,
    load: () => import("./commands/serve.ts"),
  },
  demo: {
    summary: "run a demo pipeline whose tasks only wait",
    usage: "",
    permissions: `${WRITES}; --allow-net=127.0.0.1 with --dashboard`,
    load: () => import("./commands/demo.ts"),
  },
  status: {
    summary: "show a run and its tasks, once or live",
    usage: "",
    permissions: READS,
    load: () => import("./commands/status.ts"),
  },
  runs: {
    summary: "list the runs, newest first",
    usage: "",
    permissions: READS,
    load: () => import("./commands/runs.ts"),
  },
  errors: {
    summary: "show why tasks of a run failed, and what delays it",
    usage: "[run]",
    permissions: READS,
    load: () => import("./commands/errors.ts"),
  },
  logs: {
    summary: "print what the tasks of a run logged, once or as it grows",
    usage: "[run]",
    permissions: READS,
    load: () => import("./commands/logs.ts"),
  },
  task: {
    summary: "show everything about one task",
    usage: "<id>",
    permissions: READS,
    load: () => import("./commands/task.ts"),
  },
  durations: {
    summary: "show how long the tasks of a run took",
    usage: "[run]",
    permissions: READS,
    load: () => import("./commands/durations.ts"),
  },
  workers: {
    summary: "list the workers of a run on other machines",
    usage: "",
    permissions: READS,
    load: () => import("./commands/workers.ts"),
  },
  worker: {
    summary: "run tasks for pipelines on other machines",
    usage: "<file...>",
    permissions:
      "--allow-read on the modules and credentials; --allow-net on the NATS servers; --allow-sys=hostname; those of the tasks",
    load: () => import("./commands/worker.ts"),
  },
  cancel: {
    summary: "cancel an active run, or one of its tasks",
    usage: "<run> [task]",
    permissions: WRITES,
    load: () => import("./commands/cancel.ts"),
  },
  retry: {
    summary: "run failed tasks of an active run again",
    usage: "<run> [task]",
    permissions: WRITES,
    load: () => import("./commands/retry.ts"),
  },
  dashboard: {
    summary: "serve the dashboard until Ctrl-C",
    usage: "",
    permissions:
      "--allow-read=.; --allow-net on its address; --allow-run with --open; --allow-env=PIPELOOM_TOKEN to read the token there",
    load: () => import("./commands/dashboard.ts"),
  },
  export: {
    summary: "write a run into one HTML file",
    usage: "[run]",
    permissions: "--allow-read=.; --allow-write on the HTML file or its folder",
    load: () => import("./commands/export.ts"),
  },
  "init-db": {
    summary: "create or extend the tables of a database",
    usage: "",
    permissions: WRITES,
    load: () => import("./commands/init_db.ts"),
  },
  checkpoint: {
    summary: "copy the WAL into the database",
    usage: "",
    permissions: WRITES,
    load: () => import("./commands/checkpoint.ts"),
  },
  backup: {
    summary: "copy a database while pipelines write to it",
    usage: "<to>",
    permissions: `${WRITES}; both on the folder of the copy`,
    load: () => import("./commands/backup.ts"),
  },
  prune: {
    summary: "delete old runs",
    usage: "",
    permissions: WRITES,
    load: () => import("./commands/prune.ts"),
  },
  vacuum: {
    summary: "shrink the file after deletions",
    usage: "",
    permissions: WRITES,
    load: () => import("./commands/vacuum.ts"),
  },
  doctor: {
    summary: "diagnose problems and suggest fixes",
    usage: "",
    permissions: "--allow-read=.; --allow-sys=statfs to check the free disk space",
    load: () => import("./commands/doctor.ts"),
  },
};

const AFTER = `
Environment, where --allow-env lets it be read:
  NO_COLOR, FORCE_COLOR  no colours; colours without a terminal, too (0: none)
  CI, TERM=dumb          plain lines instead of bars and screens, and no waiting for keys

Exit codes:
  0    success
  1    a task failed, or the command failed
  2    wrong usage
  75   not run: another run is active, and --overlap is refuse
  130  interrupted by Ctrl-C (143: by SIGTERM, 129: by SIGHUP)

"pipeloom help <command>" has examples.`;

/** The program without its commands. */
export function defineProgram(): Command {
  return newCommand("pipeloom")
    .description("Many tasks at once, their status and rows in one SQLite file.")
    .version(config.version)
    .option("-v, --verbose", "print more; -vv: with stacks of errors", (_, n: number) => n + 1, 0)
    .option("--log-file <path>", "log everything to this file", outputName)
    .option("--color", "use colours even with NO_COLOR or without a terminal")
    .option("--no-color", "use no colours even with FORCE_COLOR")
    .addHelpText("after", AFTER);
}

/** A command as the list of commands shows it. */
export function listedCommand(name: string): Command {
  const { summary, usage } = COMMANDS[name]!;
  const command = newCommand(name).summary(summary);
  return usage ? command.arguments(usage) : command;
}

/** A command that neither ends the process nor asks the environment, for which it may have no permission. */
export function newCommand(name: string): Command {
  const width = Deno.stdout.isTerminal() ? terminalSize()?.columns ?? 80 : 80;
  return new Command(name)
    .exitOverride()
    .showHelpAfterError(`(pipeloom ${name === "pipeloom" ? "" : name + " "}--help shows more)`)
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

/**
 * What `pipeloom --help` prints: `deno task docs` writes it from `program.ts`.
 *
 * @module
 */
/** It is broken into lines of 80 columns. */
export const HELP: string = `Usage: pipeloom [options] [command]

Many tasks at once, their status and rows in one SQLite file.

Options:
  -V, --version        output the version number
  -v, --verbose        print more; -vv: with stacks of errors
  --log-file <path>    log everything to this file
  --color              use colours even with NO_COLOR or without a terminal
  --no-color           use no colours even with FORCE_COLOR
  -h, --help           display help for command

Commands:
  run <file>           run the pipeline that a module exports
  schedule <file>      run it at each time of its schedule
  serve <file...>      serve pipelines: schedules, a page to run them, one
                       dashboard
  demo                 run a demo pipeline whose tasks only wait
  status               show a run and its tasks, once or live
  runs                 list the runs, newest first
  errors [run]         show why tasks of a run failed, and what delays it
  logs [run]           print what the tasks of a run logged, once or as it grows
  task <id>            show everything about one task
  durations [run]      show how long the tasks of a run took
  workers              list the workers of a run on other machines
  worker <file...>     run tasks for pipelines on other machines
  cancel <run> [task]  cancel an active run, or one of its tasks
  retry <run> [task]   run failed tasks of an active run again
  dashboard            serve the dashboard until Ctrl-C
  export [run]         write a run into one HTML file
  init-db              create or extend the tables of a database
  checkpoint           copy the WAL into the database
  backup <to>          copy a database while pipelines write to it
  prune                delete old runs
  vacuum               shrink the file after deletions
  doctor               diagnose problems and suggest fixes
  help [command]       display help for command

Environment, where --allow-env lets it be read:
  NO_COLOR, FORCE_COLOR  no colours; colours without a terminal, too (0: none)
  CI, TERM=dumb          plain lines instead of bars and screens, and no waiting for keys

Exit codes:
  0    success
  1    a task failed, or the command failed
  2    wrong usage
  75   not run: another run is active, and --overlap is refuse
  130  interrupted by Ctrl-C (143: by SIGTERM, 129: by SIGHUP)

"pipeloom help <command>" has examples.
`;

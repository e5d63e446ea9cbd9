/**
 * What a command returns to the shell.
 *
 * @module
 */

/** Exit codes. */
export const EXIT = {
  /** All that was asked for is done. */
  done: 0,
  /** A task failed, or the command could not do what it was asked for. */
  failed: 1,
  /** The command line was wrong. */
  usage: 2,
  /** Nothing was run, because another run of the pipeline is active: EX_TEMPFAIL of sysexits.h. */
  overlap: 75,
  /** Its terminal was closed. */
  hungUp: 129,
  /** It was stopped by Ctrl-C. */
  interrupted: 130,
  /** It was stopped by SIGTERM. */
  terminated: 143,
} as const;

/** One of the exit codes. */
export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** The exit code of a command that a signal stopped. */
export function exitCodeOf(signal: Deno.Signal): ExitCode {
  if (signal === "SIGHUP") return EXIT.hungUp;
  return signal === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
}

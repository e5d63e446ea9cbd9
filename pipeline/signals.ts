/**
 * SIGINT and SIGTERM for as long as a pipeline runs.
 *
 * @module
 */

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"]
  : ["SIGINT", "SIGTERM"];

/** Exit code of a program that a signal ended, as shells know it: 128 and the signal's number. */
const EXIT_CODES: Partial<Record<Deno.Signal, number>> = {
  SIGINT: 130,
  SIGTERM: 143,
  SIGBREAK: 149,
};

/**
 * Calls `stop` at the first signal. A second one ends the program at once: what is committed is safe.
 * Disposing it gives the signals back.
 */
export function onInterrupt(stop: (signal: Deno.Signal) => void): Disposable {
  let interrupted = false;
  const listeners = SIGNALS.map((signal) => {
    const listener = () => {
      if (interrupted) Deno.exit(EXIT_CODES[signal]);
      interrupted = true;
      stop(signal);
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  return {
    [Symbol.dispose]() {
      for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
    },
  };
}

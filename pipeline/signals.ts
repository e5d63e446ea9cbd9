/**
 * SIGINT, SIGTERM and SIGHUP for as long as a pipeline runs.
 *
 * A terminal that is closed sends SIGHUP, often twice: once itself, once through the shell. So a second SIGHUP ends
 * nothing at once. Under `nohup` the signal is ignored, and stays so where that can be seen: Linux shows it in a file
 * that Deno reads with `--allow-all` only. Deno 2.9 itself takes it from then on, with the first listener for any
 * signal, so that a listener of ours has to ignore it.
 *
 * @module
 */
import { mayRead } from "../internal/permissions.ts";

const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK", "SIGHUP"]
  : ["SIGINT", "SIGTERM", "SIGHUP"];

/** Exit code of a program that a signal ended, as shells know it: 128 and the signal's number. */
const EXIT_CODES: Partial<Record<Deno.Signal, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
  SIGBREAK: 149,
};

/** How many listen now. */
let listening = 0;

/** Whether this program ends gently at a signal, because it listens for signals here. */
export function endsGently(): boolean {
  return listening > 0;
}

/**
 * Calls `stop` at the first signal. A second one ends the program at once: what is committed is safe.
 * Disposing it gives the signals back.
 */
export function onInterrupt(stop: (signal: Deno.Signal) => void): Disposable {
  let interrupted = false;
  const signals = isHangupIgnored() ? SIGNALS.filter((signal) => signal !== "SIGHUP") : SIGNALS;
  const listeners = signals.map((signal) => {
    const listener = () => {
      if (interrupted && signal !== "SIGHUP") Deno.exit(EXIT_CODES[signal]);
      if (interrupted) return;
      interrupted = true;
      stop(signal);
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  listening++;
  return {
    [Symbol.dispose]() {
      if (listeners.length > 0) listening--;
      for (const { signal, listener } of listeners.splice(0)) {
        Deno.removeSignalListener(signal, listener);
      }
    },
  };
}

/** Signals that stopped a run, by the reason of its stop. */
const interruptions = new WeakMap<object, Deno.Signal>();

/** The reason of a stop by a signal. */
export function interruption(signal: Deno.Signal): DOMException {
  const reason = new DOMException(`Stopped by ${signal}`, "AbortError");
  interruptions.set(reason, signal);
  return reason;
}

/** Milliseconds in which a program reports how its run ended. */
const REPORT_MS = 2_000;

/** Ends the program as a signal does, if one was the reason, unless it ends by itself: a thread may keep it alive. */
export function exitSoon(reason: unknown): void {
  const signal = typeof reason === "object" && reason && interruptions.get(reason);
  if (signal) exitAfter(signal, REPORT_MS);
}

/** Milliseconds after a signal in which a statement ends; one of a damaged file may never. */
const STATEMENT_MS = 10_000;

/** Ends the program as a signal does, unless it has ended by itself by then. */
export function exitAfter(signal: Deno.Signal, ms: number = STATEMENT_MS): void {
  Deno.unrefTimer(setTimeout(() => Deno.exit(EXIT_CODES[signal]), ms));
}

/** Known from the first call on: a listener of ours changes it. */
let ignored: boolean | undefined;

/** Whether the process was started with SIGHUP ignored, as far as that can be seen; it is ignored for good then. */
function isHangupIgnored(): boolean {
  if (ignored === undefined) {
    ignored = readIgnored();
    if (ignored) Deno.addSignalListener("SIGHUP", () => {});
  }
  return ignored;
}

function readIgnored(): boolean {
  if (Deno.build.os !== "linux") return false;
  const path = "/proc/self/status";
  if (!mayRead(path)) return false;
  try {
    // A mask in hexadecimal; SIGHUP is its lowest bit.
    const mask = /^SigIgn:\s*[0-9a-f]*([0-9a-f])$/m.exec(Deno.readTextFileSync(path))?.[1];
    return mask !== undefined && Number.parseInt(mask, 16) % 2 === 1;
  } catch {
    return false;
  }
}

/**
 * Finds the observers of a run, and loads them: nothing is loaded for a run without observers.
 *
 * Whether a log or a trace is seen in what LogTape and OpenTelemetry themselves leave on
 * `globalThis`, so it costs two look-ups and no permission. Rejected: importing both always (some 10 ms of
 * every start), and reading `OTEL_DENO` (which needs a permission, and misses providers of other origin).
 *
 * @module
 */
import type { PipelineOptions } from "../pipeline_options.ts";
import type { RunObserver } from "./run_observer.ts";

/** Where LogTape keeps its configuration: there once this thread has loaded it. */
const LOGTAPE = Symbol.for("logtape.rootLogger");

/** Where OpenTelemetry keeps its providers: there with `OTEL_DENO=true`, or once one is registered. */
const OPENTELEMETRY = Symbol.for("opentelemetry.js.api.1");

/** The observers of a run; `undefined` when there are none. */
export function openObserver<Item>(
  options: PipelineOptions<Item>,
): Promise<RunObserver | undefined> | undefined {
  const { progress = false, name = "pipeline" } = options;
  const loading: Promise<RunObserver>[] = [];
  if (progress) {
    const settings = progress === true ? {} : progress;
    loading.push(import("./progress.ts").then((it) => it.showProgress(settings)));
  }
  if (LOGTAPE in globalThis) {
    loading.push(import("./run_log.ts").then((it) => new it.RunLog(name)));
  }
  if (OPENTELEMETRY in globalThis) {
    loading.push(import("./telemetry.ts").then((it) => new it.Telemetry(name)));
  }
  return loading.length === 0 ? undefined : Promise.all(loading).then(together);
}

/** Several observers as one. */
function together(observers: RunObserver[]): RunObserver {
  if (observers.length === 1) return observers[0]!;
  const within = observers.find((observer) => observer.within);
  const listeners = observers.filter((observer) => observer.onLog);
  return {
    prints: observers.some(({ prints }) => prints),
    waits: (run) => observers.forEach((observer) => observer.waits?.(run)),
    rewritten: (text) => observers.forEach((observer) => observer.rewritten?.(text)),
    begin: (view, facts) => observers.forEach((observer) => observer.begin?.(view, facts)),
    ...(within && {
      within: (task, work) => within.within!(task, work),
      trace: () => within.trace?.(),
    }),
    ...(listeners.length > 0 && {
      onLog: (task, level, message) => {
        let shown = false;
        for (const listener of listeners) {
          shown = listener.onLog!(task, level, message, shown) === true || shown;
        }
      },
    }),
    ended: (task, outcome) => {
      for (const observer of observers) observer.ended?.(task, outcome);
    },
    checkpointBlocked: (held, text) =>
      observers.filter((observer) => observer.checkpointBlocked?.(held, text)).length > 0,
    hookFailed: (text) => observers.filter((observer) => observer.hookFailed?.(text)).length > 0,
    finishing: async () => {
      for (const observer of observers) await observer.finishing?.();
    },
    end: (report, error) => observers.forEach((observer) => observer.end?.(report, error)),
  };
}

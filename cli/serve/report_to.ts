/**
 * What a server says on the terminal: a line for each thing that happens.
 *
 * @module
 */
import { formatDuration } from "../../internal/units.ts";
import { printableLines, sanitize } from "../terminal/sanitize.ts";
import type { PipelineServerOptions } from "./pipeline_server.ts";

/** A listener that says it. */
export function reportTo(tell: (line: string) => void): PipelineServerOptions["listener"] {
  return {
    tell: (line) => tell(printableLines(line)),
    described({ name, file, times }, problem) {
      if (problem !== null) return tell(`✖ ${sanitize(file)}: ${sanitize(problem)}`);
      const next = times?.next();
      tell(
        next === undefined
          ? `${sanitize(name)}: no schedule`
          : `${sanitize(name)}: next run at ${next.toISOString().slice(0, 16)}Z, in ${
            formatDuration(next.getTime() - Date.now())
          }`,
      );
    },
    begun({ name }, run, trigger) {
      const why = trigger === "schedule" ? "at its time" : "on request";
      tell(`${sanitize(name)}: run ${run ?? "without a number"} begins ${why}`);
    },
    ended({ pipeline: { name }, run, status, problem, overlaps }) {
      const which = run === null ? "run" : `run ${run}`;
      if (overlaps) tell(`Left out: ${sanitize(problem ?? "")}`);
      else if (problem === null) tell(`${sanitize(name)}: ${which} has ended: ${status}`);
      else tell(`✖ ${sanitize(name)}: ${which}: ${sanitize(problem)}`);
    },
  };
}

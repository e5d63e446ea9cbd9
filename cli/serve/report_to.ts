/**
 * What a server prints on the terminal: a line for each thing that happens.
 *
 * @module
 */
import { formatDuration } from "../../internal/units.ts";
import { printableLines, sanitize } from "../terminal/sanitize.ts";
import type { PipelineServerOptions } from "./pipeline_server.ts";

/** A listener that prints it. */
export function reportTo(print: (line: string) => void): PipelineServerOptions["listener"] {
  return {
    print: (line) => print(printableLines(line)),
    described({ name, file, times }, problem) {
      if (problem !== null) return print(`✖ ${sanitize(file)}: ${sanitize(problem)}`);
      const next = times?.next();
      print(
        next === undefined
          ? `${sanitize(name)}: no schedule`
          : `${sanitize(name)}: next run at ${next.toISOString().slice(0, 16)}Z, in ${
            formatDuration(next.getTime() - Date.now())
          }`,
      );
    },
    begun({ name }, run, trigger) {
      const why = trigger === "schedule" ? "at its time" : "on request";
      print(`${sanitize(name)}: run ${run ?? "without a number"} begins ${why}`);
    },
    ended({ pipeline: { name }, run, status, problem, overlaps }) {
      const which = run === null ? "run" : `run ${run}`;
      if (overlaps) print(`Left out: ${sanitize(problem ?? "")}`);
      else if (problem === null) print(`${sanitize(name)}: ${which} has ended: ${status}`);
      else print(`✖ ${sanitize(name)}: ${which}: ${sanitize(problem)}`);
    },
  };
}

/**
 * A run as an operand of a command: its id, or "latest".
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import type { Run } from "../../dashboard/api.ts";
import { getRun, listRuns } from "../../dashboard/server/queries/runs.ts";
import type { Reader } from "../../dashboard/server/reader.ts";
import { CommandError } from "../terminal/failure.ts";
import { wholeNumber } from "../options.ts";

/** The id of a run, or "latest". */
export type NamedRun = number | "latest";

/** Reads a run; ids begin at `min`. */
export function namedRun(min: 0 | 1) {
  return (text: string): NamedRun => {
    if (text === "latest") return text;
    try {
      return wholeNumber(min)(text);
    } catch {
      throw new InvalidArgumentError('Pass the id of a run, or "latest".');
    }
  };
}

/** The run that is named; where there is none, the error names the operation. */
export function findRun(reader: Reader, named: NamedRun, cannot: string): Run {
  const id = named === "latest" ? latestRun(reader, cannot) : named;
  const run = getRun(reader, id);
  if (run) return run;
  throw new CommandError(`${cannot}: there is no run ${id}; pipeloom runs lists those there are`);
}

/** The id of the latest run; where there is none, the error names the operation. */
export function latestRun(reader: Reader, cannot: string): number {
  const [newest] = listRuns(reader, { limit: 1 }).runs;
  if (newest) return newest.id;
  throw new CommandError(`${cannot}: it has none yet`);
}

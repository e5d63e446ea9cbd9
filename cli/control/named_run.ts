/**
 * A run as an operand of a command: its id, or "latest".
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import { listRuns } from "../../dashboard/server/queries/runs.ts";
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

/** The id of the latest run; where there is none, the error says what cannot be done. */
export function latestRun(reader: Reader, cannot: string): number {
  const [newest] = listRuns(reader, { limit: 1 }).runs;
  if (newest) return newest.id;
  throw new CommandError(`${cannot}: it has none yet`);
}

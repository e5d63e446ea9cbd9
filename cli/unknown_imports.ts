/**
 * What helps where the import of a module is unknown: a command that is installed has only its own import map.
 *
 * @module
 */
import { CommandError, messageOf } from "./terminal/failure.ts";
import { shellWord } from "../internal/text/shell_word.ts";

/** The line that works, for a command such as `run` and what it is given; empty where no import is unknown. */
export function adviceFor(error: unknown, command: string, target: string): string {
  if (!/not a dependency|not in import map/.test(messageOf(error))) return "";
  const checkout = new URL("..", import.meta.url);
  const links = checkout.protocol === "file:"
    ? `, with "links": ["${decodeURIComponent(checkout.pathname).replace(/\/$/, "")}"] in it`
    : "";
  return ". An installed pipeloom does not know the imports of your project. In the folder of its " +
    `deno.json${links}: deno run -R -W jsr:@pipeloom/pipeloom/cli ${command} ${shellWord(target)}`;
}

/** An error of a run, with that line where a Worker could not load its module. */
export function withAdvice(error: unknown, command: string, target: string): unknown {
  const advice = adviceFor(error, command, target);
  if (advice === "" || error instanceof CommandError) return error;
  const [first] = messageOf(error).split("\n");
  return new CommandError(`${first}${advice}`, undefined, { cause: error });
}

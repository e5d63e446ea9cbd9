/**
 * Colours, where they are wanted (`wantsColor`).
 *
 * `styleText` of the runtime paints; packages that do so read the environment when they are imported, which
 * is a permission that this program does not need (`Deno.noColor` asks for none).
 *
 * @module
 */
import { styleText } from "node:util";
import type { RunStatus } from "../../dashboard/api.ts";
import type { TaskStatus } from "../../internal/task_status.ts";
import { type OutputStream, wantsColor } from "../../internal/terminal.ts";

/** What can be done to a text. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** Colours a text that holds no control characters; no style leaves it as it is. */
export type Colorize = (style: Style | undefined, text: string) => string;

/** Leaves every text as it is. */
export const plain: Colorize = (_, text) => text;

/** What colours texts that go to an output. */
export function colorsFor(output: OutputStream): Colorize {
  if (!wantsColor(output)) return plain;
  return (style, text) => style && text ? styleText(style, text, { validateStream: false }) : text;
}

/** The colour of each status. */
export const STATUS_STYLES: Record<TaskStatus | RunStatus, Style> = {
  queued: "dim",
  running: "cyan",
  done: "green",
  error: "red",
  cancelled: "yellow",
  interrupted: "yellow",
};

/** The sign of each status, for those who see no colours. */
export const STATUS_SIGNS: Record<TaskStatus | RunStatus, string> = {
  queued: "·",
  running: "▶",
  done: "✔",
  error: "✖",
  cancelled: "■",
  interrupted: "!",
};

/**
 * How much a line of a log matters.
 *
 * @module
 */

/**
 * How much a line of a task's log matters.
 *
 * @example Loud lines
 * ```ts ignore
 * import type { LogLevel } from "@pipeloom/pipeloom";
 *
 * const isLoud = (level: LogLevel) => level === "warn" || level === "error";
 * ```
 */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** The levels from the least. */
export const LOG_LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The level that a file holds; `info` for an unknown one. */
export function levelOf(text: string): LogLevel {
  return LOG_LEVELS.find((level) => level === text) ?? "info";
}

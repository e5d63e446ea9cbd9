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

/**
 * How much a line of a log matters.
 *
 * @module
 */

/** How much a line of a task's log matters. */
export type LogLevel = "debug" | "info" | "warn" | "error";

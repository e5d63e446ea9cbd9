/**
 * The table of items that were added to a run and have no rows of their own yet.
 *
 * @module
 */

/** Items of one call, in the order of their tasks: they are durable before each of them is a row of `task_runs`. */
export const ADDED_ITEMS: Readonly<Record<string, string>> = {
  id: "INTEGER PRIMARY KEY", // of the first task; the others have those that follow
  run_id: "INTEGER NOT NULL",
  added_by: "INTEGER NOT NULL", // 0 for the program
  tasks: "INTEGER NOT NULL", // how many
  names: "TEXT NOT NULL", // JSON
  keys: "TEXT NOT NULL", // JSON
  items: "TEXT NOT NULL", // a line of JSON each
};
